"""faultline report: which incident it tells of, on which machine, and by which numbers it is asked for."""
import os
import re
import subprocess

import pytest

import recordings
from conftest import objects, run, validate
from recordings import NOON

UTC = dict(os.environ, TZ="UTC")


def reported(path, *words, check=0):
    return run("report", *words, path, check=check, env=UTC).stdout


def number_of(text):
    return int(re.search(r"incident (\d+) of \d+, counted from the newest", text).group(1))


def incidents(path):
    return [line for line in objects(run("replay", "--list", "--json", path, check=0).stdout) if line["type"] == "incident"]


# A machine that gets another kernel.


@pytest.fixture(scope="module")
def updated(tmp_path_factory):
    """An incident right before the end of each kernel, and one right behind its beginning."""
    script = [f"at {NOON}"]
    for boot in [1, 2, 3]:
        script += [f"kernel 6.{boot}.0", f"start {boot}", "samples 2 1000", f"kill {boot}01 early-{boot}", "samples 300 1000 10",
                   f"kill {boot}02 late-{boot}", "samples 1 1000", "cut", "pass 3"]
    return recordings.write(tmp_path_factory.mktemp("updated") / "box.flr", script)


def test_the_kernel_is_that_of_the_incident(updated):
    victims = [f"{when}-{boot}" for boot in [3, 2, 1] for when in ["late", "early"]]
    assert len(incidents(updated)) == len(victims)
    for number, victim in enumerate(victims, 1):
        text = reported(updated, "--around", f"incident:{number}")
        assert text.startswith(f"OOM KILL DETECTED: {victim}[") and number_of(text) == number
        assert f"; host testhost, Linux 6.{victim[-1]}.0\n" in text


def test_the_kernel_is_that_of_the_time(updated):
    for seconds, kernel in [(150, "6.1.0"), (304, "6.1.0"), (308, "6.2.0"), (450, "6.2.0"), (750, "6.3.0")]:
        assert f"Linux {kernel}\n" in reported(updated, "--around", f"@{NOON + seconds}", "--window", "1s")


def test_another_boot_is_no_evidence(updated):
    """What was running before the machine was started anew did not bring about what happened after."""
    early, late = (reported(updated, "--around", f"incident:{number}") for number in [4, 3])
    assert "early-2[201]" in early and "Who held the memory" not in early and "12:05:0" not in early.split("How it came")[1]
    assert "late-2[202]" in late and "Who held the memory" in late


def test_a_time_of_which_nothing_is_known(updated):
    for seconds in [-3600, 2000]:
        done = run("report", "--around", f"@{NOON + seconds}", updated, check=3)
        assert done.stdout == "" and done.stderr == "faultline: nothing was recorded then; --list shows from when to when\n"


def test_sentences_fit_a_terminal(updated):
    for number in range(1, 7):
        text = reported(updated, "--around", f"incident:{number}")
        assert all(len(line) <= 80 for line in text.split("How it came")[1].splitlines())
        assert "percent of\n  the time in which all tasks stood still for memory, for I/O\n" in text
        assert "makes\n  that job die, and nobody else.\n" in text


# Numbers.


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """Eight kills, some of them nameless, and five incidents, the clock set back before the last one."""
    return recordings.write(tmp_path_factory.mktemp("killed") / "box.flr", [
        f"at {NOON}", "start 1", "samples 100 1000", "kill 1 one", "kills 3", "samples 100 1000", "kill 5 five",
        "samples 100 1000", "alert begin", "samples 5 1000", "alert end", "samples 100 1000", "kills 2", "samples 100 1000",
        "step -300", "samples 10 1000", "kill 8 eight", "samples 10 1000"])


def test_the_kills_of_the_list_are_those_that_can_be_asked_for(killed):
    listed = incidents(killed)
    assert [(one["incident"], one["oom_kills"]) for one in listed] == [(5, 4), (4, 1), (3, 0), (2, 2), (1, 1)]
    expected = [one["incident"] for one in reversed(listed) for _ in range(one["oom_kills"])]
    for window in ["1s", "60s", "10m"]:
        found = [number_of(reported(killed, "--around", f"oom:{number}", "--window", window)) for number in range(1, 9)]
        assert found == expected


def test_replay_counts_kills_as_report_does(killed):
    kills = []
    for number in range(1, 9):
        done = run("replay", "--events", "--json", "--around", f"oom:{number}", "--window", "0.1", killed, check=0)
        kills += [(line.get("comm"), line.get("kills", 1)) for line in objects(done.stdout) if line["type"] == "oom_kill"]
    assert kills == [("eight", 1), (None, 2), (None, 2), ("five", 1)] + 4 * [("one", 1), (None, 3)]
    for command in ["report", "replay"]:
        done = run(command, "--around", "oom:9", killed, check=3)
        assert done.stderr == "faultline: --around oom:9: OOM kills in the recording: 8\n"


@pytest.mark.parametrize("command, words, expected", [
    ("report", "incident:x", "incident:2 (the last but one), oom, oom:2 or a time, such as 03:12"),
    ("report", "oom:0", "incident:2 (the last but one), oom, oom:2 or a time, such as 03:12"),
    ("replay", "oom:x", "oom, oom:2 (the last kill but one) or a time, such as 03:12")])
def test_what_it_is_around_is_told_when_it_is_not_understood(killed, command, words, expected):
    done = run(command, "--around", words, killed, check=2)
    assert done.stderr.startswith(f"faultline: --around '{words}': expected {expected}")


def test_report_lists_what_replay_lists(killed):
    assert reported(killed, "--list") == run("replay", "--list", killed, check=0, env=UTC).stdout


def test_a_time_is_that_of_the_nearest_incident(killed):
    """A wide window reaches others as well."""
    begins = {one["incident"]: one["time"] for one in incidents(killed)}
    for number in [5, 4, 3, 2]:
        assert number_of(reported(killed, "--around", begins[number], "--window", "10m")) == number


# As a page.


def data_of(page):
    """The lines that the page shows."""
    element = re.search(r'<script type="application/x-ndjson" id="recording">\n(.*?)</script>', page, re.S)
    return objects(element[1])


def as_page(path, *words):
    done = run("report", "--html", "-", *words, path, env=UTC)
    if "built without its page" in done.stderr:
        pytest.skip("no page")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_page_has_all_that_the_text_has(tmp_path):
    """Around the incident, and its text as it is without --html."""
    path = recordings.write(tmp_path / "box.flr", [f"at {NOON}", "start 1", "samples 100 1000", "kill 5 five", "samples 100 1000"])
    lines = data_of(as_page(path, "--window", "10s"))
    assert lines[0]["type"] == "about" and lines[0]["interval_seconds"] == 1
    kill, = [line for line in lines if line["type"] == "oom_kill"]
    assert kill["comm"] == "five"
    times = [line["time"] for line in lines if line["type"] == "sample"]
    assert times == sorted(times) and times[0] < kill["time"] < times[-1] and len(times) == 21
    for line in lines:
        if line["type"] != "process":
            validate(line)
    report, = [line for line in lines if line["type"] == "report"]
    assert lines[-1] == report and report["text"] == reported(path, "--window", "10s")


def test_nothing_in_a_page_ends_its_element(tmp_path):
    path = recordings.write(tmp_path / "box.flr", [f"at {NOON}", "start 1", "samples 10 1000", "kill 1 </script><b>", "samples 10 1000"])
    page = as_page(path)
    assert "<b>" not in page[page.index('id="recording"'):page.index("</script>", page.index('id="recording"')) + 20]
    kill, = [line for line in data_of(page) if line["type"] == "oom_kill"]
    assert kill["comm"] == "</script><b>"


def test_a_page_stands_where_it_was_asked_for(killed, tmp_path):
    """A file is there whole or as it was; a link stays one, a pipe too."""
    page = as_page(killed)
    file, link, pipe = tmp_path / "page.html", tmp_path / "link.html", tmp_path / "pipe"
    file.write_text("old")
    link.symlink_to(file)
    run("report", "--html", link, killed, check=0, env=UTC)
    assert link.is_symlink() and file.read_text() == page
    os.mkfifo(pipe)
    with open(tmp_path / "read", "w") as read:
        reader = subprocess.Popen(["cat", pipe], stdout=read)
    run("report", "--html", pipe, killed, check=0, env=UTC)
    assert reader.wait(30) == 0 and pipe.is_fifo() and (tmp_path / "read").read_text() == page
    done = run("report", "--html", tmp_path / "nowhere/page.html", killed, check=1, env=UTC)
    assert done.stderr == f"faultline: --html {tmp_path}/nowhere/page.html: No such file or directory\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.html", "page.html", "pipe", "read"]
