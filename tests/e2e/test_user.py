"""--user: root opens what needs it, and somebody with less does the rest."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import FAULTLINE, kill_one, objects, run
from served import CALM, serve  # pylint: disable=unused-import # fixture
from test_kernels import boot
from test_oom import full_report, own_pids, public_program, readable_log  # pylint: disable=unused-import # fixtures

NOBODY = 65534
KEPT = 1 << 34 | 1 << 38 | 1 << 39  # CAP_SYSLOG, CAP_PERFMON, CAP_BPF

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")


@pytest.fixture(autouse=True)
def no_leaks_are_looked_for(monkeypatch):
    """Of a process whose memory is closed to itself, the sanitizer cannot."""
    monkeypatch.setenv("ASAN_OPTIONS", f"{os.environ.get('ASAN_OPTIONS', '')}:detect_leaks=0".lstrip(":"))


def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def is_lesser(pid):
    status = status_of(pid)
    own = int(status_of("self")["CapPrm"], 16)
    assert status["Uid"].split() == status["Gid"].split() == [str(NOBODY)] * 4
    assert status["Groups"].strip() == ""
    assert int(status["CapPrm"], 16) == int(status["CapEff"], 16) == KEPT & own
    assert int(status["CapInh"], 16) == int(status["CapAmb"], 16) == 0


@pytest.fixture
def folder(public_program):
    """That user's own, and where he can reach it."""
    path = public_program.parent / "state"
    path.mkdir()
    os.chown(path, NOBODY, NOBODY)
    return path


def begun(process):
    line = process.stderr.readline()
    assert "recording into" in line, line
    return process


def ended(process, number=signal.SIGTERM):
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.parametrize("user", ["nobody", f"{NOBODY}:{NOBODY}"])
@pytest.mark.parametrize("protect", [["--no-protect"], []])
def test_a_kill_is_recorded(live, folder, memory_group, readable_log, full_report, user, protect):
    box = folder / "box.flr"
    writer = live("record", "-f", box, "--size", "1M", "--interval", "0.1", "--user", user, *protect, *CALM)
    if protect:
        begun(writer)
    else:  # what this root may not do is said first
        while "recording into" not in writer.stderr.readline():
            pass
    is_lesser(writer.pid)
    pid = kill_one(memory_group)
    time.sleep(0.5)
    ended(writer)
    assert box.stat().st_uid == NOBODY and box.stat().st_mode & 0o777 == 0o600
    told = [line for line in objects(run("replay", "--json", "--events", box, check=0).stdout) if line["type"] == "oom_kill"]
    assert [(kill["pid"], kill["comm"]) for kill in told] == [(pid, "eat_memory")]
    assert len(objects(run("replay", "--json", box, check=0).stdout)) > 4


def test_it_goes_on_with_its_file(live, folder):
    """As that user, and as root again."""
    box = folder / "box.flr"
    for _ in range(2):
        ended(begun(live("record", "-f", box, "--size", "1M", "--no-protect", "--user", "nobody", *CALM)))
    assert len(run("replay", "--list", box, check=0).stdout.splitlines()) >= 2


def test_a_server_and_its_recording(serve, folder, memory_group, readable_log, full_report):
    box = folder / "box.flr"
    server = serve("--user", "nobody", "--record", box, "--size", "1M", "--interval", "0.1", "--processes", "5", *CALM)
    is_lesser(server.process.pid)
    pid = kill_one(memory_group)
    time.sleep(0.5)
    assert server.scrape().get("faultline_oom_last_kill_timestamp_seconds", comm="eat_memory", cgroup=f"/{memory_group.path.name}")
    assert box.stat().st_uid == NOBODY
    assert [line["pid"] for line in server.samples() if line["type"] == "oom_kill"] == [pid]


def test_a_command_for_events_has_none(live, folder):
    """It is that user's, and no more."""
    seen = folder / "seen"
    writer = begun(live("record", "-f", folder / "box.flr", "--size", "1M", "--no-protect", "--interval", "0.1", "--user", "nobody",
                        "--alert-cs", "0", "--on-event", f"grep -E '^(Uid|Cap)' /proc/self/status > {seen}"))
    deadline = time.monotonic() + 20
    while not (seen.exists() and "CapAmb" in seen.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    ended(writer)
    said = seen.read_text()
    assert f"Uid:\t{NOBODY}" in said
    assert re.findall(r"Cap(?:Inh|Prm|Eff|Amb):\t(\w+)", said) == ["0" * 16] * 4


PROTECTED = r"""#!/bin/sh
mkdir -m 777 /tmp/box
/files/faultline record -f /tmp/box/box.flr --size 1M --interval 0.1 --user 65534:65534 --alert-cs 0 \
    --on-event 'cat /proc/self/oom_score_adj; ulimit -l; id -u' >/tmp/said 2>&1 &
recorder=$!
sleep 4
echo "score $(cat /proc/$recorder/oom_score_adj)"
grep Cap /proc/$recorder/status
kill $recorder
wait $recorder
cat /tmp/said
"""


@pytest.mark.long
def test_a_command_has_what_faultline_was_started_with(tmp_path):
    """Where root may lower the score, which this machine's may not."""
    _, said = boot(tmp_path, PROTECTED, "6.1")
    lines = said.splitlines()
    assert "score -999" in lines
    at = lines.index("65534")
    assert lines[at - 2] == "0" and lines[at - 1] != "unlimited"


@pytest.mark.parametrize("command", ["record", "serve"])
@pytest.mark.parametrize("user, said", [("nosuch", "has no such user"), ("12", "has no such user"), ("1:", "has no such user")])
def test_nobody_of_that_name(tmp_path, command, user, said):
    words = ["-f", tmp_path / "box.flr"] if command == "record" else ["--record", tmp_path / "box.flr"]
    done = run(command, *words, "--user", user, check=2)
    assert f"--user '{user}': /etc/passwd {said}" in done.stderr
    assert not (tmp_path / "box.flr").exists()


def test_a_folder_that_is_not_his(tmp_path):
    done = run("record", "-f", tmp_path / "box.flr", "--user", "nobody", "--no-protect", "--count", "1", check=1)
    assert "box.flr: Permission denied" in done.stderr and len(done.stderr.splitlines()) == 1


def test_who_is_not_root_becomes_nobody_else(public_program, folder):
    def as_nobody(user):
        return subprocess.run([public_program, "record", "-f", folder / "box.flr", "--size", "1M", "--no-protect", "--count", "1",
                               "--interval", "0.1", "--user", user], capture_output=True, text=True, user=NOBODY, group=NOBODY,
                              extra_groups=[], cwd="/", timeout=30, check=False)
    done = as_nobody("root")
    assert done.returncode == 1 and "--user 'root': Operation not permitted: only root becomes somebody else" in done.stderr
    assert as_nobody("nobody").returncode == 0


@pytest.mark.skipif(not shutil.which("setcap"), reason="no setcap")
def test_file_capabilities(public_program, folder, memory_group, full_report):
    """Started as a user, with the same capabilities."""
    subprocess.run(["setcap", "cap_syslog,cap_bpf,cap_perfmon+ep", public_program], check=True)
    box = folder / "box.flr"
    writer = subprocess.Popen([public_program, "record", "-f", box, "--size", "1M", "--interval", "0.1", "--no-protect", *CALM],
                              stderr=subprocess.PIPE, text=True, user=NOBODY, group=NOBODY, extra_groups=[], cwd="/")
    try:
        begun(writer)
        is_lesser(writer.pid)
        pid = kill_one(memory_group)
        time.sleep(0.5)
        ended(writer)
    finally:
        writer.kill()
        writer.wait()
    told = [line for line in objects(run("replay", "--json", "--events", box, check=0).stdout) if line["type"] == "oom_kill"]
    assert [(kill["pid"], kill["comm"]) for kill in told] == [(pid, "eat_memory")]


def test_the_default_file_is_his(tmp_path):
    """In a mount namespace where /var/lib is empty."""
    if not shutil.which("unshare"):
        pytest.skip("no unshare")
    script = ('mount -t tmpfs none /var/lib && "$0" record --size 1M --no-protect --count 2 --interval 0.05 --user nobody && '
              "stat -c '%u %a %n' /var/lib/faultline /var/lib/faultline/blackbox.flr")
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script, FAULTLINE], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{NOBODY} 700 /var/lib/faultline", f"{NOBODY} 600 /var/lib/faultline/blackbox.flr"]


def test_no_shell_but_for_events(tmp_path):
    """Of all that these commands start there is one program, a command of --on-event's shell."""
    if not shutil.which("strace"):
        pytest.skip("no strace")
    box = tmp_path / "box.flr"
    alert = ["--alert-cs", "0"]
    for words in [["0.05", "3", *alert], ["0.05", "3", *alert, "--on-event", ":"], ["check"], ["oom", "-v"], ["metrics"], ["top", "0.05", "1"],
                  ["record", "-f", box, "--size", "1M", "--count", "3", "--interval", "0.05"], ["report", "--list", box]]:
        trace = tmp_path / "trace"
        subprocess.run(["strace", "-f", "-qq", "-e", "trace=execve", "-o", trace, FAULTLINE, *map(str, words)], capture_output=True, timeout=60,
                       check=False)
        started = [line for line in trace.read_text().splitlines() if " = 0" in line][1:]
        assert bool(started) == ("--on-event" in words) and all('"/bin/sh"' in line for line in started), words
