"""faultline top on a terminal: what stands where, and that the terminal is as before whatever ends it."""
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time

import pytest

from conftest import FAULTLINE, heed_interrupts


def has_curses():
    """Whether it was built in: without, a terminal gets blocks of rows, and is told why."""
    with Terminal(24, 80, "0.05", "1") as terminal:
        terminal.until_it_ends()
        return b"without ncurses" not in terminal.seen


class Terminal:
    """The program on a pseudo-terminal."""

    def __init__(self, lines, columns, *words, term="xterm-256color"):
        self.master, self.slave = pty.openpty()
        self.resize(lines, columns)
        self.before = termios.tcgetattr(self.slave)
        self.seen = b""
        self.process = subprocess.Popen([FAULTLINE, "top", *words], stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        env=dict(os.environ, TERM=term, LC_ALL="C.UTF-8"), start_new_session=True,
                                        preexec_fn=heed_interrupts)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def resize(self, lines, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, seconds=0.1):
        if select.select([self.master], [], [], seconds)[0]:
            self.seen += os.read(self.master, 65536)

    def wait_for(self, pattern):
        """Until it is among what came since the last call."""
        deadline = time.monotonic() + 20
        while not (found := re.search(pattern, self.seen)):
            assert time.monotonic() < deadline, self.seen[-2000:]
            assert self.process.poll() is None, self.seen
            self.read()
        self.seen = self.seen[found.end():]

    def until_it_ends(self):
        deadline = time.monotonic() + 20
        while self.process.poll() is None:
            assert time.monotonic() < deadline
            self.read()
        while select.select([self.master], [], [], 0)[0]:
            self.read()

    def type(self, keys):
        os.write(self.master, keys)

    def check_restored(self):
        assert termios.tcgetattr(self.slave) == self.before
        assert b"\x1b[?1049l" in self.seen[-200:], "back to the screen that was there"
        assert b"\x1b[?25h" in self.seen[-200:] or b"\x1b[?12l\x1b[?25h" in self.seen[-200:], "the cursor shows"


@pytest.fixture(scope="module", autouse=True)
def needs_curses():
    if not has_curses():
        pytest.skip("built without ncurses")


@pytest.mark.parametrize("lines, columns", [(24, 80), (50, 200), (2, 10), (1, 1)])
def test_it_begins_and_ends(lines, columns):
    with Terminal(lines, columns, "0.1") as terminal:
        terminal.wait_for(rb"\x1b\[\?1049h")
        terminal.wait_for(rb"\d\d:\d\d" if columns > 5 else rb"\d")
        terminal.type(b"q")
        terminal.until_it_ends()
        assert terminal.process.returncode == 0
        terminal.check_restored()


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGHUP, 0)])
def test_a_signal_restores_the_terminal(number, status):
    with Terminal(24, 80, "0.1") as terminal:
        terminal.wait_for(rb"COMMAND")
        assert termios.tcgetattr(terminal.slave) != terminal.before
        terminal.process.send_signal(number)
        terminal.until_it_ends()
        assert terminal.process.returncode == status
        terminal.check_restored()


@pytest.mark.plain
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGQUIT])
def test_a_crash_restores_the_terminal(number):
    with Terminal(24, 80, "0.1") as terminal:
        terminal.wait_for(rb"COMMAND")
        terminal.process.send_signal(number)
        terminal.until_it_ends()
        assert terminal.process.returncode == -number
        terminal.check_restored()


def test_count_ends_it():
    with Terminal(24, 80, "0.1", "3") as terminal:
        terminal.until_it_ends()
        assert terminal.process.returncode == 0
        terminal.check_restored()


def test_who_closes_the_terminal_ends_it():
    terminal = Terminal(24, 80, "0.1")
    terminal.wait_for(rb"COMMAND")
    os.close(terminal.slave)
    os.close(terminal.master)
    try:
        terminal.process.wait(timeout=10)
    finally:
        terminal.process.kill()
        terminal.process.wait()


@pytest.mark.plain  # ncurses does not give back what it took before it found that out
@pytest.mark.parametrize("term", ["dumb-and-unknown", ""])
def test_a_terminal_nobody_knows_gets_blocks(term):
    with Terminal(24, 80, "0.1", "1", term=term) as terminal:
        terminal.until_it_ends()
        assert terminal.process.returncode == 0
        assert b"PID" in terminal.seen and b"\x1b" not in terminal.seen
        assert f"TERM={term}".encode() in terminal.seen


def test_batch_prints_blocks():
    with Terminal(24, 80, "--batch", "0.1", "2") as terminal:
        terminal.until_it_ends()
        assert terminal.seen.count(b"PID") == 2 and b"\x1b" not in terminal.seen


# What is on the screen, as a real terminal shows it.


class Tmux:
    def __init__(self, folder, columns, lines):
        self.socket = folder / "tmux"
        self.folder = folder
        self.columns, self.lines = columns, lines

    def __call__(self, *words):
        return subprocess.run(["tmux", "-S", self.socket, "-f", "/dev/null", *map(str, words)], capture_output=True, text=True,
                              check=True, env=dict(os.environ, LC_ALL="C.UTF-8")).stdout

    def start(self, *words):
        script = self.folder / "script"
        script.write_text(f"cd {self.folder}\n{FAULTLINE} top {' '.join(words)}\necho it ended: $?\nsleep 100\n")
        self("new-session", "-d", "-x", self.columns, "-y", self.lines, "sh", script)

    def screen(self):
        return self("capture-pane", "-p").split("\n")[:self.lines]

    def wait_for(self, pattern):
        deadline = time.monotonic() + 20
        while True:
            lines = self.screen()
            if re.search(pattern, "\n".join(lines), re.M):
                return lines
            assert time.monotonic() < deadline, "\n".join(lines)
            time.sleep(0.1)

    def keys(self, *keys):
        self("send-keys", *keys)


@pytest.fixture(params=[(80, 24), (200, 50)])
def tmux(request, tmp_path):
    if not shutil.which("tmux"):
        pytest.skip("no tmux")
    found = Tmux(tmp_path, *request.param)
    yield found
    subprocess.run(["tmux", "-S", found.socket, "kill-server"], capture_output=True, check=False)


@pytest.mark.plain
def test_what_stands_where(tmux):
    tmux.start("0.2")
    lines = tmux.wait_for(r"^\d\d:\d\d:\d\d  \d+ processes.* min/s \d+ maj/s")
    assert lines[1].startswith("by process, most maj first   q: end  ?: help")
    assert lines[2].split() == ["PID", "USER", "MIN/S", "MAJ/S", "RSS", "SWAP", "OOM", "COMMAND", "CGROUP"]
    assert all(re.match(r" *\d+ ", line) for line in lines[3:] if line)
    assert any("faultline" in line for line in lines[3:])
    assert max(map(len, lines)) <= tmux.columns
    tmux.keys("q")
    lines = tmux.wait_for("^it ended: 0")
    assert not any("PID" in line for line in lines), "the screen is as before"


@pytest.mark.plain
def test_keys(tmux):
    tmux.start("0.2")
    tmux.wait_for("^by process, most maj first")
    for key, expected in [("n", "by process, most min"), ("r", "by process, most rss"), ("w", "by process, most swap"),
                          ("s", "by process, most swap"), ("c", "by comm, most swap"), ("u", "by user, most swap"),
                          ("p", "by process, most swap"), ("m", "by process, most maj")]:
        tmux.keys(key)
        tmux.wait_for(f"^{expected}")
    tmux.keys("?")
    tmux.wait_for("^space  pause, go on")
    tmux.keys("x")
    tmux.wait_for("^ *PID")
    tmux.keys("Space")
    tmux.wait_for("PAUSED")
    first = tmux.screen()[0]
    time.sleep(1.2)
    assert tmux.screen()[0] == first
    tmux.keys("Space")
    tmux.wait_for("q: end")
    tmux.keys("q")
    tmux.wait_for("^it ended: 0")


@pytest.mark.plain
def test_cgroups_by_key(tmux):
    if not any("cgroup" in line.split(" - ")[1] for line in open("/proc/self/mountinfo")):
        pytest.skip("no cgroups are mounted")
    tmux.start("0.2")
    tmux.wait_for("^by process")
    tmux.keys("g")
    tmux.wait_for("^by cgroup, most maj first")
    lines = tmux.wait_for(r"/$")
    assert lines[2].split() == ["MIN/S", "MAJ/S", "SOME%", "FULL%", "USAGE", "LIMIT", "USE%", "SWAP", "KILLS", "CGROUP"]
    tmux.keys("s")
    tmux.wait_for("^by cgroup, most stall first")
    tmux.keys("p")
    tmux.wait_for("^by process, most maj first")


@pytest.mark.plain
def test_filter(tmux):
    tmux.start("0.2")
    tmux.wait_for("^by process")
    tmux.keys("/", "f", "a", "u", "l", "t", "x")
    tmux.wait_for("^/faultx_")
    tmux.keys("BSpace", "l")
    tmux.wait_for("^/faultl_")
    tmux.keys("Enter")
    tmux.wait_for("only 'faultl'")
    lines = tmux.wait_for("^ *[0-9]+ .* faultline")
    assert all("faultline" in line for line in lines[3:] if line.strip())
    tmux.keys("/", "z", "Escape")
    tmux.wait_for("only 'faultl'")
    tmux.keys("/", "Enter")
    tmux.wait_for("^by process, most maj first   q")


@pytest.mark.plain
def test_resized_while_it_runs(tmux):
    tmux.start("0.2")
    tmux.wait_for("^by process")
    for tmux.columns, tmux.lines in [(60, 10), (200, 50), (20, 4), (80, 24)]:
        tmux("resize-window", "-x", tmux.columns, "-y", tmux.lines)
        time.sleep(0.5)
        lines = tmux.wait_for("^by process")
        assert lines[2].startswith("    PID USER")
        assert max(map(len, lines)) <= tmux.columns
    tmux.keys("q")
    tmux.wait_for("^it ended: 0")


@pytest.mark.plain
@pytest.mark.parametrize("name, shown", [
    ("\x1b[2J\x1b[Hgone", "\\x1b[2J\\x1b[Hgone"),
    ("\u4e2d\u6587\u540d", "\u4e2d\u6587\u540d"),
    ("e\u0301\u0301\u0301", "e\u0301\u0301\u0301"),
])
def test_a_hostile_name_on_the_screen(tmux, tmp_path, name, shown):
    """Signs that take two columns, none, or that a terminal would obey."""
    shutil.copy("/bin/sleep", tmp_path / name)
    child = subprocess.Popen([tmp_path / name, "100"])
    try:
        tmux.start("-p", str(child.pid), "0.2")
        lines = tmux.wait_for(f"^ *{child.pid} ")
        assert lines[2].startswith("    PID USER")
        assert shown in lines[3]
        tmux.keys("q")
        tmux.wait_for("^it ended: 0")
    finally:
        child.kill()
        child.wait()
