"""Command lines: what is refused, and how; what kernels may lack."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import FAULTLINE, TOP, objects, run

FIXTURES = TOP / "tests/fixtures"


@pytest.mark.parametrize("words, named, expected", [
    (["0"], "'0'", "0.05 to 86400"),
    (["-1"], "'-1'", "above 0"),
    (["abc"], "'abc'", "0.05 to 86400"),
    (["nan"], "'nan'", "0.05 to 86400"),
    (["86401"], "'86401'", "0.05 to 86400"),
    (["0.04"], "'0.04'", "0.05 to 86400"),
    (["1", "0"], "'0'", "above 0"),
    (["1", "-3"], "'-3'", "above 0"),
    (["1", "1.5"], "'1.5'", "above 0"),
    (["1", "2", "3"], "'3'", "nothing behind"),
    (["-o", "nosuch"], "'nosuch'", "headings"),
    (["--nosuch"], "'--nosuch'", "--help"),
    (["-x"], "'-x'", "--help"),
    (["-S", "q"], "'q'", "k, K, m, M or auto"),
    (["--color", "red"], "'red'", "auto, always or never"),
    (["--alert-cs", "5/x"], "'5/x'", "N/cpu"),
    (["--json", "--csv"], "--json", "choose one"),
    (["metrics", "more"], "'more'", "no operands"),
    (["--psi", "metrics"], "'metrics'", "before its options"),
    (["--alert-major", "-5"], "'-5'", "a number of major faults"),
])
def test_wrong_words(words, named, expected):
    done = run(*words, check=2)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("faultline: ")
    assert named in done.stderr and expected in done.stderr


def test_no_proc(tmp_path):
    done = run("--proc", tmp_path / "none", "0.1", "1", check=1)
    assert str(tmp_path / "none") in done.stderr and "--proc" in done.stderr
    done = run("--proc", tmp_path, "0.1", "1", check=1)
    assert f"{tmp_path}/stat" in done.stderr and "mount" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_no_permission(tmp_path):
    shutil.copytree(FIXTURES / "linux-6.12/0", tmp_path / "proc")
    closed = tmp_path / "proc"
    for name in ["stat", "vmstat", "meminfo"]:
        (closed / name).chmod(0)
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.owner() == tmp_path.owner() and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    shutil.rmtree(closed / "pressure")
    user = {"user": 65534} if os.geteuid() == 0 else {}
    program = shutil.copy(FAULTLINE, tmp_path / "faultline")
    done = subprocess.run([program, "--proc", closed, "0.1", "1"], capture_output=True, text=True, cwd="/", **user)
    assert done.returncode == 1
    assert "Permission denied" in done.stderr and "/stat" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_full_disk():
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([FAULTLINE, "--no-alerts", "0.05", "3"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=10)
    assert done.returncode == 1
    assert done.stderr == "faultline: standard output: No space left on device\n"


def test_closed_pipe(live):
    process = live("--no-alerts", "0.05")
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=10) == 0
    assert process.stderr.read() == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_in_order(live, number):
    process = live("0.1")
    process.stdout.readline()
    process.send_signal(number)
    assert process.wait(timeout=10) == 0


def test_what_is_ignored_stays_ignored(live):
    """As under nohup: the signal that ends a run in order otherwise does not."""
    process = live("0.1", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.stdout.readline()
    process.send_signal(signal.SIGHUP)
    for _ in range(3):
        assert process.stdout.readline()
    process.terminate()
    assert process.wait(timeout=10) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_get_through_to_a_blocked_write(live, number):
    process = live("--json", "0.05")
    process.stdout.readline()
    for _ in range(200):  # nobody reads any more: the pipe fills, and the program waits in write(2)
        time.sleep(0.1)
        if (pathlib.Path(f"/proc/{process.pid}/wchan").read_text() or "").endswith("pipe_write"):
            break
    process.send_signal(number)
    assert process.wait(timeout=10) == 0


def test_a_command_does_not_outlive_its_reader(live, tmp_path):
    process = live("--alert-cs", "0", "--on-event", f"echo $$ >> {tmp_path}/pids; exec sleep 60", "0.1")
    while not (tmp_path / "pids").exists():
        process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=10) == 0
    for pid in (tmp_path / "pids").read_text().split():
        assert not running(pid)


def test_a_second_signal_does_not_wait_for_commands(live, tmp_path):
    process = live("--alert-cs", "0", "--on-event", f"echo $$ >> {tmp_path}/pids; exec sleep 60", "0.1")
    while not (tmp_path / "pids").exists():
        process.stdout.readline()
    process.terminate()
    assert any("waiting up to 10 s for --on-event" in line for line in process.stderr)
    process.terminate()
    assert process.wait(timeout=5) == 0


def running(pid):
    """Whether there is such a process, a dead one that nobody has waited for yet not counted."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_children_that_are_ignored_are_waited_for_all_the_same(live, tmp_path):
    ran = tmp_path / "ran"
    process = live("--alert-cs", "0", "--alert-major", "1000000", "--on-event", f"echo ran >> {ran}", "0.1", "3",
                   preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert ran.read_text().count("ran") >= 1


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)])
def test_what_is_no_file_is_absent(tmp_path, make):
    shutil.copytree(FIXTURES / "linux-6.12/0", tmp_path / "proc")
    (tmp_path / "proc/meminfo").unlink()
    make(tmp_path / "proc/meminfo")
    done = run("--no-alerts", "-o", "free,maj", "--proc", tmp_path / "proc", "0.05", "1", check=0)
    assert done.stdout.splitlines()[1].split() == ["-", "0"]
    assert f"{tmp_path}/proc/meminfo: " in done.stderr


def test_a_file_that_says_nothing_is_named(tmp_path):
    shutil.copytree(FIXTURES / "linux-6.12/0", tmp_path / "proc")
    (tmp_path / "proc/vmstat").write_text("")
    done = run("--proc", tmp_path / "proc", "0.05", "1", check=0)
    assert "/proc/vmstat: has nothing of what is looked for" in done.stderr


def test_a_key_that_is_not_there_is_named():
    done = run("--no-alerts", "-o", "maj,vmstat.nope", "0.05", "1", check=0)
    assert done.stderr == "faultline: /proc/vmstat: has no key 'nope': what comes from it is absent\n"


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_a_closed_standard_descriptor_stays_closed(closed):
    done = subprocess.run(["sh", "-c", f'exec "$0" 0.05 1 {closed}>&-', FAULTLINE], capture_output=True, text=True,
                          timeout=10)
    assert done.returncode == (1 if closed == 1 else 0)
    assert ("standard output: Bad file descriptor" in done.stderr) == (closed == 1)


def test_help_to_a_reader_that_has_gone():
    done = subprocess.run(["sh", "-c", '{ sleep 0.2; "$0" --help; echo $? >&2; } | true', FAULTLINE],
                          capture_output=True, text=True, timeout=10)
    assert done.stderr == "0\n"


def test_count_is_exact():
    assert len(run("--no-alerts", "0.05", "7", check=0).stdout.splitlines()) == 8


def test_after_a_stop_the_row_says_the_true_interval(live):
    process = live("0.2")
    for _ in range(3):
        process.stdout.readline()
    process.send_signal(signal.SIGSTOP)
    time.sleep(2)
    process.send_signal(signal.SIGCONT)
    row = process.stdout.readline()
    assert row.rstrip().endswith("s]")
    assert float(row.rsplit("[", 1)[1].rstrip("s]\n")) >= 1.9


@pytest.mark.parametrize("kernel", ["4.4", "4.14"])
def test_old_kernels_work(kernel):
    done = run("--no-alerts", "--psi", "--proc", FIXTURES / f"linux-{kernel}/0", "0.05", "1", check=0)
    header, row = done.stdout.splitlines()[:2]
    cells = dict(zip(header.split(), row.split()))
    assert cells["memF"] == cells["ioS"] == "-"
    assert cells["maj"] == "0"
    assert done.stderr == ""


def test_absent_keys(tmp_path):
    shutil.copytree(FIXTURES / "linux-6.12/0", tmp_path / "proc")
    for name, keys in [("vmstat", ["oom_kill "]), ("meminfo", ["MemAvailable:"])]:
        path = tmp_path / "proc" / name
        kept = [line for line in path.read_text().splitlines(True) if not line.startswith(tuple(keys))]
        path.write_text("".join(kept))
    shutil.rmtree(tmp_path / "proc/pressure")
    out = run("--no-alerts", "-o", "oom,avail,memF,maj", "--proc", tmp_path / "proc", "0.05", "1", check=0).stdout
    assert out.splitlines()[1].split() == ["-", "-", "-", "0"]
    sample = objects(run("--json", "--proc", tmp_path / "proc", "0.05", "1", check=0).stdout)[0]
    assert "oom_kills" not in sample and "mem_available_bytes" not in sample
    assert not any("stall" in key for key in sample)


def test_an_ordinary_user(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("is one already")
    program = shutil.copy(FAULTLINE, "/tmp/faultline-user-test")
    try:
        done = subprocess.run([program, "0.05", "2"], capture_output=True, text=True, user=65534, cwd="/")
    finally:
        os.unlink(program)
    assert done.returncode == 0 and len(done.stdout.splitlines()) >= 3


@pytest.fixture(scope="session")
def locales(tmp_path_factory):
    """German (a comma in numbers) and Turkish (a dotted capital i), made here: few machines have them."""
    if not shutil.which("localedef"):
        pytest.skip("no localedef to make locales with")
    folder = tmp_path_factory.mktemp("locales")
    for name in ["de_DE", "tr_TR"]:
        made = subprocess.run(["localedef", "-i", name, "-f", "UTF-8", folder / f"{name}.UTF-8"],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            pytest.skip(made.stderr)
    return folder


@pytest.mark.plain
@pytest.mark.parametrize("locale", ["de_DE.UTF-8", "tr_TR.UTF-8"])
@pytest.mark.parametrize("words", [["-w", "--psi"], ["--json"], ["--csv"], ["-o", "min,maj,vmstat.pgfault,load_1m"]])
def test_locales(locales, locale, words):
    env = dict(os.environ, LOCPATH=str(locales), LC_ALL=locale)
    if locale.startswith("de"):  # the locale is in force where a program asks for one
        asked = subprocess.run(["/usr/bin/printf", "%.1f", "2,5"], env=env, capture_output=True, text=True, check=True)
        assert asked.stdout == "2,5"
    words = ["--proc", FIXTURES / "linux-6.12/0", "--no-alerts", *words, "0.05", "1"]
    here, plain = (without_the_time(run(*words, env=e, check=0).stdout)
                   for e in [env, dict(os.environ, LC_ALL="C")])
    assert here == plain


def without_the_time(text):
    return re.sub(r'"time":".*?","interval_seconds":[\d.]+|^\d{4}-.*?Z,[\d.]+|  \[[\d.]+s\]', "", text, flags=re.M)
