"""Command lines: what is refused, and how; what kernels may lack."""
import os
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
        done = subprocess.run([FAULTLINE, "0.05", "3"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=10)
    assert done.returncode == 1
    assert done.stderr == "faultline: standard output: No space left on device\n"


def test_closed_pipe(live):
    process = live("0.05")
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
    done = run("--psi", "--proc", FIXTURES / f"linux-{kernel}/0", "0.05", "1", check=0)
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
    out = run("-o", "oom,avail,memF,maj", "--proc", tmp_path / "proc", "0.05", "1", check=0).stdout
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


@pytest.mark.parametrize("locale", ["C", "de_DE.UTF-8", "tr_TR.UTF-8"])
def test_locales(locale):
    env = dict(os.environ, LC_ALL=locale, LANG=locale)
    proc = FIXTURES / "linux-6.12/0"
    assert run("--proc", proc, "0.05", "1", env=env, check=0).stdout == \
        run("--proc", proc, "0.05", "1", env=dict(os.environ, LC_ALL="C"), check=0).stdout
    sample = objects(run("--json", "--proc", proc, "0.05", "1", env=env, check=0).stdout)[0]
    assert sample["load_1m"] == 0.38 or sample["load_1m"] >= 0
    row = run("--csv", "--proc", proc, "0.05", "1", env=env, check=0).stdout.splitlines()
    assert len(row[0].split(",")) == len(row[1].split(","))
