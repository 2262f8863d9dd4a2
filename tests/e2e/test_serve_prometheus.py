"""faultline serve beside what it speaks to: a real Prometheus, and node_exporter, whose names it takes."""
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

import pytest

from conftest import HELPERS, TOP, kill_one
from served import CALM, PATIENCE_S, Figures, Lines, eventually, serve  # pylint: disable=unused-import # fixture
from test_oom import full_report, own_pids, readable_log  # pylint: disable=unused-import # fixtures

pytestmark = pytest.mark.plain
RULES = TOP / "contrib/prometheus/faultline.rules.yml"


@pytest.fixture
def background():
    """Starts programs; ends them by their ids when the test is over."""
    started = []

    def start(*words):
        process = subprocess.Popen([*map(str, words)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        started.append(process)
        return Lines(process.stderr)

    yield start
    for process in started:
        process.terminate()
        process.wait(PATIENCE_S)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


# node_exporter.


@pytest.fixture
def node_exporter(background):
    program = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")
    if not program:
        pytest.skip("no node_exporter")
    port = free_port()
    said = background(program, f"--web.listen-address=127.0.0.1:{port}", "--web.disable-exporter-metrics", "--collector.disable-defaults",
                      *(f"--collector.{name}" for name in ["vmstat", "meminfo", "pressure", "stat"]))
    said.find(r"[Ll]istening on")

    def scrape():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_S) as answer:
            return Figures(answer.read().decode())
    return scrape


def of_the_kernel(figures):
    """Families of /proc, not of node_exporter itself."""
    return {name: kind for name, kind in figures.types.items()
            if name.startswith("node_") and not name.startswith(("node_exporter_build_info", "node_scrape_collector_"))}


def test_names_types_and_help_are_node_exporters(serve, node_exporter):
    server = serve("--node-exporter-names", *CALM)
    theirs, ours = node_exporter(), server.scrape()
    families = of_the_kernel(theirs)
    assert len(families) > 50 and families == of_the_kernel(ours)
    for name in families:
        assert ours.help[name] == theirs.help[name], name
    samples = {key for key in theirs if (key if isinstance(key, str) else key[0]) in families}
    assert samples == {key for key in ours if (key if isinstance(key, str) else key[0]).startswith("node_")}
    assert {"node_vmstat_pgmajfault", "node_vmstat_oom_kill", "node_memory_MemAvailable_bytes", "node_context_switches_total"} <= samples


def test_figures_are_between_node_exporters(serve, node_exporter):
    server = serve("--node-exporter-names", "--interval", "3600")
    families = of_the_kernel(node_exporter())
    for _ in range(5):
        before, ours, after = node_exporter(), server.scrape(), node_exporter()
        compared = 0
        for key in before:
            name = key if isinstance(key, str) else key[0]
            counts = families.get(name) == "counter" or re.fullmatch(r"node_vmstat_(pg\w+|pswp\w+|oom_kill)", name)
            if name in families and counts and before[key] <= after[key] and key != "node_procs_running":
                # They divide microseconds as they come: 346.88019799999995.
                assert before[key] - 1e-6 <= ours[key] <= after[key] + 1e-6, key
                compared += 1
        assert compared > 10
        for key in ["node_memory_MemTotal_bytes", "node_memory_SwapTotal_bytes", "node_boot_time_seconds"]:
            assert before[key] == ours[key] == after[key]


# Prometheus.


class Prometheus:
    def __init__(self, background, folder, targets, prefix=()):
        """TARGETS: {job: addresses}"""
        program = shutil.which("prometheus")
        if not program:
            pytest.skip("no prometheus")
        self.prefix = prefix
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        configuration = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(RULES)],
            "scrape_configs": [{"job_name": job, "static_configs": [{"targets": addresses}]} for job, addresses in targets.items()],
        }
        (folder / "prometheus.yml").write_text(json.dumps(configuration))
        self.said = background(*prefix, program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                               f"--web.listen-address=127.0.0.1:{port}", "--log.level=debug")
        self.said.find("Server is ready")

    def fetch(self, path):
        if not self.prefix:
            with urllib.request.urlopen(self.url + path, timeout=PATIENCE_S) as answer:
                return json.load(answer)
        done = subprocess.run([*self.prefix, sys.executable, "-c", "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=30).read().decode())",
                               self.url + path], check=True, capture_output=True, text=True, timeout=60)
        return json.loads(done.stdout)

    def ask(self, expression):
        """[(labels, value)]"""
        answer = self.fetch("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))
        return [(series["metric"], float(series["value"][1])) for series in answer["data"]["result"]]

    def value(self, expression):
        found = self.ask(expression)
        return found[0][1] if len(found) == 1 else None

    def targets(self):
        return self.fetch("/api/v1/targets")["data"]["activeTargets"]


@pytest.fixture
def as_text():
    """In front of a server: who asks for OpenMetrics gets the older text. Prometheus cannot be told so before 2.49."""
    proxies = []

    def start(port):
        class Proxy(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
                connection.request("GET", self.path, headers={"Accept": "text/plain;version=0.0.4"})
                answer = connection.getresponse()
                body = answer.read()
                connection.close()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *ignored):
                pass
        proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        proxies.append(proxy)
        return proxy.server_address[1]

    yield start
    for proxy in proxies:
        proxy.shutdown()
        proxy.server_close()


def test_prometheus_sees_faults_and_kills(serve, background, as_text, tmp_path, memory_group, readable_log, full_report):
    words = ["--processes", "20", "--cgroups", f"/{memory_group.path.name}*", "--node-exporter-names", "--interval", "0.2", *CALM]
    first, second = serve(*words), serve(*words)
    prometheus = Prometheus(background, tmp_path, {"faultline": [f"127.0.0.1:{first.port}"], "faultline-text": [f"127.0.0.1:{as_text(second.port)}"]})
    jobs = ["faultline", "faultline-text"]
    eventually(lambda: prometheus.value('sum(up{job=~"faultline.*"})') == 2 and prometheus.value('count(count_over_time(faultline_intervals_total[1m]) > 1)') == 2)
    assert [target["lastError"] for target in prometheus.targets()] == ["", ""]
    before = {job: prometheus.value(f'faultline_major_faults_total{{job="{job}"}}') for job in jobs}
    subprocess.run([HELPERS / "cold_faults", tmp_path / "file", "4096"], check=True, capture_output=True)
    kill_one(memory_group)
    for job in jobs:
        eventually(lambda job=job: prometheus.value(f'faultline_major_faults_total{{job="{job}"}}') - before[job] >= 4096)
        assert eventually(lambda job=job: prometheus.value(f'increase(faultline_oom_kills_total{{job="{job}"}}[1m])')) > 0
        assert prometheus.value(f'max_over_time(faultline_oom_kills_total{{job="{job}"}}[1m]) - min_over_time(faultline_oom_kills_total{{job="{job}"}}[1m])') == 1
        (labels, at), = eventually(lambda job=job: prometheus.ask(f'faultline_oom_last_kill_timestamp_seconds{{job="{job}"}}'))
        assert (labels["comm"], labels["cgroup"]) == ("eat_memory", f"/{memory_group.path.name}") and abs(at - time.time()) < 60
        # A second's rate beyond 1000 is in the histogram, whatever the scrapes have seen of it.
        assert prometheus.value(f'faultline_major_faults_per_second_bucket{{job="{job}",le="+Inf"}} - ignoring (le) faultline_major_faults_per_second_bucket{{job="{job}",le="1000.0"}}') >= 1
        eventually(lambda job=job: prometheus.value(f'ALERTS{{alertname="FaultlineOomKill",alertstate="firing",job="{job}"}}') == 1)
    # Both formats make the same series.
    names = [sorted(labels["__name__"] for labels, _ in prometheus.ask(f'count by (__name__) ({{job="{job}",__name__=~"(faultline|node)_.*"}})')) for job in jobs]
    assert names[0] == names[1] and len(names[0]) > 100
    series = [sorted(json.dumps({name: value for name, value in labels.items() if name not in ("job", "instance", "comm")}) for labels, _ in prometheus.ask(f'{{job="{job}",__name__=~"(faultline|node)_.*",comm=""}}')) for job in jobs]
    assert series[0] == series[1]
    types = {name: kinds[0]["type"] for name, kinds in prometheus.fetch("/api/v1/metadata")["data"].items()}
    assert types["faultline_mem_available_bytes"] == "gauge" and types["faultline_major_faults_per_second"] == "histogram"
    assert not [line for line in prometheus.said.lines if re.search("append failed|out-of-order|duplicate|Error on ingesting", line)]


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True, timeout=30)


@pytest.fixture
def machines():
    """Three of them, as far as the network goes, and one that reaches them all. Returns prefixes and addresses; the last has none."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.skip("needs root and ip, to make namespaces of the network")
    names = [f"faultline{os.getpid()}-{number}" for number in range(4)]
    made = []
    try:
        for name in names:
            done = ip("netns", "add", name, check=False)
            if done.returncode != 0:
                pytest.skip(f"no namespaces of the network: {done.stderr}")
            made.append(name)
        watcher = names[3]
        ip("-n", watcher, "link", "set", "lo", "up")
        for number, name in enumerate(names[:3]):
            done = ip("-n", watcher, "link", "add", f"to{number}", "type", "veth", "peer", "name", "eth0", "netns", name, check=False)
            if done.returncode != 0:
                pytest.skip(f"no pairs of veth: {done.stderr}")
            for place, device, address in [(watcher, f"to{number}", f"10.99.{number}.1/24"), (name, "eth0", f"10.99.{number}.2/24")]:
                ip("-n", place, "address", "add", address, "dev", device)
                ip("-n", place, "link", "set", device, "up")
        yield [(["ip", "netns", "exec", name], f"10.99.{number}.2") for number, name in enumerate(names[:3])] + [(["ip", "netns", "exec", watcher], None)]
    finally:
        for name in made:
            ip("netns", "delete", name, check=False)


def test_three_machines(serve, machines, background, tmp_path):
    *watched, (watcher, _) = machines
    ports = [serve(addresses=[f"{address}:0"], prefix=prefix).port for prefix, address in watched]
    targets = [f"{address}:{port}" for (_, address), port in zip(watched, ports)]
    prometheus = Prometheus(background, tmp_path, {"faultline": targets}, prefix=watcher)
    eventually(lambda: prometheus.value("sum(up == 1)") == 3)
    assert sorted(labels["instance"] for labels, value in prometheus.ask('up{job="faultline"}') if value == 1) == sorted(targets)
    assert len(prometheus.ask("faultline_build_info")) == 3
