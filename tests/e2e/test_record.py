"""faultline record: what is in the file whatever happens to the recorder, the disk and the machine."""
import datetime
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import time

import pytest

import flr
import recordings
from conftest import FAULTLINE, HELPERS, kill_one, objects, remainder, run, validate
from flr import SEGMENT_BYTES
from test_oom import CALM, full_report, own_pids, public_program, readable_log  # pylint: disable=unused-import # fixtures

FAST = ["--interval", "0.01"]
SANITIZED = bool(os.environ.get("FAULTLINE_SANITIZED"))
SLOWLY = 2 if SANITIZED else 1


def begun(process):
    """Waits until it records."""
    for line in process.stderr:
        if "recording into" in line:
            return process
    raise AssertionError("it ended")


def ended(process, number=signal.SIGTERM):
    """Ends it by a signal. Returns what it said from then on."""
    process.send_signal(number)
    out, err = remainder(process)
    assert process.returncode == 0 and out == ""
    return err


def replayed(path, *words, check=0):
    """What replay says, and that it has nothing to complain of."""
    done = run("replay", "--json", *words, path, check=check)
    assert done.stderr == ""
    lines = objects(done.stdout)
    for line in lines[:5] + lines[-5:]:
        validate(line)
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
            if kind is flr.Run:
                first = True  # what its first sample begins with is not known
            elif kind is flr.Sample:
                rows += not first
                first = False
        return rows

    def kinds(self, data):
        *full, newest = flr.segment_headers(data)
        for offset, header in full:
            if header.sequence not in self.full:
                self.full[header.sequence] = kinds_in(data, offset, header)
        return [kind for kinds in [*self.full.values(), kinds_in(data, *newest)] for kind in kinds]


def kinds_in(data, offset, header):
    return [type(frame) for frame in flr.Segment(data, offset, header).frames]


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
        if not recordings.is_begun(path):
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


@pytest.mark.plain
def test_20_kills(tmp_path):
    check_kills(tmp_path / "box.flr", 20)


@pytest.mark.long
def test_200_kills(tmp_path):
    check_kills(tmp_path / "box.flr", 200)


# Read while it is written, and by a ring that goes round.


def slow_writer(path, commands, segments):
    """One that does what it is told line by line. Returns it when the file has begun."""
    writer = subprocess.Popen(recordings.writer(path, segments), stdin=subprocess.PIPE, text=True)
    writer.stdin.write("\n".join(commands) + "\n")
    writer.stdin.flush()
    while not recordings.is_begun(path):
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
    out, err = remainder(reader)
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
    assert recordings.newest_sequence(path) > 6
    reader.terminate()
    assert remainder(reader) == ("", "")
    assert "".join(told) == expected


def test_ten_wraps(tmp_path):
    """The end of what a file that is large enough has, in its order."""
    script = [f"at {recordings.NOON}", "start 1", "spread 1000000000000 1", "samples 500 10 50", "kill 17 one", "samples 7000 10 50",
              "kill 18 two", "samples 200 10 3", "stop"]
    small = recordings.write(tmp_path / "small.flr", script, segments=4)
    large = recordings.write(tmp_path / "large.flr", script, segments=64)
    assert recordings.newest_sequence(small) > 4 * 10
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
    assert recordings.newest_sequence(path) > 4
    large = recordings.write(tmp_path / "large.flr", script, segments=64)
    found = run("replay", "--json", path, check=0)
    assert found.stderr == "" and len(found.stdout) > 1000000
    assert run("replay", "--json", large, check=0).stdout.endswith(found.stdout)


# A kill for want of memory.


def test_a_kill_outlives_the_recorder(tmp_path, live, memory_group, readable_log, full_report):
    path = tmp_path / "box.flr"
    writer = begun(live("record", "-f", path, "--interval", "0.1", *CALM))
    small = [memory_group.start("sleep", "60") for _ in range(3)]
    try:
        time.sleep(0.3)
        begin = time.time()
        pid = kill_one(memory_group)
        time.sleep(1)
        writer.kill()
        writer.wait()
    finally:
        for process in small:
            process.kill()
            process.wait()
    told = [line for line in replayed(path, "--events") if line["type"] == "oom_kill"]
    assert len(told) == 1
    kill = told[0]
    validate(kill)
    assert (kill["pid"], kill["comm"], kill["constraint"]) == (pid, "eat_memory", "memcg")
    assert kill["limit_bytes"] == 32 << 20 and kill["limit_cgroup"] == f"/{memory_group.path.name}"
    assert kill["tasks"][0]["pid"] == pid and 20 << 20 < kill["tasks"][0]["rss_bytes"] <= 40 << 20
    assert {task["pid"] for task in kill["tasks"][1:]} == {process.pid for process in small}
    # The table has them too, and what else was recorded is still there.
    text = run("replay", "--events", path, check=0).stdout
    assert f"eat_memory[{pid}]" in text and all(str(process.pid) in text for process in small)
    around = replayed(path, "--around", "oom", "--window", "5s")
    assert begin <= when(kill) + 0.001 and sum(line["oom_kills"] for line in samples(around)) == 1


def when(line):
    return datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")).timestamp()


def test_what_processes_take(tmp_path, live):
    """The largest, with what they hold."""
    path = tmp_path / "box.flr"
    eater = subprocess.Popen([HELPERS / "eat_memory", "400", "100"])
    writer = begun(live("record", "-f", path, "--interval", "0.1", "--processes", "50", "--no-protect"))
    time.sleep(0.5)
    ended(writer)
    eater.kill()
    eater.wait()
    rows = [line for line in replayed(path, "--processes") if line["type"] == "process"]
    for row in rows:
        validate(row)
    own = [row for row in rows if row["pid"] == eater.pid]
    assert own and own[0]["comm"] == "eat_memory" and own[0]["uid"] == os.getuid()
    assert own[0]["rss_bytes"] >= 1 << 20 and own[0]["minor_faults"] >= 256
    text = run("replay", "--processes", path, check=0).stdout
    assert any(line.split()[0] == str(eater.pid) and "eat_memory" in line for line in text.splitlines() if line.strip())


# Where it records, and what it refuses.


def refused(*words):
    done = run("record", *words, check=1)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def test_a_second_writer(tmp_path, live):
    path = tmp_path / "box.flr"
    writer = begun(live("record", "-f", path, "--size", "1M", "--no-protect", *FAST))
    for force in [[], ["--force"]]:
        said = refused("-f", path, "--no-protect", *force)
        assert f"{path}: another faultline records into it" in said and "-f" in said
    assert "it is the recording itself" in run("replay", path, "--save", path, "--force", check=1).stderr
    time.sleep(0.5)
    assert ended(writer) == ""
    assert len(samples(replayed(path))) >= 1


def test_another_size(tmp_path):
    path = tmp_path / "box.flr"
    run("record", "-f", path, "--size", "1M", "--no-protect", *FAST, "--count", "5", check=0)
    before = path.read_bytes()
    said = refused("-f", path, "--size", "2M", "--no-protect", "--count", "1")
    assert "1.0M" in said and "2.0M" in said and "--force" in said
    assert path.read_bytes() == before
    run("record", "-f", path, "--no-protect", *FAST, "--count", "5", check=0)  # as it has it
    assert path.stat().st_size == 1 << 20 and len(samples(replayed(path))) == 10
    run("record", "-f", path, "--size", "2M", "--force", "--no-protect", *FAST, "--count", "5", check=0)
    assert path.stat().st_size == 2 << 20 and len(samples(replayed(path))) == 5


def test_a_file_that_was_cut(tmp_path):
    """It is gone on with, and becomes whole again; one that is evidence is left alone."""
    path = tmp_path / "box.flr"
    run("record", "-f", path, "--size", "2M", "--no-protect", *FAST, "--count", "5", check=0)
    os.truncate(path, (2 << 20) - 5000)
    run("record", "-f", path, "--no-protect", *FAST, "--count", "5", check=0)
    assert path.stat().st_size == 2 << 20
    assert len(samples(replayed(path))) == 10
    run("replay", path, "--save", tmp_path / "small.flr", check=0)
    assert "too few to go on with" in refused("-f", tmp_path / "small.flr", "--no-protect", "--count", "1")


def test_what_is_no_recording(tmp_path):
    path = tmp_path / "letter"
    path.write_text("Dear John,\n" * 1000)
    said = refused("-f", path, "--no-protect", "--count", "1")
    assert "no recording" in said and "--force" in said
    assert path.read_text().startswith("Dear John,")
    run("record", "-f", path, "--force", "--no-protect", *FAST, "--count", "3", check=0)
    assert len(samples(replayed(path))) == 3


def test_a_later_version(tmp_path):
    path = recordings.write(tmp_path / "box.flr", ["start 1", "samples 10 10"], segments=4)
    data = bytearray(path.read_bytes())
    data[8] = 2
    data[64:68] = flr.crc32c(0, data[:64]).to_bytes(4, "little")
    path.write_bytes(data)
    assert "later version" in refused("-f", path, "--no-protect", "--count", "1")
    assert "later version" in run("replay", path, check=1).stderr
    assert path.read_bytes() == data


@pytest.mark.parametrize("make, named", [
    (lambda path: path.mkdir(), "Is a directory"),
    (os.mkfifo, "no regular file"),
    (lambda path: path.symlink_to("/dev/null"), "no regular file"),
    (lambda path: path.symlink_to("nowhere/box.flr"), "No such file or directory"),
])
def test_what_is_no_file(tmp_path, make, named):
    make(tmp_path / "box.flr")
    assert named in refused("-f", tmp_path / "box.flr", "--no-protect", "--count", "1")
    done = run("replay", tmp_path / "box.flr", check=1)
    assert str(tmp_path / "box.flr") in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_folder_that_is_not_there(tmp_path):
    assert "No such file or directory" in refused("-f", tmp_path / "none/box.flr", "--no-protect", "--count", "1")
    assert "No such file or directory" in run("replay", tmp_path / "none.flr", check=1).stderr


def as_nobody(program, *words, **variables):
    user = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    env = {"PATH": os.environ["PATH"], **variables, **{key: value for key, value in os.environ.items() if "SAN_OPTIONS" in key}}
    return subprocess.run([program, *map(str, words)], capture_output=True, text=True, cwd="/", timeout=60, env=env, check=False,
                          **user)


@pytest.fixture
def of_nobody(public_program):
    """The program, and a folder that an ordinary user may write to, where that user reaches them."""
    folder = public_program.parent / "state"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    return public_program, folder


def test_the_file_of_a_user(of_nobody):
    program, folder = of_nobody
    record = ["record", "--size", "1M", "--no-protect", *FAST, "--count", "5"]
    done = as_nobody(program, *record, XDG_STATE_HOME=str(folder))
    path = folder / "faultline/blackbox.flr"
    assert done.returncode == 0 and f"recording into {path}" in done.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    done = as_nobody(program, "replay", "--json", XDG_STATE_HOME=str(folder))
    assert done.returncode == 0 and len(samples(objects(done.stdout))) == 5
    done = as_nobody(program, *record, HOME=str(folder), XDG_STATE_HOME="relative")
    assert f"recording into {folder}/.local/state/faultline/blackbox.flr" in done.stderr
    done = as_nobody(program, *record)
    assert done.returncode == 1 and "name a file" in done.stderr


def test_where_a_user_may_not_write(of_nobody):
    if os.geteuid() != 0:
        pytest.skip("needs a file of somebody else's")
    program, folder = of_nobody
    folder.chmod(0o755)
    done = as_nobody(program, "record", "-f", folder / "box.flr", "--no-protect", "--count", "1")
    assert done.returncode == 1 and f"{folder}/box.flr: Permission denied" in done.stderr
    recordings.write(folder / "box.flr", ["start 1", "samples 10 10"], segments=4)
    done = as_nobody(program, "replay", folder / "box.flr")
    assert done.returncode == 1 and f"{folder}/box.flr: Permission denied" in done.stderr


@pytest.mark.parametrize("words, named, expected", [
    (["--size", "abc"], "'abc'", "1M to 1T"),
    (["--size", "1K"], "'1K'", "1M to 1T"),
    (["--size", "2T"], "'2T'", "1M to 1T"),
    (["--interval", "0.001"], "'0.001'", "0.01 to 3600"),
    (["--interval", "4000"], "'4000'", "0.01 to 3600"),
    (["--interval", "x"], "'x'", "0.01 to 3600"),
    (["--processes", "51"], "'51'", "0 to 50"),
    (["--processes", "-1"], "'-1'", "0 to 50"),
    (["--count", "x"], "'x'", "number of samples"),
    (["--alert-cs", "5/x"], "'5/x'", "N/cpu"),
    (["box.flr"], "'box.flr'", "-f"),
    (["--nosuch"], "'--nosuch'", "--help"),
    (["-f"], "-f", ""),
])
def test_wrong_words(words, named, expected):
    done = run("record", *words, check=2)
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("faultline: ") and named in done.stderr and expected in done.stderr


def test_help():
    text = run("record", "--help", check=0).stdout
    assert text.startswith("Usage: faultline record") and "--size" in text
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([FAULTLINE, "record", "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1 and done.stderr == "faultline: standard output: No space left on device\n"


@pytest.mark.parametrize("number, words", [(signal.SIGTERM, "had been ended"), (signal.SIGINT, "had been ended"),
                                           (signal.SIGHUP, "had been ended"), (signal.SIGKILL, "had been cut off")])
def test_how_a_run_ended(live, tmp_path, number, words):
    path = tmp_path / "box.flr"
    writer = begun(live("record", "-f", path, "--size", "1M", "--no-protect", *FAST))
    time.sleep(0.2)
    writer.send_signal(number)
    assert writer.wait(timeout=30) == (-number if number == signal.SIGKILL else 0)
    run("record", "-f", path, "--no-protect", *FAST, "--count", "3", check=0)
    marks = [line for line in run("replay", path, check=0).stdout.splitlines() if line.startswith("-- ")]
    assert len(marks) == 1 and f"the recorder {words}, nothing for " in marks[0]


# The steady state.


def faults_of(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[7]), int(fields[9])


def count_samples(path):
    """None is status 3."""
    done = run("replay", "--json", path)
    assert done.returncode in (0, 3) and done.stderr == ""
    return len(samples(objects(done.stdout)))


def wait_for_samples(path, count):
    """Waits for so many more."""
    count += count_samples(path)
    while count_samples(path) < count:
        time.sleep(0.2)


@pytest.fixture
def short_of_memory(tmp_path):
    """What to start a command with, that /proc/meminfo says to be short of memory: then every sample has a scan."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("a mount name space needs root and unshare")
    lines = pathlib.Path("/proc/meminfo").read_text().splitlines(True)
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("".join("MemAvailable:       1000 kB\n" if line.startswith("MemAvailable:") else line for line in lines))
    script = 'mount --bind "$0" /proc/meminfo && exec "$@"'
    if subprocess.run(["unshare", "-m", "sh", "-c", script, meminfo, "true"], check=False).returncode != 0:
        pytest.skip("no mount name space")
    return ["unshare", "-m", "sh", "-c", script, str(meminfo)]


def traced(process, seconds):
    """The system calls that it makes meanwhile, by name."""
    if not shutil.which("strace"):
        pytest.skip("no strace")
    done = subprocess.run(["timeout", "-s", "INT", str(seconds), "strace", "-f", "-qq", "-p", str(process.pid)], capture_output=True,
                          text=True, check=False)
    if "attach" in done.stderr:
        pytest.skip(done.stderr.splitlines()[0])
    return re.findall(r"^(?:\[pid +\d+\] )?(\w+)\(", done.stderr, re.M), done.stderr


@pytest.mark.plain
@pytest.mark.parametrize("processes", [0, 10])
def test_the_steady_state_is_quiet(tmp_path, short_of_memory, processes):
    """No page fault of its own, no memory from the kernel; without processes no file is opened either."""
    if SANITIZED:
        pytest.skip("the sanitizers' own memory faults")
    path = tmp_path / "box.flr"
    writer = subprocess.Popen([*short_of_memory, FAULTLINE, "record", "-f", path, "--size", "4M", "--processes", str(processes),
                               "--interval", "0.02", *CALM], stderr=subprocess.PIPE, text=True)
    try:
        begun(writer)
        wait_for_samples(path, 20)
        before = faults_of(writer)
        wait_for_samples(path, 100)
        assert faults_of(writer) == before
        calls, text = traced(writer, 1)
        assert calls.count("pwrite64") >= 10, text
        assert not {"brk", "mmap", "munmap", "mremap", "madvise", "clone", "fstat", "newfstatat"} & set(calls)
        assert ("openat" in calls or "open" in calls) == (processes > 0)
    finally:
        writer.terminate()
        writer.communicate(timeout=30)
    scans = {line["time"] for line in replayed(path, "--processes") if line["type"] == "process"}
    assert (len(scans) >= 100) == (processes > 0)
