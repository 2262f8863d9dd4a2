"""What a machine allows, told in: this one as root, as an ordinary user, a container's name spaces, guests with cgroup v2 and without PSI."""
import os
import pathlib
import shutil
import subprocess

import pytest

from conftest import FAULTLINE, objects, run, validate
from test_kernels import boot
from test_oom import public_program  # pylint: disable=unused-import # fixture

CORE = {"page_faults", "memory", "cpu"}


def by_id(lines):
    for line in lines:
        validate(line)
    found = {line["id"]: line for line in lines}
    assert len(found) == len(lines) >= 15
    assert {name for name, line in found.items() if line["core"]} == CORE
    return found


def check(program=FAULTLINE, *words, status=0, **kwargs):
    done = subprocess.run([program, "check", "--json", *map(str, words)], capture_output=True, text=True, timeout=60, check=False, **kwargs)
    assert done.returncode == status, done.stderr
    return by_id(objects(done.stdout))


def states(found):
    return {name: line["state"] for name, line in found.items()}


def can_read(path):
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        return True
    except OSError:
        return False


def test_this_machine():
    found = states(check())
    for name, path in [("page_faults", "/proc/vmstat"), ("memory", "/proc/meminfo"), ("cpu", "/proc/stat"),
                       ("stalls", "/proc/pressure/memory"), ("kernel_log", "/dev/kmsg"), ("btf", "/sys/kernel/btf/vmlinux")]:
        assert (found[name] == "ok") == can_read(path), name
    vmstat = pathlib.Path("/proc/vmstat").read_text().split()
    assert (found["oom_kills"] == "ok") == ("oom_kill" in vmstat)


def test_it_is_as_it_says():
    """What the other commands make of it."""
    found = states(check())
    assert (found["fault_trace"] == "ok") == (run("trace", "0.1").returncode == 0)
    traced = run("run", "--json", "--", "true", check=0)
    job = objects(traced.stderr)[-1]
    assert (found["own_cgroup"] == "ok") == ("cgroup" in job)
    live = run("--protect", "0.05", "1", check=0).stderr
    assert (found["oom_score"] == "ok") == ("oom_score_adj" not in live)
    assert (found["memory_lock"] == "ok") == ("locking memory" not in live)
    assert not list(pathlib.Path("/sys/fs/cgroup").glob("**/faultline-run-check-*"))


def test_lines_for_people():
    lines = run("check", check=0).stdout.splitlines()
    found = check()
    assert lines[0].split() == ["ok", "page", "faults", "/proc/vmstat"]
    here = sum(line["state"] == "ok" for line in found.values())
    assert lines[-1] == f"{here} of {len(found)} are here"
    assert sum(line.startswith("         mend: ") for line in lines) == len(found) - here


def test_without_proc(tmp_path):
    found = check(FAULTLINE, "--proc", tmp_path, status=1)
    assert {found[name]["state"] for name in CORE} == {"missing"}
    done = run("check", "--proc", tmp_path, check=1)
    assert done.stdout.splitlines()[-1].endswith("; without what is missing there are no rows")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_an_ordinary_user(public_program):
    found = check(public_program, user=65534, group=65534, extra_groups=[], cwd="/")
    assert {found[name]["state"] for name in CORE} == {"ok"}
    assert found["ebpf"]["state"] == found["fault_trace"]["state"] == "missing" and "CAP_BPF" in found["ebpf"]["mend"]
    assert found["own_cgroup"]["state"] == "missing" and "Delegate" in found["own_cgroup"]["mend"]
    assert found["oom_score"]["state"] == "missing"
    restricted = pathlib.Path("/proc/sys/kernel/dmesg_restrict").read_text().strip() == "1"
    assert (found["kernel_log"]["state"] == "missing") == restricted
    if restricted:
        assert found["kernel_log"]["why"] == "Operation not permitted" and "CAP_SYSLOG" in found["kernel_log"]["mend"]


CONTAINER = """
mount -t tmpfs dev /dev && mknod /dev/null c 1 3 || exit 99
[ "$1" = none ] || mount --bind /dev/null /dev/kmsg 2>/dev/null || { : >/dev/kmsg; mount --bind /dev/null /dev/kmsg; }
exec "$0" check --json
"""


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="needs name spaces of its own")
@pytest.mark.parametrize("log, why", [("none", "No such file"), ("null", "another device")])
def test_a_container(log, why):
    done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", CONTAINER, FAULTLINE, log],
                          capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 99 or done.stderr.startswith("unshare:"):
        pytest.skip(done.stderr.strip())
    found = by_id(objects(done.stdout))
    assert done.returncode == 0 and {found[name]["state"] for name in CORE} == {"ok"}
    assert found["kernel_log"]["state"] == "missing" and why in found["kernel_log"]["why"]
    assert found["pids"]["state"] == "missing" and found["ebpf"]["state"] == "missing"


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="needs a mount of /proc of its own")
def test_processes_of_others_are_hidden(public_program):
    script = 'mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$0" check --json'
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script, public_program], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        pytest.skip(done.stderr.strip())
    found = by_id(objects(done.stdout))
    assert found["processes"]["state"] == "missing" and "hidepid" in found["processes"]["why"]


GUEST = """#!/bin/sh
/files/faultline check --json
"""


@pytest.mark.long
@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_a_guest_with_cgroups_of_version_2(tmp_path, kernel):
    found, _ = boot(tmp_path, GUEST, kernel)
    found = by_id(found)
    assert set(states(found).values()) == {"ok"}
    assert found["cgroups"]["place"] == "v2, /sys/fs/cgroup"


@pytest.mark.long
def test_a_guest_without_psi_and_memory_cgroups(tmp_path):
    found = by_id(boot(tmp_path, GUEST, "6.1", "--append", "psi=0 cgroup_disable=memory")[0])
    missing = {name for name, state in states(found).items() if state != "ok"}
    assert missing == {"stalls", "cgroups", "own_cgroup"}
    assert "psi=1" in found["stalls"]["mend"] and "cgroup_disable" in found["cgroups"]["mend"]


@pytest.mark.parametrize("words, said", [(["x"], "takes no operands"), (["--proc"], "wants a value"), (["--nope"], "unknown option")])
def test_wrong_words(words, said):
    done = run("check", *words, check=2)
    assert said in done.stderr and done.stdout == ""
