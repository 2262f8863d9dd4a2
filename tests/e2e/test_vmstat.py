"""faultline vmstat beside procps' own, on recorded files in the place of /proc and /sys, and on the running machine."""
import itertools
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from conftest import FAULTLINE, HELPERS, TOP, objects, remainder, run, validate

TREES = TOP / "tests/fixtures/vmstat"
TREE_NAMES = ["linux-6.18", "constructed"]
PROCPS = shutil.which("vmstat")
FILES = ["stat", "vmstat", "meminfo", "uptime", "diskstats", "slabinfo"]
# What procps-ng prints a row with, before and after 4.0.4 (src/vmstat.c).
WIDTHS = [2, 2, 6, 6, 6, 6, 4, 4, 5, 5, 4, 4, 2, 2, 2, 2, 2, 2]
WIDE_WIDTHS = [4, 4, 12, 12, 12, 12, 4, 4, 5, 5, 4, 4, 3, 3, 3, 3, 3, 3]
TITLES = {"------cpu-----": "-------cpu-------", "--------cpu--------": "----------cpu----------"}

BIND = r"""
mount -t tmpfs blocks "$0/block.d" && (cd "$0/block.d" && xargs mkdir <../block) || exit 99
mount --bind "$0/block.d" /sys/block || exit 99
for file in stat vmstat meminfo uptime diskstats slabinfo; do mount --bind "$0/$file" "/proc/$file" || exit 99; done
exec "$@"
"""

# Making such a name space takes longer than what is run there: this runs many in one.
RUN_ALL = """
import concurrent.futures, json, subprocess, sys
def run(words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stdout, done.stderr
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    json.dump(list(pool.map(run, json.load(sys.stdin))), sys.stdout)
"""


@pytest.fixture(scope="module")
def procps():
    """Its version."""
    if not PROCPS:
        pytest.skip("no vmstat to compare with")
    words = subprocess.run([PROCPS, "-V"], capture_output=True, text=True, check=True).stdout
    if "procps-ng" not in words:
        pytest.skip(f"not procps-ng's vmstat: {words.strip()}")
    return tuple(map(int, re.findall(r"\d+", words)))


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    """Runs a command where a tree's files are /proc's and its block devices are /sys/block's."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("a mount name space of its own needs root and unshare")
    copies = {}

    def run_frozen(tree, *command, **kwargs):
        if tree not in copies:
            copies[tree] = tmp_path_factory.mktemp(tree) / "tree"
            shutil.copytree(TREES / tree, copies[tree])
            (copies[tree] / "block.d").mkdir()
        done = subprocess.run(["unshare", "-m", "sh", "-c", BIND, copies[tree], *map(str, command)], capture_output=True,
                              text=True, env=dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC"), timeout=120, **kwargs)
        if done.returncode == 99 or done.stderr.startswith("unshare:"):
            pytest.skip(done.stderr.strip())
        return done.returncode, done.stdout, done.stderr

    def run_all(tree, commands):
        lines = json.dumps([[str(word) for word in command] for command in commands])
        status, out, err = run_frozen(tree, sys.executable, "-c", RUN_ALL, input=lines)
        assert status == 0, err
        return json.loads(out)

    run_frozen.copies = copies
    run_frozen.all = run_all
    return run_frozen


def numbers(tree, name):
    """KEY NUMBER lines, or "KEY: NUMBER kB"."""
    return {line.split()[0].rstrip(":"): int(line.split()[1]) for line in (TREES / tree / name).read_text().splitlines()
            if len(line.split()) > 1 and line.split()[1].isdigit()}


def since_boot(tree, unit):
    """What 4.0.6 prints of the time since boot, but that it divides context switches by CPU time: the right figures."""
    uptime = float((TREES / tree / "uptime").read_text().split()[0])
    vmstat, stat = numbers(tree, "vmstat"), numbers(tree, "stat")
    page = os.sysconf("SC_PAGE_SIZE")
    scale = {"k": 1e3, "K": 1024, "m": 1e6, "M": 1 << 20}[unit]
    rates = [int(int(vmstat[key] * page / scale) / uptime) for key in ("pswpin", "pswpout")]
    rates += [int(vmstat[key] / uptime) for key in ("pgpgin", "pgpgout")]
    intr = int(re.search(r"^intr (\d+)", (TREES / tree / "stat").read_text(), re.M).group(1))
    return rates + [int(intr / uptime), int(stat["ctxt"] / uptime)]


def shares(tree):
    user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice = map(
        int, (TREES / tree / "stat").read_text().splitlines()[0].split()[1:])
    guests = guest + guest_nice
    parts = [user + nice - guests, system + irq + softirq, idle, iowait, steal, guests]
    return [(200 * part + sum(parts)) // (2 * sum(parts)) for part in parts]


def render(cells, widths):
    return " ".join(str(cell).rjust(width) for cell, width in zip(cells, widths))


def as_4_0_4(text, tree, words):
    """Turns what an older procps prints into what 4.0.4 and later print, and what it gets wrong into what is right."""
    unit = words[words.index("-S") + 1] if "-S" in words else "K"
    widths = WIDE_WIDTHS if "-w" in words else WIDTHS
    lines, rows = [], 0
    for line in text.splitlines():
        stamp = ""
        if "-t" in words and (found := re.search(r" ( *[A-Z]+|STAMP)$", line)) and "timestamp" not in line:
            line, stamp = line[:found.start()], " " + (found.group(1) if found.group(1) == "STAMP" else "UTC".rjust(19))
        cells = line.split()
        if line.startswith(("procs", "--procs")):
            for old, new in TITLES.items():
                line = re.sub(rf"(?<!-){old}(?!-)", new, line)
        elif cells[0] == "r":
            line = render(cells[:17] + ["gu"], widths)
        else:
            assert render(cells[:17], widths) == line[:len(render(cells[:17], widths))]
            # Nothing of a frozen CPU's time is known after that: not that it was idle.
            figures = since_boot(tree, unit) + shares(tree) if rows == 0 and "-y" not in words else [0] * 6 + ["-"] * 6
            line = render(cells[:6] + figures, widths)
            rows += 1
        lines.append(line + stamp)
    return "\n".join(lines) + "\n"


ALLOCATED = {"pages alloc in dma": "pgalloc_dma", "pages alloc in dma32": "pgalloc_dma32", "pages alloc in high": "pgalloc_high",
             "pages alloc in movable": "pgalloc_movable", "pages alloc in normal": "pgalloc_normal", "pages free": "pgfree"}


def stats_of_4_0_5(text, tree):
    """With the lines that came in 4.0.5, but for those whose counter this kernel has not."""
    counters = numbers(tree, "vmstat")
    lines = [line for line in text.splitlines(True) if line.split(maxsplit=1)[1].strip() not in ALLOCATED]
    at = next(i for i, line in enumerate(lines) if line.endswith(" interrupts\n"))
    new = [f"{counters[key]:13d} {label}\n" for label, key in ALLOCATED.items() if key in counters]
    return "".join(lines[:at] + new + lines[at:])


def sum_in_milliseconds(text, tree):
    """procps calls seconds "milli", and counts requests in flight by the thousand."""
    disks = set((TREES / tree / "block").read_text().split())
    rows = [line.split()[2:] for line in (TREES / tree / "diskstats").read_text().splitlines()]
    totals = [sum(int(row[field]) for row in rows if row[0] in disks) for field in (9, 10, 11)]
    lines = text.splitlines(True)[:-3]
    return "".join(lines + [f"{total:13d} {label}\n" for total, label in
                            zip(totals, ["inprogress IO", "milli spent IO", "milli weighted IO"])])


SHORT = {"--active": "-a", "--wide": "-w", "--stats": "-s", "--forks": "-f", "--slabs": "-m", "--disk": "-d",
         "--disk-sum": "-D", "--partition": "-p"}


def expected(text, tree, words):
    words = [SHORT.get(word, word) for word in words]
    if "-s" in words:
        return stats_of_4_0_5(text, tree)
    if "-D" in words:
        return sum_in_milliseconds(text, tree)
    if any(mode in words for mode in ("-d", "-m", "-p", "-f")):
        return text
    return as_4_0_4(text, tree, words)


def are_same_rows(ours, theirs, tree, words):
    """Of memory of more than six digits later versions win the space back, and count it exactly: by cells, then."""
    words = [SHORT.get(word, word) for word in words]
    unit = words[words.index("-S") + 1] if "-S" in words else "K"
    own, other = ([line.split() for line in text.splitlines()] for text in (ours, theirs))
    rows = 0
    for cells, their_cells in itertools.zip_longest(own, other, fillvalue=[]):
        if "memory" in " ".join(cells):
            same = len(cells) == len(their_cells)
        elif cells[:1] == ["r"]:
            with_gu = "gu" in their_cells  # 4.0.2 has it in the wide row alone
            same = [cell for cell in cells if cell != "gu"] == [cell for cell in their_cells if cell != "gu"]
        else:
            figures = since_boot(tree, unit) + shares(tree) if rows == 0 and "-y" not in words else [0] * 6 + ["-"] * 6
            memory = zip(map(int, cells[:6]), map(int, their_cells[:6]))
            same = (cells[6:18] == list(map(str, figures)) and cells[18:] == their_cells[17 + with_gu:] and
                    all(abs(a - b) <= 2 for a, b in memory))
            rows += 1
        if not same:
            return False
    return rows > 0


def with_their_memory(ours, theirs):
    """Up to 4.0.3 memory goes through a float, of 24 bits: figures that differ by 2 at most are taken for the same."""
    lines = []
    for own, other in zip(ours.splitlines(True), theirs.splitlines(True)):
        near = re.search(r" (memory|swap|cache)$", own) and abs(int(own.split()[0]) - int(other.split()[0])) <= 2
        lines.append(other if near else own)
    return "".join(lines + ours.splitlines(True)[len(lines):])


# Every pair of options of rows, and every mode with each of them.
FLAGS = [["-a"], ["-n"], ["-t"], ["-w"], ["-S", "k"], ["-S", "K"], ["-S", "m"], ["-S", "M"], ["--active", "--wide"]]
PAIRS = [[*a, *b] for a, b in itertools.combinations(FLAGS[:-1], 2) if (a[0], b[0]) != ("-S", "-S")]
MODES = [["-s"], ["-f"], ["-m"], ["-d"], ["-D"], ["-p", "sda"]]
LINES = ([[]] + FLAGS + PAIRS + MODES + [[*mode, *flag] for mode in MODES for flag in FLAGS[:5]] +
         [["--stats"], ["--forks"], ["--slabs"], ["--disk"], ["--disk-sum"], ["--partition", "/dev/sda2"],
          ["-d", "-w", "-t"], ["-s", "-S", "m"], ["-s", "-S", "M"], ["-p", "nvme0n1p1", "-n"],
          ["1", "2"], ["-a", "-t", "1", "2"], ["-w", "-n", "1", "2"], ["-y", "1", "1"], ["-y", "-w"], ["-d", "1", "2"],
          ["-m", "-n", "1", "2"], ["-p", "sda", "1", "2"], ["-D", "1", "2"], ["-s", "1", "2"], ["-S", "M", "-y", "1", "2"]])


def mask(text):
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "STAMP", text)


@pytest.mark.plain
@pytest.mark.parametrize("tree", TREE_NAMES)
def test_byte_for_byte(tree, procps, frozen):
    """All command lines in one case: what differs is shown."""
    assert len(LINES) >= 60
    lines = LINES
    if tree == "linux-6.18":  # it has another disk, and no partitions
        lines = [["vda" if word == "sda" else word for word in words] for words in LINES
                 if not any("p1" in word or "/dev/" in word for word in words)]
    found = frozen.all(tree, [[*program, *words] for words in lines for program in ([FAULTLINE, "vmstat"], [PROCPS])])
    wrong = []
    for words, own, (status, out, err) in zip(lines, found[::2], found[1::2]):
        rows = not any(SHORT.get(word, word) in ("-s", "-f", "-m", "-d", "-D", "-p") for word in words)
        overflows = tree == "linux-6.18" and rows
        theirs, ours = mask(out), mask(own[1])
        if procps < (4, 0, 6):
            if overflows:
                if own[0] != status or own[2] != err or not are_same_rows(ours, theirs, tree, words):
                    wrong.append(f"{' '.join(words)}\n{theirs}---\n{ours}{own[2]}")
                continue
            theirs = expected(theirs, tree, words)
            if tree == "linux-6.18":
                ours = with_their_memory(ours, theirs)
        if (own[0], ours, own[2]) != (status, theirs, err):
            wrong.append(f"{' '.join(words)}\n{theirs}---\n{ours}{own[2]}")
    assert not wrong, "\n".join(wrong[:3])


WRONG = [["abc"], ["0"], ["1", "abc"], ["1", "2x"], ["-S", "x", "1"], ["-p", "nosuch"], ["99999999999"], [""], ["--", "-1"],
         ["-z"], ["-S"], ["--unit"], ["--foo"], ["-1"], ["1", "-1"], ["1", "2", "3"], ["-d", "-p"]]


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_wrong_words_are_refused_as_procps_does(words, procps):
    def said(program):
        done = subprocess.run(["vmstat", *words], executable=program, capture_output=True, text=True,
                              env=dict(os.environ, LC_ALL="C"), timeout=10)
        return done.returncode, done.stdout, done.stderr.splitlines()[:1]

    assert said(FAULTLINE) == said(PROCPS)


@pytest.mark.parametrize("words, message", [
    (["1", "0"], "count must be positive integer"),
    (["--", "1", "-5"], "count must be positive integer"),
    (["0.01"], "delay must be 0.05 at least: '0.01'"),
    (["-d", "-D"], "-d and -D: choose one of the two"),
    (["-f", "-d"], "-f and -d: choose one of the two"),
    (["--json", "--csv"], "--json and --csv: choose one of the two"),
])
def test_what_procps_lets_through(words, message):
    done = run("vmstat", *words, check=1)
    assert done.stderr == f"vmstat: {message}\n" and done.stdout == ""


def test_the_program_of_that_name(tmp_path):
    link = tmp_path / "vmstat"
    link.symlink_to(FAULTLINE)
    done = subprocess.run([link, "-f"], capture_output=True, text=True, check=True)
    assert re.fullmatch(r" *\d+ forks\n", done.stdout)
    assert subprocess.run([link, "-V"], capture_output=True, text=True, check=True).stdout.startswith("vmstat from faultline ")
    assert run("vmstat", "-h", check=0).stdout.startswith("\nUsage:\n vmstat [options] [delay [count]]\n\nOptions:\n -a, --active")


def on_a_terminal(*words, lines=24):
    """What it prints on one."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(FAULTLINE, [str(FAULTLINE), "vmstat", *words])
    resize(fd, lines)
    out = b""
    while True:
        try:
            piece = os.read(fd, 65536)
        except OSError:
            break
        if not piece:
            break
        out += piece
    assert os.waitpid(pid, 0)[1] == 0
    os.close(fd)
    return out.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("words, headings", [
    ([], " r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st gu"),
    (["-a"], " r  b   swpd   free  inact active   si   so    bi    bo   in   cs us sy id wa st gu"),
])
def test_eighteen_integers_on_a_terminal(words, headings):
    title, heading, *rows = on_a_terminal(*words, "0.2", "3").splitlines()
    assert title == "procs -----------memory---------- ---swap-- -----io---- -system-- -------cpu-------"
    assert heading == headings
    assert len(rows) == 3
    for row in rows:
        assert re.fullmatch(r" *\d+( +\d+){17}", row), row


@pytest.mark.parametrize("words", [["-n"], ["-d", "--csv"]])
def test_a_signal_ends_it_while_nobody_reads(words):
    process = subprocess.Popen([FAULTLINE, "vmstat", *words, "0.05"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    import fcntl  # noqa: E401
    fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
    for _ in range(200):
        time.sleep(0.1)
        if pathlib.Path(f"/proc/{process.pid}/wchan").read_text().endswith("pipe_write"):
            break
    process.terminate()
    assert process.wait(timeout=10) == 0
    assert process.stderr.read() == b""
    process.stdout.close()


def test_after_a_stop_no_row_comes_too_soon():
    """The late row and the deadline right behind it are one."""
    process = subprocess.Popen([FAULTLINE, "vmstat", "--json", "0.4", "6"], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    process.stdout.readline()
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(0.4 * 2.9)
    os.kill(process.pid, signal.SIGCONT)
    rows = objects(process.communicate(timeout=20)[0])
    assert len(rows) == 4 and all(row["interval_seconds"] >= 0.19 for row in rows)


def test_headings_follow_the_terminal():
    """Between two rows it becomes smaller."""
    master, slave = pty.openpty()
    resize(master, 40)
    process = subprocess.Popen([FAULTLINE, "vmstat", "0.3", "10"], stdout=slave, start_new_session=True)
    os.close(slave)
    time.sleep(0.45)
    resize(master, 6)
    os.kill(process.pid, signal.SIGWINCH)
    assert process.wait(timeout=20) == 0
    lines = os.read(master, 65536).decode().splitlines()
    os.close(master)
    assert [i for i, line in enumerate(lines) if line.startswith("procs")] == [0, 5, 10, 15]


def test_the_folder_of_another_machine(tmp_path):
    """Its block devices are those of the /sys beside its /proc; without one nothing tells disks from partitions."""
    proc = tmp_path / "proc"
    shutil.copytree(TREES / "constructed", proc)
    done = run("vmstat", "-D", "--proc", proc, check=0)
    assert done.stdout.splitlines()[:2] == ["           34 disks", "            0 partitions"]
    assert done.stderr.endswith("sys/block: No such file or directory: partitions cannot be told from disks\n")
    for name in (proc / "block").read_text().split():
        (tmp_path / "sys/block" / name).mkdir(parents=True)
    done = run("vmstat", "-D", "--proc", proc, check=0)
    assert done.stdout.splitlines()[:2] == ["           32 disks", "            2 partitions"] and done.stderr == ""


def test_what_does_not_fit_or_is_not_there(tmp_path):
    proc = tmp_path / "proc"
    shutil.copytree(TREES / "constructed", proc)
    (tmp_path / "sys/block/sda").mkdir(parents=True)
    (tmp_path / "sys/block/sdb").mkdir()
    (proc / "diskstats").write_text(f"8 0 sda {2**64 - 1} 1\n8 16 sdb 5 1\n8 32 sdc -1 2\n")
    total = json.loads(run("vmstat", "-D", "--json", "--proc", proc, check=0).stdout)
    assert "reads" not in total and total["reads_merged"] == 2 and total["disks"] == 2
    (proc / "diskstats").write_text("")
    assert run("vmstat", "-d", "--csv", "--proc", proc, "0.05", "3", check=0).stdout.count("device") == 1
    (proc / "stat").write_text("")
    assert run("vmstat", "-f", "--proc", proc, check=1).stderr.count("nothing is counted there") == 1
    (proc / "uptime").unlink()
    os.mkfifo(proc / "uptime")
    assert f"{proc}/uptime: " in run("vmstat", "--proc", proc, check=1).stderr


def resize(fd, lines):
    import fcntl, struct, termios  # noqa: E401
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, 80, 0, 0))


def test_headings_come_again():
    out = on_a_terminal("0.05", "12", lines=10).splitlines()
    assert [i for i, line in enumerate(out) if line.startswith("procs")] == [0, 9]  # seven rows below each
    assert sum(line.startswith("procs") for line in run("vmstat", "0.05", "43", check=0).stdout.splitlines()) == 3
    assert run("vmstat", "-n", "0.05", "43", check=0).stdout.count("procs") == 1


def disk_numbers(name):
    for line in pathlib.Path("/proc/diskstats").read_text().splitlines():
        if line.split()[2] == name:
            return list(map(int, line.split()[3:]))
    return None


def test_disks_are_as_the_kernel_counts_them():
    """Of one that was just written, between two looks at the kernel's own figures."""
    disk = next((name for name in sorted(os.listdir("/sys/block")) if (disk_numbers(name) or [0])[0] > 1000), None)
    if not disk:
        pytest.skip("no disk that has been used")
    path = TOP / "build" / f"written-{os.getpid()}"
    path.parent.mkdir(exist_ok=True)
    with open(path, "wb") as file:
        file.write(os.urandom(4 << 20))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    before = disk_numbers(disk)
    row = next(line.split() for line in run("vmstat", "-d", check=0).stdout.splitlines() if line.split()[0] == disk)
    found = next(o for o in objects(run("vmstat", "-d", "--json", check=0).stdout) if o["device"] == disk)
    part = run("vmstat", "-p", disk, check=0).stdout.splitlines()[1].split()
    after = disk_numbers(disk)
    for field, cell in enumerate(row[1:]):
        divisor = 1000 if field == 9 else 1
        if field != 8:  # in flight: goes up and down
            assert before[field] // divisor <= int(cell) <= after[field] // divisor
    for field, key, scale in [(0, "reads", 1), (2, "read_bytes", 512), (6, "written_bytes", 512), (7, "write_seconds", 0.001)]:
        assert before[field] * scale - 1e-6 <= found[key] <= after[field] * scale + 1e-6
    for field, cell in zip((0, 2, 4, 6), part):
        assert before[field] <= int(cell) <= after[field]


def with_lines(frozen, name, lines, *words):
    """A tree whose /proc/NAME has other lines, and what of it is printed."""
    status, _, err = frozen("constructed", "true")
    assert status == 0, err
    path = frozen.copies["constructed"] / name
    whole = path.read_text()
    blocks = (frozen.copies["constructed"] / "block").read_text()
    try:
        path.write_text("".join(line + "\n" for line in lines))
        (frozen.copies["constructed"] / "block").write_text("sda\ncciss!c0d0\nold\nnew\n")
        return frozen("constructed", FAULTLINE, "vmstat", *words)
    finally:
        path.write_text(whole)
        (frozen.copies["constructed"] / "block").write_text(blocks)


ODD = ["   8 0 sda 5432 11 98765 4321 2345 22 45678 1234 3 5678 6789",  # 14 fields
       "   8 1 sda1 4000 90000 2000 40000",  # 7, of 2.6
       " 104 0 cciss/c0d0 77 1 888 99 66 5 444 33 1 222 333 10 0 80 4",  # 18
       "   9 0 old 1 2 3 4 5 6 7 8",  # 11
       "   9 1 new 1 2 3 4 5 6 7 8 9 10000 11 12 13 14 15 16 17",  # 20
       "   9 2 bare",  # 3
       "what is this"]


def test_disks_of_many_kernels(frozen):
    status, out, err = with_lines(frozen, "diskstats", ODD, "-d")
    assert status == 0
    assert err == "vmstat: /proc/diskstats: a line is not understood, and left out\n"
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()[2:]}
    assert list(rows) == ["sda", "cciss/c0d0", "old", "new"]
    assert rows["sda"][8:] == ["3", "5"]
    assert rows["cciss/c0d0"] == ["77", "1", "888", "99", "66", "5", "444", "33", "1", "0"]
    assert rows["old"] == ["1", "2", "3", "4", "5", "6", "7", "8", "-", "-"]
    assert rows["new"] == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]
    status, out, _ = with_lines(frozen, "diskstats", ODD, "-p", "sda1")
    assert out.splitlines()[1].split() == ["4000", "90000", "2000", "40000"]
    for name in ["cciss/c0d0", "cciss!c0d0", "/dev/cciss/c0d0"]:
        assert with_lines(frozen, "diskstats", ODD, "-p", name)[1].splitlines()[1].split() == ["77", "888", "66", "444"]
    status, out, _ = with_lines(frozen, "diskstats", ODD, "-D")
    assert out.splitlines()[:2] == ["            4 disks", "            2 partitions"]
    assert with_lines(frozen, "diskstats", ODD, "-p", "bare")[1].splitlines()[1].split() == ["-"] * 4


def test_disks_that_come_and_go(frozen):
    assert frozen("constructed", "true")[0] == 0
    path = frozen.copies["constructed"] / "diskstats"
    whole = path.read_text()
    process = subprocess.Popen(["unshare", "-m", "sh", "-c", BIND, frozen.copies["constructed"], FAULTLINE, "vmstat", "-d", "-n",
                                "0.5", "3"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        first = [process.stdout.readline() for _ in range(2 + 32)]
        path.write_text(ODD[0].replace("sda", "dm-7") + "\n" + ODD[0].replace("sda", "dm-8") + "\n")
        rest, err = remainder(process)
    finally:
        path.write_text(whole)
    assert first[2].startswith("sda ") and first[-1].startswith("dm-29 ")
    assert [line.split()[0] for line in rest.splitlines()] == ["dm-7", "dm-8"] * 2
    assert process.returncode == 0 and err == ""


SLABS_2_0 = ["slabinfo - version: 2.0",
             "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <batchcount> <limit>",
             "zs_handle              0      0      8  512    1 : tunables  120   60    8 : slabdata      0      0      0",
             "a name with blanks    10     20     64   64    1 : tunables  120   60    8 : slabdata      1      1      0",
             "broken 1 2"]


def test_slabs_of_the_older_version(frozen):
    status, out, err = with_lines(frozen, "slabinfo", SLABS_2_0, "-m")
    assert status == 0 and err == "vmstat: /proc/slabinfo: a line is not understood, and left out\n"
    assert out.splitlines()[1:] == ["a name with blanks           10     20     64     64",
                                    "zs_handle                     0      0      8    512"]
    assert with_lines(frozen, "slabinfo", ["slabinfo - version: 3.0"], "-m")[0] == 1


def test_slabs_need_root(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root to become somebody else")
    program = shutil.copy(FAULTLINE, "/tmp/faultline-slabs-test")
    try:
        done = subprocess.run([program, "vmstat", "-m"], capture_output=True, text=True, user=65534, cwd="/")
    finally:
        os.unlink(program)
    assert done.returncode == 1
    assert done.stderr == "vmstat: /proc/slabinfo: Permission denied: run as root\n"


def some_device():
    return pathlib.Path("/proc/diskstats").read_text().split()[2]


@pytest.mark.parametrize("words", [[], ["-a", "--faults"], ["-d"], ["-D"], ["-p"], ["-s"], ["-f"], ["-m"]], ids=" ".join)
def test_json_and_csv_have_the_same_keys(words):
    if words == ["-m"] and os.geteuid() != 0:
        pytest.skip("slabs need root")
    if words == ["-p"]:
        words = ["-p", some_device()]
    found = objects(run("vmstat", *words, "--json", check=0).stdout)
    for line in found:
        validate(line)
    header, *rows = run("vmstat", *words, "--csv", check=0).stdout.splitlines()
    keys = header.split(",")
    assert [key for key in keys if key in found[0]] == [key for key in found[0] if key != "type"]
    assert len(rows) == len(found) and all(row.count(",") == len(keys) - 1 for row in rows)


def test_bytes_and_seconds_in_json(frozen):
    stats = json.loads(frozen("constructed", FAULTLINE, "vmstat", "-s", "--json")[1])
    page = os.sysconf("SC_PAGE_SIZE")
    assert stats["mem_total_bytes"] == 503316 * 1024 and stats["io_in_bytes"] == 55555555 * 1024
    assert stats["swap_in_bytes"] == 333333 * page and stats["cpu_user_seconds"] == 1600000 / os.sysconf("SC_CLK_TCK")
    row = json.loads(frozen("constructed", FAULTLINE, "vmstat", "--json", "--faults")[1])
    assert row["interval_seconds"] == 54321.98
    assert row["context_switches_per_second"] == round(123456789 / 54321.98, 1)
    assert row["procs_running"] == 6  # but for itself


def column_means(text):
    """By heading, over the rows that come after the one since boot."""
    lines = [line.split() for line in text.splitlines() if not line.startswith("procs")]
    rows = [list(map(float, line)) for line in lines[1:] if line[0] != "r"][1:]
    return {name: sum(row[i] for row in rows) / len(rows) for i, name in enumerate(lines[0])}, len(rows)


@pytest.mark.long
def test_side_by_side_under_load(procps, tmp_path):
    """Ten rows at the same time, of a machine that computes, reads, writes and faults: within 10% or 2 units."""
    folder = TOP / "build"
    folder.mkdir(exist_ok=True)
    cold = folder / f"load-{os.getpid()}"
    script = (f'end=$(($(date +%s) + 14)); while [ $(date +%s) -lt $end ]; do {HELPERS}/cold_faults {cold} 4096 >/dev/null; '
              f'dd if=/dev/zero of={cold}.w bs=1M count=16 conv=fsync 2>/dev/null; done; rm -f {cold} {cold}.w')
    load = [subprocess.Popen(["sh", "-c", script]),
            subprocess.Popen(["timeout", "14", "sh", "-c", "while :; do :; done"])]
    time.sleep(1)
    try:
        both = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for words in
                ([FAULTLINE, "vmstat", "-n", "1", "11"], [PROCPS, "-n", "1", "11"])]
        (own, own_rows), (theirs, their_rows) = (column_means(process.communicate(timeout=60)[0]) for process in both)
    finally:
        for process in load:
            process.wait()
        for path in folder.glob(cold.name + "*"):
            path.unlink()
    assert own_rows == their_rows == 10
    frozen_memory = ["free", "buff", "cache", "swpd"] if procps < (4, 0, 4) else []  # after the first row, in 4.0.2
    differing = {name: (own[name], theirs[name]) for name in theirs if name not in frozen_memory
                 and abs(own[name] - theirs[name]) > max(0.1 * theirs[name], 2)}
    assert not differing
