"""What `faultline top` costs beside pidstat, and beside the bare reads of what it is made from."""
import black_box

SECONDS = 6
FAULTING = 10


def commands_of(programs):
    """Once a second each. Faultline's rows are as many as a screen has."""
    top = [programs.faultline, "top", "-n", "20", "1", "--source"]
    found = {"bpf": top + ["bpf"], "proc": top + ["proc"], "bare bpf": [programs.looks, "bpf"],
             "bare proc": [programs.looks, "proc"]}
    if programs.pidstat:
        found["pidstat"] = [programs.pidstat, "-r", "1"]
    return found


def costs_of_tops(programs, count):
    """Microseconds of CPU time for each refresh, by name; None where that is not possible here."""
    with black_box.sleepers(programs.sleepers, count, FAULTING):
        seen = black_box.watch_all(commands_of(programs), programs.folder, SECONDS)
    costs = {name: watched.cpu_us / watched.seconds or None for name, watched in seen.items()}
    return dict({"pidstat": None}, **costs)
