"""A reader of what `faultline record` writes, made from docs/blackbox-format.md alone.

    recording = flr.read("box.flr")
    recording.segments                     in order, each with its header, schema, frames and trailer
    recording.frames()                     Run, Sample, Scan, Event, Stop, and Loss where something is missing
    recording.samples() ... .losses()      those of one kind
    recording.intervals()                  two samples each, with nothing between them that forbids a figure

Absent is None. Strings are as Python has names of files: what is no UTF-8 stands as surrogates. A frame that is proved
and yet does not read as the page says is the writer's fault: Malformed. Alone: flr.py FILE prints all as JSON.
"""
import dataclasses
import itertools
import json
import math
import re
import struct
import sys

SEGMENT_BYTES = 262_144
FRAMES_END = 262_072
FRAME_BYTES_MAX = 65_536
COLUMNS_MAX = 2_048
ROWS_MAX = 100
TASKS_MAX = 10
HEADER = struct.Struct("<8sIIQQ16sQQI")
HEADER_MAGIC = b"\x89FLR\r\n\x1a\n"
TRAILER = struct.Struct("<4sIIIIIQQQQ12sI")
TRAILER_MAGIC = b"FLRe"
U64 = 1 << 64
SCHEMA, FULL, CHANGES, PROCESSES, EVENT, RUN, STOP = range(1, 8)
# Where a length up to FRAME_BYTES_MAX and a type may stand; to try to prove one at every byte takes Python seconds.
FRAME_HEAD = re.compile(rb"(?=(?:[\x00-\x7f]|[\x80-\xff][\x00-\x7f]|[\x80-\xff]{2}[\x00-\x04])[\x01-\x07])")


class Malformed(Exception):
    pass


def crc_table():
    table = []
    for crc in range(256):
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return table


CRC_TABLE = crc_table()


def crc32c(crc, data):
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def apply(images, bits):
    """A linear map of 32 bits, given as the images of each."""
    result = 0
    while bits:
        lowest = bits & -bits
        result ^= images[lowest.bit_length() - 1]
        bits ^= lowest
    return result


def maps_of_zeros():
    """What 1, 2, 4, ... zero bytes do to the register of a checksum."""
    images = [1 << bit >> 8 ^ CRC_TABLE[1 << bit & 0xFF] for bit in range(32)]
    for _ in range(SEGMENT_BYTES.bit_length()):
        yield images
        images = [apply(images, image) for image in images]


ZEROS = list(maps_of_zeros())


class Checksums:
    """Those of any bytes of a segment, at once: to search it byte by byte costs seconds otherwise."""

    def __init__(self, data):
        self.registers = list(itertools.accumulate(data, lambda crc, byte: crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF],
                                                   initial=0))

    def crc32c(self, crc, begin, end):
        """crc32c(crc, data[begin:end]): the checksum is linear, and what stands before begin cancels out."""
        crc ^= self.registers[begin] ^ 0xFFFFFFFF
        for images, bit in zip(ZEROS, reversed(f"{end - begin:b}")):
            if bit == "1":
                crc = apply(images, crc)
        return crc ^ self.registers[end] ^ 0xFFFFFFFF


def unfold(number):
    """A signed, of the number that it is written as."""
    return -(number >> 1) - 1 if number & 1 else number >> 1


class Content:
    """What is read from the front of some bytes."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def left(self):
        return len(self.data) - self.at

    def bytes(self, count):
        if count > self.left():
            raise Malformed("it ends early")
        self.at += count
        return self.data[self.at - count:self.at]

    def byte(self, limit=256):
        value = self.bytes(1)[0]
        if value >= limit:
            raise Malformed(f"a byte is {value}, not below {limit}")
        return value

    def bool(self):
        return bool(self.byte(2))

    def number(self, limit=U64):
        value = 0
        for shift, byte in zip(range(0, 70, 7), self.data[self.at:self.at + 10]):
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                self.at += shift // 7 + 1
                break
        else:
            raise Malformed("a number that does not end")
        if value >= limit:
            raise Malformed(f"{value} is not below {limit}")
        return value

    def signed(self):
        return unfold(self.number())

    def value(self):
        return self.number() if self.bool() else None

    def f64(self):
        value = struct.unpack("<d", self.bytes(8))[0]
        return None if math.isnan(value) else value

    def string(self):
        data = self.bytes(self.number())
        if 0 in data:
            raise Malformed("a zero in a string")
        return data.decode(errors="surrogateescape")

    def end(self):
        if self.left():
            raise Malformed(f"{self.left()} bytes too many")


def signed_64(value):
    """A number that stands for itself modulo 2^64."""
    return value if value is None or value < U64 // 2 else value - U64


@dataclasses.dataclass
class Schema:
    host: str
    kernel: str
    page_bytes: int
    ticks_per_second: int
    interval_ns: int
    alert_major_per_second: float
    alert_cs_per_second: float
    alert_cs_per_cpu: bool
    columns: list  # (source, name)


@dataclasses.dataclass
class Sample:
    monotonic_ns: int
    wall_ns: int
    full: bool
    columns: list
    values: list
    advance_ns: int  # since the sample before; 0 where it is full

    def figures(self):
        """(source, name) -> number, None where it is absent."""
        return dict(zip(self.columns, self.values))


@dataclasses.dataclass
class Process:
    pid: int
    start_ticks: int
    uid: int
    name: str
    cgroup: str
    resident_kib: int = 0
    swap_kib: int = None
    minor_faults: int = 0
    major_faults: int = 0
    minor_growth: int = None
    major_growth: int = None


@dataclasses.dataclass
class Scan:
    sample: Sample  # the one that it stands behind
    since_ns: int  # the scan before; None where it is the first of its run
    processes: int
    unread: int
    rows: list


@dataclasses.dataclass
class Alert:
    name: str
    state: str
    value: float
    threshold: float
    worst: float
    duration_s: float
    diagnosis: str


@dataclasses.dataclass
class Task:
    pid: int
    uid: int
    resident_bytes: int
    swap_bytes: int
    oom_score_adj: int
    name: str


@dataclasses.dataclass
class Victim:
    pid: int
    uid: int
    virtual_bytes: int
    anonymous_bytes: int
    file_bytes: int
    shared_bytes: int
    pgtables_bytes: int
    oom_score_adj: int
    name: str
    constraint: str
    cgroup: str
    limit_cgroup: str
    usage_bytes: int
    limit_bytes: int
    group_kill: bool
    trigger: str
    trigger_pid: int
    tasks: list


@dataclasses.dataclass
class OomKills:
    kills: int
    victim: Victim


@dataclasses.dataclass
class Event:
    monotonic_ns: int
    wall_ns: int
    severity: str
    red_row_says_it: bool
    message: str
    what: object  # Alert or OomKills


@dataclasses.dataclass
class Run:
    monotonic_ns: int
    wall_ns: int
    pid: int
    version: str


@dataclasses.dataclass
class Stop:
    monotonic_ns: int
    wall_ns: int


@dataclasses.dataclass
class Loss:
    """Bytes that cannot be proved, or segments that are not there."""
    why: str
    offset: int = None
    bytes: int = None


@dataclasses.dataclass
class Header:
    recording_id: int
    sequence: int
    boot_id: bytes
    monotonic_ns: int
    wall_ns: int
    checksum: int


@dataclasses.dataclass
class Trailer:
    used_bytes: int
    samples: int
    events: int
    oom_kills: int
    runs: int
    last_monotonic_ns: int
    last_wall_ns: int
    least_wall_ns: int
    greatest_wall_ns: int


def read_schema(content):
    schema = Schema(content.string(), content.string(), content.number(), content.number(), content.number(),
                    content.f64(), content.f64(), content.bool(), [])
    count = content.number(COLUMNS_MAX + 1)
    while len(schema.columns) < count:
        source = content.string()
        name = ""
        for _ in range(content.number(count - len(schema.columns) + 1)):
            name = name.encode(errors="surrogateescape")[:content.number(len(name) + 1)]
            name = name.decode(errors="surrogateescape") + content.string()
            schema.columns.append((source, name))
    content.end()
    return schema


def read_full(content, columns):
    monotonic_ns, wall_ns = content.number(), content.number()
    present = int.from_bytes(content.bytes((len(columns) + 7) // 8), "little")
    values = [content.number() if present >> i & 1 else None for i in range(len(columns))]
    content.end()
    return Sample(monotonic_ns, wall_ns, True, columns, values, 0)


def read_changes(content, before):
    advance_ns = before.advance_ns + content.signed()
    wall_ns = before.wall_ns + advance_ns + content.signed()
    values = list(before.values)
    column = -1
    while content.left():
        change = content.number()
        column += 1 + (change & 7)
        if change & 7 == 7:
            column += content.number()
        if column >= len(values):
            raise Malformed("a change behind the last column")
        if change >> 3 == 0:
            values[column] = content.value()
        elif values[column] is None:
            raise Malformed("a difference from what is absent")
        else:
            values[column] = (values[column] + unfold(change >> 3)) % U64
    return Sample(before.monotonic_ns + advance_ns, wall_ns, False, before.columns, values, advance_ns)


def read_growth(content, growth):
    number = content.number()
    return None if number == 0 else growth + unfold(number - 1)


def read_row(content, book):
    known = content.number(len(book) + 1)
    if known == 0:
        book.append(Process(content.number(), content.number(), content.value(), content.string(), content.string()))
    before = book[known - 1]
    resident_kib = before.resident_kib + content.signed()
    swap = (0 if before.swap_kib is None else before.swap_kib + 1) + content.signed()
    minor_growth, major_growth = content.signed(), content.signed()
    row = dataclasses.replace(before, resident_kib=resident_kib, swap_kib=swap - 1 if swap else None,
                              minor_faults=before.minor_faults + minor_growth,
                              major_faults=before.major_faults + major_growth,
                              minor_growth=read_growth(content, minor_growth),
                              major_growth=read_growth(content, major_growth))
    if min(resident_kib, swap, row.minor_faults, row.major_faults) < 0:
        raise Malformed("a figure below 0")
    book[known - 1] = row
    return row


def read_scan(content, sample, book):
    since_ns, processes, unread = content.number(), content.number(), content.number()
    rows = [read_row(content, book) for _ in range(content.number(ROWS_MAX + 1))]
    content.end()
    return Scan(sample, since_ns or None, processes, unread, rows)


def read_alert(content):
    return Alert(content.string(), ["begin", "continue", "end"][content.byte(3)], content.f64(), content.f64(),
                 content.f64(), content.f64(), content.string())


def read_task(content):
    return Task(content.value(), content.value(), content.value(), content.value(), signed_64(content.value()),
                content.string())


def read_victim(content):
    constraints = [None, "none", "memcg", "cpuset", "memory_policy"]
    victim = Victim(*[content.value() for _ in range(7)], signed_64(content.value()), content.string(),
                    constraints[content.byte(len(constraints))], content.string(), content.string(), content.value(),
                    content.value(), content.bool(), content.string(), content.value(), [])
    victim.tasks = [read_task(content) for _ in range(content.number(TASKS_MAX + 1))]
    return victim


def read_oom_kills(content):
    kills = content.number()
    return OomKills(kills, read_victim(content) if content.bool() else None)


def read_event(content):
    read = [read_alert, read_oom_kills][content.byte(2)]
    event = Event(content.number(), content.number(), ["over", "warning", "critical"][content.byte(3)],
                  content.bool(), content.string(), None)
    event.what = read(content)
    return event


def read_run(content):
    return Run(content.number(), content.number(), content.number(), content.string())


def read_stop(content):
    return Stop(content.number(), content.number())


APART = {EVENT: read_event, RUN: read_run, STOP: read_stop}  # they build upon the segment's header alone


def read_header(data, offset):
    """None where there is no header that can be proved."""
    raw = data[offset:offset + HEADER.size]
    if not raw.startswith(HEADER_MAGIC) or len(raw) < HEADER.size:
        return None
    _, version, segment_bytes, *fields = HEADER.unpack(raw)
    if crc32c(0, raw[:-4]) != fields[-1]:
        return None
    if (version, segment_bytes) != (1, SEGMENT_BYTES):
        raise Malformed(f"version {version}, segments of {segment_bytes} bytes")
    return Header(*fields)


def read_trailer(data, offset, header):
    raw = data[offset + FRAMES_END:offset + SEGMENT_BYTES]
    if len(raw) < TRAILER.size or not raw.startswith(TRAILER_MAGIC):
        return None
    _, *fields, _, checksum = TRAILER.unpack(raw)
    return Trailer(*fields) if crc32c(header.checksum, raw[:-4]) == checksum else None


class Segment:
    """Reads all that can be proved of one. What cannot is among the frames, as a Loss."""

    def __init__(self, data, offset, header):
        self.offset, self.header = offset, header
        self.trailer = read_trailer(data, offset, header)
        self.data = data[offset:offset + (self.trailer.used_bytes if self.trailer else FRAMES_END)]
        self.checksums = Checksums(self.data)
        self.schema = None
        self.frames = []
        self.used_bytes = HEADER.size  # to the end of the last frame that is proved
        self._goes_on_from = {kind: header.checksum for kind in (SCHEMA, *APART)}
        self._sample = None
        self._book = []
        self._read()

    def of(self, kind):
        return [frame for frame in self.frames if isinstance(frame, kind)]

    def _read(self):
        at = HEADER.size
        while at < len(self.data):
            length = self._frame(at)
            if length:
                at += length
                self.used_bytes = at
            else:
                at = self._search(at)

    def _search(self, lost):
        """The next frame that does not build upon what is lost. Behind the last one of an open segment nothing is lost."""
        for kind in (CHANGES, PROCESSES):
            self._goes_on_from.pop(kind, None)
        heads = (match.start() for match in FRAME_HEAD.finditer(self.data, lost + 1))
        found = next((at for at in heads if self._proved(at)), len(self.data))
        if found < len(self.data) or self.trailer:
            self.frames.append(Loss("bytes that cannot be proved", self.offset + lost, found - lost))
        return found

    def _proved(self, at):
        """(type, content, checksum, length) of a frame, or None."""
        head = Content(self.data[at:at + 4])
        try:
            content_bytes, kind = head.number(FRAME_BYTES_MAX + 1), head.byte()
        except Malformed:
            return None
        begin = at + head.at
        end = begin + content_bytes
        if kind not in self._goes_on_from or end + 4 > len(self.data):
            return None
        checksum = self.checksums.crc32c(self._goes_on_from[kind], at, end)
        if checksum != int.from_bytes(self.data[end:end + 4], "little"):
            return None
        return kind, self.data[begin:end], checksum, end + 4 - at

    def _frame(self, at):
        """Takes the frame that is there. Its length, or 0."""
        proved = self._proved(at)
        if not proved:
            return 0
        kind, content, checksum, length = proved
        try:
            self._take(kind, Content(content), checksum)
        except Malformed as error:
            raise Malformed(f"frame of type {kind} at {self.offset + at}: {error}") from error
        return length

    def _take(self, kind, content, checksum):
        if kind == SCHEMA:
            self._take_schema(content, checksum)
            return
        if kind in APART:
            self.frames.append(APART[kind](content))
            return
        self._goes_on_from[CHANGES] = self._goes_on_from[PROCESSES] = checksum
        if kind == PROCESSES:
            self.frames.append(read_scan(content, self._sample, self._book))
            return
        if kind == FULL:
            self._sample = read_full(content, self.schema.columns)
            self._book = []
        else:
            self._sample = read_changes(content, self._sample)
        self.frames.append(self._sample)

    def _take_schema(self, content, checksum):
        if self.schema:
            raise Malformed("a second schema")
        self.schema = read_schema(content)
        self.frames.append(self.schema)
        self._goes_on_from[FULL] = checksum


class Recording:
    def __init__(self, data):
        self.segments = [Segment(data, offset, header) for offset, header in segment_headers(data)]

    def frames(self):
        """Of all segments, what is lost between them included."""
        before = None
        for segment in self.segments:
            sequence = segment.header.sequence
            if before and not before.trailer:
                yield Loss("where it ended nobody knows", before.offset + before.used_bytes, 0)
            if before and sequence != before.header.sequence + 1:
                yield Loss(f"segments {before.header.sequence + 1} to {sequence - 1} are missing")
            yield from segment.frames
            before = segment

    def of(self, kind):
        return [frame for frame in self.frames() if isinstance(frame, kind)]

    def samples(self):
        return self.of(Sample)

    def scans(self):
        return self.of(Scan)

    def events(self):
        return self.of(Event)

    def runs(self):
        return self.of(Run)

    def stops(self):
        return self.of(Stop)

    def losses(self):
        return self.of(Loss)

    def intervals(self):
        """Pairs of samples, the second one later, with no run, no loss and no other boot between them."""
        boots = (segment.header.boot_id for segment in self.segments for _ in segment.of(Sample))
        before = None
        for frame in self.frames():
            if isinstance(frame, (Run, Loss)):
                before = None
            elif isinstance(frame, Sample):
                after = frame, next(boots)
                if before and before[1] == after[1] and before[0].monotonic_ns < frame.monotonic_ns:
                    yield before[0], frame
                before = after


def all_headers(data):
    """Wherever they stand: bytes of the file may have been lost or gained."""
    at = data.find(HEADER_MAGIC)
    while at >= 0:
        header = read_header(data, at)
        if header:
            yield at, header
        at = data.find(HEADER_MAGIC, at + 1)


def segment_headers(data):
    """(offset, header) of each segment of the recording that the newest one belongs to, in order."""
    headers = {}
    for offset, header in all_headers(data):
        headers.setdefault((header.recording_id, header.sequence), (offset, header))
    newest = max(headers, key=lambda key: key[1], default=(None,))[0]
    return [headers[key] for key in sorted(headers) if key[0] == newest]


def read(path):
    with open(path, "rb") as file:
        return Recording(file.read())


def as_object(frame):
    """A frame for JSON: a sample with what is present, by source and name."""
    if isinstance(frame, Sample):
        present = [(key, value) for key, value in frame.figures().items() if value is not None]
        figures = {source: {key[1]: value for key, value in group}
                   for source, group in itertools.groupby(present, key=lambda item: item[0][0])}
        fields = {"monotonic_ns": frame.monotonic_ns, "wall_ns": frame.wall_ns, "full": frame.full, **figures}
    elif isinstance(frame, Scan):
        fields = {**dataclasses.asdict(dataclasses.replace(frame, sample=None)), "sample": frame.sample.monotonic_ns}
    else:
        fields = dataclasses.asdict(frame)
    return {"frame": type(frame).__name__.lower(), **fields}


def main():
    for frame in read(sys.argv[1]).frames():
        print(json.dumps(as_object(frame)))


if __name__ == "__main__":
    main()
