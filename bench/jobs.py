"""What `faultline run` costs the job that it runs: the same program with it and without, in turns."""
import statistics
import subprocess
import time

PROCESSES = 10000
MINOR_FAULTS = 1000000


def seconds(command):
    begin = time.monotonic()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.monotonic() - begin


def ratio(faultline, job, count):
    """With it to without, each pair one right after the other, the order changed from pair to pair: the median. What
    takes turns with the machine's other work hits both of a pair alike, as a rule."""
    under = [faultline, "run", "-o", "/dev/null", "--"] + job
    pairs = []
    for i in range(count):
        times = {}
        for name in ["under", "bare"] if i % 2 else ["bare", "under"]:
            times[name] = seconds(under if name == "under" else job)
        pairs.append((times["under"] / times["bare"], times["under"], times["bare"]))
    middle = sorted(pairs)[count // 2]
    return statistics.median(pair[0] for pair in pairs), middle[1], middle[2]


def measure(programs):
    """For each job: what it is, the ratio, with, without, in seconds."""
    yield "10,000 short processes", ratio(programs.faultline, [programs.spawns, str(PROCESSES)], 5), 1.03
    yield "a million minor faults", ratio(programs.faultline, [programs.minor_storm, str(MINOR_FAULTS)], 3), 1.02
