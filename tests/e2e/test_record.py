"""faultline record: what is in the file whatever happens to the recorder, the disk and the machine."""
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import threading
import time

import jsonschema
import pytest

import recordings
from conftest import FAULTLINE, SCHEMA, TOP, kill_one, objects, run
from recordings import SEGMENT_BYTES

FAST = ["--interval", "0.01"]
SANITIZED = bool(os.environ.get("FAULTLINE_SANITIZED"))
SLOWLY = 4 if SANITIZED else 1


def begun(process):
    """Waits until it records."""
    for line in process.stderr:
        if "recording into" in line:
            return process
    raise AssertionError("it ended")


def ended(process, number=signal.SIGTERM):
    """Ends it by a signal. Returns what it said from then on."""
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and out == ""
    return err


def replayed(path, *words, check=0):
    """What replay says, and that it has nothing to complain of."""
    done = run("replay", "--json", *words, path, check=check)
    assert done.stderr == ""
    lines = objects(done.stdout)
    for line in lines[:5] + lines[-5:]:
        jsonschema.validate(line, SCHEMA)
    return lines


def samples(lines):
    return [line for line in lines if line["type"] == "sample"]


# Killed, and begun anew.


class Rows:
    """How many rows the whole frames of a file make, by a reader of its own. Segments that are full are read once."""

    def __init__(self):
        self.full = {}

    def count(self, data):
        rows, first = 0, True
        for kind in self.kinds(data):
            if kind == recordings.RUN:
                first = True  # what its first sample begins with is not known
            elif kind in (recordings.FULL, recordings.CHANGES):
                rows += not first
                first = False
        return rows

    def kinds(self, data):
        found = recordings.segments(data)
        for segment in found[:-1]:
            self.full.setdefault(segment.sequence, segment.frames)
        return [kind for frames in [*self.full.values(), found[-1].frames] for kind, _ in frames]


def kill(path, seconds):
    process = subprocess.Popen([FAULTLINE, "record", "-f", path, "--size", "8M", "--no-protect", *FAST],
                               stderr=subprocess.PIPE, text=True)
    time.sleep(seconds)
    process.kill()
    err = process.communicate()[1]
    assert process.returncode == -signal.SIGKILL, err
    assert err in ("", f"faultline: recording into {path}\n")


def check_kills(path, kills):
    dice, rows, before, survived = random.Random(5), Rows(), "", 0
    for _ in range(kills):
        kill(path, dice.uniform(0, 0.4) * SLOWLY)
        if not path.exists() or not recordings.segments(path.read_bytes()):
            continue  # there was nothing yet
        survived += 1
        done = run("replay", "--json", path)
        assert done.stderr == ""
        assert done.stdout.startswith(before)
        before = done.stdout
        lines = objects(before)
        assert len(samples(lines)) == rows.count(path.read_bytes())
        assert all(line["mark"] == "restart" for line in lines if line["type"] == "mark")
    assert survived > kills // 2
    assert run("record", "-f", path, "--no-protect", *FAST, "--count", "3", check=0).stderr == f"faultline: recording into {path}\n"
    assert run("replay", "--json", path, check=0).stdout.startswith(before)
    assert len(samples(replayed(path))) == rows.count(path.read_bytes()) >= 3


def test_20_kills(tmp_path):
    check_kills(tmp_path / "box.flr", 20)


@pytest.mark.long
def test_200_kills(tmp_path):
    check_kills(tmp_path / "box.flr", 200)


# Read while it is written, and by a ring that goes round.


def slow_writer(path, commands, segments):
    """One that does what it is told line by line. Returns it when the file has begun."""
    writer = subprocess.Popen([recordings.HELPERS / "write_recording", recordings.TREE, path, str(segments * SEGMENT_BYTES)],
                              stdin=subprocess.PIPE, text=True)
    writer.stdin.write("\n".join(commands) + "\n")
    writer.stdin.flush()
    while not path.exists() or not recordings.segments(path.read_bytes()):
        time.sleep(0.01)
    return writer


def check_reading(path, seconds):
    """The ring is full at the start, so that the oldest segment goes as soon as there is one more."""
    now = int(time.time())
    recordings.write(path, [f"at {now - 3600}", "start 1", "samples 6000 10 20"], segments=4)
    writer = subprocess.Popen([FAULTLINE, "record", "-f", path, "--no-protect", *FAST], stderr=subprocess.PIPE, text=True)
    try:
        begun(writer)
        counts = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            lines = replayed(path, "--processes")
            times = [line["time"] for line in lines]
            assert times == sorted(times)
            counts.append(sum(line["time"] > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now - 60)) for line in samples(lines)))
        assert counts == sorted(counts) and counts[-1] > 0
    finally:
        writer.terminate()
        writer.communicate(timeout=30)
    assert writer.returncode == 0


def test_reading_beside_the_writer(tmp_path):
    check_reading(tmp_path / "box.flr", 5)


@pytest.mark.long
def test_reading_beside_the_writer_for_a_minute(tmp_path):
    check_reading(tmp_path / "box.flr", 60)


def test_a_writer_that_laps_its_reader(tmp_path):
    """The ring goes round faster than it is read: what is told is true, and in order."""
    path = tmp_path / "box.flr"
    script = [f"at {recordings.NOON}", "start 1", "spread 1000000000000 1", "samples 40000 10 7"]
    writer = slow_writer(path, script, segments=4)
    writer.stdin.close()
    seen = {}
    while writer.poll() is None:
        done = run("replay", "--json", path)
        assert done.returncode in (0, 3)
        times = []
        for line in done.stdout.splitlines():
            if line.startswith('{"type":"sample"'):
                when = line[24:60]
                assert seen.setdefault(when, line) == line
                times.append(when)
        assert times == sorted(times)
    assert writer.returncode == 0
    assert len(seen) > 100


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_follow(live, tmp_path, number):
    path = tmp_path / "box.flr"
    writer = begun(live("record", "-f", path, "--size", "1M", "--interval", "0.05", "--no-protect"))
    reader = live("replay", "--follow", "--json", path)
    lines = [json.loads(reader.stdout.readline()) for _ in range(30)]
    assert all(line["type"] in ("sample", "alert") for line in lines)
    reader.send_signal(number)
    out, err = reader.communicate(timeout=30)
    assert reader.returncode == 0 and err == ""
    lines += objects(out)
    ended(writer)
    whole = replayed(path)
    assert whole[:len(lines)] == lines


def test_follow_round_the_ring(live, tmp_path):
    """Through every segment that is begun, and where the file begins again."""
    path = tmp_path / "box.flr"
    chunks = 16
    begin, chunk = ["spread 100000000 1", "start 1", "samples 1 10"], "samples 150 10"
    expected = run("replay", "--json", recordings.write(tmp_path / "large.flr", [*begin, *[chunk] * chunks], segments=60)).stdout
    writer = slow_writer(path, begin, segments=3)
    reader = live("replay", "--follow", "--json", path)
    told = [reader.stdout.readline()]
    for _ in range(chunks):
        writer.stdin.write(chunk + "\n")
        writer.stdin.flush()
        told += [reader.stdout.readline() for _ in range(150)]
    writer.stdin.close()
    assert writer.wait(timeout=30) == 0
    assert recordings.newest(path.read_bytes()).sequence > 6
    reader.terminate()
    assert reader.communicate(timeout=30) == ("", "")
    assert "".join(told) == expected


def test_ten_wraps(tmp_path):
    """The end of what a file that is large enough has, in its order."""
    script = [f"at {recordings.NOON}", "start 1", "spread 1000000000000 1", "samples 500 10 50", "kill 17 one", "samples 7000 10 50",
              "kill 18 two", "samples 200 10 3", "stop"]
    small = recordings.write(tmp_path / "small.flr", script, segments=4)
    large = recordings.write(tmp_path / "large.flr", script, segments=64)
    newest = recordings.newest(small.read_bytes())
    assert newest.sequence > 4 * 10
    found, whole = (run("replay", "--json", "--processes", path, check=0) for path in [small, large])
    assert found.stderr == whole.stderr == ""
    # The first interval that can be told is that to the second sample.
    assert len(found.stdout) > 400000 and whole.stdout.endswith(found.stdout)
    assert "two[18]" in found.stdout and "one[17]" not in found.stdout
    listed = replayed(small, "--list")
    assert [line["message"] for line in listed if line["type"] == "incident"] == ["OOM KILL DETECTED: two[18]"]


# Full disks.


@pytest.fixture
def small_file_system(tmp_path):
    """Mounts one of the test's own."""
    if os.geteuid() != 0:
        pytest.skip("to mount a file system needs root")
    mounted = []

    def mount(kind, mib):
        folder = tmp_path / kind
        folder.mkdir()
        words = ["-t", "tmpfs", "-o", f"size={mib}m", "tmpfs"]
        if kind == "ext4":
            if not shutil.which("mkfs.ext4"):
                pytest.skip("no mkfs.ext4")
            image = tmp_path / "image"
            image.write_bytes(bytes(mib << 20))
            subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", image], check=True)
            words = ["-t", "ext4", "-o", "loop", str(image)]
        done = subprocess.run(["mount", *words, folder], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(done.stderr.strip())
        mounted.append((words, folder))
        return folder

    def remount():
        words, folder = mounted[-1]
        subprocess.run(["umount", folder], check=True)
        subprocess.run(["mount", *words, folder], check=True)

    mount.again = remount
    yield mount
    for _, folder in mounted:
        subprocess.run(["umount", folder], check=True)


def fill(folder):
    """To the last byte."""
    for size in (1 << 20, 4096, 1):
        with open(folder / f"rest-{size}", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass
    assert shutil.disk_usage(folder).free < 4096 * 4


@pytest.mark.parametrize("kind, mib", [("tmpfs", 2), ("ext4", 8)])
def test_a_disk_that_is_full_at_the_start(small_file_system, kind, mib):
    folder = small_file_system(kind, mib)
    done = run("record", "-f", folder / "box.flr", "--size", "16M", check=1)
    lines = [line for line in done.stderr.splitlines() if "it goes on without" not in line]
    assert len(lines) == 1
    assert "box.flr: No space left on device" in lines[0] and "--size" in lines[0] and "16M" in lines[0]
    assert not (folder / "box.flr").exists()


@pytest.mark.parametrize("kind, mib", [("tmpfs", 3), ("ext4", 8)])
def test_a_disk_that_fills_later(small_file_system, live, kind, mib):
    folder = small_file_system(kind, mib)
    path = folder / "box.flr"
    writer = begun(live("record", "-f", path, "--size", "1M", "--no-protect", *FAST))
    fill(folder)
    time.sleep(0.2)
    before = len(samples(replayed(path)))
    while len(samples(replayed(path))) < before + 50:
        assert writer.poll() is None
        time.sleep(0.2)
    assert ended(writer) == ""


@pytest.mark.parametrize("kind, mib", [("tmpfs", 3), ("ext4", 8)])
def test_the_whole_ring_on_a_full_disk(small_file_system, kind, mib, tmp_path):
    """Every block that was set aside is written to, and is there when the file system is mounted anew."""
    folder = small_file_system(kind, mib)
    path = folder / "box.flr"
    script = [f"at {recordings.NOON}", "start 1", "samples 20000 10 20", "stop"]
    writer = slow_writer(path, script[:2], segments=4)
    fill(folder)
    writer.stdin.write("\n".join(script[2:]) + "\n")
    writer.stdin.close()
    assert writer.wait(timeout=60) == 0
    if kind != "tmpfs":
        small_file_system.again()
    assert recordings.newest(path.read_bytes()).sequence > 4
    large = recordings.write(tmp_path / "large.flr", script, segments=64)
    found = run("replay", "--json", path, check=0)
    assert found.stderr == "" and len(found.stdout) > 1000000
    assert run("replay", "--json", large, check=0).stdout.endswith(found.stdout)
