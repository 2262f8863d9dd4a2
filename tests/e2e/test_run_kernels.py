"""`faultline run` on other kernels than this machine's, booted in qemu, with nothing but cgroup v2: one job does all runs."""
import json
import shutil
import subprocess

import pytest

from conftest import FAULTLINE, TOP, objects, validate
from test_kernels import STATIC

pytestmark = pytest.mark.plain  # what guests run is not built with sanitizers

MIB = 1 << 20
KERNELS = [pytest.param("6.1", marks=pytest.mark.long), "6.12"]

# run NAME [OPTION...] -- COMMAND...: leaves /out/NAME.json, what it said in NAME.err, and its exit status in NAME.status.
BEGIN = r"""#!/bin/sh
groups=/sys/fs/cgroup
run() {
    name=$1
    shift
    /files/faultline run -o /out/$name.json --json "$@" >/out/$name.out 2>/out/$name.err
    echo $? >/out/$name.status
}
# await COMMAND...: until it succeeds, for 10 s at most
await() { for _ in $(seq 200); do "$@" >/dev/null 2>&1 && break; usleep 50000; done; }
none() { ! pidof "$@"; }
# What is there that is the job's, or of faultline, and what is handed down.
look_around() {
    { pidof sleep faultline run-keeper; find $groups -name 'faultline-*'; cat $groups/cgroup.subtree_control; } >/out/$1 2>&1
}
"""

# The memory controller is not handed down before there are groups that need it.
AS_ROOT = r"""
echo -memory >$groups/cgroup.subtree_control
look_around before
run peak -- /files/eat_memory 64
look_around after_peak
run left -- sh -c 'setsid sleep 1000 & true'
look_around after_left
/files/faultline run -- sh -c 'setsid sleep 1000 & sleep 1000' 2>/dev/null &
await pidof sleep
kill -9 $!
wait $! 2>/dev/null
await none run-keeper
look_around after_kill
/files/faultline run -- sh -c 'setsid sleep 1000 & sleep 1000' 2>/out/keeper.err &
await pidof sleep
kill -9 $(pidof run-keeper)
wait $!
echo $? >/out/keeper.status
look_around after_keeper
echo +memory >$groups/cgroup.subtree_control

run faults -- time -v sh -c 'sh -c "/files/cold_faults /disk/cold 4096; true"; true'
run own_limit --memory-max 32M -- sh -c 'sh -c "/files/eat_memory 64; true"; true'
run own_limit_fails --memory-max 32M --fail-on oom -- sh -c '/files/eat_memory 64; true'

/files/faultline run -o /out/killed.json --json -- sleep 1000 &
await pidof sleep
sh -c 'echo $$ >/out/killer; kill -9 $(pidof sleep)'
wait $!
echo $? >/out/killed.status

mkdir /small
mount -t tmpfs -o size=1m small /small
run full -- /files/job fill /small/file 4
rm -f /small/file

echo 2 >/proc/sys/vm/overcommit_memory
run strict -- /files/job allocate 400
echo 0 >/proc/sys/vm/overcommit_memory
(ulimit -v 204800; run address_space -- /files/job allocate 300)
"""

LIMIT_ABOVE = r"""
mkdir -p $groups/slurm/job_7/step
echo +memory >$groups/slurm/cgroup.subtree_control
echo +memory >$groups/slurm/job_7/cgroup.subtree_control
echo 48M >$groups/slurm/job_7/memory.max
in_step() {
    sh -c 'echo $$ >/sys/fs/cgroup/slurm/job_7/step/cgroup.procs; exec /files/faultline run "$@"' - "$@" \
        -- sh -c '/files/eat_memory 64; true' 2>/dev/null
}
in_step -o /out/above.json --json
in_step -o /out/above_larger.json --json --memory-max 400M
in_step -o /out/above_smaller.json --json --memory-max 32M
in_step -o /out/above_without.json --json --no-cgroup
in_step -o /out/above.txt
# Not alone, but with the shell: beside it; where that has the limit itself, which a job beside it would escape, without one.
beside_shell() {
    sh -c 'echo $$ >/sys/fs/cgroup/slurm/$0/cgroup.procs; name=$1; shift
        /files/faultline run "$@"; echo $? >/out/$name.status' \
        $1 $2 -o /out/$2.json --json -- sh -c '/files/eat_memory 64; true' 2>/dev/null
}
beside_shell job_7/step above_shell
mkdir $groups/slurm/job_8
echo 48M >$groups/slurm/job_8/memory.max
beside_shell job_8 above_same
find $groups/slurm -name 'faultline-*' >/out/step
"""

# The user's groups: one that is the user's, with nobody in it but faultline, or a shell as well; one whose group above is.
AS_USER = r"""
echo 1 >/proc/sys/kernel/dmesg_restrict
chmod 777 /out
echo 'root::0:0::/:/bin/sh
user::1000:1000::/tmp:/bin/sh' >/etc/passwd
echo 'user:x:1000:' >/etc/group
cat >/tmp/run <<'END'
name=$1
shift
exec /files/faultline run -o /out/$name.json --json "$@" >/out/$name.out 2>/out/$name.err
END
cat >/tmp/run_beside <<'END'
sh /tmp/run "$@"
exit $?
END
delegate() { for file in . cgroup.procs cgroup.subtree_control; do chown 1000 $1/$file; done; }
# as_user NAME GROUP SCRIPT WORDS
as_user() {
    sh -c "echo \$\$ >$groups/$2/cgroup.procs; exec su user -c \"exec sh /tmp/$3 $1 $4\""
    echo $? >/out/$1.status
}
as_user user . run "-- sh -c '/files/eat_memory 20; exit 7'"
as_user user_limit . run '--memory-max 32M -- true'
echo 2 >/proc/sys/kernel/perf_event_paranoid
as_user user_perf . run "-- sh -c '/files/eat_memory 20; exit 7'"

mkdir -p $groups/alone $groups/above/shell
delegate $groups/alone
delegate $groups/above
delegate $groups/above/shell
echo +memory >$groups/above/cgroup.subtree_control
as_user alone alone run '-- /files/eat_memory 64'
as_user alone_oom alone run "--memory-max 32M -- sh -c '/files/eat_memory 64; true'"
as_user alone_killed alone run '--memory-max 32M -- /files/eat_memory 64'
as_user beside above/shell run_beside '--memory-max 32M -- /files/eat_memory 64'
as_user refused alone run_beside '-- /files/eat_memory 1'
find $groups/alone $groups/above -mindepth 1 -type d >/out/delegated
cat $groups/alone/cgroup.subtree_control >>/out/delegated
"""

MACHINE_FULL = r"""
run machine_full -- sh -c '/files/eat_memory 2000; true'
look_around after_all
"""

# A file that fits, one that does not; the same of memory. The pages of another's, or of an earlier run, would cost nothing.
THRASH = r"""
dd if=/dev/zero of=/disk/large bs=1M count=24 2>/dev/null
sync
cold() { echo 3 >/proc/sys/vm/drop_caches; }
passes='for i in 1 2 3 4; do cat /disk/large >/dev/null; done'
cold
run roomy -- sh -c "$passes"
cold
run files --memory-max 12M -- sh -c "$passes"
cold
run mapped --memory-max 12M -- /files/job read /disk/large 24 3
cold
run traced --memory-max 12M --trace -- /files/job read /disk/large 24 3
cold
run swap --memory-max 24M -- /files/job churn 40 3
run swap_roomy --memory-max 100M -- /files/job churn 40 3
"""

WITHOUT_STALLS = r"""
run peak -- /files/eat_memory 64
run own_limit --memory-max 32M -- sh -c '/files/eat_memory 64; true'
/files/faultline run -o /out/text -- /files/eat_memory 1
"""


def is_static(program):
    return program.exists() and b"ld-linux" not in program.read_bytes()[:4096]


def program_for_guest():
    program = next((program for program in (FAULTLINE, STATIC) if is_static(program)), None)
    if not program:
        pytest.skip("no static program: ./test musl makes one")
    return program


def helpers(folder, compiler=("cc",)):
    """What the tests' helpers are for a machine without libraries."""
    for name in ("cold_faults", "eat_memory", "job"):
        built = subprocess.run([*compiler, "-D_GNU_SOURCE", "-std=c17", "-O2", "-static", "-pthread", "-o", folder / name,
                                TOP / f"tests/helpers/{name}.c"], capture_output=True, text=True, check=False)
        if built.returncode != 0:
            pytest.skip("no static libc to build the helpers with")
        yield folder / name


class Left:
    """What the guest left in /out."""

    def __init__(self, folder):
        self.folder = folder

    def text(self, name):
        return (self.folder / name).read_text()

    def job(self, name):
        lines = objects(self.text(f"{name}.json"))
        for line in lines:
            validate(line)
        assert [line["type"] for line in lines].count("job") == 1 and lines[0]["type"] == "job"
        return lines[0]

    def status(self, name):
        return int(self.text(f"{name}.status"))


# One processor: perf has the kernel change its own code when counting begins and ends, and the emulator may still run on
# another what was there a moment before ("Oops: int3").
def boot(folder, script, kernel, *options, program=None, compiler=("cc",)):
    program = shutil.copy(program or program_for_guest(), folder / "faultline")
    job = folder / "guest_job"
    job.write_text(BEGIN + script)
    job.chmod(0o755)
    out = folder / "out"
    done = subprocess.run([TOP / "tests/qemu/guest", "--kernel", kernel, "--memory", "256", "--disk", "128",
                           "--timeout", "300", "--out", out, *options, job, program, *helpers(folder, compiler)],
                          capture_output=True, text=True, timeout=350)
    if done.returncode == 77:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    return Left(out)


@pytest.fixture(scope="module", params=KERNELS)
def left(request, tmp_path_factory):
    return boot(tmp_path_factory.mktemp("guest"), AS_ROOT + LIMIT_ABOVE + AS_USER + MACHINE_FULL, request.param)


def only_death(job):
    assert len(job["deaths"]) == 1, job["deaths"]
    return job["deaths"][0]


# -- root, in the root group --


def test_a_cgroup_of_its_own(left):
    job = left.job("peak")
    assert job["cgroup"].startswith("/faultline-run-")
    assert abs(job["cgroup_peak_bytes"] - 64 * MIB) <= 0.02 * 64 * MIB
    assert job["stalls_of"] == job["refaults_of"] == "job" and job["memory_some_stall_seconds"] < job["seconds"]
    assert job["left_out"] == [] and job["status"] == left.status("peak") == 0
    assert "ending" not in job and "diagnosis" not in job


def test_faults_of_a_grandchild(left):
    job = left.job("faults")
    told = dict(line.strip().rsplit(": ", 1) for line in left.text("faults.err").splitlines() if ": " in line)
    children = next(int(value) for key, value in told.items() if key.startswith("Minor "))
    assert left.text("faults.out") == "4096\n"
    assert job["major_faults"] == 4096
    assert children <= job["minor_faults"] <= children + 100  # those of `time` itself
    assert 16 * MIB <= job["read_bytes"] < 17 * MIB


def test_its_own_limit(left):
    job = left.job("own_limit")
    death = only_death(job)
    assert (death["comm"], death["signal"], death["cause"]) == ("eat_memory", 9, "own_limit")
    assert death["limit_cgroup"] == job["cgroup"] and death["limit_bytes"] == job["cgroup_limit_bytes"] == 32 * MIB
    assert job["oom_kills"] == 1 and job["ending"] == "own_limit"
    assert job["status"] == left.status("own_limit") == 0
    assert f"OOM KILL: eat_memory[{death['pid']}]" in left.text("own_limit.err")


def test_an_oom_kill_may_be_a_failure(left):
    job = left.job("own_limit_fails")
    assert (job["status"], left.status("own_limit_fails"), job["oom_kills"]) == (0, 137, 1)


def test_sigkill_from_somebody(left):
    job = left.job("killed")
    death = only_death(job)
    assert (death["comm"], death["cause"]) == ("sleep", "process")
    assert (death["sender_pid"], death["sender_comm"], death["sender_uid"]) == (int(left.text("killer")), "sh", 0)
    assert job["ending"] == "signal" and job["signal"] == 9 and left.status("killed") == 137
    assert job["oom_kills"] == 0


def test_sigbus_on_a_full_file_system(left):
    job = left.job("full")
    death = only_death(job)
    assert (death["signal"], death["cause"], death["file"]) == (7, "file_system_full", "/small/file")
    assert job["ending"] == "file_system_full" and left.status("full") == 128 + 7
    assert "/small/file could not be written" in job["ending_message"] and "(1.0M)" in job["ending_message"]


def test_memory_that_is_promised_strictly(left):
    job = left.job("strict")
    assert job["ending"] == "allocation_failed" and left.status("strict") == 3
    assert "promised strictly" in job["ending_message"] and job["ending_message"].startswith("An allocation failed")


def test_an_address_space_that_is_limited(left):
    job = left.job("address_space")
    assert job["ending"] == "allocation_failed" and left.status("address_space") == 3
    assert "limited to 200M (RLIMIT_AS, ulimit -v)" in job["ending_message"]


def test_a_machine_that_is_full(left):
    job = left.job("machine_full")
    death = only_death(job)
    assert (death["comm"], death["cause"]) == ("eat_memory", "machine_full") and "limit_cgroup" not in death
    assert death["rss_bytes"] > 100 * MIB
    assert job["ending"] == "machine_full" and job["oom_kills"] == 1 and left.status("machine_full") == 0


# -- what stays behind --


@pytest.mark.parametrize("when", ["peak", "left", "kill", "keeper"])
def test_nothing_stays_behind(left, when):
    before = left.text("before")
    assert "memory" not in before.split()
    assert left.text(f"after_{when}") == before


def test_what_is_left_is_told(left):
    assert left.job("left")["ended_with_command"] == 1
    assert left.status("keeper") == 125 and "the job with it" in left.text("keeper.err")
    assert "faultline" not in left.text("after_all")


# -- a limit further up --


@pytest.mark.parametrize("name, cause", [
    ("above", "limit_above"),
    ("above_larger", "limit_above"),
    ("above_smaller", "own_limit"),
    ("above_without", "limit_above"),
])
def test_which_limit_it_was(left, name, cause):
    job = left.job(name)
    death = only_death(job)
    assert (death["comm"], death["cause"], job["ending"]) == ("eat_memory", cause, cause)
    above = cause == "limit_above"
    assert death["limit_cgroup"] == ("/slurm/job_7" if above else job["cgroup"])
    assert death["limit_bytes"] == (48 * MIB if above else 32 * MIB)
    assert ("which is Slurm's: 48M" in job["ending_message"]) == above
    assert job.get("cgroup", "/slurm/job_7/step/faultline-run-").startswith("/slurm/job_7/step/faultline-run-")
    assert ("cgroup" in job) == (name != "above_without")
    assert job["oom_kills"] == 1 and job["status"] == 0


@pytest.mark.parametrize("name, limit", [("above_shell", "/slurm/job_7"), ("above_same", "/slurm/job_8")])
def test_a_limit_that_a_shell_shares(left, name, limit):
    job = left.job(name)
    death = only_death(job)
    assert (death["comm"], death["cause"], death["limit_cgroup"]) == ("eat_memory", "limit_above", limit)
    assert job["oom_kills"] == 1 and left.status(name) == 0
    if name == "above_shell":
        assert job["cgroup"].startswith("/slurm/job_7/faultline-run-") and job["left_out"] == []
    else:
        assert "cgroup" not in job
        assert "a job beside it would escape its memory.max" in job["left_out"][0]


def test_a_limit_further_up_in_words(left):
    said = left.text("above.txt")
    assert "at the limit of /slurm/job_7 (48M), which is Slurm's\n" in said
    assert "The limit that was reached is not the job's own, but that of /slurm/job_7" in said
    assert left.text("step") == ""


# -- an ordinary user --


@pytest.mark.parametrize("name", ["user", "user_perf"])
def test_a_user_without_a_group(left, name):
    job = left.job(name)
    without = {note.split(":")[0]: note for note in job["left_out"]}
    assert "cgroup" not in job and job["stalls_of"] == "machine"
    assert without["a cgroup of its own"].endswith("systemd-run --user --scope -p Delegate=yes faultline run ...")
    assert "who sends signals" in without
    assert ("faults of processes that nobody waits for (perf)" in without) == (name == "user")
    assert job["status"] == left.status(name) == 7
    assert 20 * 256 <= job["minor_faults"] < 20 * 256 + 1000
    assert job["peak_rss_bytes"] >= 20 * MIB
    assert job["deaths"] == [] and job["oom_kills"] == 0 and "ending" not in job


def test_a_limit_needs_a_group(left):
    assert left.status("user_limit") == 125 and "Permission denied" in left.text("user_limit.err")


def test_a_delegated_group(left):
    job = left.job("alone")
    assert job["cgroup"].startswith("/alone/faultline-run-") and job["stalls_of"] == "job"
    assert abs(job["cgroup_peak_bytes"] - 64 * MIB) <= 0.02 * 64 * MIB
    assert left.status("alone") == 0
    assert left.text("delegated").split() == [f"/sys/fs/cgroup/{place}" for place in ("above/shell",)]


@pytest.mark.parametrize("name, place, status", [
    ("alone_oom", "/alone/", 0),
    ("alone_killed", "/alone/", 137),
    ("beside", "/above/", 137),
])
def test_an_oom_kill_without_the_kernels_log(left, name, place, status):
    job = left.job(name)
    assert job["cgroup"].startswith(place + "faultline-run-")
    assert job["cgroup_limit_bytes"] == job["cgroup_peak_bytes"] == 32 * MIB
    assert job["oom_kills"] == 1 and job["ending"] == "own_limit"  # as it was full
    assert [death["cause"] for death in job["deaths"]] == ["oom_kill"] * (status != 0)
    assert left.status(name) == status
    assert "OOM kills are counted, not named" in left.text(f"{name}.err")


def test_a_group_that_a_shell_is_in(left):
    job = left.job("refused")
    assert "cgroup" not in job and left.status("refused") == 0
    assert any(note.startswith("a cgroup of its own: ") for note in job["left_out"])


# -- thrashing --


@pytest.mark.long
@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_thrashing(tmp_path, kernel):
    left = boot(tmp_path, THRASH, kernel, "--swap", "64", "--iops", "2000")
    figures = {name: left.job(name) for name in ("roomy", "files", "mapped", "traced", "swap", "swap_roomy")}
    print(json.dumps(figures, indent=1))
    assert 2 * 24 * MIB <= figures["files"]["refaults_file_bytes"] <= 3 * 24 * MIB  # all but the first pass
    for name, what in (("mapped", "files"), ("traced", "large")):
        job = figures[name]
        assert job["diagnosis"] == "file_thrash" and job["refaults_of"] == job["stalls_of"] == "job", name
        assert abs(job["refaults_file_bytes"] - 2 * 24 * MIB) < MIB and job["refaults_swap_bytes"] < MIB
        assert abs(job["major_faults"] - 3 * 24 * 256) < 64
        assert f"waiting for pages of {what} that had been evicted" in job["diagnosis_message"]
        assert "about 12M larger than the memory it had (12M)" in job["diagnosis_message"]
    assert figures["swap"]["diagnosis"] == "swap_thrash"
    assert figures["swap"]["refaults_swap_bytes"] >= 20 * MIB
    for name in ("roomy", "swap_roomy"):
        assert figures[name].get("diagnosis") in (None, "cold_read")
        assert figures[name]["refaults_file_bytes"] < MIB and figures[name]["refaults_swap_bytes"] == 0


# -- a kernel that does not count stalls --


@pytest.mark.long
def test_without_stalls(tmp_path):
    left = boot(tmp_path, WITHOUT_STALLS, "6.12", "--append", "psi=0")
    for name in ("peak", "own_limit"):
        job = left.job(name)
        assert not [key for key in job if key.endswith("_stall_seconds")]
        assert job["refaults_of"] == "job" and left.status(name) == 0
    assert only_death(left.job("own_limit"))["cause"] == "own_limit"
    labels = [line.split()[0] for line in left.text("text").splitlines()[1:]]
    assert "memory" in labels and "stalled" not in labels
