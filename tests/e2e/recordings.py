"""Recordings for the e2e tests: how one is made, and a reader of its own."""
import dataclasses
import functools
import struct
import subprocess

from conftest import HELPERS, TOP

SEGMENT_BYTES = 256 * 1024
HEADER = struct.Struct("<8sIIQQ16sQQ")
HEADER_BYTES = HEADER.size + 4
TRAILER_BYTES = 72
FRAMES_END = SEGMENT_BYTES - TRAILER_BYTES
MAGIC = b"\x89FLR\r\n\x1a\n"
SCHEMA, FULL, CHANGES, PROCESSES, EVENT, RUN, STOP = range(1, 8)
TREE = TOP / "tests/fixtures/linux-6.18/0"
NOON = 1764072000  # 2025-11-25T12:00:00Z


def write(path, commands, segments=8):
    """Makes a recording by the commands of tests/helpers/write_recording.c."""
    subprocess.run([HELPERS / "write_recording", TREE, path, str(segments * SEGMENT_BYTES)], input="\n".join(commands) + "\n",
                   text=True, check=True, timeout=60)
    return path


def make_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


TABLE = make_table()


def crc32c(crc, data):
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


@dataclasses.dataclass
class Segment:
    offset: int
    sequence: int
    wall_ns: int
    crc: int
    data: bytes

    @functools.cached_property
    def frames(self):
        """(type, where it ends) of all that follow one another."""
        found, at, roots = [], HEADER_BYTES, {"header": self.crc}
        while frame := take_frame(self.data, at, roots):
            found.append(frame)
            at = frame[1]
        return found

    @property
    def used(self):
        return self.frames[-1][1] if self.frames else HEADER_BYTES


def take_frame(data, at, roots):
    length, shift, start = 0, 0, at
    while at < FRAMES_END:
        length |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128 or shift > 28:
            break
    kind, end = data[at], at + 1 + length
    root = {FULL: "schema", CHANGES: "chain", PROCESSES: "chain"}.get(kind, "header")
    if not SCHEMA <= kind <= STOP or root not in roots or end + 4 > FRAMES_END:
        return None
    crc = crc32c(roots[root], data[start:end])
    if crc != int.from_bytes(data[end:end + 4], "little"):
        return None
    if kind == SCHEMA or root != "header":
        roots["schema" if kind == SCHEMA else "chain"] = crc
    return kind, end + 4


def segments(data):
    """Those of a recording that is not damaged, in the order in which they were written."""
    found = []
    for offset in range(0, len(data), SEGMENT_BYTES):
        magic, _, _, _, sequence, _, _, wall_ns = HEADER.unpack_from(data, offset)
        if magic == MAGIC:
            crc = int.from_bytes(data[offset + HEADER.size:offset + HEADER_BYTES], "little")
            found.append(Segment(offset, sequence, wall_ns, crc, data[offset:offset + SEGMENT_BYTES]))
    return sorted(found, key=lambda segment: segment.sequence)


def newest(data):
    return segments(data)[-1]
