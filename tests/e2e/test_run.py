"""`faultline run`: what a job cost, and what ended it, with helpers whose costs are known and ends that are real."""
import fcntl
import os
import resource
import signal
import subprocess
import sys
import time

import pytest

from conftest import FAULTLINE, HELPERS, TOP, objects, run, validate

JOB = HELPERS / "job"
IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not IS_ROOT, reason="a cgroup of the job's own, or the kernel's log, needs root here")
MIB = 1 << 20

# A job that says at its end what the kernel has counted of it and of all that it has waited for.
COUNTED = """
import resource, subprocess, sys
before = resource.getrusage(resource.RUSAGE_SELF)
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(sum(part.ru_minflt for part in parts), sum(part.ru_majflt for part in parts), before.ru_minflt)
"""


@pytest.fixture
def cold(tmp_path):
    """The name of a file on a disk: a tmpfs has no major faults."""
    folder = TOP / "build"
    folder.mkdir(exist_ok=True)
    path = folder / f"cold-run-{os.getpid()}"
    yield path
    path.unlink(missing_ok=True)


def told(tmp_path, *words, check=None, **kwargs):
    """Runs a job, and returns the object of its summary, with `exit`, `stdout` and `stderr` beside what it has."""
    summary = tmp_path / "summary"
    done = run("run", "--json", "-o", summary, *words, check=check, **kwargs)
    lines = objects(summary.read_text())
    for line in lines:
        validate(line)
    job = next(line for line in lines if line["type"] == "job")
    return dict(job, exit=done.returncode, stdout=done.stdout, stderr=done.stderr, lines=lines)


def text_of(*words, **kwargs):
    """The summary for people, as one string without line ends."""
    return run("run", *words, **kwargs).stderr


def only_death(job):
    assert len(job["deaths"]) == 1, job["deaths"]
    return job["deaths"][0]


# -- what it cost --


def test_faults_of_a_grandchild(tmp_path, cold):
    """As many as the kernel has for the job and all below it; what its process had before it began is not among them."""
    job = told(tmp_path, "--", sys.executable, "-c", COUNTED, "sh", "-c", f"{HELPERS}/cold_faults {cold} 4096; true", check=0)
    minor, major, before = map(int, job["stdout"].split())
    assert major >= 4096
    assert job["major_faults"] == major
    # Some of those before it began to count are not the job's; what it takes to say so and to end is.
    assert minor - before <= job["minor_faults"] <= minor + 1000


def test_faults_of_eight_threads(tmp_path, cold):
    job = told(tmp_path, "--", sys.executable, "-c", COUNTED, HELPERS / "cold_faults", cold, "4096", "8", check=0)
    major = int(job["stdout"].split()[1])
    assert major >= 4096
    assert job["major_faults"] == major


def test_faults_of_a_daemon(tmp_path, cold):
    """It left its parent, session and all; --wait waits for it."""
    counted = tmp_path / "counted"
    job = told(tmp_path, "--wait", "--", JOB, "orphan", "sh", "-c", f"sleep 0.2; {HELPERS}/cold_faults {cold} 4096 > {counted}", check=0)
    own = int(counted.read_text())
    assert own >= 4096
    assert own <= job["major_faults"] <= own + 50
    assert job["ended_with_command"] == 0


def test_faults_of_who_ended_before_the_first_look(tmp_path):
    """The first look at its processes comes after 5 ms."""
    job = told(tmp_path, "--", "sh", "-c", "/bin/true; /bin/true; /bin/true", check=0)
    assert job["minor_faults"] >= 100
    if "processes_ended" in job:
        assert job["processes_ended"] == 4


@pytest.mark.skipif(not IS_ROOT, reason="kernel.perf_event_paranoid may be 3 for users")
def test_faults_of_who_nobody_waited_for(tmp_path, cold):
    """getrusage(2) knows nothing of it."""
    counted = tmp_path / "counted"
    job = told(tmp_path, "--", JOB, "forget", "sh", "-c", f"exec {HELPERS}/cold_faults {cold} 4096 > {counted}", check=0)
    own = int(counted.read_text())
    assert own >= 4096
    assert own <= job["major_faults"] <= own + 50


def test_bytes_that_were_read(tmp_path, cold):
    """Every fourth page of a cold file, without read-ahead."""
    job = told(tmp_path, "--", HELPERS / "cold_faults", cold, "4096", check=0)
    assert 4096 * 4096 <= job["read_bytes"] <= 4096 * 4096 * 1.2


def test_time_and_switches(tmp_path):
    job = told(tmp_path, "--", HELPERS / "ping_pong", "0.5", check=0)
    assert job["seconds"] >= 0.5
    assert job["cpu_user_seconds"] + job["cpu_system_seconds"] > 0.1
    assert job["voluntary_context_switches"] > 1000


@needs_root
@pytest.mark.plain
def test_peak_memory_with_a_cgroup(tmp_path):
    job = told(tmp_path, "--", JOB, "anon", "200", "0.1", check=0)
    assert 200 * MIB <= job["cgroup_peak_bytes"] <= 204 * MIB
    assert job["cgroup"].endswith(f"/faultline-run-{job['cgroup'].rpartition('-')[2]}")


@pytest.mark.plain
def test_peak_memory_without_a_cgroup(tmp_path):
    """Two at a time, sampled; of one alone the kernel has the peak."""
    pair = f"{JOB} anon 100 1.5 & {JOB} anon 100 1.5; wait"
    job = told(tmp_path, "--no-cgroup", "--", "sh", "-c", pair, check=0)
    assert 200 * MIB <= job["peak_rss_bytes"] <= 220 * MIB
    assert 100 * MIB <= job["largest_rss_bytes"] <= 104 * MIB
    assert "cgroup" not in job
    alone = told(tmp_path, "--no-cgroup", "--", JOB, "anon", "200", "0", check=0)
    assert 200 * MIB <= alone["peak_rss_bytes"] <= 204 * MIB


def test_rows(tmp_path):
    lines = told(tmp_path, "--every", "0.2s", "--", "sleep", "1", check=0)["lines"]
    rows = [line for line in lines if line["type"] == "job_sample"]
    assert 4 <= len(rows) <= 5
    assert rows[-1]["processes"] == 1 and rows[-1]["rss_bytes"] > 100000
    assert [row["seconds"] for row in rows] == sorted(row["seconds"] for row in rows)
    shown = text_of("--every", "0.2s", "--", "sleep", "0.5", check=0).splitlines()
    assert shown[0].split()[:4] == ["TIME", "PROCS", "MIN/S", "MAJ/S"]


@needs_root
def test_rows_are_of_the_job_alone(tmp_path, cold):
    """Their faults add up to its own, whatever else this machine does."""
    lines = told(tmp_path, "--every", "0.1s", "--", "sh", "-c", f"{HELPERS}/cold_faults {cold} 4096; sleep 0.3", check=0)["lines"]
    rows = [line for line in lines if line["type"] == "job_sample"]
    before = [0.0] + [row["seconds"] for row in rows]
    told_faults = sum(row["major_faults_per_second"] * (row["seconds"] - begin) for begin, row in zip(before, rows))
    assert abs(told_faults - 4096) < 4096 * 0.05


@needs_root
def test_trace(tmp_path, cold):
    job = told(tmp_path, "--trace", "--", HELPERS / "cold_faults", cold, "4096", check=0)
    rows = [line for line in job["lines"] if line["type"] == "fault_latency"]
    assert rows[0]["file"] == str(cold) and rows[0]["comm"] == "cold_faults"
    assert rows[0]["major_faults"] == int(job["stdout"]) >= 4096
    shown = text_of("--trace", "--", HELPERS / "cold_faults", cold, "512", check=0)
    assert "  traced " in shown and f"faults of cold_faults[" in shown and str(cold) in shown


def test_a_reader_that_has_gone_is_no_end_of_the_job():
    """Rows that nobody reads: a failed write of faultline's own is none of the job's signals."""
    process = subprocess.Popen([FAULTLINE, "run", "--every", "0.05", "--", "sh", "-c", "trap 'exit 9' PIPE; sleep 0.6; exit 7"],
                               stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    process.stderr.close()
    assert process.wait(timeout=30) == 7


def test_who_never_reads_holds_up_neither_the_job_nor_its_end():
    """A pipe that is full, of one page: signals get through to the job, and then to faultline."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen([FAULTLINE, "run", "--every", "0.05", "--", "sleep", "1000"], stderr=writer)
    os.close(writer)
    time.sleep(0.5)  # rows enough
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        process.terminate()
        time.sleep(0.1)
    os.close(reader)
    assert process.wait(timeout=30) == 143


def test_the_time_of_all_its_processes(tmp_path):
    """What the figures are of, with --wait too."""
    job = told(tmp_path, "--wait", "--", "sh", "-c", "sleep 0.5 & exit 0", check=0)
    assert job["seconds"] >= 0.5


def test_recording_goes_on_to_the_end_of_a_job_whose_starter_ignores_sigterm(tmp_path):
    ignores = lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN)  # noqa: E731
    run("run", "--record", tmp_path / "box", "--", "true", check=0, preexec_fn=ignores)


def test_recording(tmp_path):
    box = tmp_path / "box"
    run("run", "--record", box, "--", "sleep", "1.5", check=0)
    samples = [line for line in objects(run("replay", "--json", box, check=0).stdout) if line["type"] == "sample"]
    assert samples


# -- what ended it --


def test_a_plain_end(tmp_path):
    job = told(tmp_path, "--", "sh", "-c", "exit 7")
    assert job["exit"] == 7 and job["status"] == 7
    assert job["deaths"] == [] and "ending" not in job and "diagnosis" not in job


@needs_root
@pytest.mark.plain
class TestOutOfMemory:
    def test_its_own_limit(self, tmp_path):
        """A grandchild whose parent does not care, and ends with 0."""
        words = ["--memory-max", "48M", "--", "sh", "-c", f"{HELPERS}/eat_memory 200; exit 0"]
        job = told(tmp_path, *words, check=0)
        death = only_death(job)
        assert death["comm"] == "eat_memory" and death["cause"] == "own_limit" and death["signal"] == 9
        assert death["limit_bytes"] == 48 * MIB and death["limit_cgroup"] == job["cgroup"]
        assert job["oom_kills"] == 1 and job["ending"] == "own_limit"
        assert f"faultline: OOM KILL: eat_memory[{death['pid']}]" in job["stderr"]
        assert job["ending_message"] == "The job needed more memory than its own limit of 48M"
        assert told(tmp_path, "--fail-on", "oom", *words)["exit"] == 137

    def test_the_command_itself(self, tmp_path):
        job = told(tmp_path, "--memory-max", "48M", "--", HELPERS / "eat_memory", "200")
        assert job["exit"] == 137 and job["signal"] == 9
        assert only_death(job)["cause"] == "own_limit"

    def test_a_limit_further_up(self, tmp_path, memory_group):
        """As a batch system has it, of 32 MiB; named by the way its groups are called."""
        outer = memory_group.path
        inner = outer / "slurm"
        inner.mkdir()
        summary = tmp_path / "summary"
        try:
            for words in [[], ["--no-cgroup"], ["--memory-max", "1G"]]:
                done = subprocess.run(
                    ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', inner, FAULTLINE, "run", *words, "--json", "-o", summary,
                     "--", HELPERS / "eat_memory", "64"], stderr=subprocess.PIPE, text=True, timeout=60)
                job = objects(summary.read_text())[0]
                death = only_death(job)
                assert done.returncode == 137
                assert death["cause"] == "limit_above" and death["limit_cgroup"].endswith(outer.name)
                assert f"the limit of {death['limit_cgroup']} (32M)" in done.stderr
        finally:
            time.sleep(0.1)
            inner.rmdir()

    def test_another_job_is_not_this_one(self, tmp_path, memory_group):
        """A kill elsewhere on the machine meanwhile, with a cgroup of the job's own and without."""
        for words in [[], ["--no-cgroup"]]:
            summary = tmp_path / "summary"
            mine = subprocess.Popen([FAULTLINE, "run", *words, "--json", "-o", summary, "--", "sleep", "1.5"], stderr=subprocess.PIPE,
                                    text=True)
            time.sleep(0.5)
            assert memory_group.start(HELPERS / "eat_memory", "64").wait() == -9
            assert "OOM" not in mine.communicate(timeout=30)[1]
            assert objects(summary.read_text())[0]["oom_kills"] == 0

    def test_without_a_cgroup_it_is_known_by_its_process(self, tmp_path, memory_group):
        """A process of the job that is in a group of somebody else's."""
        command = f'echo $$ > {memory_group.path}/cgroup.procs; exec {HELPERS}/eat_memory 64'
        job = told(tmp_path, "--no-cgroup", "--", "sh", "-c", f"sh -c '{command}'; exit 0", check=0)
        death = only_death(job)
        assert death["comm"] == "eat_memory" and death["cause"] == "limit_above"
        assert death["limit_cgroup"].endswith(memory_group.path.name)


def test_sigkill_from_somebody(tmp_path):
    """No OOM kill: who sent it, where that can be known."""
    summary = tmp_path / "summary"
    process = subprocess.Popen([FAULTLINE, "run", "--json", "-o", summary, "--", "sh", "-c", "echo $$; exec sleep 100"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    victim = int(process.stdout.readline())
    os.kill(victim, signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode == 137
    job = objects(summary.read_text())[0]
    death = only_death(job)
    assert death["pid"] == victim and death["signal"] == 9
    if death["cause"] == "process":
        assert death["sender_pid"] == os.getpid() and death["sender_uid"] == os.geteuid()
    else:
        assert death["cause"] == "somebody" and job["ending"] == "killed_by_somebody"


@needs_root
def test_who_sent_what_was_handed_on(tmp_path):
    """A signal to faultline reaches the job by its keeper; the sender is who sent it first."""
    summary = tmp_path / "summary"
    process = subprocess.Popen([FAULTLINE, "run", "--json", "-o", summary, "--", "sh", "-c", "echo; exec sleep 100"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    process.terminate()
    process.communicate(timeout=30)
    death = only_death(objects(summary.read_text())[0])
    if death["cause"] != "signal":  # with eBPF
        assert death["cause"] == "process" and death["sender_pid"] == os.getpid()


@needs_root
@pytest.mark.plain  # the sanitizers catch the helper's SIGBUS
def test_sigbus_on_a_full_file_system(tmp_path):
    folder = tmp_path / "full"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", folder], check=True)
    try:
        job = told(tmp_path, "--", "sh", "-c", f"{JOB} fill {folder}/big 16; exit 0", check=0)
        death = only_death(job)
        assert death["signal"] == signal.SIGBUS and death["cause"] == "file_system_full"
        assert job["ending"] == "file_system_full"
        assert "was full" in text_of("--", JOB, "fill", folder / "big", "16")
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.plain
def test_sigbus_behind_the_end_of_a_file(tmp_path):
    job = told(tmp_path, "--", JOB, "cut", tmp_path / "cut")
    assert job["exit"] == 128 + signal.SIGBUS
    assert only_death(job)["cause"] in ("itself", "signal")


@pytest.mark.plain
def test_an_allocation_that_fails(tmp_path):
    """Under RLIMIT_AS, which the job was started with."""
    limit = 2 << 30

    def limited():
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    job = told(tmp_path, "--", JOB, "allocate", "4096", preexec_fn=limited)
    assert job["exit"] == 3 and job["status"] == 3 and job["deaths"] == []
    if IS_ROOT:
        assert job["ending"] == "allocation_failed"
        assert "2.0G (RLIMIT_AS, ulimit -v)" in job["ending_message"]
    enough = told(tmp_path, "--", JOB, "allocate", "1", preexec_fn=limited, check=0)
    assert "ending" not in enough


@pytest.mark.plain
def test_an_address_space_that_the_job_limits_itself(tmp_path):
    """It is seen in use up to its limit."""
    job = told(tmp_path, "--", "sh", "-c", f"ulimit -v 204800; {HELPERS}/eat_memory 400 1000")
    assert job["status"] == 1
    assert job["ending"] == "allocation_failed"


def test_crashes(tmp_path):
    for number in [signal.SIGSEGV, signal.SIGABRT, signal.SIGILL]:
        job = told(tmp_path, "--", "sh", "-c", f"ulimit -c 0; kill -{int(number)} $$")
        assert job["exit"] == 128 + number and job["signal"] == number
        assert only_death(job)["signal"] == number


def test_a_part_that_was_told_to_end_is_no_news(tmp_path):
    assert told(tmp_path, "--", "sh", "-c", "sleep 100 & kill $!; wait; exit 0", check=0)["deaths"] == []


# -- what it waited for --


@needs_root
@pytest.mark.plain
def test_thrashing_is_told(cold):
    """A mapped file of 24 MiB, of which each page is read three times, in 12 MiB; in enough memory it is read once."""
    with open(cold, "wb") as file:
        file.write(os.urandom(24 * MIB))
        os.fsync(file.fileno())
    jobs = {}
    for limit in ["12M", "100M"]:
        with open(cold, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        said = run("run", "--trace", "--json", "--memory-max", limit, "--", JOB, "read", cold, "24", "3", check=0).stderr
        jobs[limit] = objects(said)[0]
    assert jobs["12M"]["diagnosis"] == "file_thrash"
    assert f"pages of {cold.name} that had been evicted: the working set is about 1" in jobs["12M"]["diagnosis_message"]
    assert jobs["12M"]["refaults_file_bytes"] >= 24 * MIB and jobs["100M"]["refaults_file_bytes"] < 1 * MIB
    assert jobs["100M"].get("diagnosis") in (None, "cold_read")


@needs_root
@pytest.mark.long
def test_a_job_that_trains(tmp_path):
    """The README's: in half of the memory that its data takes it thrashes, in twice of it there is nothing to say."""
    pytest.importorskip("numpy")
    numpy = __import__("numpy")
    data = TOP / "build" / f"train-{os.getpid()}"
    generator = numpy.random.default_rng(1)
    try:
        with open(data, "wb") as file:
            for _ in range(32):
                file.write(generator.standard_normal(4 * MIB, dtype="float32").tobytes())
            os.fsync(file.fileno())
        jobs = {}
        for limit in ["256M", "1G"]:
            with open(data, "rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            summary = tmp_path / "summary"
            subprocess.run([FAULTLINE, "run", "--trace", "--json", "-o", summary, "--memory-max", limit, "--",
                            sys.executable, TOP / "tests/helpers/train.py", data, "3"], check=True, timeout=280)
            jobs[limit] = objects(summary.read_text())[0]
        thrashing, calm = jobs["256M"], jobs["1G"]
        assert thrashing["diagnosis"] == "file_thrash"
        assert f"pages of {data.name} that had been evicted: the working set is about 2" in thrashing["diagnosis_message"]
        assert "diagnosis" not in calm and "ending" not in calm
    finally:
        data.unlink()


# -- wrong usage --


@pytest.mark.parametrize("words, said", [
    ([], "which command?"),
    (["--memory-max", "0", "--", "true"], "--memory-max '0'"),
    (["--memory-max", "1T5", "--", "true"], "--memory-max '1T5'"),
    (["--fail-on", "fire", "--", "true"], "--fail-on 'fire'"),
    (["--every", "0", "--", "true"], "--every '0'"),
    (["--no-cgroup", "--memory-max", "1G", "--", "true"], "--no-cgroup"),
    (["--bogus", "--", "true"], "--bogus"),
])
def test_wrong_usage(words, said):
    done = run("run", *words, check=2)
    assert said in done.stderr and done.stdout == ""


def test_an_output_that_cannot_be_written():
    done = run("run", "-o", "/nonexistent/file", "--", "true", check=125)
    assert "/nonexistent/file" in done.stderr


def test_help():
    assert "Usage: faultline run" in run("run", "--help", check=0).stdout
