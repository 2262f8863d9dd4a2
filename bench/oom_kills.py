"""How long after the kernel's own stamp a kill is told: real kills in a memory cgroup of its own."""
import contextlib
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time

GROUPS = "/sys/fs/cgroup/memory", "/sys/fs/cgroup"  # of v1, of v2
LIMIT_BYTES = 32 << 20


class NotHere(Exception):
    """What is missing on this machine."""


class Group:
    def __init__(self):
        parent = next((path for path in GROUPS if os.path.exists(path + "/cgroup.procs")), None)
        if os.geteuid() != 0 or parent is None:
            raise NotHere("needs root and a memory cgroup")
        self.path = "%s/faultline-bench-%d" % (parent, os.getpid())
        os.mkdir(self.path)
        names = [name for name in ("memory.limit_in_bytes", "memory.max") if os.path.exists(self.path + "/" + name)]
        if not names:
            os.rmdir(self.path)
            raise NotHere("no memory controller")
        with open(self.path + "/" + names[0], "w") as limit:
            limit.write(str(LIMIT_BYTES))

    def kill_one(self, eat_memory):
        join = 'echo $$ > "$0/cgroup.procs" && exec "$1" 64'
        child = subprocess.Popen(["sh", "-c", join, self.path, eat_memory])
        if child.wait() != -9:
            raise NotHere("the kernel did not kill")
        return child.pid

    def remove(self):
        for _ in range(50):
            try:
                os.rmdir(self.path)
                return
            except OSError:
                time.sleep(0.1)


def records(fd):
    """What the kernel's log has by now: (microseconds, text) of each record."""
    while True:
        try:
            head, _, text = os.read(fd, 8192).decode(errors="replace").partition(";")
        except BlockingIOError:
            return
        except BrokenPipeError:
            continue
        yield int(head.split(",")[2]), text


def clock_offset_us(fd):
    """The log's clock runs a little beside CLOCK_MONOTONIC: what is written now tells by how much, at most."""
    offsets = []
    for number in range(8):
        with open("/dev/kmsg", "w") as kmsg:
            before = time.monotonic_ns() // 1000
            kmsg.write("faultline: bench %d\n" % number)
            kmsg.flush()
        offsets += [before - stamp for stamp, text in records(fd) if "faultline: bench" in text]
        time.sleep(0.01)
    if not offsets:
        raise NotHere("/dev/kmsg takes nothing")
    return min(offsets)


def note_arrivals(stream, arrivals):
    """Each line as it comes: nothing else must keep the reader from it."""
    for text in stream:
        arrivals.put((time.monotonic_ns() // 1000, json.loads(text)))


def own_line(arrivals, pid):
    """The first that is about this kill, or that names nobody; others on this machine may be killed as well."""
    while True:
        arrived, told = arrivals.get(timeout=10)
        if told.get("pid", pid) == pid:
            return arrived


def stamp_of(fd, pid):
    stamps = [stamp for stamp, text in records(fd) if "Killed process %d " % pid in text]
    if len(stamps) != 1:
        raise NotHere("the kill of %d is not in the log once" % pid)
    return stamps[0]


@contextlib.contextmanager
def restricted_log():
    """The log is root's alone meanwhile."""
    path = "/proc/sys/kernel/dmesg_restrict"
    with open(path) as setting:
        before = setting.read()
    with open(path, "w") as setting:
        setting.write("1")
    try:
        yield
    finally:
        with open(path, "w") as setting:
            setting.write(before)


def latencies_us(program, eat_memory, count, user=None):
    """From the stamp of the kernel's line to the arrival of faultline's, which runs as USER."""
    group = Group()
    process = None
    try:
        fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(fd, 0, os.SEEK_END)
        offset = clock_offset_us(fd)
        process = subprocess.Popen([program, "--json", "3600"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   text=True, user=user, cwd="/")
        arrivals = queue.Queue()
        threading.Thread(target=note_arrivals, args=(process.stdout, arrivals), daemon=True).start()
        time.sleep(0.3)
        found = []
        for _ in range(count):
            pid = group.kill_one(eat_memory)
            arrived = own_line(arrivals, pid)
            time.sleep(0.02)
            found.append(arrived - stamp_of(fd, pid) - offset)
        os.close(fd)
        return found
    except queue.Empty:
        raise NotHere("a kill was not told") from None
    except PermissionError as error:
        raise NotHere(str(error)) from None
    finally:
        if process:
            process.kill()
            process.wait()
        group.remove()


def latencies_of_user_us(program, eat_memory, count):
    """The same as somebody who may not read the log."""
    with tempfile.TemporaryDirectory() as folder, restricted_log():
        os.chmod(folder, 0o755)
        return latencies_us(shutil.copy(program, folder), eat_memory, count, user=65534)
