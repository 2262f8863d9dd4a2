"""What `faultline top` costs beside pidstat, and beside the bare reads of what it is made from."""
import black_box

SECONDS = 8
FAULTING = 10


def top(programs, source):
    """Once a second, as many rows as a screen has."""
    return [programs.faultline, "top", "-n", "20", "--source", source, "1"]


def costs_of_tops(programs, count):
    """Microseconds of CPU time for each refresh, by name; None where that is not possible here. pidstat takes longer than the
    gaps between the others and would run into them."""
    rounds = [{"bpf": top(programs, "bpf"), "proc": top(programs, "proc"), "bare bpf": [programs.looks, "bpf"],
               "bare proc": [programs.looks, "proc"]}]
    if programs.pidstat:
        rounds.append({"pidstat": [programs.pidstat, "-r", "1"]})
    costs = {"pidstat": None}
    with black_box.sleepers(programs.sleepers, count, FAULTING):
        for commands in rounds:
            seen = black_box.watch_all(commands, programs.folder, SECONDS)
            costs.update((name, watched.cpu_us / watched.seconds or None) for name, watched in seen.items())
    return costs
