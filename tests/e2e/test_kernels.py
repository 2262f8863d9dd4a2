"""The program on other kernels than this machine's, booted in qemu: what it says there of a real OOM kill."""
import subprocess

import pytest

from conftest import TOP, objects, validate

STATIC = TOP / "build/musl/src/faultline"

COUNTED = r"""#!/bin/sh
mkdir /sys/fs/cgroup/small
echo 16777216 >/sys/fs/cgroup/small/memory.max
/files/faultline --json --psi --protect 0.2 15 &
sleep 1
echo "score $(cat /proc/$!/oom_score_adj)"
(sh -c 'echo $$ >/sys/fs/cgroup/small/cgroup.procs; exec tail /dev/zero')
wait $!
"""

# One in a group beside it; then all that die with the first, which the kernel logs and counts twice. Nobody waits for those:
# the tracepoint tells no cgroup, and who was waited for before faultline looked has none any more.
GROUP = r"""#!/bin/sh
mkdir /sys/fs/cgroup/pod /sys/fs/cgroup/other
for group in pod other; do echo 16777216 >/sys/fs/cgroup/$group/memory.max; done
echo 1 >/sys/fs/cgroup/pod/memory.oom.group
[ ! -e /files/no-log ] || rm /dev/kmsg
[ ! -e /files/no-trace ] || umount /sys/kernel/tracing /sys/kernel/debug
/files/faultline --json --cgroup /sys/fs/cgroup/pod 3600 2>/tmp/said &
sleep 1
(sh -c 'echo $$ >/sys/fs/cgroup/other/cgroup.procs; exec tail /dev/zero')
faultline=$!
in_pod() { exec sh -c 'echo $$ >/sys/fs/cgroup/pod/cgroup.procs; exec "$@"' - "$@"; }
(in_pod sleep 100 & in_pod sleep 100 & sleep 1; in_pod tail /dev/zero & exec sleep 100) &
sleep 4
kill $faultline
wait $faultline
cat /tmp/said
"""


def boot(folder, script, kernel, *options, files=()):
    """The lines of JSON, and the others."""
    if not STATIC.exists():
        pytest.skip("no static program: ./test musl makes one")
    job = folder / "job"
    job.write_text(script)
    job.chmod(0o755)
    done = subprocess.run([TOP / "tests/qemu/guest", "--kernel", kernel, "--cpus", "2", *options, job, STATIC, *files],
                          capture_output=True, text=True, timeout=150)
    if done.returncode == 77:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines(True)
    found = objects("".join(line for line in lines if line.startswith("{")))
    for line in found:
        validate(line)
    return found, "".join(line for line in lines if not line.startswith("{"))


def kills(lines):
    return [line for line in lines if line["type"] == "oom_kill"]


@pytest.mark.long
@pytest.mark.parametrize("kernel, options, psi", [
    ("6.1", [], True),
    ("6.12", [], True),
    ("6.1", ["--append", "psi=0"], False),
])
def test_an_oom_kill_on_another_kernel(tmp_path, kernel, options, psi):
    lines, said = boot(tmp_path, COUNTED, kernel, *options)
    samples = [line for line in lines if line["type"] == "sample"]
    assert len(samples) == 15
    assert sum(sample["oom_kills"] for sample in samples) == 1
    assert [(kill["comm"], kill["cgroup"], kill["limit_bytes"]) for kill in kills(lines)] == [("tail", "/small", 16 << 20)]
    assert all(("io_full_stall_percent" in sample) == psi for sample in samples)
    assert "score -999" in said


@pytest.mark.long
@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_a_group_that_dies_together(tmp_path, kernel):
    lines, said = boot(tmp_path, GROUP, kernel)
    assert [kill["comm"] for kill in kills(lines)] == ["tail", "sleep", "sleep"]
    assert all(kill["cgroup"] == "/pod" for kill in lines)
    assert [kill.get("group_kill", False) for kill in lines] == [False, True, True]
    assert "faultline:" not in said


def flags(folder, *names):
    for name in names:
        (folder / name).write_text("")
    return [folder / name for name in names]


@pytest.mark.long
@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_a_group_that_dies_together_by_its_counter(tmp_path, kernel):
    """Without log and trace, memory.events tells (inotify): four, as the kernel counts the first victim twice."""
    lines, said = boot(tmp_path, GROUP, kernel, files=flags(tmp_path, "no-log", "no-trace"))
    assert sum(kill["kills"] for kill in kills(lines)) == 4
    assert "/dev/kmsg: No such file or directory: OOM kills are counted, not named" in said


@pytest.mark.long
@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_a_group_that_dies_together_by_the_tracepoint(tmp_path, kernel):
    lines, said = boot(tmp_path, GROUP, kernel, files=flags(tmp_path, "no-log"))
    # The first victim is counted twice here as well, but marked once: nothing tells one kill too many from one without name.
    assert [kill.get("comm") for kill in kills(lines)] == ["tail", "sleep", "sleep", None]
    assert kills(lines)[3]["kills"] == 1 and " named)" in kills(lines)[3]["message"]
    assert "/dev/kmsg: No such file or directory: a tracepoint names the victims" in said


VMSTAT = """#!/bin/sh
dd if=/dev/zero of=/disk/written bs=1M count=8 conv=fsync 2>/dev/null
for mode in '0.2 3' -s -d -D -m -f; do
    echo "== $mode"
    /files/faultline vmstat $mode || echo failed
done
/files/faultline vmstat -d --json
"""


@pytest.mark.long
@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_vmstat_on_another_kernel(tmp_path, kernel):
    found, said = boot(tmp_path, VMSTAT, kernel, "--disk", "64")
    parts = {part.splitlines()[0]: part.splitlines()[1:] for part in said.split("== ")[1:]}
    rows = parts["0.2 3"][2:]
    assert len(rows) == 3 and all(len(list(map(int, row.split()))) == 18 for row in rows)
    assert len(parts["-s"]) == 33  # no pages allocated in high memory
    assert any(line.endswith(" K paged out") and int(line.split()[0]) >= 8192 for line in parts["-s"])
    assert len(parts["-m"]) > 50 and len(parts["-D"]) == 13 and len(parts["-f"]) == 1
    assert "failed" not in said
    assert any(disk["written_bytes"] >= 8 << 20 and disk["flushes"] > 0 for disk in found)


COLD = r"""#!/bin/sh
/files/faultline trace --json >/tmp/trace 2>&1 &
faultline=$!
sleep 5
/files/cold_faults /disk/cold 512 1 >/tmp/cold
/files/cold_faults /disk/shared 512 4 >/tmp/shared
kill $faultline
wait $faultline
cat /tmp/trace
echo cold $(cat /tmp/cold)
echo shared $(cat /tmp/shared)
mkdir -p /sys/fs/cgroup/above/within
/files/faultline trace --json --cgroup /sys/fs/cgroup/above >/tmp/trace 2>&1 &
faultline=$!
sleep 4
sh -c 'echo $$ >/sys/fs/cgroup/above/within/cgroup.procs; exec /files/cold_faults /disk/within 64' >/dev/null
/files/cold_faults /disk/outside 64 >/dev/null
kill $faultline
wait $faultline
cat /tmp/trace
/files/faultline trace --files --json 5 &
faultline=$!
sleep 3
/files/cold_faults /disk/files 512 >/dev/null
wait $faultline || echo "files failed"
"""


def static_helper(folder):
    helper = folder / "cold_faults"
    built = subprocess.run(["cc", "-D_GNU_SOURCE", "-std=c17", "-O2", "-static", "-pthread", "-o", helper,
                            TOP / "tests/helpers/cold_faults.c"], capture_output=True, text=True, check=False)
    if built.returncode != 0:
        pytest.skip("no static libc to build the helper with")
    return helper


@pytest.mark.long
@pytest.mark.parametrize("kernel, files", [("6.1", False), ("6.12", True)])
def test_major_faults_on_another_kernel(tmp_path, kernel, files):
    found, said = boot(tmp_path, COLD, kernel, "--disk", "64", files=[static_helper(tmp_path)])
    rows = {line.get("file"): line for line in found if line["type"] == "fault_latency"}
    told = {line.split()[0]: list(map(int, line.split()[1:])) for line in said.splitlines()
            if line.startswith(("cold ", "shared "))}
    assert told["cold"][0] == rows["/disk/cold"]["major_faults"] == 512
    assert rows["/disk/cold"]["comm"] == "cold_faults" and rows["/disk/cold"]["cgroup"] == "/"
    assert 0 < rows["/disk/cold"]["total_seconds"] * 1e9 <= told["cold"][1]
    assert rows["/disk/shared"]["major_faults"] + rows["/disk/shared"]["waits"] >= 512
    assert rows["/disk/within"]["major_faults"] == 64 and rows["/disk/within"]["cgroup"] == "/above/within"
    assert "/disk/outside" not in rows
    assert ("/disk/files" in rows) == files and ("files failed" in said) == (not files)
    if files:
        assert rows["/disk/files"]["major_faults"] == 512
    else:
        assert "this kernel has no tracepoint filemap:mm_filemap_fault" in said
