"""Recordings for the e2e tests, made by the commands of tests/helpers/write_recording.c."""
import subprocess

import flr
from conftest import HELPERS, TOP

TREE = TOP / "tests/fixtures/linux-6.18/0"
NOON = 1764072000  # 2025-11-25T12:00:00Z


def writer(path, segments):
    """What makes one, to be started."""
    return [HELPERS / "write_recording", TREE, path, str(segments * flr.SEGMENT_BYTES)]


def write(path, commands, segments=8):
    subprocess.run(writer(path, segments), input="\n".join(commands) + "\n", text=True, check=True, timeout=60)
    return path


def is_begun(path):
    return path.exists() and bool(flr.segment_headers(path.read_bytes()))


def newest_sequence(path):
    return flr.segment_headers(path.read_bytes())[-1][1].sequence
