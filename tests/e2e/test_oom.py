"""OOM kills: real ones, forged ones, those that a log holds."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

from conftest import FAULTLINE, HELPERS, TOP, kill_one, objects, possible_kills, remainder, run, validate

pytestmark = pytest.mark.patient

LOGS = TOP / "tests/fixtures/oom"
GOLDEN = TOP / "tests/golden/oom"
KMSG = pathlib.Path("/dev/kmsg")
# What else this machine does is not asked about.
CALM = ["--alert-cs", "1000000000", "--alert-major", "1000000000"]


def started(process):
    """Waits for its first row: from then on it watches."""
    while not process.stdout.readline().startswith('{"type":"sample"'):
        pass
    return process


def ended(process):
    """What it told from its first row on."""
    process.terminate()
    out, err = remainder(process)
    assert process.returncode == 0
    return objects(out), err


def kills(lines):
    return [line for line in lines if line["type"] == "oom_kill"]


def wait_for(process, count):
    """Reads on until so many OOM kills were told."""
    lines = []
    while len(kills(lines)) < count:
        text = process.stdout.readline()
        assert text, "it ended"
        lines.append(json.loads(text))
    return lines


INITIAL_PID_NAME_SPACE = "pid:[4026531836]"  # PROC_PID_INIT_INO, include/linux/proc_ns.h


@pytest.fixture
def own_pids():
    """The kernel tells of the pids of the initial name space, and a test knows those of its own."""
    if os.readlink("/proc/self/ns/pid") != INITIAL_PID_NAME_SPACE:
        pytest.skip("in a pid name space of its own the kernel's pids are not ours")


@pytest.fixture
def readable_log(own_pids):
    try:
        os.close(os.open(KMSG, os.O_RDONLY | os.O_NONBLOCK))
    except OSError as error:
        pytest.skip(f"{KMSG}: {error.strerror}")


@pytest.fixture
def full_report():
    """The kernel writes ten whole reports in 5 s, of the kills of the tests before as well; some take a second to come."""
    few, seconds = 4, 6.5
    while len(possible_kills) > few and time.monotonic() - possible_kills[-few - 1] < seconds:
        time.sleep(0.1)


def test_the_line_of_a_kill(live, memory_group, readable_log, full_report):
    job = memory_group.group("job")
    process = live("0.2")
    process.stdout.readline()
    process.stdout.readline()
    pid = kill_one(job)
    line = next(line for line in process.stdout if "OOM KILL" in line)
    root = f"/{memory_group.path.name}"
    assert line.startswith("CRITICAL: OOM KILL DETECTED: The kernel terminated a process to reclaim memory. "
                           f"eat_memory[{pid}] 3")
    assert line.endswith(f"M resident, cgroup {root}/job, at the limit of {root} (32M)\n")


def test_a_kill_is_told_between_rows(live, memory_group, readable_log, full_report):
    """DELAY is an hour: there is no row to wait for."""
    process = live("--json", "3600")
    time.sleep(0.5)
    pid = kill_one(memory_group)
    told = json.loads(process.stdout.readline())
    validate(told)
    assert (told["pid"], told["comm"], told["uid"]) == (pid, "eat_memory", 0)
    assert told["constraint"] == "memcg"
    assert told["cgroup"] == told["limit_cgroup"] == f"/{memory_group.path.name}"
    assert told["limit_bytes"] == 32 << 20
    assert 30 << 20 < told["anon_rss_bytes"] <= 32 << 20


@pytest.mark.plain
def test_fifty_kills_in_a_row(live, memory_group, readable_log):
    process = started(live("--json", *CALM, "0.2"))
    pids = [kill_one(memory_group) for _ in range(50)]
    lines = wait_for(process, 50)
    time.sleep(0.5)
    lines += ended(process)[0]
    assert [kill.get("pid") for kill in kills(lines)] == pids
    assert sum(line["oom_kills"] for line in lines if line["type"] == "sample") == 50


def test_twenty_kills_at_once(live, memory_group, readable_log):
    process = started(live("--json", *CALM, "0.2"))
    children = [memory_group.start(HELPERS / "eat_memory", "64", "300") for _ in range(20)]
    killed = {child.pid for child in children if child.wait() == -9}
    assert len(killed) >= 15  # the last of them may have room enough
    time.sleep(1.5)  # a kill without a name would be told a second later
    told = kills(ended(process)[0])
    assert sorted(kill.get("pid", -1) for kill in told) == sorted(killed)


def test_the_hook_gets_the_victim(live, tmp_path, memory_group, readable_log):
    events = tmp_path / "events"
    process = live("--on-event", f"cat >> {events}", *CALM, "0.2")
    process.stdout.readline()
    process.stdout.readline()
    pid = kill_one(memory_group)
    time.sleep(0.5)
    process.terminate()
    process.communicate()
    assert process.returncode == 0
    assert [event["pid"] for event in objects(events.read_text())] == [pid]


FORGED = "Memory cgroup out of memory: Killed process 1 (init) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB"


def forge(count, width=0):
    """Writes lines to the log as user space may; ten for each opening, above which the kernel drops them."""
    line = (FORGED + " " * width).encode()
    while count > 0:
        fd = os.open(KMSG, os.O_WRONLY)
        for _ in range(min(count, 10)):
            os.write(fd, line)
        os.close(fd)
        count -= 10


def test_what_user_space_writes_to_the_log_is_not_believed(live, memory_group, readable_log):
    process = started(live("--json", *CALM, "0.2"))
    forge(5)
    pid = kill_one(memory_group)
    lines = wait_for(process, 1)
    time.sleep(1.5)
    lines += ended(process)[0]
    assert [kill.get("pid") for kill in kills(lines)] == [pid]
    assert not any(kill["pid"] == 1 for kill in objects(run("oom", "--json").stdout))


def test_a_kill_in_a_flood_is_counted_and_the_gap_is_said(live, memory_group, readable_log):
    """Stopped meanwhile, so that records are overwritten for sure."""
    process = started(live("--json", *CALM, "0.2"))
    process.send_signal(signal.SIGSTOP)
    forge(50_000)
    kill_one(memory_group)
    forge(50_000)
    process.send_signal(signal.SIGCONT)
    lines = wait_for(process, 1)
    more, err = ended(process)
    told = kills(lines + more)
    assert len(told) == 1 and told[0]["kills"] == 1 and "pid" not in told[0]
    assert "records were overwritten before they could be read" in err
    assert sum(line["oom_kills"] for line in lines + more if line["type"] == "sample") == 1


@pytest.fixture
def restricted_log():
    """dmesg_restrict=1, and as it was."""
    path = pathlib.Path("/proc/sys/kernel/dmesg_restrict")
    if os.geteuid() != 0:
        pytest.skip("to set kernel.dmesg_restrict needs root")
    before = path.read_text()
    path.write_text("1")
    yield
    path.write_text(before)


@pytest.fixture
def public_program():
    """The program where an ordinary user reaches it."""
    folder = pathlib.Path(f"/tmp/faultline-test-{os.getpid()}")
    folder.mkdir(mode=0o755)
    yield shutil.copy(FAULTLINE, folder / "faultline")
    shutil.rmtree(folder)


def test_an_ordinary_user_is_told_the_number_and_what_is_lacking(restricted_log, public_program, memory_group):
    process = subprocess.Popen([public_program, "--json", "3600"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, user=65534, group=65534, extra_groups=[], cwd="/")
    try:
        said = process.stderr.readline()
        kill_one(memory_group)
        told = json.loads(process.stdout.readline())  # an hour before the first row
    finally:
        process.kill()
        process.communicate()
    validate(told)
    assert told["type"] == "oom_kill" and told["kills"] == 1 and "pid" not in told
    assert said.startswith("faultline: /dev/kmsg: ") and "OOM kills are counted, not named" in said
    assert "CAP_SYSLOG" in said and "dmesg_restrict" in said


def test_a_tracepoint_names_where_the_log_may_not_be_read(restricted_log, public_program, memory_group, own_pids):
    """An ordinary user with CAP_PERFMON, who may see tracefs, in a mount name space of its own."""
    if not shutil.which("setpriv") or not shutil.which("unshare"):
        pytest.skip("no setpriv or unshare")
    script = ("mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null; "
              "exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +perfmon,+dac_read_search "
              '--ambient-caps +perfmon,+dac_read_search "$0" --json 3600')
    process = subprocess.Popen(["unshare", "-m", "sh", "-c", script, public_program], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, cwd="/")
    try:
        said = process.stderr.readline()
        if "a tracepoint names" not in said:
            pytest.skip(f"no tracepoint: {said}")
        pid = kill_one(memory_group)
        told = json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()
    validate(told)
    assert told["pid"] == pid
    assert told.get("comm", "eat_memory") == "eat_memory"


def test_of_one_cgroup_alone(live, memory_group, readable_log, full_report):
    watched, other = memory_group.group("watched"), memory_group.group("other")
    process = started(live("--json", "--cgroup", watched.path, *CALM, "0.2"))
    kill_one(other)
    pid = kill_one(watched)
    lines = wait_for(process, 1)
    time.sleep(1.5)
    lines += ended(process)[0]
    assert [kill.get("pid") for kill in kills(lines)] == [pid]


def test_one_cgroup_by_its_counter(restricted_log, public_program, memory_group):
    """Without the log the group's own counter tells."""
    watched, other = memory_group.group("watched"), memory_group.group("other")
    process = subprocess.Popen([public_program, "--json", "--cgroup", watched.path, "3600"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, user=65534, group=65534, extra_groups=[], cwd="/")
    try:
        process.stderr.readline()
        kill_one(other)
        time.sleep(0.5)
        kill_one(watched)
        told = json.loads(process.stdout.readline())
        time.sleep(0.5)
        process.terminate()
        rest, _ = remainder(process)
    finally:
        process.kill()
        process.communicate()
    assert told["kills"] == 1 and rest == ""


def test_a_folder_that_is_no_cgroup(tmp_path):
    done = run("--cgroup", tmp_path, "0.1", "1", check=1)
    assert str(tmp_path) in done.stderr and "memory.events" in done.stderr
    done = run("--cgroup", tmp_path / "none", "0.1", "1", check=1)
    assert "No such file or directory" in done.stderr


def score_of(pid):
    return int(pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text())


def test_protection(live, tmp_path, memory_group, readable_log):
    given = score_of(os.getpid())
    process = live("--protect", "--on-event", f"(nice; cat /proc/self/oom_score_adj) > {tmp_path}/score", "--alert-cs", "0", "0.2")
    process.stdout.readline()
    process.stdout.readline()
    if score_of(process.pid) != -999:
        assert "/proc/self/oom_score_adj" in process.stderr.readline()
        pytest.skip("this root may not lower oom_score_adj")
    locked = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    assert int(locked.split("VmLck:")[1].split()[0]) > 0
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == -20
    while not (tmp_path / "score").exists() or (tmp_path / "score").read_text().count("\n") < 2:
        time.sleep(0.05)
    assert (tmp_path / "score").read_text().split() == [str(os.getpriority(os.PRIO_PROCESS, 0)), str(given)]  # what it starts is not protected


def test_protection_that_is_refused_is_named_once(public_program):
    done = subprocess.run(["sh", "-c", 'ulimit -l 0; exec "$0" --no-alerts --protect 0.05 2', public_program],
                          capture_output=True, text=True, user=65534, group=65534, extra_groups=[], cwd="/", check=True)
    lines = done.stderr.splitlines()
    if not os.environ.get("FAULTLINE_SANITIZED"):  # AddressSanitizer makes mlockall() do nothing
        assert "locking memory" in lines[0] and "CAP_IPC_LOCK" in lines.pop(0)
    assert len(lines) == 1
    assert "oom_score_adj" in lines[0] and "CAP_SYS_RESOURCE" in lines[0]


# faultline oom


def log_files():
    return sorted(path.relative_to(LOGS) for path in LOGS.glob("*/*") if path.is_file() and path.suffix != ".md")


@pytest.mark.parametrize("path", log_files(), ids=str)
def test_golden_logs(path):
    done = run("oom", "--json", "-v", "--log", LOGS / path, env=dict(os.environ, TZ="UTC"))
    assert done.stdout == (GOLDEN / f"{path}.json").read_text()
    assert done.returncode == (0 if done.stdout else 3)
    for line in objects(done.stdout):
        validate(line)


@pytest.mark.parametrize("kernel", ["6.1", "6.12", "6.18"])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_hostile_names_do_not_reach_the_terminal(kernel, form):
    for name in ["memcg-process-names.kmsg", "memcg-cgroup-names.kmsg"]:
        done = subprocess.run([FAULTLINE, "oom", "-v", *form, "--log", LOGS / f"linux-{kernel}/{name}"], capture_output=True)
        text = done.stdout.decode("utf-8")
        assert len(text) > 100 and all(byte == "\n" or byte.isprintable() for byte in text)


def test_names_that_steer_a_terminal_are_escaped(tmp_path):
    """An 8-bit CSI, a turn of the direction of writing, an escape sequence."""
    log = tmp_path / "log"
    log.write_bytes(b"[    1.000000] Memory cgroup out of memory: Killed process 7 (\xc2\x9b31m\xe2\x80\xaex\x1b[m) "
                    b"total-vm:4kB, anon-rss:4kB, file-rss:0kB, shmem-rss:0kB\n")
    out = run("oom", "--json", "--log", log, check=0).stdout
    assert all(byte == "\n" or byte.isprintable() for byte in out)
    assert json.loads(out)["comm"].startswith("\x9b31m\u202ex")


def test_what_is_overwritten_is_said(readable_log, memory_group):
    """A log that no longer begins with the first record, and a count of more kills than it holds."""
    kill_one(memory_group)
    forge(40_000)
    done = run("oom", "--since", "@0")
    assert "older records were overwritten: of " in done.stderr and " kills since the machine was started" in done.stderr
    assert "overwritten" not in run("oom", "--since", "now").stderr


@pytest.mark.parametrize("form", sorted(path.name for path in (LOGS / "forms").iterdir()))
def test_all_forms_of_a_log_say_the_same(form):
    if "names" in form:
        pytest.skip("of other kills")
    expected = objects(run("oom", "--json", "-v", "--log", LOGS / "linux-6.12/memcg-nested.kmsg", check=0).stdout)
    found = objects(run("oom", "--json", "-v", "--log", LOGS / "forms" / form, check=0).stdout)
    for kill in expected + found:
        kill.pop("time", None)
        kill.pop("monotonic_seconds", None)
    assert found == expected


def test_a_log_on_standard_input():
    log = LOGS / "linux-6.12/memcg-nested.kmsg"
    with open(log, "rb") as file:
        done = run("oom", "--json", "--log", "-", stdin=file, check=0)
    assert done.stdout == run("oom", "--json", "--log", log, check=0).stdout


def test_no_kills_is_status_3(tmp_path):
    log = tmp_path / "log"
    log.write_text("[    1.000000] nothing to see here\n")
    assert run("oom", "--log", log, check=3).stdout == ""
    assert run("oom", "--since", "@4000000000", check=3).stdout == ""


@pytest.mark.parametrize("words, expected", [
    (["--log", "/no/such/file"], 1),
    (["--log", "/"], 1),
    (["more"], 2),
    (["--since", "whenever"], 2),
    (["--follow", "--log", "-"], 2),
])
def test_wrong_words(words, expected):
    done = run("oom", *words, check=expected)
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1


def test_kills_of_this_machine_since(memory_group, readable_log, full_report):
    before = time.time()
    time.sleep(0.1)
    pid = kill_one(memory_group)
    found = objects(run("oom", "--json", "-v", "--since", f"@{before:.3f}", check=0).stdout)
    assert [kill["pid"] for kill in found] == [pid]
    assert found[0]["tasks"][0]["pid"] == pid
    assert run("oom", "--since", "@%.3f" % (time.time() + 1), check=3).stdout == ""


def test_follow_goes_on(live, memory_group, readable_log):
    process = live("oom", "--json", "--follow", "--since", "now")
    time.sleep(0.5)
    pids = [kill_one(memory_group) for _ in range(2)]
    told = [json.loads(process.stdout.readline()) for _ in pids]
    process.terminate()
    process.communicate(timeout=10)
    assert [kill["pid"] for kill in told] == pids
    assert process.returncode == 0


def test_an_ordinary_user_is_told_how_to_read_the_log(restricted_log, public_program):
    done = subprocess.run([public_program, "oom"], capture_output=True, text=True, user=65534, group=65534,
                          extra_groups=[], cwd="/")
    assert done.returncode == 1
    assert done.stderr.startswith("faultline: /dev/kmsg: ") and "--log" in done.stderr


def test_follow_ends_with_its_reader(live, readable_log):
    process = live("oom", "--follow", "--json", "--since", "now", "--no-protect")
    time.sleep(0.3)
    process.stdout.close()
    process.wait(timeout=10)
    assert process.stderr.read() == ""


def test_follow_to_a_full_disk(memory_group, readable_log):
    with open("/dev/full", "w", encoding="ascii") as full:
        process = subprocess.Popen([FAULTLINE, "oom", "--follow", "--json", "--since", "now", "--no-protect"], stdout=full,
                                   stderr=subprocess.PIPE, text=True)
        time.sleep(0.3)
        kill_one(memory_group)
        assert process.wait(timeout=10) == 1
        assert process.stderr.read() == "faultline: standard output: No space left on device\n"


def test_a_kill_just_before_the_end_is_told(restricted_log, public_program, memory_group):
    """Counted and not told yet when the signal comes."""
    process = subprocess.Popen([public_program, "--json", "3600"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               user=65534, group=65534, extra_groups=[], cwd="/")
    process.stderr.readline()
    kill_one(memory_group)
    process.terminate()
    out, _ = remainder(process)
    assert sum(kill["kills"] for kill in kills(objects(out))) == 1


def test_many_kills_below_one_cgroup(live, memory_group, readable_log):
    """More than the kernel writes reports of: who they were tells /proc, or the group's own counters."""
    job = memory_group.group("job")
    process = started(live("--json", "--cgroup", memory_group.path, *CALM, "0.2"))
    pids = [kill_one(job) for _ in range(15)]
    time.sleep(1.5)
    told = kills(ended(process)[0])
    assert sum(kill.get("kills", 1) for kill in told) == 15
    assert {kill["pid"] for kill in told if "pid" in kill} <= set(pids)


def test_a_saved_log_that_is_none(tmp_path):
    rubbish = tmp_path / "rubbish"
    rubbish.write_bytes(bytes(range(32, 127)) * 100)
    done = run("oom", "--log", rubbish, check=1)
    assert "no line has the time stamp of a kernel's log" in done.stderr
    (tmp_path / "json").write_text('{"dmesg": [{"pri": 6, "time": 0.0, "msg": "Linux"}]}\n')
    assert "JSON is not understood" in run("oom", "--log", tmp_path / "json", check=1).stderr
    (tmp_path / "empty").write_text("")
    assert run("oom", "--log", tmp_path / "empty", check=3).stderr == ""
    packed = tmp_path / "log.gz"
    packed.write_bytes(b"\x1f\x8b\x08rest")
    done = run("oom", "--log", packed, check=1)
    assert "zcat" in done.stderr


def test_another_device_than_the_log(public_program):
    """As in containers that have /dev/null in its place."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("a mount name space needs root and unshare")
    done = subprocess.run(["unshare", "-m", "sh", "-c", 'mount --bind /dev/null /dev/kmsg && "$0" oom', public_program],
                          capture_output=True, text=True)
    if done.stderr.startswith("unshare:"):
        pytest.skip(done.stderr.strip())
    assert done.returncode == 1 and "/dev/kmsg: No such device: give a saved log with --log" in done.stderr
