"""faultline top: who faults, by process, command, user and cgroup, through eBPF and through /proc."""
import csv
import io
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from conftest import BUILD, FAULTLINE, HELPERS, kill_one, objects, remainder, run, validate

pytestmark = pytest.mark.patient

SLEEPERS = BUILD / "bench/sleepers"
ORDINARY = 65534  # nobody


def possible(source):
    """Whether processes can be read so."""
    return subprocess.run([FAULTLINE, "top", "--source", source, "0.05", "1"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


@pytest.fixture(params=["bpf", "proc"])
def source(request):
    if not possible(request.param):
        pytest.skip(f"--source {request.param} is not possible here")
    return request.param


@pytest.fixture
def only_bpf():
    if not possible("bpf"):
        pytest.skip("no eBPF here: it takes root, and a kernel with BTF")


def top(*words, **kwargs):
    """Its objects, each as the schema has it."""
    done = run("top", "--json", *words, check=0, **kwargs)
    assert done.stderr == ""
    found = objects(done.stdout)
    for each in found:
        validate(each)
    return found


def rows(found, kind="process"):
    return [each for each in found if each["type"] == kind]


@pytest.fixture(scope="module")
def sleepers():
    """300 processes that sleep, ten of which fault."""
    process = subprocess.Popen([SLEEPERS, "300", "10"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    yield process
    process.stdin.close()
    process.wait()
    process.stdout.close()


def stat_fields(pid):
    """Minor and major faults, start, resident pages."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[7]), int(fields[9]), int(fields[19]), int(fields[21])


def test_both_sources_give_the_same_numbers(only_bpf, sleepers):
    keys = ["pid", "comm", "uid", "user", "minor_faults", "major_faults", "rss_bytes", "cgroup", "oom_score"]

    def still(source):
        return {row["pid"]: [row.get(key) for key in keys]
                for row in rows(top("--source", source, "-n", "2000", "0.05", "1")) if "ended" not in row}

    for attempt in range(5):  # others come and go, and fault
        first, second, third = still("proc"), still("bpf"), still("proc")
        unchanged = [pid for pid, row in first.items() if third.get(pid) == row]
        if all(second.get(pid) == first[pid] for pid in unchanged):
            break
        assert attempt < 4, [(first[pid], second.get(pid)) for pid in unchanged if second.get(pid) != first[pid]]
    asleep = [row for row in map(second.get, unchanged) if row[1] == "sleepers"]
    assert len(asleep) >= 290
    for row in asleep[:20]:
        minor, major, _, pages = stat_fields(row[0])
        assert row[4:7] == [minor, major, pages * os.sysconf("SC_PAGE_SIZE")]


@pytest.mark.plain
def test_threads_and_those_that_are_dead_count_for_their_process(source):
    """So many pages are touched first, by one thread after the other."""
    script = ("import mmap, threading, time\n"
              "m = mmap.mmap(-1, 4096 * 4096)\n"
              "def touch(begin):\n"
              "    for i in range(begin, begin + 1024): m[i * 4096] = 1\n"
              "threads = [threading.Thread(target=touch, args=(i * 1024,)) for i in range(4)]\n"
              "[t.start() for t in threads[:3]]; [t.join() for t in threads[:3]]\n"
              "alive = threading.Thread(target=lambda: (touch(3072), time.sleep(100)), daemon=True); alive.start()\n"
              "time.sleep(0.5); print('ready', flush=True); time.sleep(100)\n")
    child = subprocess.Popen(["/usr/bin/python3", "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout.readline() == "ready\n"
        minor, major, _, _ = stat_fields(child.pid)
        assert minor > 4096
        found = rows(top("--source", source, "-p", child.pid, "0.05", "1"))
        assert [(row["pid"], row["minor_faults"], row["major_faults"]) for row in found] == [(child.pid, minor, major)]
    finally:
        child.kill()
        child.communicate()


def cold_faults(folder, count, **kwargs):
    return subprocess.Popen([HELPERS / "cold_faults", folder / "file", str(count)], stdout=subprocess.PIPE, text=True,
                            **kwargs)


def wait_for_first_block(process):
    """What happens from here on is within the second one."""
    assert json.loads(process.stdout.readline())["type"] == "top"


def last_block(process):
    found = objects(remainder(process)[0])
    return found[max(i for i, each in enumerate(found) if each["type"] == "top"):]


@pytest.mark.plain
def test_who_came_and_went_in_between(live, only_bpf, tmp_path):
    process = live("top", "--json", "--source", "bpf", "-n", "100", "3", "2")
    wait_for_first_block(process)
    child = cold_faults(tmp_path, 500)
    counted = int(child.communicate()[0])
    assert counted >= 500
    found = last_block(process)
    assert found[0]["ended"] >= 1 and found[0]["ended_unseen"] == 0
    row = next(row for row in rows(found) if row["pid"] == child.pid)
    assert row["ended"] is True and row["comm"] == "cold_faults" and "rss_bytes" not in row and "oom_score" not in row
    assert row["major_faults"] >= counted
    assert row["major_faults_per_second"] == pytest.approx(row["major_faults"] / found[0]["interval_seconds"], abs=0.2)


def test_who_faults_now_comes_first(source, sleepers):
    found = rows(top("--source", source, "--sort", "min", "-n", "100", "0.5", "1"))
    faulting = [row for row in found if row["comm"] == "sleepers"]
    assert len(faulting) >= 10
    assert all(row["minor_faults_per_second"] > 100 for row in faulting[:10])
    rates = [row["minor_faults_per_second"] for row in found]
    assert rates == sorted(rates, reverse=True)


@pytest.mark.parametrize("key, column", [("rss", "rss_bytes"), ("maj", "major_faults_per_second")])
def test_the_order(source, key, column):
    found = top("--source", source, "--sort", key, "-n", "1000", "0.1", "1")
    figures = [row.get(column, 0) for row in rows(found)]
    assert figures == sorted(figures, reverse=True)
    assert found[0]["sort"] == key and found[0]["others"] == 0


def test_sums_by_command(source, sleepers):
    found = top("--source", source, "--by", "comm", "-n", "1000", "0.5", "1")
    group = next(row for row in rows(found, "comm_group") if row["comm"] == "sleepers")
    assert group["processes"] == 301
    assert group["minor_faults_per_second"] > 1000
    assert group["rss_bytes"] > 300 * 4096


def test_sums_by_user(source, sleepers):
    found = top("--source", source, "--by", "user", "-n", "1000", "0.1", "1")
    mine = next(row for row in rows(found, "user_group") if row["uid"] == os.geteuid())
    assert mine["processes"] >= 301


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_users_have_their_names(source):
    child = subprocess.Popen(["sleep", "100"], user=ORDINARY)
    try:
        row = rows(top("--source", source, "-p", child.pid, "0.05", "1"))[0]
        assert (row["uid"], row["user"]) == (ORDINARY, "nobody")
        groups = rows(top("--source", source, "--by", "user", "-n", "1000", "0.05", "1"), "user_group")
        assert [row["user"] for row in groups if row["uid"] == ORDINARY] == ["nobody"]
        assert [row["pid"] for row in rows(top("--source", source, "--filter", "nobod", "0.05", "1"))] == [child.pid]
    finally:
        child.kill()
        child.wait()


@pytest.mark.plain
def test_a_cgroup_and_its_kills(memory_group, live, tmp_path):
    process = live("top", "--json", "--by", "cgroup", "--cgroup", memory_group.path.parent, "--filter",
                   memory_group.path.name, "-n", "1", "4", "2")
    wait_for_first_block(process)
    child = memory_group.start(HELPERS / "cold_faults", tmp_path / "file", "300", stdout=subprocess.PIPE, text=True)
    counted = int(child.communicate()[0])
    kill_one(memory_group)
    found = last_block(process)
    row = next(row for row in rows(found, "cgroup") if row["cgroup"] == f"/{memory_group.path.name}")
    validate(row)
    assert row["major_faults"] >= counted >= 300
    # The kernel adds up what its CPUs have counted only now and then.
    assert row["major_faults_per_second"] * found[0]["interval_seconds"] > 200
    assert row["limit_bytes"] == 32 << 20 and row["usage_bytes"] <= 32 << 20
    assert row["usage_percent"] == pytest.approx(row["usage_bytes"] / row["limit_bytes"] * 100, abs=0.01)
    assert (row["oom_kills"], row["oom_kills_in_interval"]) == (1, 1)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make cgroups")
def test_names_of_cgroups_as_hostile_as_can_be(memory_group):
    names = ["a\x1b[31m", "b\u202e", "c d", "e,\"f", "g\\x41"]
    for name in names:
        memory_group.group(name)
    words = ["--by", "cgroup", "--cgroup", memory_group.path, "-n", "100", "0.05", "1"]
    assert {f"/{name}" for name in names} <= {row["cgroup"] for row in rows(top(*words), "cgroup")}
    text = run("top", *words, check=0).stdout
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
    lines = list(csv.DictReader(io.StringIO(run("top", "--csv", *words, check=0).stdout)))
    assert "/e,\"f" in [line["cgroup"] for line in lines]


HOSTILE = [b"foo) Z 1 (", b"\x1b[31mred", b"new\nline", b"bad\xff\xfeutf", b"\xe2\x80\xaeturned", b"quote\"s,", b" "]


@pytest.fixture
def hostile(tmp_path):
    """Processes with such names, by pid."""
    started = {}
    for name in HOSTILE:
        path = os.fsencode(tmp_path) + b"/" + name
        shutil.copy("/bin/sleep", path)
        started[subprocess.Popen([path, b"100"])] = name
    yield {process.pid: name for process, name in started.items()}
    for process in started:
        process.kill()
        process.wait()


def test_names_as_hostile_as_can_be(source, hostile):
    pids = ",".join(map(str, hostile))
    words = ["--source", source, "-p", pids, "-n", "100", "0.05", "1"]
    found = {row["pid"]: row["comm"] for row in rows(top(*words))}
    assert found == {pid: name[:15].decode(errors="replace") for pid, name in hostile.items()}
    text = run("top", *words, check=0).stdout
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
    assert len(text.splitlines()) == 2 + len(HOSTILE)
    lines = list(csv.DictReader(io.StringIO(run("top", "--csv", *words, check=0).stdout)))
    assert len(lines) == len(HOSTILE)
    assert "quote\"s," in [line["comm"] for line in lines]


@pytest.mark.parametrize("count", [15, pytest.param(40, marks=pytest.mark.long)])
def test_processes_come_and_go_all_the_time(source, count):
    """Whoever goes in mid-read is left out: no wrong line, no error."""
    storm = subprocess.Popen(["sh", "-c", "while :; do for i in 1 2 3 4 5 6 7 8; do true & /bin/true & done; wait; done"],
                             start_new_session=True)
    try:
        found = top("--source", source, "-n", "2000", "0.05", str(count))
    finally:
        os.killpg(storm.pid, signal.SIGKILL)
        storm.wait()
    blocks = [each for each in found if each["type"] == "top"]
    assert len(blocks) == count
    assert all(block["unread"] == 0 for block in blocks)
    assert all(row.get("minor_faults_per_second", 0) <= row["minor_faults"] / 0.02 for row in rows(found))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount another proc")
def test_processes_of_others_are_hidden(tmp_path, sleepers):
    script = ('mount -t proc -o hidepid=2 proc "$0" && exec setpriv --reuid=65534 --regid=65534 --clear-groups '
              '"$1" top --json -n 1000 --proc "$0" 0.05 1')
    program = tmp_path / "faultline"
    shutil.copy(FAULTLINE, program)
    folder = tmp_path / "proc"
    folder.mkdir()
    for each in [folder, *folder.parents]:
        if each.owner() == "root" and each != pathlib.Path("/"):
            each.chmod(each.stat().st_mode | 0o011)
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, folder, program], capture_output=True, text=True, timeout=60)
    if done.returncode != 0 and "mount" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    found = objects(done.stdout)
    assert [row["comm"] for row in rows(found)] == ["faultline"]
    assert found[0]["processes"] == 1


# How it is asked, and what it says.


@pytest.mark.parametrize("words, named, expected", [
    (["--sort", "x"], "'x'", "maj, min, rss, swap or stall"),
    (["--by", "x"], "'x'", "process, comm, user or cgroup"),
    (["--source", "x"], "'x'", "auto, bpf or proc"),
    (["-p", "0"], "'0'", "numbers of processes"),
    (["-p", "1,x"], "'1,x'", "numbers of processes"),
    (["-n", "0"], "'0'", "1 to 10000"),
    (["--sort", "stall"], "--sort stall", "--by cgroup"),
    (["--by", "cgroup", "-p", "1"], "-p", "choose one"),
    (["--json", "--csv"], "--json", "choose one"),
    (["--cgroup", "/"], "--cgroup", "--by cgroup"),
    (["0"], "'0'", "0.05 to 86400"),
])
def test_wrong_words(words, named, expected):
    done = run("top", *words, check=2)
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert named in done.stderr and expected in done.stderr


def test_no_such_folders(tmp_path):
    done = run("top", "--proc", tmp_path / "none", "0.05", "1", check=1)
    assert str(tmp_path / "none") in done.stderr and len(done.stderr.splitlines()) == 1
    done = run("top", "--by", "cgroup", "--cgroup", tmp_path, "0.05", "1", check=1)
    assert str(tmp_path) in done.stderr and "no memory cgroup" in done.stderr


def as_ordinary(program, *words):
    return subprocess.run([program, "top", *words], user=ORDINARY, group=ORDINARY, extra_groups=[], capture_output=True,
                          text=True, timeout=60)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become an ordinary user")
def test_an_ordinary_user_reads_proc(tmp_path_factory):
    folder = tmp_path_factory.mktemp("open")
    for each in [folder, *folder.parents]:
        if each.owner() == "root" and each != pathlib.Path("/"):
            each.chmod(each.stat().st_mode | 0o011)
    program = shutil.copy(FAULTLINE, folder / "faultline")
    done = as_ordinary(program, "-v", "--json", "0.05", "1")
    assert done.returncode == 0
    assert "from /proc" in done.stderr and len(done.stderr.splitlines()) == 1
    assert rows(objects(done.stdout))
    assert "ended" not in objects(done.stdout)[0]
    done = as_ordinary(program, "--source", "bpf", "0.05", "1")
    assert done.returncode == 1 and done.stdout == ""
    assert len(done.stderr.splitlines()) == 1 and "--source bpf" in done.stderr


def test_the_source_is_said_once(only_bpf):
    done = run("top", "-v", "0.05", "3", check=0)
    assert len(done.stderr.splitlines()) == 1 and "eBPF" in done.stderr and "--source proc" in done.stderr
    done = run("top", "-v", "--source", "proc", "0.05", "3", check=0)
    assert len(done.stderr.splitlines()) == 1 and "from /proc" in done.stderr
    assert run("top", "0.05", "1", check=0).stderr == ""


def test_blocks(source, sleepers):
    words = ["--source", source, "-n", "4", "--sort", "min", "--filter", "sleepers", "0.2", "3"]
    text = run("top", *words, check=0).stdout
    blocks = text.split("\n\n")
    assert len(blocks) == 3
    for block in blocks:
        lines = block.splitlines()
        assert re.fullmatch(r"\d\d:\d\d:\d\d  \d+ processes(, \d+ ended)?  \d+ min/s \d+ maj/s  stalled \d+% mem \d+% io",
                            lines[0])
        assert lines[1].split() == ["PID", "USER", "MIN/S", "MAJ/S", "RSS", "SWAP", "OOM", "COMMAND", "CGROUP"]
        assert len(lines) == 6
        fields = lines[2].split()
        assert fields[7] == "sleepers" and int(fields[2]) > 100


def test_csv_has_what_json_has(source):
    lines = list(csv.DictReader(io.StringIO(run("top", "--csv", "--source", source, "-p", "1", "0.05", "2", check=0).stdout)))
    assert len(lines) == 2
    row = rows(top("--source", source, "-p", "1", "0.05", "1"))[0]
    assert set(row) - {"type"} <= set(lines[0])
    for key in ["pid", "user", "uid", "comm", "oom_score"]:
        assert lines[0][key] == str(row[key])


def test_nobody_is_there():
    found = top("-p", "4194304", "0.05", "1")
    assert rows(found) == [] and found[0]["others"] == 0
    assert len(run("top", "-p", "4194304", "0.05", "1", check=0).stdout.splitlines()) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_order(live, number):
    process = live("top", "--json", "0.05")
    assert json.loads(process.stdout.readline())["type"] == "top"
    process.send_signal(number)
    out, err = remainder(process)
    assert process.returncode == 0 and err == ""
    objects(out)


def test_a_closed_pipe_ends_it_in_silence(live):
    process = live("top", "--json", "0.05")
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=10) == 0
    assert process.stderr.read() == ""


def test_a_full_disk_is_told():
    with open("/dev/full", "w") as full:
        done = subprocess.run([FAULTLINE, "top", "0.05", "1"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 1 and "standard output" in done.stderr


def test_another_proc(tmp_path):
    """AUTO reads it where that is not the machine's own."""
    for name in ["stat", "vmstat", "meminfo"]:
        shutil.copy(f"/proc/{name}", tmp_path / name)
    (tmp_path / "42").mkdir()
    (tmp_path / "42/stat").write_text("42 (x) S 1 1 1 0 -1 4194560 30 0 4 0 0 0 0 0 20 0 1 0 99 9999 7 18446744073709551615\n")
    found = rows(top("--proc", tmp_path, "0.05", "1"))
    assert [(row["pid"], row["comm"], row["minor_faults"], row["major_faults"]) for row in found] == [(42, "x", 30, 4)]
    assert "uid" not in found[0] and "cgroup" not in found[0] and "oom_score" not in found[0]
