"""One job on the oldest and the newest kernel that Debian's archive has and one between, on x86-64 and on arm64: the files that
./run --static makes.

Not the full product, which would be an hour: a set in which each kernel of x86-64 meets both numbers of CPUs, swap and none,
and, where it still has both, either version of cgroups, and in which any two of these three meet in every combination."""
import os

import pytest

from conftest import TOP, objects, run, validate
from test_run_kernels import Left, boot

pytestmark = pytest.mark.plain  # what guests run is not built with sanitizers

MIB = 1 << 20
X86, ARM64 = TOP / "build/static/src/faultline", TOP / "build/static-arm64/src/faultline"
ARM64_COMPILER = ("aarch64-linux-gnu-gcc", f"--sysroot={TOP / 'build/arm64-sysroot'}")
ROUNDED = 0.002  # intervals of half a second, to the millisecond
OLDEST, BETWEEN, NEWEST = "bullseye", "6.1", "sid"
# From 6.12 on, Debian's kernels have no memory controller of v1.
CASES = [  # architecture, kernel, cgroups, CPUs, swap in MiB
    ("amd64", OLDEST, 1, 4, 64),
    ("amd64", OLDEST, 2, 1, 0),
    ("amd64", BETWEEN, 1, 1, 0),
    ("amd64", BETWEEN, 2, 4, 64),
    ("amd64", NEWEST, 2, 1, 64),
    ("amd64", NEWEST, 2, 4, 0),
    ("arm64", BETWEEN, 2, 1, 64),
    ("arm64", NEWEST, 2, 4, 0),
]

# The counters are read before the two that count begin, once both do, before they end, and when they have: what they told lies
# between.
JOB = r"""
[ ! -e $groups/memory/memory.limit_in_bytes ] || groups=$groups/memory
group() {
    mkdir $groups/$1
    echo $(($2 << 20)) >$groups/$1/memory.max || echo $(($2 << 20)) >$groups/$1/memory.limit_in_bytes
    [ $3 = swap ] || echo 0 >$groups/$1/memory.swap.max || echo 0 >$groups/$1/memory.swappiness
} 2>/dev/null
in_group() { (group=$groups/$1; shift; sh -c 'echo $$ >$0/cgroup.procs; exec "$@"' $group "$@"); }
rows() { wc -l </out/live.json; }
more_rows() { [ $(rows) -ge $(($1 + 2)) ]; }
recorded() { [ $(/files/faultline replay --json /disk/box.flr | wc -l) -ge 2 ]; }
few_seconds() { for _ in $(seq 600); do "$@" 2>/dev/null && break; usleep 50000; done; }

uname -rm >/out/uname
grep -c ^processor /proc/cpuinfo >/out/cpus
cp /proc/meminfo /out/meminfo
/files/faultline check --json >/out/check.json
run job -- sh -c '/files/eat_memory 20; exit 7'
/files/faultline oom >/out/oom.before

cp /proc/vmstat /out/vmstat.0
/files/faultline record -f /disk/box.flr --size 1M --interval 0.5 2>/out/record.err &
recorder=$!
/files/faultline --json 0.5 >/out/live.json 2>/out/live.err &
live=$!
few_seconds more_rows 0
few_seconds recorded
cp /proc/vmstat /out/vmstat.1
/files/cold_faults /disk/cold 4096 >/out/cold
group small 16 none
in_group small tail /dev/zero
if grep -q '^/' /proc/swaps; then
    group half 24 swap
    in_group half /files/job churn 40 3
fi
/files/eat_memory 2000
cp /proc/vmstat /out/vmstat.2
few_seconds more_rows $(rows)
few_seconds more_rows $(rows)
kill $live $recorder
wait $live
wait $recorder
cp /proc/vmstat /out/vmstat.3
/files/faultline replay --json /disk/box.flr >/out/replayed.json
/files/faultline replay --json --events /disk/box.flr >/out/events.json
/files/faultline oom --json >/out/oom.json
cp /disk/box.flr /out/

rm /disk/cold
/files/faultline trace --json >/out/trace.json 2>/out/trace.err &
trace=$!
sleep 6
/files/cold_faults /disk/traced 512 >/dev/null
kill $trace
wait $trace
echo $? >/out/trace.status
"""


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(map(str, case)))
def case(request):
    return request.param


@pytest.fixture(scope="module")
def left(case, tmp_path_factory):
    arch, kernel, cgroups, cpus, swap = case
    program, compiler = (X86, ("cc",)) if arch == "amd64" else (ARM64, ARM64_COMPILER)
    if not program.exists():
        pytest.skip(f"no static program: ./run --static {arch.replace('amd64', '')} makes one")
    return boot(tmp_path_factory.mktemp("guest"), JOB, kernel, "--arch", arch, "--cgroups", str(cgroups), "--cpus", str(cpus),
                "--swap", str(swap), program=program, compiler=compiler)


def lines(left: Left, name):
    found = objects(left.text(name))
    for line in found:
        validate(line)
    return found


def of_type(found, kind):
    return [line for line in found if line["type"] == kind]


def keys(text):
    return {line.split()[0].rstrip(":"): int(line.split()[1]) for line in text.splitlines()}


def total(samples, key):
    return sum(sample[key] * sample["interval_seconds"] for sample in samples)


def bounds(left, key):
    """What was counted at least, and at most, while both were counting."""
    counted = [keys(left.text(f"vmstat.{i}"))[key] for i in range(4)]
    return counted[2] - counted[1], counted[3] - counted[0]


@pytest.mark.long
def test_a_kernel_as_wanted(case, left):
    arch, kernel, _, cpus, swap = case
    release, machine = left.text("uname").split()
    print(f"Linux {release}, {machine}")
    assert machine == {"amd64": "x86_64", "arm64": "aarch64"}[arch]
    assert release.startswith({OLDEST: "5.10.", BETWEEN: "6.1."}.get(kernel, ""))
    assert int(left.text("cpus")) == cpus and (keys(left.text("meminfo"))["SwapTotal"] > 0) == (swap > 0)


@pytest.mark.long
def test_rows_are_as_proc_has_it(case, left):
    samples = of_type(lines(left, "live.json"), "sample")
    memory = keys(left.text("meminfo"))
    assert int(left.text("cold")) == 4096
    for sample in samples:
        assert sample["mem_total_bytes"] == memory["MemTotal"] << 10 and sample["cpus_online"] == case[3]
        assert sample["swap_used_bytes"] + sample["swap_free_bytes"] == memory["SwapTotal"] << 10
        assert {"memory_full_stall_percent", "refaults_file_per_second", "refaults_anon_per_second"} <= set(sample)
    for key, of_vmstat, worth in [("major_faults_per_second", "pgmajfault", 1), ("swap_in_bytes_per_second", "pswpin", 4096),
                                  ("swap_out_bytes_per_second", "pswpout", 4096)]:
        least, most = bounds(left, of_vmstat)
        assert least * (1 - ROUNDED) <= total(samples, key) / worth <= most * (1 + ROUNDED), key
    least, most = bounds(left, "oom_kill")
    assert least <= sum(sample["oom_kills"] for sample in samples) <= most
    assert bounds(left, "pgmajfault")[0] >= 4096 and bounds(left, "oom_kill")[0] >= 2


@pytest.mark.long
def test_swap_ins(case, left):
    samples = of_type(lines(left, "live.json"), "sample")
    swapped_in = total(samples, "swap_in_bytes_per_second")
    assert swapped_in > 8 * MIB if case[4] else swapped_in == 0


def named(found):
    return [(kill["comm"], kill["constraint"], kill.get("limit_cgroup"), kill.get("limit_bytes")) for kill in of_type(found, "oom_kill")]


@pytest.mark.long
@pytest.mark.parametrize("told", ["live.json", "events.json", "oom.json"])
def test_each_victim_is_named(left, told):
    kills = lines(left, told)
    assert named(kills) == [("tail", "memcg", "/small", 16 * MIB), ("eat_memory", "none", None, None)]
    first, last = of_type(kills, "oom_kill")
    assert first["cgroup"] == "/small" and last["cgroup"] == "/"
    assert last["anon_rss_bytes"] > 100 * MIB
    assert "no OOM kill" in left.text("oom.before") or not left.text("oom.before")


@pytest.mark.long
def test_what_was_recorded(left):
    assert left.text("record.err") == "faultline: recording into /disk/box.flr\n"
    replayed = lines(left, "replayed.json")
    samples = of_type(replayed, "sample")
    for key, of_vmstat, worth in [("major_faults_per_second", "pgmajfault", 1), ("swap_in_bytes_per_second", "pswpin", 4096)]:
        least, most = bounds(left, of_vmstat)
        assert least * (1 - ROUNDED) <= total(samples, key) / worth <= most * (1 + ROUNDED), key
    # A recording is the same elsewhere, and on another architecture.
    here = run("replay", "--json", left.folder / "box.flr", check=0)
    assert (objects(here.stdout), here.stderr) == (replayed, "")


@pytest.mark.long
def test_a_job(case, left):
    job = left.job("job")
    assert job["status"] == left.status("job") == 7
    assert job["minor_faults"] > 20 * MIB // 4096 and 20 * MIB < job["largest_rss_bytes"] < 24 * MIB
    assert job["cgroup"].startswith("/faultline-run-")
    if case[1] != OLDEST or case[2] == 1:  # v2 has a peak since 5.19
        assert 20 * MIB <= job["cgroup_peak_bytes"] < 24 * MIB
    assert job["left_out"] == [] or case[1] == OLDEST


@pytest.mark.long
def test_what_it_says_it_can(case, left):
    found = {line["id"]: line for line in lines(left, "check.json")}
    missing = {name for name, line in found.items() if line["state"] != "ok"}
    assert missing == ({"ebpf", "fault_trace"} if case[1] == OLDEST else set())
    assert all("Linux 5.18" in found[name]["why"] for name in missing)
    assert found["cgroups"]["place"].startswith(f"v{case[2]}, ")
    assert (left.status("trace") == 0) == (found["fault_trace"]["state"] == "ok")


@pytest.mark.long
def test_faults_are_timed_or_it_is_said_why_not(case, left):
    if case[1] == OLDEST:
        assert "Linux 5.18" in left.text("trace.err") and os.path.getsize(left.folder / "trace.json") == 0
        return
    row = next(line for line in lines(left, "trace.json") if line.get("file") == "/disk/traced")
    assert row["major_faults"] == 512 and row["comm"] == "cold_faults" and row["total_seconds"] > 0
