"""A folder like /proc whose figures a test sets, and what a recording should have of them."""
import os
import random

PID_STAT = "{pid} ({name}) S 1 1 1 0 -1 4194560 {minor} 0 {major} 0 1 1 0 0 20 0 1 0 {start} 1000000 {pages} 0 0"
EDGES = [0, 1, 2**60 - 1, 2**60, 2**60 + 1, 2**63 - 1, 2**63, 2**64 - 1]
CPU = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice"]
STAT = ["intr", "ctxt", "btime", "processes", "procs_running", "procs_blocked"]
PRESSURE = [f"pressure/{name}" for name in ["cpu", "memory", "io", "irq"]]
NAMES = ["plain", "foo) Z 1 (", "two\nlines", "é\udcff\udc80", "x" * 15]


class Figure:
    """A number that moves as nothing real does: little steps, backwards, from one end of 64 bits to the other, away."""

    def __init__(self, chance, limit=2**64, may_be_absent=False):
        self.chance, self.limit, self.may_be_absent = chance, limit, may_be_absent
        self.value = chance.randrange(1000)

    def step(self):
        kind = self.chance.randrange(16)
        if kind < 8:
            return
        if self.value is None or kind == 8:
            self.value = self.chance.choice(EDGES) % self.limit
        elif kind == 9:
            self.value = self.chance.randrange(self.limit)
        elif kind == 10 and self.may_be_absent:
            self.value = None
        else:
            self.value = (self.value + self.chance.randrange(-100, 1000)) % self.limit


class FakeProcess:
    def __init__(self, chance, pid):
        self.chance, self.pid = chance, pid
        self.cgroup = "/" + "deep/" * chance.randrange(5) + str(pid)
        self.swap_kib = chance.choice([None, 0, chance.randrange(2**30)])
        self.uids = [chance.randrange(2**32 - 1) for _ in range(2)]
        self.begin()

    def begin(self):
        chance = self.chance
        self.start_ticks = chance.randrange(2**40)
        self.uid = self.uids[0]
        self.name = chance.choice(NAMES)
        self.pages = chance.randrange(1, 2**30)
        self.minor, self.major = chance.randrange(2**40), chance.randrange(2**20)

    def step(self):
        kind = self.chance.randrange(40)
        if kind == 0:
            self.begin()
        elif kind == 1:
            self.name = self.chance.choice(NAMES)
        elif kind == 2:
            self.uid = self.chance.choice(self.uids)
        self.pages = max(1, self.pages + self.chance.randrange(-100, 100))
        self.minor = max(0, self.minor + self.chance.randrange(-10, 1000))
        self.major = max(0, self.major + self.chance.choice([-1, 0, 0, 0, 0, 5, 2**30]))

    def files(self):
        swap = "" if self.swap_kib is None else f"VmSwap:\t{self.swap_kib} kB\n"
        return {"stat": PID_STAT.format(pid=self.pid, name=self.name, minor=self.minor, major=self.major,
                                        start=self.start_ticks, pages=self.pages),
                "status": f"Uid:\t0\t{self.uid}\t0\t0\n{swap}",
                "cgroup": f"0::{self.cgroup}\n"}


class FakeProc:
    def __init__(self, path, seed, vmstat_keys, processes):
        self.path = path
        chance = random.Random(seed)
        self.sources = {
            "vmstat": {f"key_{i * 7919 % 5000}_of_{i % 13}": Figure(chance, may_be_absent=i > 0) for i in range(vmstat_keys)},
            "meminfo": {name: Figure(chance, 2**50) for name in ["MemFree", "Active(anon)", "HugePages_Free"]},
            "stat": {name: Figure(chance, 2**62) for name in [f"cpu.{name}" for name in CPU] + STAT},
            "loadavg": {name: Figure(chance, 100_000) for name in ["1m", "5m", "15m"]},
            **{name: {"some": Figure(chance), "full": Figure(chance)} for name in PRESSURE},
        }
        self.processes = [FakeProcess(chance, pid) for pid in range(10, 10 + processes)]
        (path / "pressure").mkdir(parents=True)
        for process in self.processes:
            (path / str(process.pid)).mkdir()
        self.write()

    def step(self):
        for figures in self.sources.values():
            for figure in figures.values():
                figure.step()
        for process in self.processes:
            process.step()

    def figures(self):
        """source -> name -> number or None, in the recording's units."""
        found = {source: {name: figure.value for name, figure in figures.items()} for source, figures in self.sources.items()}
        for name in ["MemFree", "Active(anon)"]:
            found["meminfo"][name] *= 1024
        found["meminfo"] |= {"MemTotal": 1000 * 1024, "MemAvailable": 100 * 1024}
        found["stat"]["cpu.online"] = 2
        return found

    def texts(self):
        value = {source: {name: figure.value for name, figure in figures.items()} for source, figures in self.sources.items()}
        stat, memory, load = value["stat"], value["meminfo"], value["loadavg"]
        cpu = " ".join(str(stat[f"cpu.{name}"]) for name in CPU)
        texts = {
            "vmstat": "".join(f"{name} {number}\n" for name, number in value["vmstat"].items() if number is not None),
            # With so little available processes are looked at with every sample.
            "meminfo": f"MemTotal: 1000 kB\nMemFree: {memory['MemFree']} kB\nMemAvailable: 100 kB\n"
                       f"Active(anon): {memory['Active(anon)']} kB\nHugePages_Free: {memory['HugePages_Free']}\n",
            "stat": f"cpu  {cpu}\ncpu0 {cpu}\ncpu1 {cpu}\n"
                    + "".join(f"{name} {stat[name]}{' 1 2 3' if name == 'intr' else ''}\n" for name in STAT),
            "loadavg": " ".join(f"{number // 100}.{number % 100:02}" for number in load.values()) + " 1/100 1\n",
        }
        for name in PRESSURE:
            texts[name] = "".join(f"{line} avg10=0.00 avg60=0.00 avg300=0.00 total={number}\n"
                                  for line, number in value[name].items())
        for process in self.processes:
            texts |= {f"{process.pid}/{name}": text for name, text in process.files().items()}
        return texts

    def write(self):
        """In place: who has a file open reads it again."""
        for name, text in self.texts().items():
            fd = os.open(self.path / name, os.O_WRONLY | os.O_CREAT, 0o644)
            data = os.fsencode(text)
            os.pwrite(fd, data, 0)
            os.ftruncate(fd, len(data))
            os.close(fd)
