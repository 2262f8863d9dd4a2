"""The black box on a machine that dies, booted in qemu: out of all its memory, and by a panic."""
import datetime
import shutil
import subprocess

import pytest

from conftest import TOP, objects, run
from test_kernels import STATIC

LARGEST_GAP_SECONDS = 2
SYNC_SECONDS = 10

# Swap is filled, what is held is needed all the time, and so is a file that is larger than what is left for it, while
# somebody writes and syncs: on a disk of 400 reads and writes a second. One program goes on growing until the end.
OUT_OF_MEMORY = r"""#!/bin/sh
dd if=/dev/zero of=/disk/large bs=1M count=300 2>/dev/null
sync
for i in 1 2 3 4 5 6; do sleep 1000 & done
/files/faultline record -f /disk/box.flr --size 4M &
recorder=$!
sleep 20
(while :; do cat /disk/large >/dev/null; done) &
(while :; do dd if=/dev/zero of=/disk/written bs=1M count=20 conv=notrunc,fsync 2>/dev/null; done) &
awk 'BEGIN { mib = sprintf("%1048576s", ""); while (n < 80) a[n++] = mib; while (1) { for (i in a) length(a[i]); system("usleep 200000") } }' &
sleep 5
awk 'BEGIN { mib = sprintf("%1048576s", ""); while (1) { for (i = 0; i < 5; i++) a[n++] = mib; system("usleep 200000") } }' &
eater=$!
wait $eater
sleep 1
kill -0 $recorder && echo alive
grep -E 'VmLck|VmRSS|VmSwap' /proc/$recorder/status
echo "major faults of the recorder: $(cut -d' ' -f12 /proc/$recorder/stat)"
kill -9 $recorder
echo "eater $eater"
kill -9 $(pidof awk dd cat sleep)
cp /disk/box.flr /out/
"""

PANIC = r"""#!/bin/sh
/files/faultline record -f /disk/box.flr --size 1M &
sleep 17
date +%s
sleep 1
echo c >/proc/sysrq-trigger
sleep 100
"""

AFTERWARDS = r"""#!/bin/sh
cp /disk/box.flr /out/before.flr
/files/faultline record -f /disk/box.flr --count 3 || exit 1
cp /disk/box.flr /out/after.flr
"""


def guest(folder, script, *options, status=0):
    """Boots one, which leaves what it has to leave in FOLDER. Returns what it said."""
    if not STATIC.exists():
        pytest.skip("no static program: ./test musl makes one")
    job = folder / "job"
    job.write_text(script)
    job.chmod(0o755)
    done = subprocess.run([TOP / "tests/qemu/guest", "--cpus", "2", "--timeout", "400", "--out", folder, *map(str, options),
                           job, STATIC], capture_output=True, text=True, timeout=450)
    if done.returncode == 77:
        pytest.skip(done.stderr.strip())
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def disk(folder, kind, mib):
    """Options of `guest` for a disk with a file system of this kind."""
    image = folder / "disk"
    if kind == "ext2":
        return ["--disk", mib, "--disk-image", image]
    if not shutil.which("mke2fs"):
        pytest.skip("mke2fs is not installed")
    with image.open("wb") as file:
        file.truncate(mib << 20)
    subprocess.run(["mke2fs", "-q", "-F", "-t", kind, image], check=True)
    return ["--disk-image", image]


def replayed(path, *words):
    """What replay says, and that it has nothing to complain of."""
    done = run("replay", "--json", *words, path, check=0)
    assert done.stderr == ""
    return objects(done.stdout)


def of_type(lines, kind):
    return [line for line in lines if line["type"] == kind]


def seconds(line):
    return datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")).timestamp()


@pytest.mark.long
@pytest.mark.parametrize("kernel, kind", [("6.1", "ext4"), ("6.12", "ext4"), ("6.1", "ext2")])
def test_a_machine_without_memory(tmp_path, kernel, kind):
    said = guest(tmp_path, OUT_OF_MEMORY, "--kernel", kernel, "--memory", 512, "--swap", 256, "--iops", 400,
                 *disk(tmp_path, kind, 500))
    lines = replayed(tmp_path / "box.flr")
    gap = max(line["interval_seconds"] for line in of_type(lines, "sample"))
    print(f"Linux {kernel}, {kind}: the largest gap between two samples was {gap:.2f} s")
    print(said)
    kill = of_type(replayed(tmp_path / "box.flr", "--events"), "oom_kill")[-1]
    assert f"eater {kill['pid']}\n" in said
    assert kill["comm"] == "awk" and kill["constraint"] == "none"
    assert kill["tasks"][0]["pid"] == kill["pid"] and kill["tasks"][0]["swap_bytes"] > 64 << 20
    assert len(kill["tasks"]) == 10
    assert "alive" in said and "VmSwap:\t       0 kB" in said
    assert not of_type(lines, "mark")
    times = [seconds(line) - seconds(kill) for line in of_type(lines, "sample")]
    assert min(times) <= -25 and max(times) > 0
    assert gap <= LARGEST_GAP_SECONDS


@pytest.mark.long
@pytest.mark.parametrize("kernel, kind", [("6.1", "ext4"), ("6.12", "ext2")])
def test_a_panic(tmp_path, kernel, kind):
    image = disk(tmp_path, kind, 64)
    died = float(guest(tmp_path, PANIC, "--kernel", kernel, *image, status=125).split()[-1]) + 1
    guest(tmp_path, AFTERWARDS, "--kernel", kernel, *image[-2:])
    before = of_type(replayed(tmp_path / "before.flr"), "sample")
    print(f"Linux {kernel}, {kind}: {died - seconds(before[-1]):.0f} s before the panic are missing")
    assert died - seconds(before[-1]) <= SYNC_SECONDS + 2
    assert all(line["interval_seconds"] <= LARGEST_GAP_SECONDS for line in before)
    lines = replayed(tmp_path / "after.flr")
    after = of_type(lines, "sample")
    assert [line["mark"] for line in of_type(lines, "mark")] == ["boot"]
    assert after[:len(before)] == before and len(after) == len(before) + 3
    assert len(of_type(replayed(tmp_path / "after.flr", "--list"), "boot")) == 2
