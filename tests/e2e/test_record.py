"""faultline record: what is in the file whatever happens to the recorder, the disk and the machine."""
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import threading
import time

import jsonschema
import pytest

import recordings
from conftest import FAULTLINE, SCHEMA, TOP, kill_one, objects, run
from recordings import SEGMENT_BYTES

FAST = ["--interval", "0.01"]
SANITIZED = bool(os.environ.get("FAULTLINE_SANITIZED"))
SLOWLY = 4 if SANITIZED else 1


def begun(process):
    """Waits until it records."""
    for line in process.stderr:
        if "recording into" in line:
            return process
    raise AssertionError("it ended")


def ended(process, number=signal.SIGTERM):
    """Ends it by a signal. Returns what it said from then on."""
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0 and out == ""
    return err


def replayed(path, *words, check=0):
    """What replay says, and that it has nothing to complain of."""
    done = run("replay", "--json", *words, path, check=check)
    assert done.stderr == ""
    lines = objects(done.stdout)
    for line in lines[:5] + lines[-5:]:
        jsonschema.validate(line, SCHEMA)
    return lines


def samples(lines):
    return [line for line in lines if line["type"] == "sample"]


# Killed, and begun anew.


class Rows:
    """How many rows the whole frames of a file make, by a reader of its own. Segments that are full are read once."""

    def __init__(self):
        self.full = {}

    def count(self, data):
        rows, first = 0, True
        for kind in self.kinds(data):
            if kind == recordings.RUN:
                first = True  # what its first sample begins with is not known
            elif kind in (recordings.FULL, recordings.CHANGES):
                rows += not first
                first = False
        return rows

    def kinds(self, data):
        found = recordings.segments(data)
        for segment in found[:-1]:
            self.full.setdefault(segment.sequence, segment.frames)
        return [kind for frames in [*self.full.values(), found[-1].frames] for kind, _ in frames]


def kill(path, seconds):
    process = subprocess.Popen([FAULTLINE, "record", "-f", path, "--size", "8M", "--no-protect", *FAST],
                               stderr=subprocess.PIPE, text=True)
    time.sleep(seconds)
    process.kill()
    err = process.communicate()[1]
    assert process.returncode == -signal.SIGKILL, err
    assert err in ("", f"faultline: recording into {path}\n")


def check_kills(path, kills):
    dice, rows, before, survived = random.Random(5), Rows(), "", 0
    for _ in range(kills):
        kill(path, dice.uniform(0, 0.4) * SLOWLY)
        if not path.exists() or not recordings.segments(path.read_bytes()):
            continue  # there was nothing yet
        survived += 1
        done = run("replay", "--json", path)
        assert done.stderr == ""
        assert done.stdout.startswith(before)
        before = done.stdout
        lines = objects(before)
        assert len(samples(lines)) == rows.count(path.read_bytes())
        assert all(line["mark"] == "restart" for line in lines if line["type"] == "mark")
    assert survived > kills // 2
    assert run("record", "-f", path, "--no-protect", *FAST, "--count", "3", check=0).stderr == f"faultline: recording into {path}\n"
    assert run("replay", "--json", path, check=0).stdout.startswith(before)
    assert len(samples(replayed(path))) == rows.count(path.read_bytes()) >= 3


def test_20_kills(tmp_path):
    check_kills(tmp_path / "box.flr", 20)


@pytest.mark.long
def test_200_kills(tmp_path):
    check_kills(tmp_path / "box.flr", 200)
