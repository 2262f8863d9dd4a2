"""Who faults, on other kernels than this machine's: the walk of tasks, cgroups of v2, and who is behind an alert."""
import pytest

from test_kernels import boot, static_helper

WHO = r"""#!/bin/sh
cd /sys/fs/cgroup
mkdir job
echo 33554432 >job/memory.max
in_job() { exec sh -c 'echo $$ >/sys/fs/cgroup/job/cgroup.procs; exec "$@"' - "$@"; }
for i in 1 2 3 4 5; do sleep 1000 & done
sleep 1
for source in proc bpf proc; do /files/faultline top --json -n 1000 --source $source 0.3 1; done

/files/faultline top --json -n 1000 --source bpf 4 1 &
top=$!
/files/faultline top --json --by cgroup -n 1000 8 1 &
groups=$!
sleep 2
(in_job /files/cold_faults /disk/cold 512 >/tmp/cold)
(in_job tail /dev/zero)
wait $top
wait $groups

/files/faultline --json --alert-major 100 0.5 10 &
live=$!
sleep 2
/files/cold_faults /disk/other 2000 >/dev/null
wait $live
echo "cold $(cat /tmp/cold)"
"""


def blocks_of(found):
    """The rows behind each object of type top."""
    blocks = []
    for line in found:
        if line["type"] == "top":
            blocks.append((line, []))
        elif blocks and line["type"] in ("process", "cgroup"):
            blocks[-1][1].append(line)
    return blocks


def sleeping(rows):
    keys = ["pid", "uid", "minor_faults", "major_faults", "rss_bytes", "oom_score", "cgroup"]
    return {row["pid"]: [row.get(key) for key in keys] for row in rows if row["comm"] in ("sleep", "init")}


@pytest.mark.long
@pytest.mark.parametrize("kernel", ["6.1", "6.12"])
def test_who_faults_on_another_kernel(tmp_path, kernel):
    found, said = boot(tmp_path, WHO, kernel, "--disk", "64", files=[static_helper(tmp_path)])
    blocks = blocks_of(found)
    counted = next(int(line.split()[1]) for line in said.splitlines() if line.startswith("cold "))
    assert counted == 512

    first, through_bpf, second = (sleeping(rows) for _, rows in blocks[:3])
    assert len(first) == 6 and first == second == through_bpf

    processes = next(block for block in blocks[3:] if block[0]["by"] == "process")
    ended = {row["comm"]: row for row in processes[1] if row.get("ended")}
    assert ended["cold_faults"]["major_faults"] >= 512
    assert ended["tail"]["minor_faults"] > 1000
    assert processes[0]["ended"] >= 3 and processes[0]["ended_unseen"] == 0

    groups = next(block for block in blocks[3:] if block[0]["by"] == "cgroup")
    job = next(row for row in groups[1] if row["cgroup"] == "/job")
    assert job["limit_bytes"] == 32 << 20 and job["usage_bytes"] <= 32 << 20
    assert (job["oom_kills"], job["oom_kills_in_interval"]) == (1, 1)
    assert job["major_faults"] >= 512 and job["major_faults_per_second"] * groups[0]["interval_seconds"] >= 512
    assert 0 <= job["memory_full_stall_percent"] <= job["memory_some_stall_percent"] <= 100

    begin = next(line for line in found if line["type"] == "alert" and line["alert"] == "major_faults")
    assert begin["state"] == "begin" and begin["processes"][0]["comm"] == "cold_faults"
    assert "cold_faults[" in begin["message"]
