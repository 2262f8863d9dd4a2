"""What the e2e tests share: where the program is, and how to run it."""
import json
import os
import pathlib
import signal
import subprocess
import threading
import time

import jsonschema
import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FAULTLINE_BUILD", TOP / "build/test"))
FAULTLINE = BUILD / "src/faultline"
HELPERS = BUILD / "tests/helpers"
SCHEMA = json.loads((TOP / "docs/faultline.schema.json").read_text())
# One of them fits, by its type. jsonschema.validate() would look through the schema itself each time, for 8 ms.
VALIDATORS = {name: jsonschema.Draft7Validator(definition) for name, definition in SCHEMA["definitions"].items()}


def run(*words, check=None, **kwargs):
    """Runs faultline to its end; CHECK is the exit status that it must have."""
    done = subprocess.run([FAULTLINE, *map(str, words)], capture_output=True, text=True, timeout=60, **kwargs)
    if check is not None:
        assert done.returncode == check, done.stderr
    return done


def validate(line):
    """Whether an object is as the schema has it."""
    VALIDATORS[line["type"]].validate(line)


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def remainder(process, timeout_s=30):
    """What it still writes until it ends. communicate() does not know of what readline() has read ahead, and loses it."""
    timer = threading.Timer(timeout_s, process.kill)
    timer.start()
    try:
        said = process.stdout.read(), process.stderr.read()
        process.wait()
        return said
    finally:
        timer.cancel()


def heed_interrupts():
    """A shell starts what is in its background with SIGINT ignored, and faultline leaves that so."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def live():
    """Starts faultline in the background; ends it by its id when the test is over."""
    started = []

    def start(*words, preexec_fn=heed_interrupts, **kwargs):
        process = subprocess.Popen([FAULTLINE, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, preexec_fn=preexec_fn, **kwargs)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


MEMCG = pathlib.Path("/sys/fs/cgroup/memory")  # of cgroup v1
UNIFIED = pathlib.Path("/sys/fs/cgroup")


possible_kills = []  # when a command was started in a memory cgroup


class MemoryGroup:
    """A memory cgroup of the test's own, and groups below it."""

    def __init__(self, parent, name, limit_bytes):
        self.path = parent / name
        self.path.mkdir()
        self.below = []
        v1 = (self.path / "memory.limit_in_bytes").exists()
        if limit_bytes:
            (self.path / ("memory.limit_in_bytes" if v1 else "memory.max")).write_text(str(limit_bytes))

    def group(self, name):
        """One below; on v2 the memory controller is handed down first."""
        control = self.path / "cgroup.subtree_control"
        if control.exists():
            control.write_text("+memory")
        self.below.append(MemoryGroup(self.path, name, None))
        return self.below[-1]

    def start(self, *command, **kwargs):
        """Starts a command in it, which may be killed."""
        possible_kills.append(time.monotonic())
        return subprocess.Popen(["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', self.path, *map(str, command)],
                                **kwargs)

    def remove(self):
        for group in self.below:
            group.remove()
        for _ in range(50):
            try:
                self.path.rmdir()
                return
            except OSError:
                time.sleep(0.1)


@pytest.fixture
def memory_group():
    """One of 32 MiB."""
    if os.geteuid() != 0:
        pytest.skip("an OOM kill in a memory cgroup of the test's own needs root")
    v1 = (MEMCG / "memory.limit_in_bytes").exists()
    if not v1 and "memory" not in (UNIFIED / "cgroup.subtree_control").read_text(errors="ignore").split():
        pytest.skip("no memory controller to make a cgroup with")
    group = MemoryGroup(MEMCG if v1 else UNIFIED, f"faultline-test-{os.getpid()}", 32 << 20)
    yield group
    group.remove()


def kill_one(group):
    """A child that takes more than the group's limit. Returns its pid."""
    child = group.start(HELPERS / "eat_memory", "64")
    assert child.wait() == -9
    return child.pid


def pytest_configure(config):
    # A shell starts what is in its background with two of them ignored, nohup with one, and what the tests start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    config.addinivalue_line("markers", "long: for ./test --long only")
    config.addinivalue_line("markers", "plain: not under the sanitizers, which have nothing to find there")
    config.addinivalue_line("markers", "memory: with --long, under the sanitizers as well")
    config.addinivalue_line("markers", "patient: waits most of the time: under the sanitizers with --long alone")
