"""What `faultline run` costs the job that it runs: the same program with it and without, in turns.

What a machine does beside comes and goes within seconds, and is more than what is looked for: many short pairs, whose median
ratio is taken, say more than few long ones. A short job would tell of faultline's start above all, so that this is timed by
itself, and counts as much as it would in the whole job."""
import statistics
import subprocess
import time

PAIRS = 60


def run(command):
    """The job's own figure, in ns for each of what it counts, and the seconds that all else took."""
    begin = time.monotonic()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    took = time.monotonic() - begin
    ns, count = map(int, done.stdout.split())
    return ns / count, took - ns / 1e9


def whole(faultline, program, count):
    """Seconds that the whole job of COUNT takes, with it and without, and their ratio."""
    job = [program, str(count // PAIRS)]
    under = [faultline, "run", "-o", "/dev/null", "--"] + job
    pairs = []
    for i in range(PAIRS):
        done = {}
        for name, command in [("under", under), ("bare", job)][::-1 if i % 2 else 1]:
            done[name] = run(command)
        pairs.append((done["under"], done["bare"]))
    each_ns = statistics.median(bare[0] for _, bare in pairs)
    ratio = statistics.median(with_it[0] / bare[0] for with_it, bare in pairs)
    start = statistics.median(with_it[1] - bare[1] for with_it, bare in pairs)
    bare = each_ns * count / 1e9
    return bare * ratio + start, bare


def measure(programs):
    """Of each job: its name, what it is, seconds with and without, the bar."""
    yield ("run-processes", "10,000 short processes, run by it", *whole(programs.faultline, programs.spawns, 10000), 1.03)
    yield ("run-faults", "a million minor faults, run by it", *whole(programs.faultline, programs.minor_storm, 1000000), 1.02)
