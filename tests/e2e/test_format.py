"""The black box's file: what flr.py reads in it, from its page alone, is what was recorded and what replay says."""
import os
import random
import signal
import subprocess
import time

import pytest

import flr
from conftest import FAULTLINE, heed_interrupts, kill_one, objects, run
from fake_proc import FakeProc
from test_oom import full_report, own_pids, readable_log  # noqa: F401: fixtures

PAGE_BYTES = os.sysconf("SC_PAGESIZE")


def start(*words):
    """A recorder that has begun: it has printed where it records into."""
    process = subprocess.Popen([FAULTLINE, "record", *map(str, words)], stderr=subprocess.PIPE, text=True,
                               preexec_fn=heed_interrupts)
    for line in process.stderr:
        if line.startswith("faultline: recording into"):
            return process
    raise AssertionError("it ended")


def end(process):
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0


def until(done, what):
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def time_text(wall_ns):
    """As JSON has it, cut to milliseconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(wall_ns // 10**9)) + f".{wall_ns // 10**6 % 1000:03}Z"


def replayed(path, *words, kind):
    return [line for line in objects(run("replay", "--json", *words, path, check=0).stdout) if line["type"] == kind]


# Numbers


@pytest.mark.parametrize("data, number", [(b"\0", 0), (b"\x7f", 127), (b"\xac\x02", 300), (b"\xff" * 9 + b"\1", 2**64 - 1)])
def test_numbers(data, number):
    assert flr.Content(data).number() == number


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 9 + b"\2", b"\x80" * 10 + b"\0"])
def test_what_is_no_number(data):
    with pytest.raises(flr.Malformed):
        flr.Content(data).number()


@pytest.mark.parametrize("data, number", [(b"\0", 0), (b"\1", -1), (b"\2", 1), (b"\xff" * 9 + b"\1", -2**63)])
def test_signed(data, number):
    assert flr.Content(data).signed() == number


def test_checksums_go_on():
    assert flr.crc32c(0, b"123456789") == flr.crc32c(flr.crc32c(0, b"1234"), b"56789") == 0xE3069283


# A /proc whose figures are known


class Truth:
    """What stood in the folder, in order."""

    def __init__(self, proc):
        self.proc = proc
        self.figures = []
        self.processes = []
        self.note()

    def note(self):
        self.figures.append(self.proc.figures())
        self.processes.append({(process.pid, process.start_ticks): (process.name, process.pages * PAGE_BYTES // 1024,
                                                                    process.minor, process.major)
                               for process in self.proc.processes})

    def change(self, recorder):
        """With the recorder stopped, so that it never sees half a file."""
        recorder.send_signal(signal.SIGSTOP)
        os.waitpid(recorder.pid, os.WUNTRACED)
        self.proc.step()
        self.proc.write()
        self.note()
        recorder.send_signal(signal.SIGCONT)


def first_sequence(path):
    with open(path, "rb") as file:
        return flr.read_header(file.read(flr.HEADER.size), 0).sequence


@pytest.fixture(scope="module")
def churned(tmp_path_factory):
    """A ring of four segments, the first of them overwritten. What it holds, and the truth."""
    folder = tmp_path_factory.mktemp("churned")
    truth = Truth(FakeProc(folder / "proc", seed=1, vmstat_keys=1800, processes=30))
    path = folder / "box.flr"
    recorder = start("-f", path, "--size", "1M", "--interval", "0.01", "--proc", folder / "proc", "--processes", "8")

    def wrapped():
        truth.change(recorder)
        return first_sequence(path) == 5

    try:
        until(wrapped, "four segments")
    finally:
        recorder.terminate()
        recorder.communicate(timeout=30)
    return path, flr.read(path), truth


def by_source(sample):
    """source -> what is present of it."""
    found = {}
    for (source, name), value in sample.figures().items():
        found.setdefault(source, {})
        if value is not None:
            found[source][name] = value
    return found


def test_every_figure_of_every_sample(churned):
    """Each file of a sample is one of those that stood there, and none is older than in the sample before."""
    _, recording, truth = churned
    truths = [{source: {name: value for name, value in figures.items() if value is not None}
               for source, figures in then.items()} for then in truth.figures]
    at = dict.fromkeys(truths[0], 0)
    samples = recording.samples()
    assert len(samples) > 40
    for sample in samples:
        found = by_source(sample)
        assert found.pop("clock").keys() == {"slept_ns"}
        assert found.keys() == at.keys()
        for source, figures in found.items():
            at[source] = next((i for i in range(at[source], len(truths)) if truths[i][source] == figures), None)
            assert at[source] is not None, source
    assert all(len(truths) - i < 50 for i in at.values())


def test_every_row_of_every_process(churned):
    _, recording, truth = churned
    stood = {(key, row) for then in truth.processes for key, row in then.items()}
    known = {process.pid: process for process in truth.proc.processes}
    scans = recording.scans()
    assert len(scans) > 40
    for scan in scans:
        assert (scan.processes, scan.unread) == (len(known), 0)
        assert 8 <= len(scan.rows) <= 16
        for row in scan.rows:
            process = known[row.pid]
            assert ((row.pid, row.start_ticks), (row.name, row.resident_kib, row.minor_faults, row.major_faults)) in stood
            assert row.uid in process.uids
            assert (row.cgroup, row.swap_kib) == (process.cgroup, process.swap_kib)


def grown(before, after):
    """What the recorder says of a counter: nothing where it went backwards."""
    return after - before if after >= before else None


def test_growth_of_faults(churned):
    """Of a process in two scans running, and the time between them."""
    compared = 0
    scans = churned[1].scans()
    for before, after in zip(scans, scans[1:]):
        assert after.since_ns == after.sample.monotonic_ns - before.sample.monotonic_ns
        were = {(row.pid, row.start_ticks): row for row in before.rows}
        for row in after.rows:
            was = were.get((row.pid, row.start_ticks))
            if was:
                compared += 1
                assert row.minor_growth == grown(was.minor_faults, row.minor_faults)
                assert row.major_growth == grown(was.major_faults, row.major_faults)
    assert compared > 500


def test_the_ring(churned):
    _, recording, _ = churned
    assert recording.losses() == []
    assert [segment.header.sequence for segment in recording.segments] == [2, 3, 4, 5]
    assert recording.segments[-1].offset == 0 and recording.segments[-1].trailer is None
    for segment in recording.segments:
        assert isinstance(segment.frames[0], flr.Schema)
        assert next(frame for frame in segment.frames if isinstance(frame, flr.Sample)).full
        assert segment.of(flr.Sample)[0].monotonic_ns >= segment.header.monotonic_ns


def assert_trailer(segment):
    """It counts what stands in its segment."""
    trailer = segment.trailer
    kills = [event for event in segment.of(flr.Event) if isinstance(event.what, flr.OomKills)]
    timed = [frame for frame in segment.frames if isinstance(frame, (flr.Sample, flr.Event, flr.Run, flr.Stop))]
    walls = [frame.wall_ns for frame in timed] + [segment.header.wall_ns]
    assert trailer == flr.Trailer(
        used_bytes=segment.used_bytes, samples=len(segment.of(flr.Sample)), events=len(segment.of(flr.Event)),
        oom_kills=len(kills), runs=len(segment.of(flr.Run)),
        last_monotonic_ns=timed[-1].monotonic_ns, last_wall_ns=timed[-1].wall_ns,
        least_wall_ns=min(walls), greatest_wall_ns=max(walls))


def test_trailers(churned):
    for segment in churned[1].segments[:-1]:
        assert_trailer(segment)


# This machine


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Cut off by SIGKILL, and gone on with; an alert begins in each run."""
    path = tmp_path_factory.mktemp("recorded") / "box.flr"
    words = ["-f", path, "--size", "1M", "--interval", "0.05", "--alert-cs", "1"]
    recorder = start(*words)
    pids = [recorder.pid]
    try:
        until(lambda: len(flr.read(path).samples()) > 20, "samples")
        before = path.read_bytes()
    finally:
        recorder.kill()
        recorder.communicate()
    recorder = start(*words, "--count", "20")
    pids.append(recorder.pid)
    assert recorder.wait(timeout=60) == 0
    recorder.stderr.close()
    return path, flr.read(path), before, pids


def test_after_a_kill_all_is_there_and_it_goes_on_behind(recorded):
    path, whole, before, pids = recorded
    cut = flr.Recording(before)
    assert len(whole.segments) == 1 and whole.losses() == []
    assert list(whole.frames())[:len(list(cut.frames()))] == list(cut.frames())
    assert [recording_run.pid for recording_run in whole.runs()] == pids
    frames = [frame for frame in whole.frames() if not isinstance(frame, flr.Scan)]
    second = frames.index(whole.runs()[1])
    assert isinstance(frames[1], flr.Run) and frames[2].full and frames[second + 1].full
    assert isinstance(frames[-1], flr.Stop) and len(whole.stops()) == 1
    marks = replayed(path, kind="mark")
    assert [(mark["mark"], mark["time"]) for mark in marks] == [("restart", time_text(whole.runs()[1].wall_ns))]


def test_the_schema_tells_of_the_machine_and_the_options(recorded):
    segment = recorded[1].segments[0]
    schema = segment.schema
    assert (schema.host, schema.kernel) == (os.uname().nodename, os.uname().release)
    assert (schema.page_bytes, schema.ticks_per_second) == (PAGE_BYTES, os.sysconf("SC_CLK_TCK"))
    assert schema.interval_ns == 50_000_000
    assert (schema.alert_major_per_second, schema.alert_cs_per_second, schema.alert_cs_per_cpu) == (50, 1, False)
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        assert segment.header.boot_id.hex() == file.read().strip().replace("-", "")
    with open("/proc/vmstat", encoding="ascii") as file:
        assert {line.split()[0] for line in file} <= {name for source, name in schema.columns if source == "vmstat"}


def own_keys(schema):
    """The columns that replay knows by their kernel's names."""
    return [column for column in schema.columns if column[0] in ("vmstat", "meminfo")]


def test_every_sample_is_what_replay_says(recorded):
    """The kernel's own figures, as they are, and the rates of those that count."""
    path, recording, _, _ = recorded
    keys = own_keys(recording.segments[0].schema)
    told = replayed(path, "-o", ",".join(map(".".join, keys)), kind="sample")
    intervals = list(recording.intervals())
    assert [line["time"] for line in told] == [time_text(after.wall_ns) for _, after in intervals]
    assert len(told) == len(recording.samples()) - 2 > 30
    compared = 0
    for line, (before, after) in zip(told, intervals):
        seconds = (after.monotonic_ns - before.monotonic_ns) / 1e9
        assert line["interval_seconds"] == pytest.approx(seconds, abs=0.0006)
        was, became = before.figures(), after.figures()
        for key in keys:
            level, rate = ".".join(key) + ("_bytes" if f"{'.'.join(key)}_bytes" in line else ""), ".".join(key) + "_per_second"
            if level in line:
                assert line[level] == became[key], key
            elif rate in line:
                assert line[rate] == pytest.approx((became[key] - was[key]) / seconds, abs=0.051), key
            else:
                assert became[key] is None or became[key] < was[key], key
                continue
            compared += 1
    assert compared > 1000


def counters(path, keys):
    """(metric, time) -> its text in OpenMetrics, where nothing is divided by anything."""
    out = run("replay", "--openmetrics", "-o", ",".join(map(".".join, keys)), path, check=0).stdout
    words = [line.split() for line in out.splitlines() if not line.startswith("#")]
    return {(name.removesuffix("_total"), moment): value for name, value, moment in words}


def test_every_counter_is_what_replay_says(recorded):
    path, recording, _, _ = recorded
    keys = [key for key in own_keys(recording.segments[0].schema) if key[0] == "vmstat" and not key[1].startswith("nr_")]
    told = counters(path, keys)
    assert len(told) > 1000
    for _, after in recording.intervals():
        moment = f"{after.wall_ns // 10**9}.{after.wall_ns // 10**6 % 1000:03}"
        for key, value in after.figures().items():
            metric = f"faultline_{'_'.join(key)}"
            if (metric, moment) in told:
                assert told[metric, moment] == str(value)


def of_row(row, since_ns):
    """As JSON has it, but for the rates."""
    fields = {"pid": row.pid, "comm": row.name, "uid": row.uid, "cgroup": row.cgroup or None,
              "rss_bytes": row.resident_kib * 1024,
              "swap_bytes": None if row.swap_kib is None else row.swap_kib * 1024, "minor_faults": row.minor_faults,
              "major_faults": row.major_faults}
    if since_ns:
        rates = {"minor_faults_per_second": row.minor_growth, "major_faults_per_second": row.major_growth}
        fields |= {key: pytest.approx(growth / since_ns * 1e9, abs=0.051) for key, growth in rates.items()
                   if growth is not None}
    return {key: value for key, value in fields.items() if value is not None}


def test_processes_are_what_replay_says(recorded):
    path, recording, _, _ = recorded
    scans = recording.scans()
    assert len(scans) >= 2 and scans[0].since_ns is None
    expected = [{"type": "process", "time": time_text(scan.sample.wall_ns), **of_row(row, scan.since_ns)}
                for scan in scans for row in scan.rows]
    assert replayed(path, "--processes", kind="process") == expected


def without(values, *fields):
    return {key: value for key, value in values.items() if value is not None and key not in fields}


def of_event(event):
    """As JSON has it."""
    told = {"time": time_text(event.wall_ns), "message": event.message}
    if isinstance(event.what, flr.Alert):
        alert = event.what
        figures = {"value": alert.value, "threshold": alert.threshold, "worst": alert.worst}
        figures = {key: value and min(value, 2.0 ** 64) for key, value in figures.items()}  # more is not printed
        return {"type": "alert", **told, "alert": alert.name, "state": alert.state,
                **{key: pytest.approx(value, abs=0.051) for key, value in figures.items() if value is not None},
                "duration_seconds": pytest.approx(alert.duration_s, abs=0.0006),
                **({"diagnosis": alert.diagnosis} if alert.diagnosis else {})}
    victim = event.what.victim
    if victim is None:
        return {"type": "oom_kill", **told, "kills": event.what.kills}
    names = {"comm": victim.name, "cgroup": victim.cgroup, "limit_cgroup": victim.limit_cgroup, "trigger": victim.trigger}
    tasks = [without({"pid": task.pid, "comm": task.name or None, "uid": task.uid, "rss_bytes": task.resident_bytes,
                      "swap_bytes": task.swap_bytes, "oom_score_adj": task.oom_score_adj}) for task in victim.tasks]
    return {"type": "oom_kill", **told, **without({
        "pid": victim.pid, "uid": victim.uid, "anon_rss_bytes": victim.anonymous_bytes, "file_rss_bytes": victim.file_bytes,
        "shmem_rss_bytes": victim.shared_bytes, "total_vm_bytes": victim.virtual_bytes,
        "pgtables_bytes": victim.pgtables_bytes, "oom_score_adj": victim.oom_score_adj, "constraint": victim.constraint,
        "usage_bytes": victim.usage_bytes, "limit_bytes": victim.limit_bytes, "trigger_pid": victim.trigger_pid,
        "group_kill": victim.group_kill or None, "tasks": tasks or None,
        **{key: name or None for key, name in names.items()}})}


def events_of(path):
    told = objects(run("replay", "--events", "--json", path, check=0).stdout)
    return [line for line in told if line["type"] in ("alert", "oom_kill")]


def test_alerts_are_what_replay_says(recorded):
    path, recording, _, _ = recorded
    events = recording.events()
    begun = [event for event in events if (event.what.name, event.what.state) == ("context_switches", "begin")]
    assert len(begun) == 2 and all(event.severity == "warning" for event in begun)
    assert all(event.what.threshold == 1 and event.what.value > 1 for event in begun)
    assert events_of(path) == [of_event(event) for event in events]


def test_oom_kills_are_what_replay_says(tmp_path, memory_group, readable_log, full_report):  # noqa: F811
    path = tmp_path / "box.flr"
    recorder = start("-f", path, "--size", "1M", "--interval", "0.05", "--alert-cs", "1")
    kills = []

    def found():
        kills[:] = [event for event in flr.read(path).events() if isinstance(event.what, flr.OomKills)]
        return len(kills) == 2

    try:
        until(lambda: flr.read(path).events(), "an alert")
        pids = [kill_one(memory_group.group("job")), kill_one(memory_group)]
        until(found, "two kills")
        end(recorder)
    finally:
        recorder.kill()
        recorder.communicate()
    root = f"/{memory_group.path.name}"
    assert [event.what.victim.pid for event in kills] == pids
    assert [event.what.victim.cgroup for event in kills] == [f"{root}/job", root]
    for event in kills:
        victim = event.what.victim
        assert (event.severity, event.what.kills, victim.name, victim.uid) == ("critical", 1, "eat_memory", 0)
        assert (victim.constraint, victim.limit_cgroup, victim.limit_bytes) == ("memcg", root, 32 << 20)
        assert 30 << 20 < victim.anonymous_bytes <= 32 << 20
        assert victim.tasks[0].pid == victim.pid and victim.tasks[0].name == "eat_memory"
    assert events_of(path) == [of_event(event) for event in flr.read(path).events()]
    saved = tmp_path / "saved.flr"
    run("replay", "--save", saved, path, check=0)
    assert flr.read(saved).segments[0].trailer.oom_kills == 2
    assert_trailer(flr.read(saved).segments[0])


# A saved one


def test_what_is_saved_is_the_same(churned, recorded, tmp_path):
    for path, was, *_ in [churned, recorded]:
        saved = tmp_path / path.parent.name
        run("replay", "--save", saved, path, check=0)
        became = flr.read(saved)
        for kind in ["events", "runs", "stops", "losses"]:
            assert getattr(became, kind)() == getattr(was, kind)()
        assert [(sample.wall_ns, sample.figures()) for sample in became.samples()] == \
               [(sample.wall_ns, sample.figures()) for sample in was.samples()]
        assert [(scan.sample.wall_ns, scan.rows) for scan in became.scans()] == \
               [(scan.sample.wall_ns, scan.rows) for scan in was.scans()]
        for segment in became.segments:
            assert_trailer(segment)


# Damage


def one_bit(whole, chance):
    whole[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)


def a_block(whole, chance):
    begin = chance.randrange(len(whole) // 4096) * 4096
    whole[begin:begin + 4096] = bytes(4096)


def bytes_lost(whole, chance):
    begin = chance.randrange(len(whole))
    del whole[begin:begin + 512]


def bytes_gained(whole, chance):
    begin = chance.randrange(len(whole))
    whole[begin:begin] = chance.randbytes(512)


def cut_off(whole, chance):
    del whole[chance.randrange(1, len(whole)):]


def a_header(whole, chance):
    whole[chance.randrange(4) * flr.SEGMENT_BYTES + chance.randrange(flr.HEADER.size)] ^= 0x80


def a_version(whole, chance):
    whole[chance.randrange(4) * flr.SEGMENT_BYTES + 8] = 2


def a_trailer(whole, chance):
    whole[chance.randrange(4) * flr.SEGMENT_BYTES + flr.FRAMES_END + chance.randrange(flr.TRAILER.size)] ^= 0x80


def another_order(whole, _):
    whole[:flr.SEGMENT_BYTES], whole[-flr.SEGMENT_BYTES:] = whole[-flr.SEGMENT_BYTES:], whole[:flr.SEGMENT_BYTES]


def one_twice(whole, _):
    whole += whole[:flr.SEGMENT_BYTES]


@pytest.mark.parametrize("damage", [one_bit, a_block, bytes_lost, bytes_gained, cut_off, a_header, a_version, a_trailer,
                                    another_order, one_twice], ids=lambda damage: damage.__name__)
def test_the_rest_of_what_is_damaged_is_found_and_nothing_else(churned, tmp_path, damage):
    path, undamaged, _ = churned
    whole = bytearray(path.read_bytes())
    damage(whole, random.Random(damage.__name__))
    damaged = tmp_path / "damaged.flr"
    damaged.write_bytes(whole)
    rest = flr.Recording(bytes(whole))
    true = {sample.monotonic_ns: sample.values for sample in undamaged.samples()}
    assert rest.samples() and all(true[sample.monotonic_ns] == sample.values for sample in rest.samples())
    told = objects(run("replay", "--json", "--processes", damaged).stdout)
    assert [line["time"] for line in told if line["type"] == "sample"] == \
           [time_text(after.wall_ns) for _, after in rest.intervals()]
    assert [(line["time"], line["pid"], line["minor_faults"]) for line in told if line["type"] == "process"] == \
           [(time_text(scan.sample.wall_ns), row.pid, row.minor_faults) for scan in rest.scans() for row in scan.rows]
    assert [line for line in told if line["type"] in ("alert", "oom_kill")] == [of_event(event) for event in rest.events()]
