"""What a scrape of `faultline serve` costs beside one of Prometheus's node_exporter, of the collectors whose figures both have."""
import collections
import contextlib
import http.client
import os
import re
import shutil
import socket
import subprocess
import time

SCRAPES = 5000
WARM_UP = 50
COLLECTORS = ["vmstat", "meminfo", "pressure", "stat"]
# As Prometheus asks.
HEADERS = {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", "Accept-Encoding": "gzip"}

Scraped = collections.namedtuple("Scraped", "cpu_us p50_us p99_us resident_bytes")


def node_exporter():
    return shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def faultline_command(programs, port):
    return [programs.faultline, "serve", "--node-exporter-names", "127.0.0.1:%d" % port]


def node_exporter_command(port):
    return [node_exporter(), "--web.listen-address=127.0.0.1:%d" % port, "--collector.disable-defaults",
            *["--collector." + name for name in COLLECTORS]]


@contextlib.contextmanager
def running(command):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for(port):
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise OSError("nobody listens at port %d" % port)


def cpu_ns(pid):
    """Of all its threads, to the nanosecond (Documentation/scheduler/sched-stats.rst)."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task)) as schedstat:
            total += int(schedstat.read().split()[0])
    return total


def resident_bytes(pid):
    with open("/proc/%d/status" % pid) as status:
        return int(re.search(r"VmRSS:\s*(\d+)", status.read())[1]) * 1024


def scrape(connection):
    begin = time.perf_counter()
    connection.request("GET", "/metrics", headers=HEADERS)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200 or not body:
        raise OSError("a scrape failed")
    return time.perf_counter() - begin


def measure_one(command, port, scrapes):
    with running(command) as process:
        wait_for(port)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for _ in range(WARM_UP):
            scrape(connection)
        before = cpu_ns(process.pid)
        times = sorted(scrape(connection) for _ in range(scrapes))
        used = cpu_ns(process.pid) - before
        return Scraped(used / scrapes / 1000, times[scrapes // 2] * 1e6, times[scrapes * 99 // 100] * 1e6,
                       resident_bytes(process.pid))


def both(programs):
    """faultline, and node_exporter or None where that is not installed."""
    port = free_port()
    own = measure_one(faultline_command(programs, port), port, SCRAPES)
    port = free_port()
    peer = measure_one(node_exporter_command(port), port, SCRAPES) if node_exporter() else None
    return own, peer
