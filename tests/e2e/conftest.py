"""What the e2e tests share: where the program is, and how to run it."""
import json
import os
import pathlib
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FAULTLINE_BUILD", TOP / "build/test"))
FAULTLINE = BUILD / "src/faultline"
HELPERS = BUILD / "tests/helpers"


def run(*words, check=None, **kwargs):
    """Runs faultline to its end; CHECK is the exit status that it must have."""
    done = subprocess.run([FAULTLINE, *map(str, words)], capture_output=True, text=True, timeout=60, **kwargs)
    if check is not None:
        assert done.returncode == check, done.stderr
    return done


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def live():
    """Starts faultline in the background; ends it by its id when the test is over."""
    started = []

    def start(*words, **kwargs):
        process = subprocess.Popen([FAULTLINE, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, **kwargs)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
