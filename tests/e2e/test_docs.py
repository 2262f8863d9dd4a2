"""The documents agree with the program."""
import importlib.machinery
import importlib.util
import os
import subprocess
import time

import pytest

from conftest import FAULTLINE, HELPERS, TOP, objects, run, validate

LOADER = importlib.machinery.SourceFileLoader("update", str(TOP / "docs/update"))
UPDATE = importlib.util.module_from_spec(importlib.util.spec_from_loader("update", LOADER))
LOADER.exec_module(UPDATE)


@pytest.mark.parametrize("name", list(UPDATE.FILES))
def test_generated_documents_are_up_to_date(name):
    assert (TOP / "docs" / name).read_text() == UPDATE.FILES[name](FAULTLINE), "run docs/update"


def valid(lines):
    for line in lines:
        validate(line)
    return lines


@pytest.mark.parametrize("words", [
    ["--json", "0.05", "3"],
    ["--json", "-w", "--psi", "0.05", "2"],
    ["--json", "-o", "maj,vmstat.pgfree,vmstat.nr_dirty,meminfo.Dirty,meminfo.HugePages_Free", "0.05", "2"],
    ["metrics", "--json"],
])
def test_output_is_as_the_schema_says(words):
    lines = valid(objects(run(*words, check=0).stdout))
    assert len(lines) >= 2
    assert all(list(line)[0] == "type" for line in lines)


def test_events_are_as_the_schema_says():
    storm = subprocess.Popen([HELPERS / "ping_pong", "1"])
    lines = valid(objects(run("--json", "0.2", "25", check=0).stdout))
    storm.wait()
    states = [line["state"] for line in lines if line["type"] == "alert" and line["alert"] == "context_switches"]
    assert states[0] == "begin"  # whether it ends in time is up to what else this machine does


@pytest.mark.parametrize("kernel", ["4.4", "4.14", "6.1", "6.12", "6.18"])
def test_golden_json_is_as_the_schema_says(kernel):
    lines = valid(objects((TOP / f"tests/golden/linux-{kernel}.json").read_text()))
    for line in lines:
        shares = [value for key, value in line.items() if key.startswith("cpu_") and key.endswith("_percent")
                  and "stall" not in key]
        assert line["type"] != "sample" or abs(sum(shares) - 100) < 0.04


def test_csv_has_the_keys_of_json():
    header = run("--csv", "0.05", "1", check=0).stdout.splitlines()[0].split(",")
    sample = objects(run("--json", "0.05", "1", check=0).stdout)[0]
    assert [key for key in header if key in sample] == [key for key in sample if key != "type"]


def test_every_option_is_in_the_manual():
    manual = (TOP / "docs/faultline.1").read_text()
    for line in run("--help", check=0).stdout.splitlines():
        for word in line.split():
            if word.startswith("--") and line.startswith("  "):
                assert "Fl \\-" + word[2:].replace("-", "\\-") in manual, word
                break


@pytest.mark.parametrize("command", ["check", "record", "replay", "report", "run", "serve", "top", "trace", "vmstat"])
def test_every_option_of_a_command_is_in_its_manual(command):
    manual = (TOP / f"docs/faultline-{command}.1").read_text().replace("\\-", "-")
    options = [word for line in run(command, "--help", check=0).stdout.splitlines() for word in line.split()[:2]
               if word.startswith("--")]
    assert len(options) >= 4
    for option in options:
        assert option[1:] in manual, option


@pytest.mark.plain
def test_rows_keep_their_rhythm():
    """Deadlines are absolute: 100 rows of 50 ms end a hundred periods after the start, give or take one late row."""
    start = time.monotonic()
    run("0.05", "100", check=0)
    if os.environ.get("FAULTLINE_SANITIZED"):
        return
    assert time.monotonic() - start >= 100 * 0.05
