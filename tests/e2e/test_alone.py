"""The static file alone: in an empty root, with nothing beside it but /proc, /sys and a tmpfs. What it needs is in it."""
import os
import shutil
import subprocess

import pytest

from conftest import objects, validate
from served import Server
from test_run_kernels import program_for_guest

pytestmark = [
    pytest.mark.plain,
    pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("nsenter"),
                       reason="needs a root directory and mounts of its own"),
]

# The mounts are gone with it.
HOLD = """
cd "$0" && mount -t proc proc proc && mount --rbind /sys sys && mount -t tmpfs tmp tmp && echo mounted && exec sleep 600
"""


class Root:
    def __init__(self, folder, pid):
        self.prefix = ["nsenter", "-t", str(pid), "--mount", "--", "env", "-i", shutil.which("chroot"), folder]

    def run(self, *words, status=0):
        done = subprocess.run([*self.prefix, "/faultline", *words], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == status, done.stderr
        return done


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("root")
    shutil.copy(program_for_guest(), folder / "faultline")
    for name in ("proc", "sys", "tmp"):
        (folder / name).mkdir()
    with subprocess.Popen(["unshare", "--mount", "sh", "-c", HOLD, folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as holder:
        if holder.stdout.readline() != "mounted\n":
            pytest.skip(holder.stderr.read().strip())
        yield Root(folder, holder.pid)
        holder.kill()


def valid(text):
    found = objects(text)
    for line in found:
        validate(line)
    return found


def test_rows(root):
    lines = valid(root.run("--json", "--psi", "0.1", "2").stdout)
    assert [line["type"] for line in lines].count("sample") == 2
    rows = root.run("0.1", "2").stdout.splitlines()
    assert rows[0].split()[:2] == ["r", "b"] and len(rows) >= 3


def test_metrics(root):
    assert "major_faults_per_second" in root.run("metrics").stdout and len(valid(root.run("metrics", "--json").stdout)) > 30


def test_no_kernel_log_is_said(root):
    done = root.run("oom", status=1)
    assert "/dev/kmsg" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("by", ["process", "comm", "user", "cgroup"])
def test_top(root, by):
    rows = valid(root.run("top", "--by", by, "--json", "0.1", "1").stdout)
    assert rows[0]["type"] == "top" and len(rows) > 1


def test_black_box(root):
    root.run("record", "-f", "/tmp/box.flr", "--size", "1M", "--interval", "0.1", "--count", "3")
    samples = [line for line in valid(root.run("replay", "--json", "/tmp/box.flr").stdout) if line["type"] == "sample"]
    assert len(samples) == 3
    assert "How it came" in root.run("report", "/tmp/box.flr", "--around", samples[1]["time"]).stdout


def test_a_job(root):
    done = root.run("run", "-o", "/tmp/job", "--", "/faultline", "--version")
    assert done.stdout.startswith("faultline ")
    assert "/dev/kmsg: No such file or directory" in done.stderr
    done = root.run("run", "--json", "--", "/faultline", "--version")
    job = valid(next(line for line in done.stderr.splitlines() if line.startswith("{")))[0]
    assert (job["type"], job["status"]) == ("job", 0)


def test_vmstat(root):
    row = root.run("vmstat", "1", "1").stdout.splitlines()[-1]
    assert len(list(map(int, row.split()))) in (17, 18)


def test_check(root):
    found = {line["id"]: line["state"] for line in valid(root.run("check", "--json").stdout)}
    assert {found[name] for name in ("page_faults", "memory", "cpu", "processes")} == {"ok"}
    assert found["kernel_log"] == "missing"


def test_completion(root):
    assert "complete " in root.run("completion", "bash").stdout


def test_serve(root):
    try:
        server = Server(prefix=root.prefix, program="/faultline")
    except AssertionError as error:
        if "built without libevent" in str(error):
            pytest.skip("this one is without serve")
        raise
    try:
        answer = server.get("/metrics")
        assert answer.status == 200 and b"node_" not in answer.body and b"faultline_" in answer.body
    finally:
        server.process.kill()
        server.process.communicate()
