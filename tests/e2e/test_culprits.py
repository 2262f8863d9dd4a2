"""Who is behind major faults: real ones, of processes that go on, that have ended, that have names to be wary of."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pytest

from conftest import FAULTLINE, HELPERS, TOP, objects, remainder, run, validate

pytestmark = pytest.mark.patient

# More than what else the machine does; the helper's are thousands a second.
ALERT = ["--alert-cs", "1000000000", "--alert-major", "200"]
CALM = ["--alert-cs", "1000000000", "--alert-major", "1000000000"]
AS_NOBODY = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": "/"}
FOR_EVER = "1000000000"
HOSTILE = b") R 1 (\x1b[2J\n\"\xff"  # 15 bytes, as many as a name may have


def needs_root():
    if os.geteuid() != 0:
        pytest.skip("to be an ordinary user, or none, takes root")


@pytest.fixture
def cold_file():
    folder = TOP / "build"  # on a disk: a tmpfs has no major faults
    folder.mkdir(exist_ok=True)
    path = folder / f"cold-{os.getpid()}"
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture
def background():
    """Starts programs; ends them by their ids."""
    started = []

    def start(*command, **kwargs):
        started.append(subprocess.Popen(list(command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def public_program():
    """The program where an ordinary user reaches it."""
    folder = pathlib.Path(f"/tmp/faultline-test-{os.getpid()}")
    folder.mkdir(mode=0o755)
    yield shutil.copy(FAULTLINE, folder / "faultline")
    shutil.rmtree(folder)


def faulting(background, cold_file, helper=HELPERS / "cold_faults"):
    return background(helper, cold_file, "512", "1", FOR_EVER)


def counts(process):
    """Whether the kernel counts for it: else it looks at /proc, and needs a row more."""
    return any("perf_event" in os.readlink(fd) for fd in pathlib.Path(f"/proc/{process.pid}/fd").iterdir())


def started(process):
    """Waits for its first row: from then on it watches."""
    text = process.stdout.readline()
    while not text.startswith('{"type":"sample"'):
        assert text, process.stderr.read()
        text = process.stdout.readline()
    return process


def lines_until(process, wanted, most=2000):
    """Reads on, to the first object that is wanted. All of them are as the schema says."""
    lines = []
    for _ in range(most):
        text = process.stdout.readline()
        assert text, "it ended"
        lines.append(json.loads(text))
        validate(lines[-1])
        if wanted(lines[-1]):
            return lines
    raise AssertionError(f"not among {most} lines")


def is_alert(line):
    return line["type"] == "alert" and line["alert"] == "major_faults"


def names(pid):
    return lambda line: is_alert(line) and any(process["pid"] == pid for process in line.get("processes", []))


def named_in_time(process, helper):
    """The line that names it, with what it says of it. Whatever else faults here, lines name whoever it is as soon as can be."""
    rows_needed = 0 if counts(process) else 1
    lines = lines_until(process, names(helper.pid))
    begin = max(i for i, line in enumerate(lines) if is_alert(line) and line["state"] == "begin")
    first = next(i for i in range(begin, len(lines)) if "processes" in lines[i])
    assert sum(line["type"] == "sample" for line in lines[begin:first]) == rows_needed
    return lines[-1], next(culprit for culprit in lines[-1]["processes"] if culprit["pid"] == helper.pid)


def check_line(line, found, comm):
    assert found["comm"] == comm
    assert found["major_faults_per_second"] > 200
    assert f'{comm}[{found["pid"]}] {found["major_faults_per_second"]:.0f}'[:-1] in line["message"]
    assert re.search(r"Major Faults/sec detected! .*\[\d+\] [\d.]+/s; (refaults|swap-ins|tasks)", line["message"], re.S)
    rates = [culprit["major_faults_per_second"] for culprit in line["processes"]]
    assert rates == sorted(rates, reverse=True)


def test_who_faults_is_named(live, background, cold_file):
    process = started(live("--json", *ALERT, "0.2"))
    helper = faulting(background, cold_file)
    check_line(*named_in_time(process, helper), "cold_faults")


def test_an_ordinary_user_is_told_a_row_later(background, cold_file, public_program):
    needs_root()
    process = started(background(public_program, "--json", *ALERT, "0.2", **AS_NOBODY))
    assert not counts(process)
    helper = faulting(background, cold_file)
    check_line(*named_in_time(process, helper), "cold_faults")


def test_in_a_pid_name_space_pids_are_its_own(cold_file):
    needs_root()
    script = '"$1" "$2" 512 1 1000000000 >/dev/null & echo $!; "$0" --json --alert-cs 1000000000 --alert-major 200 0.2 8; kill $!'
    command = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", script, FAULTLINE, HELPERS / "cold_faults", cold_file]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if "unshare" in done.stderr:
        pytest.skip(done.stderr)
    pid, _, out = done.stdout.partition("\n")
    assert int(pid) < 100
    alerts = [line for line in objects(out) if names(int(pid))(line)]
    assert alerts and alerts[0]["processes"][0]["comm"] == "cold_faults"


def test_a_process_that_has_ended_is_named(live, cold_file):
    """As only the kernel can tell."""
    process = started(live("--json", *ALERT, "1"))
    if not counts(process):
        pytest.skip("the kernel does not count here")
    helper = subprocess.Popen([HELPERS / "cold_faults", cold_file, "1024"], stdout=subprocess.DEVNULL)
    helper.wait()
    line = lines_until(process, names(helper.pid))[-1]
    assert next(each["comm"] for each in line["processes"] if each["pid"] == helper.pid) == "cold_faults"


THREAD = """
import ctypes, mmap, os, sys, threading
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
os.write(fd, bytes(8 << 20))
os.fsync(fd)
cold = mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)
cold.madvise(mmap.MADV_RANDOM)
def fault():
    ctypes.CDLL(None).prctl(15, b"a thread", 0, 0, 0)  # PR_SET_NAME
    while True:
        cold.madvise(mmap.MADV_DONTNEED)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        for page in range(0, len(cold), 4 * mmap.PAGESIZE):
            cold[page]
threading.Thread(target=fault, daemon=True).start()
sys.stdin.read()
"""


def test_a_thread_goes_by_the_name_of_its_process(live, background, cold_file):
    process = started(live("--json", *ALERT, "0.2"))
    helper = background(sys.executable, "-c", THREAD, cold_file, stdin=subprocess.PIPE)
    _, found = named_in_time(process, helper)
    tasks = pathlib.Path(f"/proc/{helper.pid}/task").glob("*/comm")
    assert "a thread\n" in [task.read_text() for task in tasks]
    assert found["comm"] + "\n" == pathlib.Path(f"/proc/{helper.pid}/comm").read_text()


@pytest.fixture
def hostile_helper(tmp_path):
    return shutil.copy(HELPERS / "cold_faults", os.path.join(os.fsencode(tmp_path), HOSTILE))


def test_a_hostile_name_in_json(live, background, cold_file, hostile_helper):
    process = started(live("--json", *ALERT, "0.2"))
    helper = faulting(background, cold_file, hostile_helper)
    line, found = named_in_time(process, helper)
    assert found["comm"] == HOSTILE.decode(errors="replace")
    assert f"{found['comm']}[{helper.pid}] " in line["message"]


def test_a_hostile_name_at_a_terminal(live, background, cold_file, hostile_helper):
    process = live(*ALERT, "--color", "never", "0.2")
    helper = faulting(background, cold_file, hostile_helper)
    for _ in range(100):
        text = process.stdout.readline()
        assert "\x1b" not in text
        if f"[{helper.pid}]" in text:
            break
    assert f') R 1 (\\x1b[2J\\x0a"\\xff[{helper.pid}] ' in text and text.endswith("\n")


def test_the_command_of_on_event_is_told(live, background, cold_file, tmp_path):
    path = tmp_path / "events"
    process = live(*ALERT, "--on-event", f"cat >> {path}", "0.2")
    helper = faulting(background, cold_file)
    while f"cold_faults[{helper.pid}] " not in process.stdout.readline():
        pass
    process.terminate()
    remainder(process)
    told = objects(path.read_text())
    for line in told:
        validate(line)
    assert any(names(helper.pid)(line) for line in told)


def test_csv_tells_on_standard_error(live, background, cold_file):
    process = live("--csv", *ALERT, "0.2")
    helper = faulting(background, cold_file)
    while f"cold_faults[{helper.pid}] " not in process.stderr.readline():
        pass


def test_a_recorded_line_is_replayed_as_it_was_told(live, background, cold_file, tmp_path):
    """Its message has the names."""
    path, events = tmp_path / "box.flr", tmp_path / "events"
    process = live("record", "-f", path, "--size", "1M", "--interval", "0.2", "--on-event", f"cat >> {events}", *ALERT)
    helper = faulting(background, cold_file)
    while not events.exists() or f"cold_faults[{helper.pid}]" not in events.read_text():
        time.sleep(0.05)
    process.terminate()
    remainder(process)
    told = [line for line in objects(events.read_text()) if is_alert(line)]
    replayed = [line for line in objects(run("replay", "--json", path, check=0).stdout) if is_alert(line)]
    assert [line["message"] for line in replayed] == [line["message"] for line in told]
    for recorded, line in zip(replayed, told):
        validate(recorded)
        line.pop("processes", None)
        assert recorded == line
    assert f"cold_faults[{helper.pid}] " in run("replay", path, check=0).stdout


def traced(process, seconds):
    """The names of the system calls that it makes meanwhile."""
    if not shutil.which("strace"):
        pytest.skip("no strace")
    done = subprocess.run(["timeout", "-s", "INT", str(seconds), "strace", "-f", "-qq", "-p", str(process.pid)],
                          capture_output=True, text=True, check=False)
    if "attach" in done.stderr:
        pytest.skip(done.stderr.splitlines()[0])
    return re.findall(r"^(?:\[pid +\d+\] )?(\w+)\(", done.stderr, re.M)


@pytest.mark.plain
@pytest.mark.parametrize("who", ["root", "nobody"])
def test_quiet_rows_pay_nothing(background, public_program, who):
    """No process is looked at, and the kernel is not asked for counts."""
    needs_root()
    process = started(background(public_program, "--json", *CALM, "0.05", **(AS_NOBODY if who == "nobody" else {})))
    calls = traced(process, 1)
    assert calls.count("pread64") >= 20
    assert set(calls) <= {"epoll_wait", "epoll_pwait", "read", "pread64", "write", "restart_syscall"}


@pytest.mark.parametrize("words", [["--no-alerts"], ["--proc", "/proc/."]])
def test_where_nothing_is_counted(live, words):
    """Nobody is to be named, or maybe those of another machine."""
    assert not counts(started(live("--json", *words, "0.1")))


def test_where_processes_cannot_be_listed_alerts_go_on(background, public_program):
    needs_root()
    proc = pathlib.Path(public_program).parent / "proc"
    proc.mkdir()
    (proc / "vmstat").write_text("pgfault 1\npgmajfault 1\n")
    proc.chmod(0o711)
    process = started(background(public_program, "--json", *ALERT, "--proc", proc, "0.1", **AS_NOBODY))
    (proc / "vmstat").write_text("pgfault 1000\npgmajfault 1000\n")
    line = lines_until(process, is_alert)[-1]
    assert "processes" not in line and "tasks wait for pages" in line["message"]
    process.terminate()
    assert f"faultline: {proc}: Permission denied: who is behind major faults is not named\n" in remainder(process)[1]


def test_processes_of_another_proc_are_named_as_it_has_them(background, cold_file, tmp_path, live):
    """Its figures are made up, and nothing of this machine's is among them."""
    def put(faults):
        """Of the same length each time, and in one piece: it is read meanwhile."""
        files = {"vmstat": f"pgfault {faults}\npgmajfault {faults}\n",
                 "7/stat": f"7 (made up) S 1 1 1 0 -1 4194560 0 0 {faults} 0 1 1 0 0 20 0 1 0 5 1000 10 0 0\n"}
        for name, text in files.items():
            fd = os.open(tmp_path / name, os.O_WRONLY | os.O_CREAT, 0o644)
            os.pwrite(fd, text.encode(), 0)
            os.close(fd)

    (tmp_path / "7").mkdir()
    put(1000000)
    process = started(live("--json", *ALERT, "--proc", tmp_path, "0.2"))
    helper = faulting(background, cold_file)
    for faults in range(1001000, 1100000, 1000):
        put(faults)
        time.sleep(0.05)
    process.terminate()
    alerts = [line for line in objects(remainder(process)[0]) if is_alert(line)]
    named = [culprit for line in alerts for culprit in line.get("processes", [])]
    assert helper.poll() is None
    assert named and {(culprit["pid"], culprit["comm"]) for culprit in named} == {(7, "made up")}
