"""The page, as a browser shows it: beside the real server with a real OOM kill, and as a report's file."""

import pathlib
import re
import shutil
import subprocess
import time

import pytest
from conftest import BUILD, FAULTLINE, HELPERS, kill_one, run

TOP = pathlib.Path(__file__).parents[2]
SCREENSHOTS = BUILD / "screenshots"

pytestmark = [
    pytest.mark.plain,
    pytest.mark.skipif(not (TOP / "web/node_modules/playwright-core").exists(), reason="npm ci was not run in web/"),
    pytest.mark.skipif(not (shutil.which("chromium") or shutil.which("chromium-browser")), reason="no chromium"),
]


def browse(*words, timeout=240):
    """What the browser's checks print, all of which must be well."""
    done = subprocess.run(["node", TOP / "web/tests/page.mjs", "--screenshots", SCREENSHOTS, *map(str, words)],
                          capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.search(r"^not ok", done.stdout, re.M), done.stdout
    return done.stdout


@pytest.fixture
def served():
    """A server on a port of its own. Returns its address."""
    servers = []

    def start(*words):
        server = subprocess.Popen([FAULTLINE, "serve", *map(str, words), "127.0.0.1:0"], stderr=subprocess.PIPE, text=True)
        servers.append(server)
        for line in server.stderr:
            address = re.search(r"serving (http\S+)", line)
            if address:
                return address[1]
        raise AssertionError("it does not say where it serves")

    yield start
    for server in servers:
        server.terminate()
        server.stderr.close()
        assert server.wait(10) == 0


def kill_command(group):
    """As a command: a child that takes more than the group's limit."""
    return f"sh -c 'echo $$ > {group.path}/cgroup.procs && exec {HELPERS}/eat_memory 64'; true"


def test_the_live_page_with_an_oom_kill(served, memory_group):
    address = served()
    told = browse("--url", address, "--expect-kill-of", "eat_memory", "--on-ready", kill_command(memory_group))
    assert "an OOM kill is a mark and a name" in told


def test_a_report_as_a_page(tmp_path, live, memory_group):
    box = tmp_path / "box.flr"
    writer = live("record", "-f", box, "--interval", "0.2", "--no-protect")
    time.sleep(2)
    kill_one(memory_group)
    time.sleep(2)
    writer.terminate()
    writer.wait(10)
    page = tmp_path / "incident.html"
    run("report", "--html", page, box, check=0)
    told = browse("--report", page, "--expect-kill-of", "eat_memory")
    assert "nothing is asked for" in told


@pytest.mark.long
def test_the_page_beside_a_server_made_up():
    """What a real one does not do on demand: lost connections, hours of history, hostile words."""
    assert "0 failed" in browse(timeout=600)
