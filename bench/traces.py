"""What `faultline trace` costs those whose faults it looks at: the same program with it and without, in turns."""
import contextlib
import json
import os
import re
import signal
import subprocess
import time

ROUNDS = 9
STATS = "/proc/sys/kernel/bpf_stats_enabled"


class NotHere(Exception):
    """Why it cannot be measured here."""


def counts(process):
    """It opens its events before it waits for the first time."""
    folder = "/proc/%d/" % process.pid
    try:
        opened = any("perf_event" in os.readlink(folder + "fd/" + name) for name in os.listdir(folder + "fd"))
        with open(folder + "stat") as stat:
            return opened and stat.read().rpartition(")")[2].split()[0] == "S"
    except FileNotFoundError:
        return False


def start(faultline, options):
    process = subprocess.Popen([faultline, "trace"] + options, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    while not counts(process):
        if process.poll() is not None:
            raise NotHere(process.stderr.read().strip())
        time.sleep(0.01)
    return process


def end(process):
    process.send_signal(signal.SIGINT)
    process.communicate()


def run(program, faults):
    """CPU time in ns: of one fault, or of all where it takes none."""
    ns, counted = map(int, subprocess.run([program, str(faults)], stdout=subprocess.PIPE, text=True, check=True).stdout.split())
    return ns / counted if faults else ns


def with_and_without(faultline, program, faults, options):
    """The least of runs that took turns: what else goes on only ever adds to it."""
    on, off = [], []
    for _ in range(ROUNDS):
        off.append(run(program, faults))
        process = start(faultline, options)
        try:
            on.append(run(program, faults))
        finally:
            end(process)
    return min(on), min(off)


@contextlib.contextmanager
def program_times():
    """The kernel adds up what programs in it take, which itself takes some 20 ns each time."""
    try:
        with open(STATS) as stats:
            before = stats.read()
        with open(STATS, "w") as stats:
            stats.write("1")
    except OSError as error:
        raise NotHere(str(error)) from None
    try:
        yield
    finally:
        with open(STATS, "w") as stats:
            stats.write(before)


def time_of_programs(pid):
    """In ns: of all programs that the process has loaded."""
    total = 0
    folder = "/proc/%d/fdinfo/" % pid
    for name in os.listdir(folder):
        with open(folder + name) as info:
            found = re.search(r"^run_time_ns:\s+(\d+)", info.read(), re.MULTILINE)
        total += int(found.group(1)) if found else 0
    return total


def inside(faultline, program, faults, options):
    """What the programs in the kernel take of each fault, in ns."""
    with program_times():
        process = start(faultline, options)
        try:
            before = time_of_programs(process.pid)
            counted = int(subprocess.run([program, str(faults)], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[1])
            return (time_of_programs(process.pid) - before) / counted
        finally:
            end(process)


def against_the_process(faultline, helper, path, touches):
    """What it says of cold faults, and what the process that took them says: for each, the total and the median in us."""
    process = subprocess.Popen([faultline, "trace", "--json", "--comm", os.path.basename(helper)], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not counts(process):
        if process.poll() is not None:
            raise NotHere(process.stderr.read().strip())
        time.sleep(0.01)
    said = subprocess.run([helper, path, str(touches), "1"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    process.send_signal(signal.SIGINT)
    rows = [json.loads(row) for row in process.communicate()[0].splitlines()]
    row = next(row for row in rows if row.get("file") == path)
    return (row["total_seconds"] * 1e6, row["p50_seconds"] * 1e6), (int(said[1]) / 1e3, int(said[2]) / 1e3)
