"""faultline serve: what it answers, against the kernel and against itself."""
import calendar
import gzip
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time

import pytest

import recordings
from conftest import FAULTLINE, HELPERS, kill_one, objects, run
from served import SANITIZED, CALM, OPENMETRICS, TEXT_0_0_4, Onlooker, eventually, of_kind, proc_vmstat, serve  # pylint: disable=unused-import # fixture
from test_oom import full_report, own_pids, readable_log  # pylint: disable=unused-import # fixtures

ALERTS = ["major_faults", "context_switches", "memory_pressure", "memory_running_out"]
ASKS_FOR_OPENMETRICS = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"


# /metrics.


@pytest.mark.parametrize("accept,expected", [
    (None, TEXT_0_0_4),
    ("*/*", TEXT_0_0_4),
    ("text/plain;version=0.0.4", TEXT_0_0_4),
    ("application/openmetrics-text", OPENMETRICS),
    (ASKS_FOR_OPENMETRICS, OPENMETRICS),  # Prometheus 2.42
])
def test_format_is_the_one_asked_for(serve, accept, expected):
    answer = serve().get("/metrics", **({"Accept": accept} if accept else {}))
    assert answer.headers["Content-Type"] == expected
    assert answer.body.endswith(b"\n") and answer.body.endswith(b"# EOF\n") == (expected == OPENMETRICS)
    assert "Accept" in answer.headers["Vary"]


def test_packed_where_asked_for(serve):
    server = serve()
    assert server.get("/metrics").headers["Content-Encoding"] is None
    assert server.get("/metrics", Accept_Encoding="br, gzip;q=0").headers["Content-Encoding"] is None
    packed = server.get("/metrics", Accept_Encoding="deflate, gzip;q=0.5", Accept=ASKS_FOR_OPENMETRICS)
    if packed.headers["Content-Encoding"] is None and "zlib" not in subprocess.run([FAULTLINE, "-V"], capture_output=True, text=True).stdout:
        pytest.skip("built without zlib")
    assert packed.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in packed.headers["Vary"]
    text = gzip.decompress(packed.body)
    assert text.startswith(b"# ") and text.endswith(b"# EOF\n") and len(packed.body) < len(text) * 2 / 3
    page = server.get("/", Accept_Encoding="gzip")
    unpacked = server.get("/")
    assert unpacked.headers["Content-Type"] == page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert gzip.decompress(page.body) == unpacked.body and unpacked.body.lower().startswith(b"<!doctype html>")


@pytest.mark.parametrize("path", ["/", "/metrics", "/healthz", "/api/samples", "/api/stream", "/nothing"])
def test_head_is_get_without_a_body(serve, path):
    server = serve()
    status, headers, body = server.get(path, method="HEAD")
    assert body == b"" and status == (404 if path == "/nothing" else 200)
    said = server.raw(f"HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert said.endswith(b"\r\n\r\n") and said.count(b"\r\n\r\n") == 1
    if path != "/api/stream":  # which has no end
        got = server.get(path)
        changing = ["Date", "Content-Length"] if path == "/metrics" else ["Date"]
        assert [pair for pair in headers.items() if pair[0] not in changing] == [pair for pair in got.headers.items() if pair[0] not in changing]
        assert headers.keys() == got.headers.keys()


def check_metrics(text):
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("no promtool")
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    return done.returncode, (done.stdout + done.stderr).splitlines()


@pytest.mark.plain
def test_promtool_has_nothing_to_say(serve):
    text = serve("--processes", "5", "--cgroups", "*").scrape().text
    assert "faultline_comm_processes{" in text and "faultline_cgroups_left_out" in text
    assert check_metrics(text) == (0, [])  # of OpenMetrics it knows nothing; Prometheus itself reads that below


@pytest.mark.plain
def test_of_node_exporters_names_promtool_says_what_it_says_of_node_exporter(serve):
    status, remarks = check_metrics(serve("--node-exporter-names").scrape().text)
    assert status == 3  # of a linter
    assert remarks and all(re.fullmatch(r"node_memory_\w+ metric names should be written in 'snake_case' not 'camelCase'", remark)
                           for remark in remarks)


def test_counters_are_there_from_the_first_scrape(serve):
    figures = serve(*CALM).scrape()
    assert figures["faultline_oom_kills_total"] == proc_vmstat()["oom_kill"]
    for alert in ALERTS:
        assert figures.get("faultline_alerts_total", alert=alert) == 0
        assert figures.get("faultline_alert_active", alert=alert) == 0
    for reason in ["crowded", "slow", "broken"]:
        assert figures.get("faultline_http_connections_dropped_total", reason=reason) == 0
    for name, kind in figures.types.items():
        assert figures.help[name] and (kind == "counter") == name.endswith("_total"), name


def test_all_metrics_of_the_table_that_the_kernel_has(serve):
    listed = run("metrics", "--json", check=0).stdout
    figures = serve().scrape()
    for metric in objects(listed):
        assert (metric["prometheus"] in figures) == metric["present"], metric


def now():
    """What the kernel counts, by our names."""
    vmstat = proc_vmstat()
    stat = dict(line.split(" ", 1) for line in pathlib.Path("/proc/stat").read_text().splitlines())
    user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice = map(int, stat["cpu"].split())
    ticks = os.sysconf("SC_CLK_TCK")
    found = {
        "minor_faults_total": vmstat["pgfault"] - vmstat["pgmajfault"],
        "major_faults_total": vmstat["pgmajfault"],
        "swap_in_bytes_total": vmstat["pswpin"] * 4096,
        "swap_out_bytes_total": vmstat["pswpout"] * 4096,
        "io_in_bytes_total": vmstat["pgpgin"] * 1024,
        "io_out_bytes_total": vmstat["pgpgout"] * 1024,
        "interrupts_total": int(stat["intr"].split()[0]),
        "context_switches_total": int(stat["ctxt"]),
        "forks_total": int(stat["processes"]),
        "cpu_user_seconds_total": (user + nice - guest - guest_nice) / ticks,
        "cpu_system_seconds_total": (system + irq + softirq) / ticks,
        "cpu_steal_seconds_total": steal / ticks,
        "oom_kills_total": vmstat["oom_kill"],
    }
    for file in ["cpu", "memory", "io"]:
        path = pathlib.Path("/proc/pressure") / file
        for line in path.read_text().splitlines() if path.exists() else []:
            if (file, line[:4]) != ("cpu", "full"):
                found[f"{file}_{line[:4]}_stall_seconds_total"] = int(line.rsplit("=", 1)[1]) / 1e6
    return found


def test_figures_are_the_kernels(serve):
    server = serve("--interval", "3600")  # a scrape needs no row
    for _ in range(10):
        before, figures, after = now(), server.scrape(), now()
        for name, least in before.items():
            # Microseconds of PSI are rounded; of a fault that goes on the major one is counted first, and what is left after
            # it is subtracted goes back by it.
            slack = 64 if name == "minor_faults_total" else 1e-5
            assert least - slack <= figures[f"faultline_{name}"] <= after[name] + slack, name
        meminfo = pathlib.Path("/proc/meminfo").read_text()
        assert figures["faultline_mem_total_bytes"] == int(re.search(r"MemTotal: +(\d+)", meminfo).group(1)) * 1024
        assert figures["faultline_cpus_online"] == os.sysconf("SC_NPROCESSORS_ONLN")


def test_rows_are_as_many_as_the_time_has(serve):
    server = serve("--interval", "0.1")
    server.wait_for_rows(1)
    began, first = time.monotonic(), server.scrape()
    time.sleep(2)
    last, seconds = server.scrape(), time.monotonic() - began
    assert abs(last["faultline_intervals_total"] - first["faultline_intervals_total"] - seconds / 0.1) <= 2
    for histogram in ["faultline_major_faults_per_second", "faultline_memory_stall_ratio"]:
        assert last[f"{histogram}_count"] == last["faultline_intervals_total"]
        counts = last.labelled(f"{histogram}_bucket")
        assert list(counts.values()) == sorted(counts.values()) and counts[("+Inf",)] == last[f"{histogram}_count"]
        assert all(bound in ("+Inf", str(float(bound))) for bound, in counts)  # canonical, as OpenMetrics wants it


def test_about_itself(serve):
    server = serve()
    figures = server.scrape()
    resident = figures["faultline_process_resident_memory_bytes"]
    assert abs(resident / 1024 - server.resident_kib()) < 2048
    assert abs(figures["faultline_process_start_time_seconds"] - time.time()) < 60
    assert 0 < figures["faultline_scrape_duration_seconds"] < figures["faultline_process_cpu_seconds_total"] + 1
    assert figures.get("faultline_build_info", version=run("--version").stdout.split()[1]) == 1
    with server.connect():
        assert eventually(lambda: server.scrape()["faultline_http_connections"] == 2)
    assert server.scrape()["faultline_http_requests_total"] >= 3


def test_a_burst_is_in_the_histogram_and_an_alert(serve, tmp_path):
    server = serve("--interval", "0.2", "--alert-cs", "1000000000", "--alert-major", "500")
    with Onlooker(server) as onlooker:
        onlooker.take(1)
        before = server.scrape()
        faults = int(subprocess.run([HELPERS / "cold_faults", tmp_path / "file", "4096"], check=True, capture_output=True, text=True).stdout.split()[0])
        told = onlooker.until(lambda line: line.get("alert") == "major_faults")[-1].line
    figures = server.scrape()
    assert faults >= 4096
    assert figures["faultline_major_faults_total"] - before["faultline_major_faults_total"] >= faults
    rows, calm = (figures.get("faultline_major_faults_per_second_bucket", le=bound) - before.get("faultline_major_faults_per_second_bucket", le=bound)
                  for bound in ["+Inf", "500.0"])
    assert rows > calm
    assert told["state"] == "begin" and told["value"] > 500
    assert figures.get("faultline_alerts_total", alert="major_faults") >= 1
    states = [line["state"] for line in server.samples() if line.get("alert") == "major_faults"]
    assert figures.get("faultline_alert_active", alert="major_faults") == (states[-1] != "end") or len(states) > 1


def test_processes_by_their_names(serve):
    sleepers = [subprocess.Popen(["sleep", "60"]) for _ in range(3)]
    try:
        server = serve("--processes", "100")
        figures = server.scrape()
        processes = figures.labelled("faultline_comm_processes")
        if len(processes) < 100:
            assert processes[("sleep",)] >= 3
            assert figures.get("faultline_comm_resident_bytes", comm="sleep") > 3 << 16
        assert figures.get("faultline_comm_processes", comm="other") is not None
        few = serve("--processes", "1").scrape().labelled("faultline_comm_processes")
        assert len(few) == 2 and few[("other",)] > 1
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()


def test_cgroups_that_match(serve, memory_group):
    job = memory_group.group("job")
    (job.path / "cgroup.procs").exists()
    name = f"/{memory_group.path.name}"
    server = serve("--cgroups", f"{name}*")
    figures = server.scrape()
    assert set(figures.labelled("faultline_cgroup_memory_bytes")) == {(name,), (f"{name}/job",)}
    assert figures.get("faultline_cgroup_memory_limit_bytes", cgroup=name) == 32 << 20
    assert figures.get("faultline_cgroup_minor_faults_total", cgroup=name) == 0
    job.start("true").wait()
    assert server.scrape().get("faultline_cgroup_minor_faults_total", cgroup=name) > 0


# A real OOM kill.


def test_a_kill(serve, memory_group, readable_log, full_report):
    server = serve("--interval", "0.5", *CALM, "--cgroups", f"/{memory_group.path.name}")
    with Onlooker(server) as onlooker:
        onlooker.take(1)
        before = server.scrape()
        began = time.time()
        pid = kill_one(memory_group)
        events = onlooker.until(lambda line: line["type"] == "oom_kill")
    told = events[-1].line
    cgroup = f"/{memory_group.path.name}"
    assert (told["pid"], told["comm"], told["cgroup"]) == (pid, "eat_memory", cgroup)
    figures = server.scrape()
    assert figures["faultline_oom_kills_total"] == before["faultline_oom_kills_total"] + 1
    at = figures.get("faultline_oom_last_kill_timestamp_seconds", comm="eat_memory", cgroup=cgroup)
    assert began - 1 < at < time.time() + 1
    assert figures.get("faultline_cgroup_oom_kills_total", cgroup=cgroup) == 1
    assert [line for line in server.samples(since=began - 1) if line["type"] == "oom_kill"] == [told]


def test_victims_are_the_ten_latest(serve, memory_group, readable_log, full_report, tmp_path):
    server = serve("--interval", "0.2", *CALM)
    with Onlooker(server) as onlooker:
        onlooker.take(1)
        for number in range(12):
            program = shutil.copy(HELPERS / "eat_memory", tmp_path / f'v"{number}\\')
            memory_group.start(program, "64").wait()
        onlooker.take(12, "oom_kill")
    named = [line["comm"] for line in server.samples() if line["type"] == "oom_kill" and "comm" in line]
    figures = server.scrape()
    latest = [re.sub(r"\\(.)", r"\1", comm) for comm, in {(comm,): 0 for _, comm in figures.labelled("faultline_oom_last_kill_timestamp_seconds")}]
    assert latest == named[::-1][:10]


# /api/stream.


def test_stream_begins_with_what_it_is_about(serve):
    server = serve("--interval", "0.1")
    with Onlooker(server) as onlooker:
        assert onlooker.status == 200 and onlooker.headers["Content-Type"] == "text/event-stream"
        first, *samples = onlooker.take(5)
        samples = [event for event in samples if event.line["type"] == "sample"]
        assert onlooker.retry == 2000
    assert first.line["type"] == "about" and first.line["interval_seconds"] == 0.1
    assert first.line["host"] == os.uname().nodename and first.line["kernel"] == os.uname().release
    assert all(re.fullmatch(r"[0-9a-f]{8}-\d+", event.id) for event in samples)
    times = [line["time"] for line in of_kind(samples, "sample")]
    assert len(times) == 5 and times == sorted(set(times)) and times[0] > first.line["time"]


def test_who_comes_back_has_missed_nothing(serve):
    server = serve("--interval", "0.05", *CALM)
    events = []
    last_id = None
    for _ in range(5):
        with Onlooker(server, **({"Last_Event_ID": last_id} if last_id else {})) as onlooker:
            assert onlooker.next().line["type"] == "about"
            events += onlooker.take(7)
            last_id = onlooker.last_id
        time.sleep(0.3)
    numbers = [int(event.id.split("-")[1]) for event in events]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    kept = server.samples()
    at = kept.index(events[0].line)
    assert kept[at:at + len(events)] == [event.line for event in events]


@pytest.mark.parametrize("event_id", ["", "0", "x", "00000000-1", "-1", "99999999-99999999999999999999", "é"])
def test_an_id_of_nobodys_begins_now(serve, event_id):
    server = serve("--interval", "0.05")
    server.wait_for_rows(5)
    count = server.scrape()["faultline_intervals_total"]
    with Onlooker(server, Last_Event_ID=event_id) as onlooker:
        events = onlooker.take(1)
    assert events[0].line["type"] == "about" and int(events[-1].id.split("-")[1]) >= count


def test_processes_of_the_stream(serve):
    server = serve("--interval", "0.2", *CALM)
    with Onlooker(server, "?processes=3") as three, Onlooker(server, "?processes=50") as fifty, Onlooker(server) as none:
        for onlooker, most in [(three, 3), (fifty, 50)]:
            onlooker.take(1)
            looks = onlooker.take(3)
            kinds = [event.line["type"] for event in looks]
            tops = [at for at, kind in enumerate(kinds) if kind == "top"]
            assert len(tops) == 3
            for at in tops:
                top = looks[at].line
                rows = [line for line in of_kind(looks, "process") if line["time"] == top["time"]]
                assert kinds[at + 1:at + 1 + len(rows)] == ["process"] * len(rows)
                assert len(rows) == most or most == 50 and len(rows) + top.get("others", 0) <= top["processes"] and len(rows) > 3
                assert kinds[at + 1 + len(rows)] in ("alert", "sample")
        assert "top" not in {event.line["type"] for event in none.take(3)}


@pytest.mark.parametrize("processes", ["x", "-1", "51", "1.5", "", "99999999999999999999", "%zz"])
def test_processes_that_are_no_number(serve, processes):
    server = serve()
    answer = server.get(f"/api/stream?processes={processes}")
    assert answer.status == 400 and b"0 to 50" in answer.body
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_of_65_onlookers_one_is_too_many(serve):
    server = serve("--interval", "0.5")
    onlookers = [Onlooker(server) for _ in range(64)]
    assert {onlooker.status for onlooker in onlookers} == {200}
    answer = server.get("/api/stream")
    assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
    for onlooker in onlookers:
        assert onlooker.take(1)[0].line["type"] == "about"
    onlookers.pop().close()

    def has_place():
        with Onlooker(server) as another:
            return another.status == 200
    eventually(has_place)
    for onlooker in onlookers:
        onlooker.close()


def test_who_does_not_read_costs_nothing_and_finds_it_all_later(serve):
    """Rows come faster than the small buffers between the two take."""
    server = serve("--interval", "0.01", *CALM)
    with Onlooker(server, "?processes=50", receive_bytes=4096) as onlooker:
        onlooker.take(1)
        server.wait_for_rows(100)
        before = server.resident_kib()
        count = server.scrape()["faultline_intervals_total"]
        server.wait_for_rows(count + 400)
        assert SANITIZED or server.resident_kib() - before < 1024
        numbers = [int(event.id.split("-")[1]) for event in onlooker.take(350) if event.id]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) and len(numbers) >= 350


# /api/samples.


def test_samples_of_a_part(serve):
    server = serve("--interval", "0.1", *CALM)
    server.wait_for_rows(15)

    def times_of(**query):
        return [line["time"] for line in server.samples(**query) if line["type"] == "sample"]
    times = times_of()
    assert len(times) >= 15 and times == sorted(set(times))
    since, until = times[3], times[9][:-1] + "999Z"  # what is printed of a time are its milliseconds
    assert times_of(since=since, until=until) == times[3:10]
    unix = [f"{seconds(at):.4f}" for at in [since, until]]
    assert times_of(since=unix[0], until=unix[1]) == times[3:10]
    assert server.samples(since=until, until=since) == [] == server.samples(since="2100-01-01T00:00:00Z")


def iso(unix):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(unix))


def seconds(words):
    """1764230400.5"""
    whole, fraction = words.rstrip("Z").split(".")
    return int(calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S"))) + float(f"0.{fraction}")


def test_samples_are_folded(serve):
    server = serve("--interval", "0.1", *CALM)
    server.wait_for_rows(35)
    fine = [line for line in server.samples() if line["type"] == "sample"]
    folded = [line for line in server.samples(every=1, until=fine[29]["time"][:-1] + "999Z") if line["type"] == "sample"]
    assert [round(line["interval_seconds"], 1) for line in folded] == [1, 1, 1]
    assert [line["time"] for line in folded] == [fine[at]["time"] for at in (9, 19, 29)]
    for at, line in enumerate(folded):
        part = fine[at * 10:at * 10 + 10]
        # Rates are those of all of it; the peak is the worst of its parts, the time it came at with it.
        mean = sum(one["context_switches_per_second"] * one["interval_seconds"] for one in part) / sum(one["interval_seconds"] for one in part)
        assert abs(line["context_switches_per_second"] - mean) <= 0.01 * mean + 1
        assert line["major_faults_per_second_highest"] == max(one["major_faults_per_second"] for one in part)


@pytest.mark.parametrize("query", ["since=yesterday-ish", "since=", "until=2026-13-01T00:00:00Z", "every=0", "every=-1", "every=x",
                                   "every=1e9", "since=%00", "since=%zz", "since=" + "1" * 100, "since=nan", "every=inf", "every=nan"])
def test_questions_that_are_none(serve, query):
    answer = serve().get(f"/api/samples?{query}")
    assert answer.status == 400 and answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert b"since=TIME" in answer.body


# --record.


def test_the_past_of_a_recording(serve, tmp_path):
    path = tmp_path / "box.flr"
    run("record", "-f", path, "--no-protect", "--interval", "0.01", "--count", "200", *CALM, check=0)
    old = objects(run("replay", "--json", path, check=0).stdout)
    server = serve("--record", path, "--interval", "0.1", *CALM)
    server.wait_for_rows(10)
    lines = server.samples()
    kinds = [line["type"] for line in lines]
    mark = kinds.index("mark")
    assert lines[mark]["mark"] == "restart"
    recorded = [line for line in old if line["type"] == "sample"]
    first = [line for line in lines[:mark] if line["type"] == "sample"]
    assert [line["time"] for line in first] == [line["time"] for line in recorded]
    assert all(line.items() <= {**other, **line}.items() for line, other in zip(first, recorded))
    times = [line["time"] for line in lines if line["type"] in ("sample", "mark")]
    assert times == sorted(times) and len(lines[mark:]) >= 10
    live = [line["time"] for line in lines[mark:] if line["type"] == "sample"]
    assert len(live) == len(set(live)) and live == [line["time"] for line in server.samples(since=lines[mark]["time"]) if line["type"] == "sample"][:len(live)]
    with Onlooker(server) as onlooker:
        assert onlooker.next().line["since"] <= recorded[0]["time"]


def test_replay_while_it_records_and_after(serve, tmp_path):
    path = tmp_path / "box.flr"
    server = serve("--record", path, "--interval", "0.05", *CALM)
    server.wait_for_rows(40)
    while_it_records = run("replay", "--json", path, check=0)
    assert while_it_records.stderr == "" and len(objects(while_it_records.stdout)) > 20
    assert server.scrape()["faultline_recording_failures_total"] == 0
    kept = [line for line in server.samples() if line["type"] == "sample"]
    said = server.end()
    assert not [line for line in said if "serving" not in line and "recording into" not in line], said
    after = run("replay", "--json", path, check=0)
    assert after.stderr == ""
    lines = [line for line in objects(after.stdout) if line["type"] == "sample"]
    assert [line["time"] for line in lines[:len(kept)]] == [line["time"] for line in kept]
    report = run("report", "--around", lines[-1]["time"], path, check=0)
    assert "its end is missing" not in report.stdout + report.stderr


def test_a_kill_is_told_once_by_recording_and_memory(serve, tmp_path, memory_group, readable_log, full_report):
    """The next row is far away: what the recording has of now ends with the kill, and memory has it, too."""
    path = tmp_path / "box.flr"
    server = serve("--record", path, "--interval", "2.5", *CALM)
    began = time.time()
    server.wait_for_rows(1)
    pid = kill_one(memory_group)
    for _ in range(12):  # before it is in the file, and after
        time.sleep(0.1)
        told = [line["pid"] for line in server.samples(since=began - 3600) if line["type"] == "oom_kill"]
        assert told in ([], [pid])
    eventually(lambda: [line["pid"] for line in server.samples(since=began - 3600) if line["type"] == "oom_kill"] == [pid])
    server.wait_for_rows(2)
    assert [line["pid"] for line in server.samples(since=began - 3600) if line["type"] == "oom_kill"] == [pid]


def test_no_more_than_3000_samples(serve, tmp_path):
    """Of 4,300 rows no two would be folded if lengths were only rounded."""
    path = tmp_path / "box.flr"
    began = int(time.time()) - 4302
    recordings.write(path, [f"at {began}", "start 1", "samples 4300 1000 10", "stop"])
    server = serve("--record", path, *CALM)
    for query in [{}, {"until": began + 4301}, {"every": 1}, {"since": began, "every": 0.001}]:
        rows = [line for line in server.samples(**query) if line["type"] == "sample"]
        assert 2000 <= len(rows) <= 3000
        assert abs(sum(row["interval_seconds"] for row in rows if row["time"] < iso(began + 4301)) - 4300) <= 2
        assert {round(row["interval_seconds"]) for row in rows} <= {1, 2} and "major_faults_per_second_highest" in rows[0]
    rows = [line for line in server.samples(since=began + 100, until=began + 2000) if line["type"] == "sample"]
    assert len(rows) == 1901 and "major_faults_per_second_highest" not in rows[0]  # as they are


def test_rows_come_while_the_past_is_told(serve, tmp_path):
    path = tmp_path / "box.flr"
    recordings.write(path, [f"at {int(time.time()) - 40002}", "start 1", "samples 40000 1000 10", "stop"])
    server = serve("--record", path, "--interval", "0.2", *CALM)
    server.wait_for_rows(1)
    over = threading.Event()

    def ask():
        while not over.is_set():
            assert len(server.samples()) > 1000
    askers = [threading.Thread(target=ask) for _ in range(4)]
    began = time.time()
    for asker in askers:
        asker.start()
    time.sleep(3)
    over.set()
    ended = time.time()
    for asker in askers:
        asker.join()
    rows = [line for line in server.samples(since=f"{began:.3f}", until=f"{ended:.3f}") if line["type"] == "sample"]
    assert abs(len(rows) - (ended - began) / 0.2) <= 2
