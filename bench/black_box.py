"""The black box beside other recorders, and recordings to measure: of this machine, and full ones made of them."""
import collections
import contextlib
import glob
import json
import os
import resource
import subprocess
import threading
import time

SADC = "/usr/lib/sysstat/sadc", "/usr/lib64/sa/sadc", "/usr/lib/sa/sadc"  # of Debian, of Fedora, of Arch
# As src/blackbox/scan_schedule.c has it: a scan is followed by a rest of so many times what it took, and at least so
# many seconds.
REST_FACTOR, REST_LEAST_SECONDS = 50000, 10
SETTLE_SECONDS = 3  # those with the first scan among them
FULL_MIB = 64  # the default size

Watched = collections.namedtuple("Watched", "cpu_us seconds begun ended")


class NotHere(Exception):
    """What is missing on this machine."""


def ended(process):
    """Ends it, and gets what it used."""
    process.terminate()
    process.wait()


@contextlib.contextmanager
def quiet(command, folder):
    """Runs it meanwhile, in FOLDER, output to nowhere."""
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        ended(process)


def ran(command, folder):
    """Runs it to its end. Returns what it printed."""
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


# CPU time.


def read(path):
    with open(path) as file:
        return file.read()


def cpu_us(pid):
    """So far, of all threads and of the children, those too that have ended. Exact for what sleeps, but for these."""
    total = 0
    for task in glob.glob("/proc/%d/task/*" % pid):
        total += int(read(task + "/schedstat").split()[0]) / 1000
        total += sum(cpu_us(int(child)) for child in read(task + "/children").split())
    fields = read("/proc/%d/stat" % pid).rpartition(")")[2].split()
    return total + (int(fields[13]) + int(fields[14])) * 1e6 / os.sysconf("SC_CLK_TCK")


def watch_all(commands, folder, seconds):
    """Runs all of them, a fifth of a second apart: none wakes into another one's sample. By name, what each used in the
    same seconds."""
    with contextlib.ExitStack() as stack:
        pids = {}
        for name, command in commands.items():
            pids[name] = stack.enter_context(quiet(command, folder)).pid
            time.sleep(0.2)
        time.sleep(SETTLE_SECONDS)
        begun = time.time()
        before = {name: cpu_us(pid) for name, pid in pids.items()}
        time.sleep(seconds)
        after = {name: cpu_us(pid) for name, pid in pids.items()}
        return {name: Watched(after[name] - before[name], seconds, begun, begun + seconds) for name in pids}


def cpu_seconds_of(command, folder):
    """Of a whole run, output to /dev/null."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# Many processes.


@contextlib.contextmanager
def sleepers(program, count, faulting=0):
    process = subprocess.Popen([program, str(count), str(faulting)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline() != "ready\n":
            raise NotHere("%d processes more" % count)
        yield
    finally:
        process.stdin.close()  # so it ends them
        process.wait()
        process.stdout.close()


def scans_in(faultline, recording, folder, watched):
    """How many scans of processes a recording has in these seconds."""
    command = [faultline, "replay", "--events", "--processes", "--json", "--since", "@%.3f" % watched.begun, "--until",
               "@%.3f" % watched.ended, recording]
    told = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    if told.returncode not in (0, 3):  # 3: there are none
        raise NotHere("a recording cannot be read")
    objects = [json.loads(text) for text in told.stdout.splitlines()]
    return len({each["time"] for each in objects if each["type"] == "process"})


Costs = collections.namedtuple("Costs", "plain_us scan_us average_us short_us floor_us sadc_us atop_us")


def split(own, scans, short_us):
    """The cost of a sample without a scan and of a scan alone, from SCANS in the seconds of OWN, and from a recorder
    that scanned in each sample."""
    share = scans / own.seconds
    plain_us = (own.cpu_us / own.seconds - share * short_us) / (1 - share)
    return plain_us, short_us - plain_us


def costs_of_recorders(programs, folder, count, seconds=20):
    """Of a sample, with so many sleeping processes, all recorders side by side at one a second. The average is that over
    the time from one scan to the next while memory is plentiful, far longer than this takes."""
    most = str(seconds + 60)
    commands = {
        "own": [programs.faultline, "record", "-f", "own-%d.flr" % count],
        "floor": [programs.samples, "preads", most],
        "short": [programs.samples, "short", "short-%d.flr" % count, most],
        "sadc": [programs.sadc, "-S", "XALL", "1", most, "sadc-%d" % count],
        "atop": [programs.atop, "-w", "atop-%d" % count, "1", most],
    }
    present = {name: command for name, command in commands.items() if command[0]}
    with sleepers(programs.sleepers, count):
        watched = watch_all(present, folder, seconds)
    each = {name: watched[name].cpu_us / seconds if name in watched else None for name in commands}
    scans = scans_in(programs.faultline, "own-%d.flr" % count, folder, watched["own"])
    plain_us, scan_us = split(watched["own"], scans, each["short"])
    rest_seconds = max(REST_LEAST_SECONDS, scan_us / 1e6 * REST_FACTOR)
    return Costs(plain_us, scan_us, plain_us + scan_us / rest_seconds, each["short"], each["floor"], each["sadc"],
                 each["atop"])


# Recordings.


@contextlib.contextmanager
def load(programs, folder):
    """Faults, switches, reads of files that are in memory and that are not, and allocation."""
    over = threading.Event()
    turns = [[programs.cold_faults, "cold", "2000"], [programs.eat_memory, "200", "400"], ["cat", "cold"]]

    def work():
        while not over.is_set():
            for turn in turns:
                subprocess.run(turn, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)

    worker = threading.Thread(target=work)
    with quiet([programs.ping_pong, "3600"], folder):
        worker.start()
        try:
            yield
        finally:
            over.set()
            worker.join()


Recording = collections.namedtuple("Recording", "path samples sample_bytes")


class Recordings:
    """Short ones of this machine, idle and under load, and what they become when they go on until the file is full.
    Made when they are asked for, each once."""

    def __init__(self, programs, folder, seconds=20):
        self.programs, self.folder, self.seconds = programs, folder, seconds
        self.made = {}

    def record(self, kind):
        """Two at once: without processes, and with a scan of them in each sample."""
        count = str(self.seconds)
        commands = [[self.programs.faultline, "record", "--processes", "0", "--count", count, "-f", kind + ".flr"],
                    [self.programs.samples, "short", kind + "-processes.flr", count]]
        with contextlib.ExitStack() as stack:
            if kind == "load":
                stack.enter_context(load(self.programs, self.folder))
                time.sleep(0.5)
            recorders = [subprocess.Popen(command, cwd=self.folder, stderr=subprocess.DEVNULL) for command in commands]
            if any([recorder.wait() for recorder in recorders]):
                raise NotHere("a recorder failed")

    def full(self, kind, processes=False):
        """KIND is "idle" or "load"."""
        name = kind + ("-processes" if processes else "")
        if not os.path.exists(os.path.join(self.folder, name + ".flr")):
            self.record(kind)
        if name not in self.made:
            printed = ran([self.programs.refill, name + ".flr", name + "-full.flr", str(FULL_MIB)], self.folder)
            samples, sample_bytes = printed.split()
            self.made[name] = Recording(name + "-full.flr", int(samples), float(sample_bytes))
        return self.made[name]
