"""faultline replay: a recording as the live view had it, and the part of it that is asked for."""
import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

import flr
import recordings
from conftest import FAULTLINE, HELPERS, objects, run, validate
from recordings import NOON

UTC = dict(os.environ, TZ="UTC")
CENTRAL_EUROPE = dict(os.environ, TZ="CET-1CEST,M3.5.0,M10.5.0/3")


def valid(lines):
    """As the schema says."""
    for line in lines:
        validate(line)
    return lines


def replayed(path, *words, check=0, err="", **kwargs):
    done = run("replay", "--json", *words, path, check=check, **{"env": UTC, **kwargs})
    assert done.stderr == err
    return objects(done.stdout)


def of_type(kind, lines):
    return [line for line in lines if line["type"] == kind]


def samples(lines):
    return of_type("sample", lines)


def clocks(lines):
    """The times of day of the samples."""
    return [line["time"][11:19] for line in samples(lines)]


def at(clock, day=25):
    return f"2025-11-{day}T{clock}Z"


# As the live view had it.


@pytest.mark.parametrize("form, words", [("table", []), ("wide", ["-w", "--psi"]), ("json", ["--json"]), ("csv", ["--csv"])])
def test_as_it_was_live(tmp_path, form, words):
    """Of the same samples, byte by byte, alerts included."""
    path = tmp_path / "box.flr"
    storm = subprocess.Popen([HELPERS / "ping_pong", "0.5"])
    live = subprocess.run([HELPERS / "record_beside", path, form, "60", "20"], capture_output=True, text=True, timeout=60, check=True)
    storm.wait()
    done = run("replay", *words, path, check=0)
    assert done.stdout == live.stdout
    assert done.stderr == live.stderr
    lines = live.stdout.splitlines()
    assert len(lines) >= 60 and "switches" in live.stdout + live.stderr


@pytest.mark.parametrize("words", [[], ["-w"], ["--csv"], ["--json"], ["-o", "min,maj,vmstat.pgfault,meminfo.Dirty"]])
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_two_replays_say_the_same(tmp_path, words, locale):
    path = recordings.write(tmp_path / "box.flr", story())
    first, second = (run("replay", *words, path, check=0, env=dict(UTC, LC_ALL=locale)) for _ in range(2))
    assert (first.stdout, first.stderr) == (second.stdout, second.stderr)


# Which part.


def story():
    """Two boots, three runs, three kills, two incidents."""
    return [f"at {NOON}", "start 1", "samples 600 1000 10", "kill 101 first", "samples 30 1000 1", "kill 102 second", "samples 570 1000 10",
            "stop", "pass 300", "start 1", "samples 300 1000", "sleep 600", "samples 60 1000", "cut",
            "pass 3600", "start 2", "samples 100 1000 5", "alert begin", "kill 103 third", "samples 20 1000", "alert end",
            "samples 80 1000", "stop"]


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    return recordings.write(tmp_path_factory.mktemp("box") / "box.flr", story())


def test_all_of_it(box):
    lines = valid(replayed(box))
    assert len(samples(lines)) == 1200 + 360 + 200
    marks = [(mark["mark"], mark["seconds"]) for mark in of_type("mark", lines)]
    assert marks == [("restart", 300), ("suspend", 600), ("boot", 3600)]
    assert [kill["comm"] for kill in of_type("oom_kill", lines)] == ["first", "second", "third"]
    # No interval spans a mark, but where only the clock says that time passed.
    assert {sample["interval_seconds"] for sample in samples(lines)} == {1}
    assert clocks(lines)[0] == "12:00:01" and clocks(lines)[1200] == "12:25:01"
    assert clocks(lines)[1500:1502] == ["12:40:01", "12:40:02"] and clocks(lines)[1560] == "13:41:01"


def test_since_and_until(box):
    assert clocks(replayed(box, "--since", at("12:10:00"), "--until", at("12:10:03"))) == ["12:10:00", "12:10:01", "12:10:02", "12:10:03"]
    assert clocks(replayed(box, "--since", "-5s"))[0] == "13:44:15"
    assert len(samples(replayed(box, "--since", "13:43:00"))) == 81  # of the day of its end
    assert clocks(replayed(box, "--until", "2025-11-25 12:00:02")) == ["12:00:01", "12:00:02"]
    assert len(samples(replayed(box, "--since", f"@{NOON + 3600 + 2400 + 60}"))) == 200
    assert replayed(box, "--since", at("12:22:00"), "--until", at("12:23:00"), check=3) == []


def test_a_part_without_anything_says_so(box):
    done = run("replay", "--since", at("11:00:00", day=26), box, check=3)
    assert done.stdout == "" and "nothing was recorded then" in done.stderr and "--list" in done.stderr


def test_boots(box):
    assert len(samples(replayed(box, "--boot", "0"))) == len(samples(replayed(box, "--boot", "2"))) == 200
    assert len(samples(replayed(box, "--boot", "-1"))) == len(samples(replayed(box, "--boot", "1"))) == 1560
    for number in ["-2", "3"]:
        done = run("replay", "--boot", number, box, check=3)
        assert done.stdout == "" and f"--boot {number}" in done.stderr and "boots in the recording: 2" in done.stderr


def test_around_kills(box):
    assert clocks(replayed(box, "--around", "oom", "--window", "2s")) == ["13:42:38", "13:42:39", "13:42:40", "13:42:41", "13:42:42"]
    lines = replayed(box, "--around", "oom:2", "--window", "30s")
    assert [kill["comm"] for kill in of_type("oom_kill", lines)] == ["first", "second"]
    assert len(samples(lines)) == 61 and clocks(lines)[30] == "12:10:30"
    assert len(samples(replayed(box, "--around", "oom:3"))) == 121  # 60 s to either side
    assert clocks(replayed(box, "--around", at("12:05:00"), "--window", "1s")) == ["12:04:59", "12:05:00", "12:05:01"]
    done = run("replay", "--around", "oom:4", box, check=3)
    assert done.stdout == "" and "oom:4" in done.stderr
    run("replay", "--around", "oom:0", box, check=2)


def test_no_kill_at_all(tmp_path):
    path = recordings.write(tmp_path / "box.flr", ["start 1", "samples 5 1000"])
    assert "OOM kills" in run("replay", "--around", "oom", path, check=3).stderr


def test_around_a_kill_a_ring_long(tmp_path):
    """The kills stand in segments far apart."""
    script = [f"at {NOON}", "start 1", "spread 100000000 1"]
    for number in range(6):
        script += ["samples 300 1000", f"kill {number + 1} victim-{number}"]
    path = recordings.write(tmp_path / "box.flr", [*script, "samples 100 1000"], segments=16)
    assert recordings.newest_sequence(path) > 6
    for number in range(6):
        lines = replayed(path, "--around", f"oom:{number + 1}", "--window", "10s")
        assert [kill["comm"] for kill in of_type("oom_kill", lines)] == [f"victim-{5 - number}"]
        assert len(samples(lines)) == 21


def test_list(box):
    lines = valid(replayed(box, "--list"))
    boots = [{key: boot[key] for key in ("boot", "time", "end")} for boot in of_type("boot", lines)]
    assert boots == [{"boot": -1, "time": at("12:00:00.000"), "end": at("12:41:00.000")},
                     {"boot": 0, "time": at("13:41:00.000"), "end": at("13:44:20.000")}]
    assert all(boot["host"] == "testhost" and boot["kernel"] == "6.18.0-test" for boot in of_type("boot", lines))
    assert [mark["mark"] for mark in of_type("mark", lines)] == ["restart", "suspend", "boot"]
    incidents = [(one["incident"], one["oom_kills"], one["time"], one["end"], one["message"]) for one in of_type("incident", lines)]
    assert incidents == [(2, 2, at("12:10:00.000"), at("12:10:30.000"), "OOM KILL DETECTED: first[101]"),
                         (1, 1, at("13:42:40.000"), at("13:43:00.000"), "OOM KILL DETECTED: third[103]")]
    text = run("replay", "--list", box, check=0, env=UTC).stdout
    assert re.search(r"^ +-1  2025-11-25 12:00:00  2025-11-25 12:41:00 +41 min  testhost, Linux 6.18.0-test$", text, re.M), text
    assert re.search(r"^ +1  2025-11-25 13:42:40  2025-11-25 13:43:00 +20 s +1  OOM KILL DETECTED: third\[103\]$", text, re.M), text
    assert "-- 2025-11-25 12:25:00: the recorder had been ended, nothing for 5 min --" in text
    assert "-- 2025-11-25 13:41:00: the machine was started anew; the recorder had been cut off, nothing for 1 h --" in text
    assert "the machine slept for 10 min" in text


def test_events(box):
    lines = valid(replayed(box, "--events"))
    assert samples(lines) == []
    kills = of_type("oom_kill", lines)
    assert [(kill["pid"], kill["oom_score_adj"]) for kill in kills] == [(101, -5), (102, -5), (103, -5)]
    assert [(task["pid"], task["comm"]) for task in kills[2]["tasks"]] == [(103, "task-0"), (104, "task-1"), (105, "task-2")]
    assert [alert["state"] for alert in of_type("alert", lines)] == ["begin", "end"]
    assert "tasks" not in of_type("oom_kill", replayed(box, "--around", "oom"))[0]
    text = run("replay", "--events", box, check=0).stdout
    assert "third[103]" in text and "task-2" in text
    assert run("replay", "--events", "--until", at("12:05:00"), box, check=3).stdout == ""


def test_processes(box):
    lines = valid(replayed(box, "--processes", "--around", "oom:2", "--window", "3s"))
    rows = of_type("process", lines)
    assert len(rows) == 6 * 4  # 12:10:27 to :30 had a scan each, those behind it not
    assert [row["pid"] for row in rows[:6]] == [1000, 1001, 1002, 1003, 1004, 1005]
    assert rows[1]["comm"] == "a) Z 1 (\n\N{REPLACEMENT CHARACTER}1" and "uid" not in rows[2]
    one, two = rows[3], rows[9]
    assert two["major_faults_per_second"] == two["major_faults"] - one["major_faults"]
    text = run("replay", "--processes", "--around", "oom:2", "--window", "3s", box, check=0).stdout
    assert text.count("worker-5") == 4 and "/machine.slice/job-5" in text
    assert all(byte == "\n" or byte.isprintable() for byte in text)


def test_columns(box):
    rows = run("replay", "-o", "maj,vmstat.pgfault,meminfo.Dirty,vmstat.nope", "--until", at("12:00:03"), box, check=0).stdout.splitlines()
    assert rows[0].split()[:4] == ["maj", "pgfault", "Dirty", "nope"] and len(rows) == 4
    assert all(row.split()[3] == "-" for row in rows[1:])
    lines = valid(replayed(box, "-o", "vmstat.pgfault,vmstat.pgmajfault,maj", "--until", at("12:00:40")))
    assert all(line["vmstat.pgmajfault_per_second"] == line["major_faults_per_second"] for line in lines)
    assert sum(line["vmstat.pgfault_per_second"] for line in lines) > 0
    assert "vmstat.KEY" in run("replay", "-o", "help", check=0).stdout
    assert "'nosuch'" in run("replay", "-o", "nosuch", box, check=2).stderr


# Sums.


def average(rows, key):
    """Of those that have it: printed with two decimals at most, made of figures with one at least."""
    rows = [row for row in rows if key in row]
    seconds = sum(row["interval_seconds"] for row in rows)
    return pytest.approx(sum(row[key] * row["interval_seconds"] for row in rows) / seconds, abs=0.11)


def test_every(box):
    words = ["--until", at("12:20:00")]
    rows = samples(replayed(box, *words))
    sums = samples(valid(replayed(box, "--every", "60s", *words)))
    assert len(rows) == 1200 and len(sums) == 20
    assert clocks(sums) == [f"12:{minute:02}:00" for minute in range(1, 21)]
    kinds = {line["id"]: line["kind"] for line in objects(run("metrics", "--json", check=0).stdout)}
    for number, total in enumerate(sums):
        own = rows[60 * number:60 * number + 60]
        assert total["interval_seconds"] == 60 and total.keys() == set().union(*own)
        for key in total.keys() - {"type", "time", "interval_seconds"}:
            if kinds[key] == "gauge":
                assert total[key] == own[-1][key]
            elif kinds[key] == "increase":
                assert total[key] == sum(row[key] for row in own)
            else:
                assert total[key] == average(own, key), key


def test_every_keeps_the_extremes(box):
    words = ["--until", at("12:20:00")]
    rows = samples(replayed(box, *words))
    for number, total in enumerate(samples(valid(replayed(box, "-w", "--every", "5m", *words)))):
        own = rows[300 * number:300 * number + 300]
        assert total["mem_available_bytes_lowest"] == min(row["mem_available_bytes"] for row in own)
        for key in ("major_faults_per_second", "context_switches_per_second", "memory_full_stall_percent"):
            assert total[f"{key}_highest"] == pytest.approx(max(row[key] for row in own), abs=0.06)
    text = run("replay", "-w", "--every", "20m", *words, box, check=0, env=UTC).stdout.splitlines()
    header, row = [line for line in text if "OOM KILL" not in line]
    cells = dict(zip(header.split(), row.split()))
    assert int(cells["maj.hi"]) == round(max(row["major_faults_per_second"] for row in rows)) > int(cells["maj"])
    assert "avail.lo" in cells and "cs.hi" in cells


def test_every_does_not_span_a_mark(box):
    """A sum ends where the recording does not go on, and begins behind it."""
    lines = replayed(box, "--every", "7m", "--until", at("12:42:00"))
    parts = [(line["type"], line.get("interval_seconds")) for line in lines if line["type"] != "oom_kill"]
    assert parts == [("sample", 420), ("sample", 420), ("sample", 360), ("mark", None), ("sample", 300), ("mark", None),
                     ("sample", 60)]


# Parts as recordings of their own.


@pytest.mark.parametrize("words", [[], ["--around", "oom"], ["--around", "oom:2", "--window", "90s"], ["--boot", "-1"],
                                   ["--since", at("12:15:00"), "--until", at("13:41:30")], ["--since", "-10s"]])
def test_save(box, tmp_path, words):
    out = tmp_path / "part.flr"
    done = run("replay", *words, "--save", out, box, check=0)
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1 and str(out) in done.stderr
    assert out.stat().st_mode & 0o777 == 0o600
    for form in [["--processes"], ["--events"]]:
        wanted, saved = replayed(box, *words, *form, check=None), replayed(out, *form, check=None)
        assert saved == wanted
    if any("oom" in word for word in words):
        assert of_type("incident", replayed(out, "--list"))


def test_save_refuses(box, tmp_path):
    out = tmp_path / "part.flr"
    out.write_text("mine")
    done = run("replay", "--save", out, box, check=1)
    assert str(out) in done.stderr and "--force" in done.stderr and out.read_text() == "mine"
    run("replay", "--save", out, "--force", "--around", "oom", box, check=0)
    assert len(samples(replayed(out))) >= 120
    done = run("replay", "--save", tmp_path / "none/part.flr", box, check=1)
    assert "No such file or directory" in done.stderr
    run("replay", "--save", tmp_path / "nothing.flr", "--since", at("12:21:00"), "--until", at("12:22:00"), box, check=3)
    assert not (tmp_path / "nothing.flr").exists()


def test_save_of_what_is_damaged(box, tmp_path):
    """What is missing is missing in the copy, and said there."""
    data = bytearray(box.read_bytes())
    data[flr.SEGMENT_BYTES // 2] ^= 1
    damaged = tmp_path / "damaged.flr"
    damaged.write_bytes(data)
    out = tmp_path / "copy.flr"
    assert "it is damaged" in run("replay", "--save", out, damaged, check=0).stderr
    original, copy = run("replay", "--json", damaged, check=0), run("replay", "--json", out, check=0)
    assert copy.stdout == original.stdout
    assert len(of_type("mark", objects(copy.stdout))) == 4


# Clocks.


@pytest.fixture(scope="module")
def stepped(tmp_path_factory):
    """An hour, the same hour by the wall clock again, and a minute of the next one."""
    path = tmp_path_factory.mktemp("stepped") / "box.flr"
    return recordings.write(path, [f"at {NOON}", "start 1", "samples 360 10000", "step -3600", "samples 366 10000", "stop"])


def test_the_order_is_that_of_the_monotonic_clock(stepped):
    lines = replayed(stepped)
    times = clocks(lines)
    assert len(times) == 726 and times[:360] == sorted(times[:360]) and times[360:] == sorted(times[360:])
    assert times[359:361] == ["13:00:00", "12:00:10"]
    assert {line["interval_seconds"] for line in samples(lines)} == {10}
    step = of_type("mark", lines)
    assert len(step) == 1 and step[0]["mark"] == "clock_step" and step[0]["seconds"] == -3600
    assert lines.index(step[0]) == 360


@pytest.mark.parametrize("words, count", [
    (["--since", at("12:00:10")], 360 + 366),
    (["--since", at("12:30:00")], 181 + 187),
    (["--since", at("12:30:00"), "--until", at("12:30:50")], 6 + 6),
    (["--around", at("12:30:00"), "--window", "10s"], 3 + 3),
])
def test_both_passes_of_an_hour_are_found(stepped, words, count):
    done = run("replay", "--json", *words, stepped, check=0, env=UTC)
    assert len(samples(objects(done.stdout))) == count
    assert done.stderr.count("the clock was set back by 1 h at 2025-11-25 13:00:10") == 1 and "came twice" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [["--since", at("13:00:30")], ["--until", at("11:59:00")], []])
def test_where_no_time_came_twice_nothing_is_said(stepped, words):
    done = run("replay", *words, stepped, env=UTC)
    assert "twice" not in done.stderr


def test_a_clock_set_forward(tmp_path):
    path = recordings.write(tmp_path / "box.flr", [f"at {NOON}", "start 1", "samples 10 1000", "step 7200", "samples 10 1000"])
    lines = replayed(path)
    assert [mark["seconds"] for mark in of_type("mark", lines)] == [7200]
    assert clocks(lines)[9:11] == ["12:00:10", "14:00:11"]
    assert {line["interval_seconds"] for line in samples(lines)} == {1}
    assert "set forward by 2 h" in run("replay", path, check=0).stdout


def seconds(text):
    return int(datetime.datetime.fromisoformat(text).timestamp())


def local_clocks(rows):
    return [re.search(r"\d{4}-\d\d-\d\d (\d\d:\d\d:\d\d)", row).group(1) for row in rows[1:]]


def test_the_end_of_daylight_saving(tmp_path):
    """2025-10-26: 03:00 CEST is 02:00 CET, and the hour comes twice for people, not for the clock."""
    begin = seconds("2025-10-26T00:00:00+00:00")
    path = recordings.write(tmp_path / "box.flr", [f"at {begin}", "start 1", "samples 900 10000"])
    rows = run("replay", "-n", path, check=0, env=CENTRAL_EUROPE).stdout.splitlines()
    local = local_clocks(rows)
    assert local[0] == "02:00:10" and local[359] == "02:00:00" and local[719] == "03:00:00"
    assert not any(row.startswith("--") for row in rows)

    def found(*words):
        return [line["time"][11:19] for line in samples(replayed(path, *words, env=CENTRAL_EUROPE))]

    assert found("--since", "2025-10-26 02:30")[0] == "00:30:00"  # the first of the two
    assert found("--until", "2025-10-26 02:30")[-1] == "01:30:00"  # the second
    assert found("--until", "2025-10-26T02:30+02:00")[-1] == "00:30:00"
    assert found("--since", "2025-10-26T02:30+01:00")[0] == "01:30:00"
    assert found("--since", "02:59:50")[0] == "00:59:50"
    assert found("--since", "03:12:00")[0] == "02:12:00"
    assert found("--since", "-1h")[0] == "01:30:00"


def test_the_begin_of_daylight_saving(tmp_path):
    """2026-03-29: behind 02:00 CET comes 03:00 CEST."""
    begin = seconds("2026-03-29T00:30:00+00:00")
    path = recordings.write(tmp_path / "box.flr", [f"at {begin}", "start 1", "samples 600 10000"])
    local = local_clocks(run("replay", "-n", path, check=0, env=CENTRAL_EUROPE).stdout.splitlines())
    assert local[178:181] == ["01:59:50", "03:00:00", "03:00:10"]
    lines = samples(replayed(path, "--since", "2026-03-29 02:30", env=CENTRAL_EUROPE))
    assert lines[0]["time"] == "2026-03-29T01:30:00.000Z"  # 03:30 CEST


def test_words_for_times(box):
    """What "now" and "ago" are counted from is this machine's clock."""
    assert "nothing was recorded then" in run("replay", "--since", "10 min ago", box, check=3).stderr
    assert len(samples(replayed(box, "--until", "10 min ago"))) == 1760
    assert len(samples(replayed(box, "--until", "yesterday 14:00"))) == 1760
    for words in ["whenever", "25:00", "2025-13-01", "5", "-"]:
        done = run("replay", "--since", words, box, check=2)
        assert f"'{words}'" in done.stderr and "03:12" in done.stderr
    assert "too long ago" in run("replay", "--since", "-100000 weeks", box, check=2).stderr


# OpenMetrics.


def series(text):
    """{(name, labels): [(time in s, value)]}"""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, value, stamp = line.rsplit(" ", 2)
            found.setdefault(name, []).append((float(stamp), float(value)))
    return found


def test_openmetrics_has_what_json_has(box):
    words = ["--boot", "-1"]
    text = run("replay", "--openmetrics", *words, box, check=0).stdout
    assert text.endswith("# EOF\n") and text.count("# EOF") == 1
    found, rows = series(text), samples(replayed(box, *words))
    metrics = {line["id"]: line for line in objects(run("metrics", "--json", check=0).stdout)}
    compared = 0
    for key in rows[0].keys() - {"type", "time", "interval_seconds"}:
        name, kind = metrics[key]["prometheus"], metrics[key]["kind"]
        values = found[name]
        assert len(values) == len(rows) == 1560
        if kind == "gauge":
            assert [value for _, value in values] == pytest.approx([row[key] for row in rows], abs=0.006)
            compared += 1
        elif kind == "rate" and metrics[key]["unit"] == "1/s" and "-" not in metrics[key]["keys"]:  # random ones may shrink
            for (t0, v0), (t1, v1), row in zip(values, values[1:], rows[1:]):
                if t1 - t0 == 1:
                    assert v1 - v0 == pytest.approx(row[key], abs=0.06), key
            compared += 1
    assert compared > 15
    assert [stamp for stamp, _ in found["faultline_procs_running"]][:3] == [NOON + 1, NOON + 2, NOON + 3]


def test_openmetrics_of_a_clock_that_was_set_back(stepped):
    done = run("replay", "--openmetrics", stepped, check=0)
    times = [stamp for stamp, _ in series(done.stdout)["faultline_procs_running"]]
    assert times == sorted(set(times)) and len(times) == 366
    assert "360 samples are left out" in done.stderr


def test_openmetrics_in_prometheus(box, tmp_path):
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("no promtool")
    text = run("replay", "--openmetrics", box, check=0).stdout
    (tmp_path / "metrics").write_text(text)
    for name in ["wal", "chunks_head"]:  # a data base that was never written to otherwise has none
        (tmp_path / "data" / name).mkdir(parents=True)
    subprocess.run([promtool, "tsdb", "create-blocks-from", "openmetrics", tmp_path / "metrics", tmp_path / "data"], check=True,
                   capture_output=True, timeout=60)
    dump = subprocess.run([promtool, "tsdb", "dump", tmp_path / "data"], check=True, capture_output=True, text=True, timeout=60).stdout
    stored = {}
    for line in dump.splitlines():
        labels, value, stamp = line.rsplit(" ", 2)
        pairs = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        name = pairs.pop("__name__")
        name += "{" + ",".join(f'{key}="{words}"' for key, words in sorted(pairs.items())) + "}" if pairs else ""
        stored.setdefault(name, []).append((int(stamp) / 1000, float(value)))
    wanted = {re.sub(r"\{(.*)\}", lambda m: "{" + ",".join(sorted(m.group(1).split(","))) + "}", name): values
              for name, values in series(text).items()}
    assert stored.keys() == wanted.keys() and len(stored) > 30
    for name, values in wanted.items():
        assert sorted(stored[name]) == pytest.approx(values), name


# Command lines, and readers that go.


@pytest.mark.parametrize("words, named", [
    (["--json", "--csv"], "--json and --csv"),
    (["--openmetrics", "--json"], "--openmetrics"),
    (["--openmetrics", "--csv"], "--openmetrics"),
    (["--list", "--csv"], "--list"),
    (["--list", "--save", "x.flr"], "--list"),
    (["--save", "x.flr", "--json"], "--save"),
    (["--processes", "--csv"], "--processes"),
    (["--events", "--openmetrics"], "--events"),
    (["--events", "--every", "60s"], "--every"),
    (["--around", "oom", "--since", "-1h"], "--around"),
    (["--follow", "--save", "x.flr"], "--follow"),
    (["--window", "0"], "'0'"),
    (["--window", "soon"], "'soon'"),
    (["--every", "-1"], "'-1'"),
    (["--boot", "x"], "'x'"),
    (["--boot", "99999999999"], "'99999999999'"),
    (["-S", "q"], "'q'"),
    (["--color", "red"], "'red'"),
    (["--nosuch"], "'--nosuch'"),
    (["again"], "'again'"),
])
def test_wrong_words(box, words, named):
    done = run("replay", box, *words, check=2)
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("faultline: ") and named in done.stderr


def test_what_is_no_recording(tmp_path):
    path = tmp_path / "letter"
    for content in [b"", b"x", b"Dear John,\n" * 100000, bytes(1 << 20)]:
        path.write_bytes(content)
        done = run("replay", path, check=1)
        assert done.stdout == "" and "no recording of faultline" in done.stderr


def test_help():
    text = run("replay", "--help", check=0).stdout
    assert text.startswith("Usage: faultline replay") and "--around" in text


@pytest.mark.parametrize("words", [[], ["--json"], ["--csv"], ["--openmetrics"], ["--list"], ["--events"], ["--help"], ["-o", "help"]])
def test_a_full_disk(box, words):
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([FAULTLINE, "replay", *words, box], stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stderr == "faultline: standard output: No space left on device\n"


@pytest.mark.parametrize("words", [[], ["--json"], ["--csv"], ["--openmetrics"], ["--follow"]])
def test_a_reader_that_has_gone(box, live, words):
    process = live("replay", *words, box)
    process.stdout.readline()
    process.stdout.close()
    if "--follow" in words:  # nothing more is written that could find nobody
        time.sleep(0.5)
        process.terminate()
    assert process.wait(timeout=30) == 0
    assert process.stderr.read() == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_follower_at_once(box, live, number):
    process = live("replay", "--follow", "--json", box)
    for _ in range(1765):
        json.loads(process.stdout.readline())
    time.sleep(0.5)  # it has told all, and waits
    process.send_signal(number)
    assert process.wait(timeout=30) == 0
    assert process.stderr.read() == ""


def test_headings(box):
    rows = run("replay", "--until", at("12:05:00"), box, check=0, env=UTC).stdout.splitlines()
    assert len(rows) == 301 and rows[0].split()[-1] == "UTC" and rows[1].endswith("2025-11-25 12:00:01")
    csv = run("replay", "--csv", "--until", at("12:05:00"), box, check=0).stdout.splitlines()
    assert len(csv) == 301 and csv[0].startswith("time,interval_seconds,") and csv[1].startswith("2025-11-25T12:00:01.000Z,1.000,")
