"""What the tests of `faultline serve` share: a server, its figures, its stream; raw bytes for what no library would send."""
import base64
import collections
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import threading
import time
import urllib.parse

import pytest

from conftest import FAULTLINE, VALIDATORS, validate

SANITIZED = bool(os.environ.get("FAULTLINE_SANITIZED"))
PATIENCE_S = 30  # beyond which nothing comes any more; no measure of how fast it should be
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT_0_0_4 = "text/plain; version=0.0.4; charset=utf-8"
NDJSON = "application/x-ndjson"
# What else this machine does is not asked about.
CALM = ["--alert-cs", "1000000000", "--alert-major", "1000000000"]

Answer = collections.namedtuple("Answer", "status headers body")


class Lines:
    """What a process says, line by line, read all the time so that it never waits for us."""

    def __init__(self, stream):
        self.lines = []
        self.ended = False
        self.news = threading.Condition()
        self.thread = threading.Thread(target=self.read, args=[stream], daemon=True)
        self.thread.start()

    def read(self, stream):
        for line in stream:
            with self.news:
                self.lines.append(line.rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def find(self, pattern):
        """The match of the first line that has it."""
        def found():
            return next((match for match in (re.search(pattern, line) for line in self.lines) if match), None)
        with self.news:
            assert self.news.wait_for(lambda: found() or self.ended, PATIENCE_S) and found(), self.lines
            return found()


class Server:
    """`faultline serve`, on a port that was free."""

    def __init__(self, *words, addresses=("127.0.0.1:0",), tls=None, authorization=None, prefix=(), program=FAULTLINE, **kwargs):
        self.process = subprocess.Popen([*prefix, program, "serve", *map(str, words), *addresses],
                                        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **kwargs)
        self.pid = self.process.pid
        self.tls = tls  # a context
        self.authorization = authorization
        self.said = Lines(self.process.stderr)
        self.port = None
        if addresses and not addresses[0].startswith("unix:"):
            self.port = int(self.said.find(r"faultline: serving https?://[^ ]*:(\d+)/").group(1))

    def connect(self, receive_bytes=None, timeout=PATIENCE_S):
        """A socket, with TLS where the server has it."""
        wire = socket.socket()
        if receive_bytes:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        wire.settimeout(timeout)
        wire.connect(("127.0.0.1", self.port))
        return self.tls.wrap_socket(wire, server_hostname="localhost") if self.tls else wire

    def connection(self, timeout=PATIENCE_S):
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def headers(self, headers):
        return {**({"Authorization": self.authorization} if self.authorization else {}), **headers}

    def get(self, path, method="GET", timeout=PATIENCE_S, **headers):
        """HEADERS by their names with _ for -."""
        connection = self.connection(timeout)
        try:
            connection.request(method, path, headers=self.headers({name.replace("_", "-"): value for name, value in headers.items()}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def raw(self, *parts, pause_s=0.0):
        """Sends PARTS as they are. Returns all that comes until the server ends the connection."""
        with self.connect() as wire:
            for part in parts:
                wire.sendall(part)
                time.sleep(pause_s)
            return b"".join(iter(lambda: wire.recv(1 << 16), b""))

    def scrape(self, **headers):
        answer = self.get("/metrics", **headers)
        assert answer.status == 200
        return Figures(answer.body.decode())

    def samples(self, **query):
        """The lines of /api/samples, each as the schema has it."""
        answer = self.get("/api/samples?" + urllib.parse.urlencode(query))
        assert answer.status == 200, answer.body
        assert answer.headers["Content-Type"] == NDJSON
        lines = [json.loads(line) for line in answer.body.decode().splitlines()]
        for line in lines[:20] + lines[-20:]:
            validate(line)
        return lines

    def wait_for(self, what, name, number, **labels):
        """Scrapes until WHAT of the figure and NUMBER holds."""
        def holds():
            value = self.scrape().get(name, **labels)
            return value is not None and what(value, number)
        return eventually(holds)

    def wait_for_rows(self, count):
        eventually(lambda: self.scrape()["faultline_intervals_total"] >= count)

    def resident_kib(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1))

    def end(self, number=15):
        """Ends it by a signal, in order. Returns the lines that it said."""
        self.process.send_signal(number)
        assert self.process.wait(PATIENCE_S) == 0, self.said.lines
        self.said.thread.join(PATIENCE_S)
        return self.said.lines


def eventually(holds, seconds=PATIENCE_S):
    """Waits until HOLDS() is true, which it returns."""
    end = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)
    return value


@pytest.fixture
def serve():
    """Starts servers; ends them by their ids when the test is over, in order where they still run."""
    started = []

    def start(*words, **kwargs):
        started.append(Server(*words, **kwargs))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.process.terminate()
            try:
                server.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                server.process.kill()
        server.process.wait()
        server.said.thread.join(PATIENCE_S)
        server.process.stdout.close()
        server.process.stderr.close()
        assert not [line for line in server.said.lines if "Sanitizer" in line or "runtime error" in line]


# -- figures --

SAMPLE = re.compile(r'(\w+)(?:\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)(?: # .*)?')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Figures(dict):
    """A scrape: {name or (name, labels): value}, types and help. Every line must be one."""

    def __init__(self, text):
        super().__init__()
        self.text = text
        self.types, self.help, self.order = {}, {}, []
        for line in text.splitlines():
            if line == "# EOF":
                continue
            kind = re.fullmatch(r"# (TYPE|HELP|UNIT) (\w+) (.*)", line)
            if kind:
                {"TYPE": self.types, "HELP": self.help, "UNIT": {}}[kind.group(1)][kind.group(2)] = kind.group(3)
                continue
            name, labels, value = SAMPLE.fullmatch(line).groups()
            key = (name, *sorted(LABEL.findall(labels))) if labels else name
            assert key not in self, line
            self[key] = float(value)
            self.order.append(key)

    def get(self, name, default=None, **labels):
        return super().get((name, *sorted(labels.items())) if labels else name, default)

    def labelled(self, name):
        """{the labels' values in the order of their names: value}"""
        return {tuple(value for _, value in key[1:]): number for key, number in self.items()
                if isinstance(key, tuple) and key[0] == name}


def proc_vmstat():
    return {name: int(value) for name, value in (line.split() for line in pathlib.Path("/proc/vmstat").read_text().splitlines())}


# -- the stream --

Event = collections.namedtuple("Event", "id line")


class Onlooker:
    """Reads /api/stream by the rules of server-sent events, each line of JSON held against the schema."""

    def __init__(self, server, query="", receive_bytes=None, **headers):
        self.wire = server.connect(receive_bytes)
        words = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in server.headers(headers).items())
        self.wire.sendall(f"GET /api/stream{query} HTTP/1.0\r\n{words}\r\n".encode())
        self.file = self.wire.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = dict(line.decode().rstrip("\r\n").split(": ", 1) for line in iter(self.file.readline, b"\r\n"))
        self.retry = None
        self.last_id = None

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()

    def close(self):
        self.file.close()
        self.wire.close()

    def next(self):
        """The next event; comments, which keep the connection alive, are none."""
        event_id, data = None, None
        for raw in self.file:
            line = raw.decode().rstrip("\n")
            if line == "" and data is not None:
                self.last_id = event_id or self.last_id
                if data["type"] in VALIDATORS:
                    validate(data)
                return Event(event_id, data)
            name, _, value = line.partition(": ")
            if name == "id":
                event_id = value
            elif name == "retry":
                self.retry = int(value)
            elif name == "data":
                assert data is None, "one object an event"
                data = json.loads(value)
            else:
                assert line in ("", ":"), line
        raise AssertionError("it ended")

    def until(self, holds):
        """All events up to the first one that is it."""
        events = [self.next()]
        end = time.monotonic() + PATIENCE_S
        while not holds(events[-1].line):
            assert time.monotonic() < end, "it did not come"
            events.append(self.next())
        return events

    def take(self, count, kind="sample"):
        """All events up to so many of the KIND."""
        seen = iter(range(1, count + 1))
        return self.until(lambda line: line["type"] == kind and next(seen) == count)


def of_kind(events, kind):
    return [event.line for event in events if event.line["type"] == kind]


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
