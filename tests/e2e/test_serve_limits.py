"""faultline serve: HTTP as it is and as it should not be, where it listens, and what stops it from the start."""
import http.client
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import time

import pytest

from conftest import FAULTLINE, run
from served import CALM, SANITIZED, Onlooker, eventually, serve  # pylint: disable=unused-import # fixture
from test_oom import public_program  # pylint: disable=unused-import # fixture

SECURE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def heads(said):
    """[(status, {name: value}, rest)] of answers with a Content-Length one behind the other."""
    found = []
    while said:
        head, _, rest = said.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        length = int(headers["Content-Length"])
        found.append((int(re.fullmatch(r"HTTP/1\.1 (\d{3}) [A-Z].*", first).group(1)), headers, rest[:length]))
        said = rest[length:]
    return found


def only_answer(server, request):
    answer, = heads(server.raw(request))
    return answer


# What is answered.


@pytest.mark.parametrize("path", ["/nothing", "/etc/passwd", "/../etc/passwd", "/..%2f..%2fetc%2fpasswd", "//", "//etc/passwd", "/./metrics", "/metrics/",
                                  "/Metrics", "/api", "/api/", "/index.html", "/%2fmetrics", "*", "/metrics%00", "/metrics;x", "/proc/self/environ"])
def test_there_is_nothing_but_what_there_is(serve, path):
    status, headers, body = only_answer(serve(), f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert status == 404 and b"root:" not in body and body.startswith(b"There is nothing here")
    assert SECURE.items() <= headers.items()


@pytest.mark.parametrize("path", ["/", "/metrics", "/healthz", "/api/samples", "/api/samples?since=x", "/api/stream?processes=x", "/nothing"])
def test_every_answer_is_secure(serve, path):
    server = serve()
    for method in ["GET", "HEAD", "POST", "BREW"]:
        _, headers, _ = server.get(path, method=method)
        assert SECURE.items() <= dict(headers.items()).items()
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'") and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert "Server" not in headers and "Access-Control-Allow-Origin" not in headers
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", headers["Date"])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get", "X"])
def test_other_methods(serve, method):
    for path in ["/metrics", "/nothing"]:
        status, headers, body = serve().get(path, method=method)
        assert (status, headers["Allow"]) == (405, "GET, HEAD") and body


@pytest.mark.parametrize("request_bytes,status", [
    (b"GET /metrics\r\n\r\n", 400),
    (b"GET  /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET /metrics HTTP/1.1\r\n\r\n", 400),  # without Host
    (b"GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", 400),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\n folded: b\r\n\r\n", 400),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n", 400),
    (b"GET /met\0rics HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n", 400),
    (b"GET /metrics HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 4097\r\n\r\n", 413),
    (b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 1000 + b"\r\n", 431),
    (b"GET /" + b"x" * 17000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 100000 + b"\r\n\r\n", 431),
    (b"x" * 20000, 431),
])
def test_requests_that_are_none(serve, request_bytes, status):
    server = serve()
    answered, headers, body = only_answer(server, request_bytes)
    assert answered == status and headers["Connection"] == "close" and body.endswith(b"\n")
    assert SECURE.items() <= headers.items()
    assert server.scrape().get("faultline_http_connections_dropped_total", reason="broken") == 1


def test_http_1_0(serve):
    server = serve()
    status, headers, body = only_answer(server, b"GET /healthz HTTP/1.0\r\n\r\n")
    assert (status, body, headers["Connection"]) == (200, b"ok\n", "close")
    with server.connect() as wire:  # kept where it is asked for
        for _ in range(2):
            wire.sendall(b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            (_, headers, body), = heads(wire.recv(1 << 16))
            assert (headers["Connection"], body) == ("keep-alive", b"ok\n")
    said = server.raw(b"GET /api/samples HTTP/1.0\r\n\r\n")
    assert b"chunked" not in said and b"Connection: close" in said


def test_lines_that_end_with_a_newline_alone(serve):
    assert only_answer(serve(), b"\r\n\nGET /healthz HTTP/1.1\nHost: x\nConnection: close\n\n")[0] == 200


def test_a_whole_address_as_a_proxy_gets_it(serve):
    assert only_answer(serve(), b"GET http://x/healthz?y HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[2] == b"ok\n"


def test_a_request_byte_by_byte(serve):
    parts = [bytes([byte]) for byte in b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]
    assert heads(serve().raw(*parts, pause_s=0.002))[0][2] == b"ok\n"


def test_one_behind_the_other_on_a_connection(serve):
    server = serve()
    connection = server.connection()
    for path, status in [("/healthz", 200), ("/nothing", 404), ("/metrics", 200), ("/", 200), ("/api/samples", 200), ("/api/stream?processes=x", 400)]:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == status and len(answer.read()) >= 0
    assert server.scrape()["faultline_http_connections"] == 2
    connection.close()


def test_requests_ahead_of_their_answers(serve):
    """Their answers come in order, a body between two of them is no request, and the last one ends it."""
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    body = b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 29\r\n\r\nGET /metrics HTTP/1.1\r\nHost:\r\n"
    last = b"HEAD /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    said = serve().raw(request * 50 + b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n" + body + last + request)
    head, _, tail = said.rpartition(b"HTTP/1.1 404")
    assert [status for status, _, _ in heads(head)] == [200] * 50 + [404, 200]
    assert tail.endswith(b"\r\n\r\n")


def test_who_sends_no_more_gets_his_answers(serve):
    server = serve()
    with server.connect() as wire:
        wire.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        wire.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: wire.recv(1 << 16), b""))
    assert [body for _, _, body in heads(said)] == [b"ok\n"] * 3


# Too many, too slow.


def test_more_than_there_is_room_for(serve):
    server = serve("--connections", "10")
    with Onlooker(server) as onlooker:
        onlooker.take(1)
        idle = [server.connect() for _ in range(30)]
        assert eventually(lambda: server.scrape().get("faultline_http_connections_dropped_total", reason="crowded")) >= 20
        assert server.scrape()["faultline_http_connections"] <= 10
        assert idle[0].recv(1) == b""  # the one that waited longest
        onlooker.take(2)  # who is being answered stays
        for wire in idle:
            wire.close()


@pytest.mark.long
def test_the_slow_ones_are_dropped(serve):
    """A request may take 10 s, whether nothing comes of it or a byte a second."""
    server = serve()
    idle, trickling = server.connect(), server.connect()
    began = time.monotonic()
    for byte in b"GET /healthz HTTP/1.1":
        try:
            trickling.sendall(bytes([byte]))
        except OSError:
            break
        time.sleep(1)
    assert idle.recv(1) == b"" and time.monotonic() - began >= 10
    assert server.scrape().get("faultline_http_connections_dropped_total", reason="slow") == 2


CORPUS = [
    b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: application/openmetrics-text\r\nAccept-Encoding: gzip\r\n\r\n",
    b"GET /api/samples?since=1764230400.5&until=2026-11-27T08:00:00Z&every=10 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YTpi\r\n\r\n",
    b"HEAD /api/stream?processes=5 HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 12345678-1\r\n\r\n",
    b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(range(64)),
]
MORSELS = [b"\0", b"\r\n", b"\r\n\r\n", b"\n", b" ", b"%00", b"%", b":", b"/", b"?", b"&", b"HTTP/9.9", b"Content-Length: 9999\r\n", b"A" * 3000,
           b"\xff\xfe", b"Host: \r\n", b"Transfer-Encoding: chunked\r\n", b"-1", b"1e309", b"\x7f"]


def mutated(dice):
    """A request that was bytewise changed, cut, doubled or put together with another."""
    text = bytearray(dice.choice(CORPUS))
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(text) + 1)
        kind = dice.randrange(6)
        if kind == 0 and text:
            text[at % len(text)] = dice.randrange(256)
        elif kind == 1:
            text[at:at] = dice.choice(MORSELS)
        elif kind == 2:
            del text[at:at + dice.randint(1, 20)]
        elif kind == 3:
            del text[at:]
        elif kind == 4:
            text[at:at] = text[at:at + 50]
        else:
            text += dice.choice(CORPUS)
    return bytes(text)


def throw(server, texts):
    """Each on a connection of its own, as an attacker does who does not wait for answers."""
    for text in texts:
        try:
            with server.connect(timeout=0.02) as wire:
                wire.sendall(text)
                wire.shutdown(socket.SHUT_WR)
                while wire.recv(1 << 16):
                    pass
        except OSError:
            pass


def check_attack(server, idle_count, trickling_count, malformed_count, figure, least_s=0):
    """Scrapes are answered meanwhile, rows come in their rhythm, and memory is given back."""
    server.get("/metrics")
    server.wait_for_rows(3)
    before_kib = server.resident_kib()
    began, first = time.monotonic(), server.scrape()
    idle = [server.connect() for _ in range(idle_count)]
    trickling = [server.connect() for _ in range(trickling_count)]
    over = threading.Event()

    def trickle():
        text = b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 1000
        for byte in text:
            for wire in trickling:
                try:
                    wire.sendall(bytes([byte]))
                except OSError:
                    pass
            if over.wait(1):
                return
    dice = random.Random(figure)
    texts = [mutated(dice) for _ in range(malformed_count)]
    threads = [threading.Thread(target=throw, args=[server, texts[part::4]]) for part in range(4)] + [threading.Thread(target=trickle)]
    for thread in threads:
        thread.start()
    took, most_kib = [], 0
    while any(thread.is_alive() for thread in threads[:4]) or time.monotonic() - began < least_s:
        at = time.monotonic()
        server.get("/metrics", timeout=5)
        took.append(time.monotonic() - at)
        most_kib = max(most_kib, server.resident_kib())
        time.sleep(0.05)
    last, elapsed = server.scrape(), time.monotonic() - began
    over.set()
    threads[-1].join()
    for wire in idle + trickling:
        wire.close()
    rows = last["faultline_intervals_total"] - first["faultline_intervals_total"]
    drops = last.labelled("faultline_http_connections_dropped_total")
    eventually(lambda: server.scrape()["faultline_http_connections"] <= 1)
    time.sleep(1)
    after_kib = server.resident_kib()
    print(f"{len(took)} scrapes, the slowest {max(took) * 1000:.0f} ms; {before_kib} KiB resident, {most_kib} at most, {after_kib} after; {rows:.0f} rows in {elapsed:.1f} s; {drops}")
    assert most_kib - before_kib < 8192 or SANITIZED
    assert after_kib - before_kib < 4096 or SANITIZED
    assert abs(rows - elapsed) <= 2
    assert drops[("broken",)] > malformed_count / 10
    return drops


def test_under_attack(serve):
    check_attack(serve("--connections", "1000", *CALM), 200, 50, 5000, 1)


def test_under_attack_with_room_for_few(serve):
    drops = check_attack(serve("--connections", "50", *CALM), 100, 50, 2000, 2)
    assert drops[("crowded",)] >= 100


@pytest.mark.long
def test_under_long_attack(serve):
    drops = check_attack(serve("--connections", "1000", *CALM), 500, 200, 10000, 3, least_s=15)
    assert drops[("slow",)] >= 500


# Where it listens.


def ask_unix(path):
    with socket.socket(socket.AF_UNIX) as wire:
        wire.connect(str(path))
        wire.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        return heads(b"".join(iter(lambda: wire.recv(4096), b"")))[0][2]


def test_a_unix_socket(serve, tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))  # nobody listens there
    server = serve(addresses=[f"unix:{path}"])
    server.said.find(f"serving unix:{path}")
    assert ask_unix(path) == b"ok\n"
    server.end()
    assert not path.exists()


def test_what_is_no_stale_socket_stays(serve, tmp_path):
    file, used = tmp_path / "file", tmp_path / "used"
    file.write_text("mine")
    serve(addresses=[f"unix:{used}"]).said.find("serving")
    for addresses in [[f"unix:{file}"], [f"unix:{used}"], ["127.0.0.1:0", f"unix:{used}"], [f"unix:{tmp_path}/other", f"unix:{used}"]]:
        done = run("serve", *addresses, check=1)
        assert "another program listens there" in done.stderr and "serving" not in done.stderr
    assert file.read_text() == "mine" and ask_unix(used) == b"ok\n"
    assert not (tmp_path / "other").exists()


def test_ipv6_and_several_addresses(serve, tmp_path):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    server = serve(addresses=["[::1]:0", "127.0.0.1:0", f"unix:{tmp_path}/s", "localhost:0"])
    six = int(server.said.find(r"http://\[::1\]:(\d+)/").group(1))
    server.said.find(r"unix:")
    ports = eventually(lambda: [int(port) for port in re.findall(r"http://127.0.0.1:(\d+)/", "\n".join(server.said.lines))][1:] and
                       [int(port) for port in re.findall(r"http://127.0.0.1:(\d+)/", "\n".join(server.said.lines))])
    for host, port in [("::1", six), *[("127.0.0.1", port) for port in ports]]:
        connection = http.client.HTTPConnection(host, port, timeout=10)
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b"ok\n"
        connection.close()
    assert ask_unix(tmp_path / "s") == b"ok\n"


HAND_OVER = """
import os, socket, sys
kind, program, *words = sys.argv[1:]
if kind == "unix":
    made = socket.socket(socket.AF_UNIX); made.bind(words.pop(0)); made.listen()
elif kind == "datagrams":
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); made.bind(("127.0.0.1", 0))
else:
    made = socket.create_server(("127.0.0.1", 0))
if made.fileno() != 3:
    os.dup2(made.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid() + (kind == "somebody's")), LISTEN_FDNAMES="x")
os.execv(program, [program, "serve", *words])
"""


def handed(kind, *words):
    return subprocess.Popen([sys.executable, "-c", HAND_OVER, kind, FAULTLINE, *map(str, words)], stderr=subprocess.PIPE, text=True, close_fds=True)


@pytest.mark.parametrize("more", [[], ["127.0.0.1:0"]])
def test_a_socket_of_systemds(more):
    process = handed("stream", *more)
    try:
        ports = [re.search(r"serving http://127.0.0.1:(\d+)/", process.stderr.readline()).group(1) for _ in range(1 + len(more))]
        assert "10858" not in ports and len(set(ports)) == 1 + len(more)
        for port in ports:
            connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
            connection.request("GET", "/healthz")
            assert connection.getresponse().read() == b"ok\n"
            connection.close()
    finally:
        process.terminate()
        assert process.wait(30) == 0
        process.stderr.close()


def test_a_unix_socket_of_systemds_stays(tmp_path):
    process = handed("unix", tmp_path / "s")
    assert f"serving unix:{tmp_path}/s" in process.stderr.readline()
    assert ask_unix(tmp_path / "s") == b"ok\n"
    process.terminate()
    assert process.wait(30) == 0 and (tmp_path / "s").exists()  # systemd listens on
    process.stderr.close()


def test_a_handed_socket_that_does_not_listen():
    process = handed("datagrams")
    assert "descriptor 3" in process.communicate(timeout=30)[1] and process.returncode == 1


def test_sockets_for_another_process_are_not_taken():
    process = handed("somebody's", "127.0.0.1:0")
    assert "serving" in process.stderr.readline()
    process.terminate()
    assert process.wait(30) == 0 and process.stderr.read() == ""
    process.stderr.close()


# What stops it from the start.


@pytest.mark.parametrize("words", [["127.0.0.1"], ["127.0.0.1:x"], ["127.0.0.1:65536"], ["::1:80"], ["example.org:80"], ["unix:"], ["unix:" + "x" * 200], ["[::1:80"],
                                   ["--processes", "101"], ["--processes", "x"], ["--connections", "9"], ["--connections", "1001"], ["--interval", "0"],
                                   ["--tls-cert", "x"], ["--tls-key", "x"], ["--size", "1M"], ["--size", "x", "--record", "y"], ["--nothing"], ["127.0.0.1:0"] * 100])
def test_a_command_line_that_is_none(words):
    done = run("serve", *words, check=2)
    assert done.stderr.startswith("faultline: ") and "serving" not in done.stderr and done.stdout == ""


def test_a_port_that_is_taken(serve, tmp_path):
    server = serve()
    box = tmp_path / "box.flr"
    done = run("serve", "--record", box, f"127.0.0.1:{server.port}", check=1)
    assert done.stderr == f"faultline: 127.0.0.1:{server.port}: Address already in use: another program listens there: end it, or take another port\n"
    assert server.get("/healthz").body == b"ok\n" and not box.exists()


def test_an_address_that_is_not_of_this_machine():
    assert "this machine does not have that address" in run("serve", "192.0.2.1:0", check=1).stderr


@pytest.mark.parametrize("words,said", [
    (["--proc", "/nowhere"], "/nowhere"),
    (["--record", "/nowhere/box.flr"], "/nowhere/box.flr"),
    (["--cgroup", "/nowhere"], "/nowhere"),
])
def test_what_is_not_there(words, said):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    done = run("serve", *words, f"127.0.0.1:{port}", check=1)
    assert said in done.stderr and "serving" not in done.stderr
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()


def test_a_folder_without_permission(public_program):
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root and setpriv, to be somebody else")
    addresses = [f"unix:{public_program.parent}/s"]
    if int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) > 1:
        addresses.append("127.0.0.1:1")
    for address in addresses:
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", public_program, "serve", address],
                              capture_output=True, text=True, timeout=30)
        assert done.returncode == 1 and f"{address}: Permission denied: " in done.stderr, done.stderr
