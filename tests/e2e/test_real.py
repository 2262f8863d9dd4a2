"""The real thing: major faults, an OOM kill, a storm of context switches, on this machine's kernel."""
import os
import pathlib
import subprocess
import time

import pytest

from conftest import HELPERS, TOP, objects

MEMCG = pathlib.Path("/sys/fs/cgroup/memory")  # of cgroup v1
UNIFIED = pathlib.Path("/sys/fs/cgroup")


def test_cold_faults_are_counted(live, tmp_path):
    """4,096 cold touches are 4,096 major faults, summed over the rows."""
    folder = TOP / "build"  # on a disk: a tmpfs has no major faults
    folder.mkdir(exist_ok=True)
    cold = folder / f"cold-{os.getpid()}"
    process = live("--json", "0.2")
    process.stdout.readline()
    try:
        own = int(subprocess.run([HELPERS / "cold_faults", cold, "4096"], capture_output=True, text=True,
                                 check=True).stdout)
    finally:
        cold.unlink(missing_ok=True)
    time.sleep(0.5)
    process.terminate()
    lines = objects(process.communicate()[0])
    samples = [line for line in lines if line["type"] == "sample"]
    counted = sum(s["major_faults_per_second"] * s["interval_seconds"] for s in samples)
    assert own >= 4096
    assert 4096 * 0.999 <= counted <= own * 1.05  # three decimals of the interval are printed, one of the rate
    alerts = [line for line in lines if line["type"] == "alert" and line["alert"] == "major_faults"]
    assert alerts[0]["state"] == "begin"
    assert "Major Faults/sec detected!" in alerts[0]["message"]
    assert alerts[0]["diagnosis"] == "cold_read"


@pytest.fixture
def memory_group():
    """A memory cgroup of 32 MiB of the test's own."""
    if os.geteuid() != 0:
        pytest.skip("an OOM kill in a memory cgroup of the test's own needs root")
    v1 = (MEMCG / "memory.limit_in_bytes").exists()
    if not v1 and "memory" not in (UNIFIED / "cgroup.subtree_control").read_text(errors="ignore").split():
        pytest.skip("no memory controller to make a cgroup with")
    group = (MEMCG if v1 else UNIFIED) / f"faultline-test-{os.getpid()}"
    group.mkdir()
    (group / ("memory.limit_in_bytes" if v1 else "memory.max")).write_text(str(32 << 20))
    yield group
    for _ in range(50):
        try:
            group.rmdir()
            return
        except OSError:
            time.sleep(0.1)


def kill_one(group):
    """A child that takes more than the group's limit."""
    join = f"echo $$ > {group}/cgroup.procs && exec {HELPERS}/eat_memory 64"
    assert subprocess.run(["sh", "-c", join], check=False).returncode == -9


def test_oom_kill_is_on_its_row(live, memory_group):
    process = live("-o", "oom", "0.2")
    process.stdout.readline()
    process.stdout.readline()
    kill_one(memory_group)
    time.sleep(0.5)
    process.terminate()
    lines = process.communicate()[0].splitlines()
    row = next(i for i, line in enumerate(lines) if line.strip() == "1")
    assert lines[row + 1] == (
        "CRITICAL: OOM KILL DETECTED: The kernel terminated a process to reclaim memory.")


def test_oom_kill_in_json(live, memory_group):
    process = live("--json", "0.2")
    process.stdout.readline()
    kill_one(memory_group)
    time.sleep(0.5)
    process.terminate()
    lines = objects(process.communicate()[0])
    assert sum(line["kills"] for line in lines if line["type"] == "oom_kill") == 1
    assert sum(line["oom_kills"] for line in lines if line["type"] == "sample") == 1


def test_storm_colors_the_row(live):
    storm = subprocess.Popen([HELPERS / "ping_pong", "2"])
    process = live("--color", "always", "0.3", "3")
    out = process.communicate()[0].splitlines()
    storm.wait()
    assert any(line.startswith("\033[31m") and line.endswith("\033[0m") for line in out[1:])
    assert not any("CONTEXT SWITCH STORM" in line for line in out)


def test_storm_is_a_line_without_color(live):
    storm = subprocess.Popen([HELPERS / "ping_pong", "2"])
    out = live("0.3", "3").communicate()[0]
    storm.wait()
    assert "WARNING: CONTEXT SWITCH STORM: " in out


def test_the_steady_state_is_quiet(live):
    """No page fault of its own over 200 rows after the third."""
    if os.environ.get("FAULTLINE_SANITIZED"):
        pytest.skip("the sanitizers' own memory faults")
    process = live("-w", "--psi", "0.05")
    for _ in range(4):
        process.stdout.readline()
    faults = []
    for _ in range(2):
        fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        faults.append((int(fields[7]), int(fields[9])))
        for _ in range(200):
            process.stdout.readline()
    assert faults[1] == faults[0]


def test_on_event_gets_the_event(live, tmp_path, memory_group):
    events = tmp_path / "events"
    process = live("--on-event", f"cat >> {events}", "--alert-cs", "100000000", "--alert-major", "100000000", "0.2")
    process.stdout.readline()
    process.stdout.readline()
    kill_one(memory_group)
    time.sleep(0.5)
    process.terminate()
    process.communicate()
    assert process.returncode == 0
    assert [e["type"] for e in objects(events.read_text()) if e["type"] == "oom_kill"] == ["oom_kill"]
