"""Damaged recordings: what is left is read, what is gone is said, and nothing is told that was not recorded."""
import datetime
import random
import subprocess

import pytest

import flr
import recordings
from conftest import FAULTLINE, run
from flr import SEGMENT_BYTES

PAGE = 4096


def commands():
    """Some 600 samples of 1.7 KB in four segments, with all that there may be in between."""
    first = ["spread 1000000000000 1", f"at {recordings.NOON}", "start 1", "samples 60 10 3"]
    for number in range(12):
        first += ["pass 0.003", f"kill {4000 + number} victim-{number}", "alert begin", "pass 0.007", "samples 25 10 3",
                  "pass 0.003", "alert end", "pass 0.007"]
    second = ["samples 20 10 2", "pass 0.003", "alert begin", "pass 0.007"] * 8
    return [*first, "stop", "pass 30", "start 1", *second, "cut", "pass 60", "start 2", "samples 120 10 5", "stop"]


class Whole:
    """A recording before anything happens to it, and what it says by segment."""

    def __init__(self, path, closed):
        self.closed = closed
        self.data = path.read_bytes()
        done = run("replay", "--json", "--processes", path, check=0)
        assert done.stderr == ""
        self.lines = told(done.stdout)
        headers = flr.segment_headers(self.data)
        self.segments = [self.data[offset:offset + SEGMENT_BYTES] for offset, _ in headers]
        begins = [header.wall_ns // 1000000 for _, header in headers]
        self.by_segment = [[] for _ in self.segments]
        for line in self.lines:
            self.by_segment[max(i for i, begin in enumerate(begins) if begin <= milliseconds(line))].append(line)

    def must_be_read(self, damaged):
        """The lines of all segments that were not touched. The first interval in one begins in the one before."""
        lines, before = [], True
        for segment, own in zip(self.segments, self.by_segment):
            intact = segment in damaged
            if intact:
                first = next(i for i, line in enumerate(own) if is_sample(line))
                lines += own if before else own[:first] + own[first + 1:]
            before = intact
        return lines


def milliseconds(line):
    when = datetime.datetime.fromisoformat(line.split('"time":"', 1)[1][:23] + "+00:00")
    return round(when.timestamp() * 1000)


def is_sample(line):
    return line.startswith('{"type":"sample"')


def told(text):
    """Marks say where something is missing: they are others in a damaged file."""
    return [line for line in text.splitlines() if not line.startswith('{"type":"mark"')]


@pytest.fixture(scope="module")
def wholes(tmp_path_factory):
    """One as a recorder leaves it, its newest segment open; and its copy, all of whose segments are closed."""
    folder = tmp_path_factory.mktemp("whole")
    path = recordings.write(folder / "open.flr", commands(), segments=6)
    run("replay", path, "--save", folder / "closed.flr", check=0)
    found = [Whole(path, False), Whole(folder / "closed.flr", True)]
    assert found[0].lines == found[1].lines
    assert len(found[0].segments) >= 4 and all(len(own) > 20 for own in found[0].by_segment)
    return found


# What happens to a file.


def flip_bits(data, dice):
    for _ in range(dice.randint(1, 8)):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def truncate(data, dice):
    del data[dice.randrange(flr.HEADER.size, len(data)):]


def zero_pages(data, dice):
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(data)) // PAGE * PAGE
        data[at:at + PAGE] = bytes(len(data[at:at + PAGE]))


def remove_bytes(data, dice):
    at = dice.randrange(len(data))
    del data[at:at + dice.randint(1, 20000)]


def insert_bytes(data, dice):
    at = dice.randrange(len(data))
    data[at:at] = dice.randbytes(dice.randint(1, 20000))


def swap_segments(data, dice):
    first, second = (i * SEGMENT_BYTES for i in dice.sample(range(len(data) // SEGMENT_BYTES), 2))
    kept = data[first:first + SEGMENT_BYTES]
    data[first:first + SEGMENT_BYTES] = data[second:second + SEGMENT_BYTES]
    data[second:second + SEGMENT_BYTES] = kept


def two_of_them(data, dice):
    for damage in dice.sample(DAMAGES, 2):
        if len(data) > 2 * SEGMENT_BYTES:
            damage(data, dice)


DAMAGES = [flip_bits, truncate, zero_pages, remove_bytes, insert_bytes, swap_segments]


def is_subsequence(lines, of):
    rest = iter(of)
    return all(line in rest for line in lines)


def check_case(whole, number, folder):
    dice = random.Random(number)
    damage = dice.choice([*DAMAGES, two_of_them])
    data = bytearray(whole.data)
    damage(data, dice)
    path = folder / "damaged.flr"
    path.write_bytes(data)
    done = subprocess.run([FAULTLINE, "replay", "--json", "--processes", path], capture_output=True, text=True, timeout=30,
                          check=False)
    case = f"case {number}, {damage.__name__}: {done.stderr}"
    lines = told(done.stdout)
    wanted = whole.must_be_read(bytes(data))
    if done.returncode == 1:
        assert not wanted and "nothing of it is left" in done.stderr, case
        return
    assert done.returncode == (0 if lines else 3), case
    assert is_subsequence(lines, whole.lines), case
    assert set(wanted) <= set(lines), case
    if lines != whole.lines and not is_lost_at_the_open_end(whole, data, lines):
        assert "it is damaged" in done.stderr, case


def is_lost_at_the_open_end(whole, data, lines):
    """Whether all that is missing is the end of the newest segment, which has no trailer that says how far it went: as if it
    had not been written yet. A file that ends within a segment is another matter."""
    return (not whole.closed and len(data) % SEGMENT_BYTES == 0 and lines == whole.lines[:len(lines)]
            and len(lines) >= sum(map(len, whole.by_segment[:-1])))


def check_cases(wholes, folder, numbers):
    for number in numbers:
        check_case(wholes[number % 2], number, folder)


SHORT_CASES = 100


def test_the_first_random_cases(wholes, tmp_path):
    check_cases(wholes, tmp_path, range(SHORT_CASES))


@pytest.mark.long
@pytest.mark.memory
def test_2000_random_cases(wholes, tmp_path):
    check_cases(wholes, tmp_path, range(SHORT_CASES, 2000))
