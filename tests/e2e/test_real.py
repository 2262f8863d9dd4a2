"""The real thing: major faults, an OOM kill, a storm of context switches, on this machine's kernel."""
import os
import pathlib
import subprocess
import time

import pytest

from conftest import HELPERS, TOP, objects, remainder

pytestmark = pytest.mark.patient


def test_cold_faults_are_counted(live, tmp_path):
    """4,096 cold touches are 4,096 major faults, summed over the rows."""
    folder = TOP / "build"  # on a disk: a tmpfs has no major faults
    folder.mkdir(exist_ok=True)
    cold = folder / f"cold-{os.getpid()}"
    process = live("--json", "0.2")
    process.stdout.readline()
    try:
        own = int(subprocess.run([HELPERS / "cold_faults", cold, "4096"], capture_output=True, text=True,
                                 check=True).stdout)
    finally:
        cold.unlink(missing_ok=True)
    time.sleep(0.5)
    process.terminate()
    lines = objects(remainder(process)[0])
    samples = [line for line in lines if line["type"] == "sample"]
    counted, most = (sum((s["major_faults_per_second"] + half) * (s["interval_seconds"] + half) for s in samples)
                     for half in [0, 0.0005])  # three decimals are printed
    assert own >= 4096
    assert most >= 4096 and counted <= own * 1.05
    alerts = [line for line in lines if line["type"] == "alert" and line["alert"] == "major_faults"]
    assert alerts[0]["state"] == "begin"
    # A few faults of something else may have come first.
    worst = max((alert for alert in alerts if alert["state"] != "end"), key=lambda alert: alert["value"])
    assert "Major Faults/sec detected!" in worst["message"]
    assert worst["diagnosis"] == "cold_read"


def test_storm_colors_the_row(live):
    storm = subprocess.Popen([HELPERS / "ping_pong", "2"])
    process = live("--color", "always", "0.3", "3")
    out = process.communicate()[0].splitlines()
    storm.wait()
    assert any(line.startswith("\033[31m") and line.endswith("\033[0m") for line in out[1:])
    assert not any("CONTEXT SWITCH STORM" in line for line in out)


def test_storm_is_a_line_without_color(live):
    storm = subprocess.Popen([HELPERS / "ping_pong", "2"])
    out = live("0.3", "3").communicate()[0]
    storm.wait()
    assert "WARNING: CONTEXT SWITCH STORM: " in out


@pytest.mark.plain
def test_the_steady_state_is_quiet(live):
    """No page fault of its own over 200 rows after the third."""
    if os.environ.get("FAULTLINE_SANITIZED"):
        pytest.skip("the sanitizers' own memory faults")
    process = live("-w", "--psi", "0.05")
    for _ in range(4):
        process.stdout.readline()

    def faults():
        fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[7]), int(fields[9])

    before = faults()
    for _ in range(200):
        process.stdout.readline()
    assert faults() == before
