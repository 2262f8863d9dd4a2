"""Each alert of contrib/prometheus fires at the real thing: the rules as they are, in a real Prometheus that asks every second."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess

import pytest
from conftest import FAULTLINE, HELPERS, kill_one
from prometheus import Prometheus

RULES = pathlib.Path(__file__).parents[2] / "contrib/prometheus/faultline.rules.yml"
MIB = 1 << 20

pytestmark = pytest.mark.long


@pytest.fixture
def watched(tmp_path):
    """A server, and Prometheus with the rules. Returns both."""
    server = subprocess.Popen([FAULTLINE, "serve", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
    address = next(found[1] for line in server.stderr if (found := re.search(r"serving http://([^/]+)/", line)))
    configuration = f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ['{RULES}']
scrape_configs: [{{job_name: faultline, static_configs: [{{targets: ['{address}']}}]}}]
"""
    with Prometheus(tmp_path, configuration) as prometheus:
        prometheus.wait(lambda: prometheus.query("up == 1"), "it does not scrape")
        yield server, prometheus
    if server.poll() is None:
        server.terminate()
        server.wait(10)
    server.stderr.close()


def fires(prometheus, name, severity, patience_s):
    """Waits until it does. Returns its annotations."""
    alert = prometheus.wait(lambda: prometheus.firing().get((name, severity)), f"{name} does not fire", patience_s)
    assert alert["annotations"]["summary"] and alert["annotations"]["description"]
    return alert["annotations"]


def test_the_first_oom_kill(watched, memory_group):
    _, prometheus = watched
    assert ("FaultlineOomKill", "critical") not in prometheus.firing()
    kill_one(memory_group)
    told = fires(prometheus, "FaultlineOomKill", "critical", 60)
    assert "eat_memory" in told["summary"] + told["description"]


# Reads a file's pages in no order, for ever, from memory that has no room for it: each has just been evicted.
READER = """
import mmap, os, sys
with open(sys.argv[1], "rb") as file:
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    pages = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
if sys.argv[2] == "alone":
    pages.madvise(mmap.MADV_RANDOM)
count = len(pages) // mmap.PAGESIZE
while True:
    for i in range(count):
        pages[i * 7919 % count * mmap.PAGESIZE]
"""


@contextlib.contextmanager
def thrashing(group, file, way):
    """Three processes in a group with a third of the memory that they want; each page is read ALONE, or with its NEIGHBOURS, for
    all of which the kernel has to make room."""
    file.write_bytes(os.urandom(MIB) * 96)
    os.sync()
    readers = [group.start("/usr/bin/python3", "-c", READER, file, way) for _ in range(3)]
    try:
        yield
    finally:
        for reader in readers:
            reader.kill()
            reader.wait()
        file.unlink()


def test_thrashing(watched, memory_group, tmp_path):
    _, prometheus = watched
    with thrashing(memory_group, tmp_path / "data", "alone"):
        fires(prometheus, "FaultlineThrash", "warning", 240)


def test_standing_still_for_memory(watched, memory_group, tmp_path):
    _, prometheus = watched
    with thrashing(memory_group, tmp_path / "data", "neighbours"):
        fires(prometheus, "FaultlineMemoryStall", "warning", 240)


def meminfo_bytes(key):
    return int(re.search(rf"^{key}:\s+(\d+) kB", pathlib.Path("/proc/meminfo").read_text(), re.M)[1]) * 1024


def test_memory_runs_out(watched):
    """All of it but an eighth is taken, and then stays so."""
    _, prometheus = watched
    wanted = meminfo_bytes("MemAvailable") - meminfo_bytes("MemTotal") // 8
    if meminfo_bytes("SwapTotal") or wanted < 1 << 30 or meminfo_bytes("MemTotal") > 64 << 30:
        pytest.skip("taking nearly all memory is too much to ask here")
    eater = subprocess.Popen([HELPERS / "eat_memory", str(wanted // MIB), "200"])
    try:
        fires(prometheus, "FaultlineMemoryRunningOut", "critical", 240)
        fires(prometheus, "FaultlineMemoryRunningOut", "warning", 360)
    finally:
        eater.kill()
        eater.wait()


def test_the_exporter_is_down(watched):
    server, prometheus = watched
    server.send_signal(signal.SIGTERM)
    server.wait(10)
    fires(prometheus, "FaultlineDown", "critical", 240)
