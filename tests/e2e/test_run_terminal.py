"""faultline run: a job behaves as it would without it, on pipes and on a terminal, and nothing of it stays behind."""
import fcntl
import glob
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import tempfile
import termios
import time
import uuid

import pytest

from conftest import FAULTLINE, heed_interrupts

# What a job sees is not faultline's own code: the sanitizers have little to find here, and take their time.
pytestmark = pytest.mark.plain

RUN = [str(FAULTLINE), "run", "--"]
PLAIN = []
MARK = "FAULTLINE_TEST_JOB"


@pytest.fixture(params=[PLAIN, RUN], ids=["without", "with"])
def prefix(request):
    """A test that holds without faultline as well."""
    return request.param


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)
    return found


# -- what /proc and the cgroups say --

def state(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return None


def status_of(pid, key):
    return re.search(rf"^{key}:\s*(\S+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M).group(1)


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def processes_of(mark):
    """Those that have the mark in their environment: the job's, and faultline's own. A zombie has none."""
    found = []
    for environ in glob.iglob("/proc/[0-9]*/environ"):
        try:
            if mark in pathlib.Path(environ).read_bytes():
                found.append(int(environ.split("/")[2]))
        except OSError:
            pass
    return found


def cgroups_of(pid):
    return [found for top in ("memory", "unified", ".")
            for found in glob.glob(f"/sys/fs/cgroup/{top}/**/faultline-run-{pid}*/", recursive=top != ".")]


class Mark:
    """By which a job's processes are known, whoever their parents are."""

    def __init__(self):
        self.bytes = f"{MARK}={uuid.uuid4()}".encode()
        self.environment = dict(os.environ, LC_ALL="C.UTF-8", **{MARK: self.bytes.decode().split("=")[1]})

    def processes(self):
        return processes_of(self.bytes)

    def end(self):
        while pids := self.processes():
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.01)


class Job:
    """A command under faultline, in a process group of its own."""

    def __init__(self, *words, options=(), ignored=(), stdin=subprocess.DEVNULL, program=(FAULTLINE,), **kwargs):
        def prepare():
            heed_interrupts()
            os.setpgid(0, 0)
            for number in ignored:
                signal.signal(number, signal.SIG_IGN)

        self.mark = Mark()
        self.process = subprocess.Popen([*program, "run", *options, "--", *words], stdin=stdin,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=prepare,
                                        env=self.mark.environment, **kwargs)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.mark.end()

    @property
    def keeper(self):
        return next(child for child in children(self.pid) if status_of(child, "Name") == "run-keeper")

    @property
    def command(self):
        return children(self.keeper)[0]

    def read_line(self):
        return self.process.stdout.readline().decode().strip()

    def ready(self):
        assert self.read_line() == "ready"
        return self

    def end(self, status):
        """Waits for it; nothing of it is left then."""
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == status, err
        assert self.mark.processes() == []
        assert cgroups_of(self.pid) == []
        return out.decode(), err.decode()

    def vanish(self):
        """It was killed, and what is left goes by itself."""
        self.process.wait(timeout=30)
        wait_until(lambda: not self.mark.processes() and not cgroups_of(self.pid))


def both(*words, **kwargs):
    """Without and with faultline."""
    return [subprocess.run([*before, *words], capture_output=True, timeout=60, **kwargs) for before in (PLAIN, RUN)]


# -- exit status, arguments, output --

@pytest.mark.parametrize("script", ["exit 0", "exit 3", "exit 255", "kill -TERM $$", "kill -KILL $$", "kill -SEGV $$"])
def test_the_exit_status_is_the_command_s(script):
    """As a shell has it, which cannot be ended by its command's signal either."""
    without, with_it = [subprocess.run(["sh", "-c", '"$@"; exit $?', "sh", *before, "sh", "-c", script], check=False,
                                       capture_output=True, timeout=60).returncode for before in (PLAIN, RUN)]
    assert with_it == without
    with Job("sh", "-c", script) as job:
        job.end(without)


def test_a_command_that_cannot_be_executed(tmp_path):
    (tmp_path / "file").write_text("echo\n")
    for word, status, why in [("no-such-command-as-this", 127, "No such file or directory"),
                              (tmp_path / "none", 127, "No such file or directory"),
                              (tmp_path / "file", 126, "Permission denied"), (tmp_path, 126, "Permission denied")]:
        with Job(word) as job:
            out, err = job.end(status)
        assert (out, err) == ("", f"faultline: run: {word}: {why}\n")


def test_no_command():
    for words in [["run"], ["run", "--"], ["run", "-o", "/dev/null"]]:
        done = subprocess.run([FAULTLINE, *words], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2
        assert "which command?" in done.stderr


@pytest.mark.parametrize("dashes", [["--"], []])
def test_options_behind_the_command_are_its_own(dashes):
    done = subprocess.run([FAULTLINE, "run", *dashes, "echo", "--json", "--", "-o", "x", "--help"], capture_output=True,
                          text=True, timeout=60, check=True)
    assert done.stdout == "--json -- -o x --help\n"
    assert done.stderr.startswith("echo --json -- -o x --help: ended with status 0 ")


def test_output_is_untouched(tmp_path):
    data = bytes(range(256)) * 4096
    (tmp_path / "data").write_bytes(data)
    words = ["sh", "-c", f"echo trouble >&2; cat {tmp_path}/data"]
    without, with_it = both(*words)
    assert with_it.stdout == without.stdout == data
    assert with_it.stderr.startswith(without.stderr)
    added = with_it.stderr[len(without.stderr):].decode()
    assert added.startswith("sh -c ") and added.count(": ended ") == 1
    done = subprocess.run([FAULTLINE, "run", "-o", tmp_path / "summary", *words], capture_output=True, timeout=60,
                          check=True)
    assert (done.stdout, done.stderr) == (data, without.stderr)
    assert (tmp_path / "summary").read_text().startswith("sh -c ")


# -- what a process inherits --

def test_the_job_inherits_what_it_would(tmp_path):
    read_end, write_end = os.pipe2(os.O_NONBLOCK)

    def prepare():
        os.umask(0o027)
        os.nice(5)
        pathlib.Path("/proc/self/oom_score_adj").write_text("321")

    # The shell's own pid is in none of them; that a descriptor is open says the word that is printed.
    script = (f"env | sort; pwd; umask; nice; cat /proc/self/oom_score_adj /proc/self/limits; "
              "grep -E '^(Uid|Gid|Groups|Cap|NoNew|Seccomp|Cpus_allowed|Mems_allowed|THP|Umask)' /proc/self/status; "
              "for fd in /proc/$$/fd/*; do echo ${fd##*/}; done; readlink /proc/$$/fd/0; ps -o sid= -p $$; "
              f"echo through > /proc/self/fd/{write_end}")
    try:
        without, with_it = both("sh", "-c", script, preexec_fn=prepare, pass_fds=(read_end, write_end), cwd=tmp_path,
                                stdin=subprocess.DEVNULL, env=dict(os.environ, ODD="a b\nc"))
        assert os.read(read_end, 100) == b"through\nthrough\n"
    finally:
        os.close(read_end)
        os.close(write_end)
    assert without.returncode == with_it.returncode == 0
    told = without.stdout.decode().splitlines()
    nice = min(os.nice(0) + 5, 19)  # ./test may have been nice before
    for line in ["ODD=a b", str(tmp_path), "0027", str(nice), "321", str(write_end), "/dev/null"]:
        assert line in told
    assert with_it.stdout == without.stdout


@pytest.mark.parametrize("ignored", [[], ["INT"], ["PIPE"], ["CHLD"], ["HUP"], ["INT", "QUIT", "TERM", "XFSZ", "TSTP"]])
def test_the_job_inherits_ignored_and_blocked_signals(ignored):
    numbers = [signal.Signals[f"SIG{name}"] for name in ignored]

    def prepare():
        for number in (signal.SIGINT, signal.SIGPIPE, signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGUSR1, signal.SIGWINCH})

    without, with_it = both("grep", "-E", "^Sig(Ign|Blk|Cgt)", "/proc/self/status", preexec_fn=prepare)
    assert with_it.returncode == 0
    assert with_it.stdout == without.stdout
    masks = dict(re.findall(r"(Sig\w+):\s*(\w+)", with_it.stdout.decode()))
    assert int(masks["SigIgn"], 16) == sum(1 << number - 1 for number in numbers)
    assert int(masks["SigBlk"], 16) == 1 << signal.SIGUSR1 - 1 | 1 << signal.SIGWINCH - 1


@pytest.mark.parametrize("closed", [[0], [1], [2], [0, 1, 2]])
def test_a_closed_standard_file_is_closed_for_the_job(closed):
    def prepare():
        for fd in closed:
            os.close(fd)

    script = "s=0; for fd in 0 1 2; do [ -e /proc/$$/fd/$fd ] && s=$((s + (1 << fd))); done; exit $((s + 10))"
    for done in both("sh", "-c", script, preexec_fn=prepare):
        assert done.returncode == 10 + sum(1 << fd for fd in range(3) if fd not in closed)


# -- pipes --

@pytest.mark.parametrize("pipeline, said, statuses", [
    ("{} seq 100000 | head -1", "1", "141 0"),
    ("yes | {} head -1", "y", "141 0"),
    ("echo word | {} cat | {} tr a-z A-Z", "WORD", "0 0 0"),
    ("{} cat < /dev/null", "", "0"),
])
def test_a_pipeline(prefix, pipeline, said, statuses):
    script = pipeline.replace("{}", " ".join(prefix)) + "; echo ${PIPESTATUS[*]} >&2"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=True,
                          preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL))
    assert done.stdout.strip() == said
    assert done.stderr.splitlines()[-1] == statuses


def test_who_reads_sees_the_end_when_the_job_closes_its_output(tmp_path):
    gate = tmp_path / "gate"
    script = f"echo out; exec >&-; while [ ! -e {gate} ]; do sleep 0.05; done; exit 3"
    with Job("sh", "-c", script) as job:
        output = job.process.stdout.fileno()
        seen = b""
        while True:
            assert select.select([output], [], [], 30)[0], "no end of it"
            piece = os.read(output, 100)
            seen += piece
            if not piece:
                break
        assert seen == b"out\n"
        assert job.process.poll() is None
        gate.touch()
        job.end(3)


def test_who_writes_is_told_when_the_job_closes_its_input():
    with Job("sh", "-c", "exec <&-; echo ready; sleep 1000", stdin=subprocess.PIPE) as job:
        job.ready()
        with pytest.raises(BrokenPipeError):
            os.write(job.process.stdin.fileno(), b"x")
        job.process.stdin = None
        job.process.terminate()
        job.end(143)


# -- on a terminal --

class Terminal:
    """A command, as a rule an interactive shell, that a pseudo-terminal was opened for."""

    def __init__(self, *words, **environment):
        def prepare():
            heed_interrupts()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.mark = Mark()
        self.master, slave = pty.openpty()
        attributes = termios.tcgetattr(slave)
        attributes[3] &= ~(termios.ECHO | termios.ECHOCTL)  # what is seen is what was written
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        self.seen = b""
        self.process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        preexec_fn=prepare,
                                        env=dict(self.mark.environment, TERM="xterm-256color", **environment))
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.mark.end()
        self.process.wait()
        self.close()

    def close(self):
        if self.master >= 0:
            os.close(self.master)
        self.master = -1

    def resize(self, lines, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def attributes(self):
        return termios.tcgetattr(self.master)

    def type(self, keys):
        os.write(self.master, keys if isinstance(keys, bytes) else keys.encode())

    def wait_for(self, pattern):
        """Until it is among what came since the last call."""
        deadline = time.monotonic() + 15
        while not (found := re.search(pattern.encode(), self.seen)):
            assert time.monotonic() < deadline, self.seen[-2000:]
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.master, 65536)
                except OSError:  # it is closed at the other end
                    raise AssertionError(self.seen) from None
        passed = self.seen[:found.end()]
        self.seen = self.seen[found.end():]
        return passed.decode(errors="replace"), found


class Shell(Terminal):
    def __init__(self, prefix):
        super().__init__("bash", "--norc", "--noprofile", "--noediting", "-i", PS1="outer> ", HISTFILE="")
        self.prefix = " ".join(prefix)
        self.has_faultline = bool(prefix)
        self.wait_for("outer> ")

    def run(self, line):
        self.type(line.replace("{}", self.prefix) + "\n")

    def ready(self):
        return int(self.wait_for(r"ready (\d+)\r\n")[1].group(1))

    def check_status(self, status):
        """Of what ran last, after its summary."""
        said = self.wait_for("outer> ")[0]
        assert said.count(": ended ") == self.has_faultline, said
        self.run("echo status=$?")
        self.wait_for(f"status={status}\r\n")
        self.wait_for("outer> ")

    def wait_stopped(self, job):
        """Job and faultline are, and the shell has seen it."""
        self.wait_for("Stopped")
        self.wait_for("outer> ")
        wait_until(lambda: state(job) == "T")

    def nothing_left(self):
        self.run("exit")
        self.process.wait(timeout=30)
        wait_until(lambda: self.mark.processes() == [])


READS = "{} sh -c 'echo ready $$; read word; echo got $word'"


@pytest.mark.parametrize("key, status", [("\x03", 130), ("\x1c", 131)])
def test_a_key_ends_the_job(prefix, key, status):
    with Shell(prefix) as shell:
        shell.run("{} sh -c 'echo ready $$; exec sleep 100'")
        shell.ready()
        shell.type(key)
        shell.check_status(status)
        shell.nothing_left()


def test_a_job_that_ignores_ctrl_c_goes_on(prefix):
    with Shell(prefix) as shell:
        shell.run("{} sh -c 'trap \"\" INT QUIT; echo ready $$; read word; echo got $word'")
        shell.ready()
        shell.type("\x03")
        shell.type("\x1c")
        shell.type("word\n")
        shell.wait_for("got word")
        shell.check_status(0)


def test_ctrl_z_and_fg(prefix):
    with Shell(prefix) as shell:
        shell.run(READS)
        job = shell.ready()
        for _ in range(3):
            shell.type("\x1a")
            shell.wait_stopped(job)
            shell.run("fg")
            wait_until(lambda: state(job) == "S")
        shell.type("word\n")
        shell.wait_for("got word")
        shell.check_status(0)
        shell.nothing_left()


def test_ctrl_z_and_bg(prefix, tmp_path):
    """What it waits for is no child: one that is stopped between vfork and exec keeps the shell from stopping."""
    os.mkfifo(tmp_path / "gate")
    with Shell(prefix) as shell:
        shell.run(f"{{}} sh -c 'echo ready $$; read word < {tmp_path}/gate; echo done; exit 3'")
        job = shell.ready()
        shell.type("\x1a")
        shell.wait_stopped(job)
        shell.run("bg")
        shell.wait_for("outer> ")
        wait_until(lambda: state(job) == "S")
        (tmp_path / "gate").write_text("word\n")
        shell.run("wait $!; echo status=$?")  # bash knows that of one that it has told to have ended, too
        shell.wait_for("status=3\r\n")


def test_a_stop_of_the_job_alone_stops_faultline(prefix):
    with Shell(prefix) as shell:
        shell.run(READS)
        job = shell.ready()
        os.kill(job, signal.SIGSTOP)
        shell.wait_stopped(job)
        shell.run("fg")
        wait_until(lambda: state(job) == "S")
        shell.type("word\n")
        shell.wait_for("got word")
        shell.check_status(0)


def test_a_stopped_job_that_is_killed_is_over(prefix):
    with Shell(prefix) as shell:
        shell.run(READS)
        job = shell.ready()
        shell.type("\x1a")
        shell.wait_stopped(job)
        os.kill(job, signal.SIGKILL)
        wait_until(lambda: not children(shell.process.pid))
        shell.run("")
        shell.wait_for("Killed|Exit 137")
        shell.nothing_left()


def test_a_background_job_that_reads_the_terminal_is_stopped(prefix):
    with Shell(prefix) as shell:
        shell.run(READS + " &")
        job = shell.ready()
        child, = children(shell.process.pid)
        wait_until(lambda: state(job) == state(child) == "T")
        shell.run("")
        shell.wait_for("Stopped")
        shell.run("fg")
        wait_until(lambda: state(job) == "S")
        shell.type("word\n")
        shell.wait_for("got word")


def test_a_new_window_size_reaches_the_job(prefix, tmp_path):
    with Shell(prefix) as shell:
        shell.resize(24, 80)
        shell.run("{} bash -c 'trap \"stty size\" WINCH; echo ready $$; "
                  f"while [ ! -e {tmp_path}/gate ]; do sleep 0.05; done; exit 3'")
        shell.ready()
        shell.resize(41, 101)
        shell.wait_for("41 101")
        (tmp_path / "gate").touch()
        shell.check_status(3)


@pytest.mark.skipif(not shutil.which("vim"), reason="no vim")
def test_an_editor(prefix, tmp_path):
    with Shell(prefix) as shell:
        before = shell.attributes()
        shell.run(f"{{}} vim -u NONE -i NONE -n {tmp_path}/file")
        shell.wait_for(r"\x1b\[\?1049h")
        shell.wait_for(r"\[New( File)?\]")
        assert shell.attributes() != before
        shell.type("ihello\rthere\x1b:wq\r")
        shell.wait_for(r"\x1b\[\?1049l")
        shell.check_status(0)
        assert shell.attributes() == before
        assert (tmp_path / "file").read_text() == "hello\nthere\n"


def test_a_shell_as_the_job(prefix):
    with Shell(prefix) as shell:
        shell.run("PS1='inner> ' {} bash --norc --noprofile --noediting -i")
        shell.wait_for("inner> ")
        shell.run("sleep 100 &")
        shell.wait_for("inner> ")
        shell.run("echo pid=$!")
        job = int(shell.wait_for(r"pid=(\d+)\r\n")[1].group(1))

        def is_in_front():
            return os.tcgetpgrp(shell.master) == job and state(job) == "S"

        shell.wait_for("inner> ")
        shell.run("jobs")
        shell.wait_for("Running +sleep 100")
        shell.run("fg")
        wait_until(is_in_front)
        shell.type("\x1a")
        shell.wait_for("Stopped +sleep 100")
        shell.run("fg")
        wait_until(is_in_front)
        shell.type("\x03")
        shell.wait_for("inner> ")
        shell.run("echo inner=$?")
        shell.wait_for("inner=130")
        shell.run("exit 7")
        shell.check_status(7)
        shell.nothing_left()


def test_ctrl_z_where_there_is_no_shell(prefix):
    """The kernel does not stop what nobody would continue."""
    with Terminal(*prefix, "sh", "-c", "echo ready; read word; echo got $word") as terminal:
        terminal.wait_for("ready")
        terminal.type("\x1a")
        terminal.type("word\n")
        terminal.wait_for("got word")
        assert terminal.process.wait(timeout=30) == 0


def test_a_terminal_that_goes_ends_the_job(prefix, tmp_path):
    told = tmp_path / "told"
    with Terminal(*prefix, "bash", "-c", f"trap 'echo hup >> {told}; exit 3' HUP; echo ready; "
                                         "while :; do sleep 0.05; done") as terminal:
        terminal.wait_for("ready")
        terminal.close()
        assert terminal.process.wait(timeout=30) == 3
        assert told.read_text() == "hup\n"
        wait_until(lambda: terminal.mark.processes() == [])


# -- signals --

# It says which signal came, and ends by USR2 with what came before.
HEEDS = ["bash", "-c", "for s in TERM HUP USR1 CONT INT; do trap \"echo $s\" $s; done; trap 'exit 3' USR2; echo ready; "
                       "while :; do sleep 0.05; done"]


@pytest.mark.parametrize("name", ["TERM", "HUP", "USR1", "CONT", "INT"])
def test_a_signal_to_faultline_reaches_the_job_once(name):
    with Job(*HEEDS) as job:
        job.ready()
        job.process.send_signal(signal.Signals[f"SIG{name}"])
        assert job.read_line() == name
        job.process.send_signal(signal.SIGUSR2)
        assert job.end(3)[0] == ""


@pytest.mark.parametrize("name", ["TERM", "HUP", "USR1", "CONT"])
def test_a_signal_to_the_group(name):
    """It reaches the job by itself, and by faultline, which cannot tell that from one to itself."""
    with Job(*HEEDS) as job:
        job.ready()
        os.killpg(job.pid, signal.Signals[f"SIG{name}"])
        assert job.read_line() == name
        job.process.send_signal(signal.SIGUSR2)
        assert job.end(3)[0] in ("", f"{name}\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
@pytest.mark.parametrize("send", [os.kill, os.killpg])
def test_a_signal_ends_the_job(send, number):
    with Job("sh", "-c", "echo ready; exec sleep 1000") as job:
        job.ready()
        send(job.pid, number)
        assert re.search(r"sh -c .*: ended by ", job.end(128 + number)[1])


@pytest.mark.parametrize("script, status", [("kill 0; sleep 100", 143), ("trap '' TERM; kill 0; sleep 0.1; exit 4", 4),
                                            ("kill -HUP 0; sleep 100", 129)])
def test_a_signal_of_the_job_to_its_group(script, status):
    with Job("sh", "-c", script) as job:
        assert re.search(r"sh -c .*: ended ", job.end(status)[1])


def test_a_job_that_is_continued_by_somebody_continues_faultline():
    """No shell is there that would."""
    with Job("sh", "-c", "echo ready; read word; exit 3", stdin=subprocess.PIPE) as job:
        job.ready()
        command = job.command
        os.kill(command, signal.SIGSTOP)
        wait_until(lambda: state(job.pid) == "T")
        os.kill(command, signal.SIGCONT)
        wait_until(lambda: state(job.pid) == "S")
        for _ in range(200):
            os.kill(command, signal.SIGSTOP)
            os.kill(command, signal.SIGCONT)
        wait_until(lambda: state(job.pid) == "S" and state(job.keeper) == "S")
        job.process.stdin.write(b"word\n")
        job.process.stdin.flush()
        job.end(3)


# -- what becomes of what is left --

SPREADS = ("sleep 1000 & setsid sleep 1000 & (setsid sh -c 'trap \"\" TERM HUP; sleep 1000; sleep 1000' &) & sleep 1000 & "
           "sleep 1000 & echo ready; ")


@pytest.mark.parametrize("options", [[], ["--no-cgroup"]], ids=" ".join)
@pytest.mark.parametrize("whom", ["faultline", "keeper", "group"])
def test_a_kill_leaves_nothing_behind(whom, options):
    with Job("sh", "-c", SPREADS + "wait", options=options) as job:
        job.ready()
        wait_until(lambda: len(job.mark.processes()) >= 9)  # with faultline and the keeper
        if not options and os.geteuid() == 0:
            assert cgroups_of(job.pid) != []
        if whom == "group":
            os.killpg(job.pid, signal.SIGKILL)
        else:
            os.kill(job.pid if whom == "faultline" else job.keeper, signal.SIGKILL)
        job.vanish()
        assert job.process.returncode == (125 if whom == "keeper" else -signal.SIGKILL)
        if whom == "keeper":
            assert b"the process that kept the job was killed" in job.process.stderr.read()


@pytest.mark.parametrize("options", [[], ["--no-cgroup"]], ids=" ".join)
def test_what_ignores_the_end_is_killed(options):
    with Job("sh", "-c", SPREADS + "exit 3", options=options) as job:
        err = job.end(3)[1]
        assert re.search(r"left +\d process(es)? when the command ended", err)


# Waits for a file, and tells by another one how it ended.
DAEMON = ("setsid sh -c 'trap \"echo told > {0}/end; exit\" TERM; : > {0}/begun; while [ ! -e {0}/gate ]; do sleep 0.05; done; "
          "echo done > {0}/end' & while [ ! -e {0}/begun ]; do sleep 0.02; done; exit 3")


def test_what_is_left_is_told_first(tmp_path):
    with Job("sh", "-c", DAEMON.format(tmp_path)) as job:
        err = job.end(3)[1]
    assert (tmp_path / "end").read_text() == "told\n"
    assert re.search(r"left +\d process", err)


def wait_for_daemon(job):
    """It alone is left, and faultline knows that."""
    def is_alone():
        left = children(job.keeper)
        try:
            return len(left) == 1 and os.getsid(left[0]) == left[0]
        except ProcessLookupError:  # it has just ended, and was not the daemon
            return False

    wait_until(is_alone)
    time.sleep(0.2)


@pytest.mark.parametrize("ignored", [[], [signal.SIGHUP]])
def test_wait_waits_for_a_daemon(tmp_path, ignored):
    with Job("sh", "-c", DAEMON.format(tmp_path), options=["--wait"], ignored=ignored) as job:
        wait_until((tmp_path / "begun").exists)
        wait_for_daemon(job)
        if ignored:  # as under nohup: it does not end the waiting
            job.process.send_signal(ignored[0])
            wait_until(lambda: int(status_of(job.pid, "ShdPnd"), 16) == 0)
            time.sleep(0.2)
        assert job.process.poll() is None
        (tmp_path / "gate").touch()
        err = job.end(3)[1]
    assert (tmp_path / "end").read_text() == "done\n"
    assert "left" not in err


def test_a_second_signal_ends_the_waiting(tmp_path):
    with Job("sh", "-c", DAEMON.format(tmp_path), options=["--wait"]) as job:
        wait_until((tmp_path / "begun").exists)
        wait_for_daemon(job)
        assert job.process.poll() is None
        job.process.send_signal(signal.SIGTERM)
        job.end(3)
    assert (tmp_path / "end").read_text() == "told\n"


# -- many processes --

@pytest.mark.plain
@pytest.mark.parametrize("options, fifties", [pytest.param([], 60, marks=pytest.mark.long),
                                               pytest.param(["--no-cgroup"], 60, marks=pytest.mark.long), (["--no-cgroup"], 20)])
def test_thousands_of_processes(options, fifties):
    """That ignore what asks them to end. One shell would take seconds to fork them all."""
    script = (f"trap '' TERM; exec 3<&0; i=0; while [ $i -lt {fifties} ]; do i=$((i + 1)); (j=0; while [ $j -lt 50 ]; do "
              "read word <&3 & j=$((j + 1)); done; echo ready; read word <&3) & done; wait; exit 3")
    with Job("sh", "-c", script, stdin=subprocess.PIPE, options=options) as job:
        for _ in range(fifties):
            job.ready()
        keeper = job.keeper
        held, job.process.stdin = job.process.stdin, None  # communicate() would close it
        os.kill(job.command, signal.SIGUSR1)  # the rest is left to the keeper
        wait_until(lambda: len(children(keeper)) == fifties)
        for pid in (job.pid, keeper):
            assert int(status_of(pid, "VmHWM")) < 32 << 10
        assert re.search(f"left +{fifties * 51} processes", job.end(138)[1])
        held.close()


@pytest.mark.parametrize("options", [[], ["--no-cgroup"]], ids=" ".join)
def test_a_process_that_forks_and_ends_without_end(options):
    """A list of them is old before it is read."""
    with Job("sh", "-c", "trap '' TERM; f() { f & }; f; echo ready; exit 3", options=options) as job:
        job.ready()
        job.end(3)


# -- as an ordinary user --

@pytest.fixture
def copy_for_all():
    if os.geteuid() != 0:
        pytest.skip("becoming somebody else needs root")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="faultline-", dir="/tmp"))
    folder.chmod(0o755)
    shutil.copy(FAULTLINE, folder / "faultline")
    yield folder / "faultline"
    shutil.rmtree(folder)


def test_as_an_ordinary_user(copy_for_all):
    user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    with Job("sh", "-c", SPREADS + "id -u; exit 3", program=[*user, copy_for_all], cwd="/") as job:
        out, err = job.end(3)
    assert out == "ready\n65534\n"
    assert re.search(r"^sh -c .*: ended with status 3 ", err, re.M)
    assert re.search(r"without +a cgroup of its own: .*Permission denied", err)
    assert re.search(r"^ +who sends signals: ", err, re.M)
    lines = [line.strip() for line in err.splitlines()]
    assert len(set(lines)) == len(lines)


def test_an_ordinary_user_s_job_goes_with_it(copy_for_all):
    user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
    with Job("sh", "-c", SPREADS + "wait", program=[*user, copy_for_all], cwd="/") as job:
        job.ready()
        job.process.kill()
        job.vanish()
