"""faultline serve: TLS and passwords, and what happens when they are wrong."""
import base64
import re
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import threading
import time
import warnings

import pytest

from conftest import run
from served import CALM, PATIENCE_S, Onlooker, basic, eventually, serve  # pylint: disable=unused-import # fixture

# Of "correct horse", by htpasswd -B; what follows "$2y$" is how much it costs to try.
CHEAP_HASH = "$2y$04$GNfb4EEL1RiR.YlNrlR6.ucOjJXGNicHzhF883zkdtnKR5BsYmhmC"
DEAR_HASH = "$2y$10$UDwD/9T0wqc8bkUDvN4A6.nGeq9vuXp75FQiBPdSDtF4cQlwfoVXm"
CHEAP = f"ops:{CHEAP_HASH}\n"
PASSWORD = "correct horse"


# TLS.


class Identity:
    """A certificate that signs itself, and its key."""

    def __init__(self, folder, name, *options):
        self.certificate, self.key = folder / f"{name}.pem", folder / f"{name}.key"
        subprocess.run(["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", self.key, "-out", self.certificate, *(options or ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])],
                       check=True, capture_output=True)
        self.words = ["--tls-cert", self.certificate, "--tls-key", self.key]

    def context(self):
        return ssl.create_default_context(cafile=self.certificate)


@pytest.fixture
def identity(tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("no openssl")
    return lambda name="server", *options: Identity(tmp_path, name, *options)


@pytest.mark.parametrize("options", [[], ["-newkey", "rsa:2048"]], ids=["ec", "rsa"])
def test_https(serve, identity, options):
    one = identity("server", *options)
    server = serve(*one.words, "--interval", "0.1", tls=one.context())
    assert server.said.lines[0].startswith("faultline: serving https://127.0.0.1:")
    with server.connect() as wire:
        assert wire.version() in ("TLSv1.2", "TLSv1.3")
    connection = server.connection()
    for path in ["/healthz", "/metrics", "/", "/api/samples", "/healthz"]:  # on the same connection
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200 and answer.read() is not None
    connection.close()
    with Onlooker(server) as onlooker:
        assert len(onlooker.take(5)) >= 6
    assert server.get("/", Accept_Encoding="gzip").status == 200
    eventually(lambda: server.scrape()["faultline_http_connections"] == 1)


def test_an_answer_that_has_no_length_ends_with_a_farewell(serve, identity):
    """Else a client cannot tell it from one that somebody cut off."""
    one = identity()
    server = serve(*one.words, tls=one.context())
    wire = socket.create_connection(("127.0.0.1", server.port), PATIENCE_S)
    strict = one.context()
    strict.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0x80)
    with strict.wrap_socket(wire, server_hostname="localhost", suppress_ragged_eofs=False) as secured:
        secured.sendall(b"GET /api/samples HTTP/1.0\r\n\r\n")
        said = b"".join(iter(lambda: secured.recv(1 << 16), b""))  # raises SSLEOFError without
    assert said.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("path", ["/api/stream", "/healthz"])
def test_who_takes_leave_keeps_no_place(serve, identity, path):
    """A farewell of TLS ends both directions: nobody waits for the rest."""
    one = identity()
    server = serve(*one.words, "--interval", "3600", tls=one.context())
    for _ in range(3):
        with server.connect() as wire:
            wire.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            wire.recv(100)
            wire.settimeout(0.2)
            try:
                wire.unwrap()
            except (OSError, ssl.SSLError):  # it does not say farewell in turn
                pass
    eventually(lambda: server.scrape()["faultline_http_connections"] == 1)
    assert server.scrape().get("faultline_http_connections_dropped_total", reason="slow") == 0


def test_http_on_the_port_of_https_is_told(serve, identity):
    one = identity()
    server = serve(*one.words, tls=one.context())
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        said = b"".join(iter(lambda: wire.recv(4096), b""))
    assert said.startswith(b"HTTP/1.0 400 ") and b"HTTPS" in said
    assert server.scrape().get("faultline_http_connections_dropped_total", reason="broken") == 1


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(serve, identity, newest):
    one = identity()
    server = serve(*one.words, tls=one.context())
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, newest
    old.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", server.port), PATIENCE_S) as wire, pytest.raises(ssl.SSLError, match="(?i)alert"):
        old.wrap_socket(wire)
    assert server.scrape().get("faultline_http_connections_dropped_total", reason="broken") == 1
    assert server.get("/healthz").body == b"ok\n"


def fingerprint(server):
    return ssl.get_server_certificate(("127.0.0.1", server.port), timeout=PATIENCE_S).strip()


def test_a_new_certificate(serve, identity, tmp_path):
    one, other = identity("server"), identity("other")
    first = one.certificate.read_text().strip()
    server = serve(*one.words, "--interval", "0.1", tls=one.context())
    with Onlooker(server) as onlooker:
        onlooker.take(1)
        assert fingerprint(server) == first
        shutil.copy(other.certificate, one.certificate)  # and not its key: the old one stays, and it is said why
        server.process.send_signal(signal.SIGHUP)
        server.said.find(rf"--tls-key {re.escape(str(one.key))}: it is not the key of the certificate")
        assert fingerprint(server) == first
        shutil.copy(other.key, one.key)
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: fingerprint(server) == other.certificate.read_text().strip())
        one.certificate.write_text("nonsense")
        server.process.send_signal(signal.SIGHUP)
        server.said.find("expected certificates in PEM")
        assert fingerprint(server) == other.certificate.read_text().strip()
        onlooker.take(3)  # who came before goes on


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def refuses(*words, status=1):
    """What it says, while it serves nothing."""
    port = closed_port()
    done = run("serve", *words, f"127.0.0.1:{port}", check=status)
    assert "serving" not in done.stderr and done.stderr.startswith("faultline: ")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()
    return done.stderr


def test_certificates_that_are_none(identity, tmp_path):
    one, other = identity("server"), identity("other")
    nonsense = tmp_path / "nonsense"
    nonsense.write_text("nonsense\n")
    locked = tmp_path / "locked"
    subprocess.run(["openssl", "ec", "-aes128", "-passout", "pass:x", "-in", one.key, "-out", locked], check=True, capture_output=True)
    assert "--tls-cert /nowhere: No such file" in refuses("--tls-cert", "/nowhere", "--tls-key", one.key)
    assert "--tls-key /nowhere: No such file" in refuses("--tls-cert", one.certificate, "--tls-key", "/nowhere")
    assert f"--tls-cert {nonsense}: " in refuses("--tls-cert", nonsense, "--tls-key", one.key)
    assert "expected a private key in PEM" in refuses("--tls-cert", one.certificate, "--tls-key", nonsense)
    assert "without a password" in refuses("--tls-cert", one.certificate, "--tls-key", locked)
    assert f"it is not the key of the certificate in {one.certificate}" in refuses("--tls-cert", one.certificate, "--tls-key", other.key)
    assert "one does not go without the other" in refuses("--tls-cert", one.certificate, status=2)


# Passwords.


@pytest.fixture
def auth_file(tmp_path):
    path = tmp_path / "users"

    def write(text):
        path.write_text(text)
        return path
    return write


def knocks(server, path="/metrics", **headers):
    return server.get(path, **headers).status


def test_nothing_without_a_password(serve, auth_file):
    server = serve("--auth-file", auth_file("# people\n\n" + CHEAP), "--interval", "0.1")
    wrong = [None, basic("ops", "wrong"), basic("nobody", PASSWORD), basic("", ""), basic("ops", ""), "Basic", "Basic !", "Bearer x", "Basic " + "A" * 1000,
             "Basic " + base64.b64encode(b"ops").decode(), basic("ops", PASSWORD + "\0"), basic("OPS", PASSWORD), basic("ops", PASSWORD + "x")]
    for path in ["/", "/metrics", "/api/stream", "/api/samples", "/nothing", "/etc/passwd"]:
        for attempt in wrong if path == "/metrics" else wrong[:2]:
            answer = server.get(path, **({"Authorization": attempt} if attempt else {}))
            assert answer.status == 401, (path, attempt)
            assert answer.headers["WWW-Authenticate"] == 'Basic realm="faultline", charset="UTF-8"'
            assert answer.headers["Cache-Control"] == "no-store" and b"faultline_" not in answer.body
    assert server.get("/healthz").body == b"ok\n"
    server.authorization = basic("ops", PASSWORD)
    for path, status in [("/", 200), ("/metrics", 200), ("/api/samples", 200), ("/nothing", 404)]:
        assert knocks(server, path) == status
    with Onlooker(server) as onlooker:
        assert onlooker.status == 200 and onlooker.take(2)
    assert knocks(server, Authorization=server.authorization.replace("Basic", "bAsIc")) == 200


def test_hashes_that_htpasswd_makes(serve, tmp_path):
    if not shutil.which("htpasswd"):
        pytest.skip("no htpasswd")
    path = tmp_path / "users"
    subprocess.run(["htpasswd", "-bcBC", "5", path, "é", "pässword:with colon"], check=True, capture_output=True)
    subprocess.run(["htpasswd", "-bBC", "4", path, "b", "b"], check=True, capture_output=True)
    server = serve("--auth-file", path)
    for user, password, status in [("é", "pässword:with colon", 200), ("b", "b", 200), ("b", "pässword:with colon", 401), ("é", "b", 401)]:
        assert knocks(server, Authorization=basic(user, password)) == status


def test_new_passwords(serve, auth_file):
    path = auth_file(CHEAP)
    server = serve("--auth-file", path, authorization=basic("ops", PASSWORD))
    assert knocks(server) == 200
    path.write_text(CHEAP + "nonsense\n")
    server.process.send_signal(signal.SIGHUP)
    server.said.find(rf"{re.escape(str(path))}: line 2: expected USER:HASH")
    assert knocks(server) == 200
    path.write_text(CHEAP.replace("ops", "new"))
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: knocks(server, Authorization=basic("new", PASSWORD)) == 200)
    assert knocks(server) == 401


@pytest.mark.parametrize("text,said", [
    ("", "no user"),
    ("# nobody\n\n", "no user"),
    (CHEAP + "x\n", r"line 2: expected USER:HASH: make it with htpasswd -B"),
    ("\n:" + CHEAP_HASH, r"line 2: expected USER:HASH"),
    ("a:$apr1$x$y\n", r"line 1: the hash is not bcrypt's \(\$2y\$...\): make it with htpasswd -B \S+ a"),
    ("a:" + CHEAP_HASH[:-1] + "\n", r"line 1: the hash is not bcrypt's"),
    ("a:plain\n", r"line 1: the hash is not bcrypt's"),
    ("a:" + CHEAP_HASH.replace("$04$", "$31$") + "\n", r"line 1: cost 31"),
    (CHEAP * 2, r"line 2: 'ops' stands in line 1 as well"),
])
def test_files_of_passwords_that_are_none(auth_file, text, said):
    path = auth_file(text)
    stderr = refuses("--auth-file", path)
    assert re.search(said, stderr) and str(path) in stderr
    assert not re.search(r"\$2y\$|\$apr1\$|plain", stderr.replace("($2y$...)", ""))  # no secret is repeated


def test_a_file_of_passwords_that_is_not_there():
    assert "--auth-file /nowhere: No such file or directory: make it with htpasswd -cB /nowhere USER" in refuses("--auth-file", "/nowhere")


@pytest.mark.plain
def test_who_is_nobody_takes_as_long_as_who_is_somebody(serve, auth_file):
    server = serve("--auth-file", auth_file(f"ops:{DEAR_HASH}\n"), "--interval", "60")
    took = {"ops": [], "nobody": []}
    for number in range(15):
        for user, times in took.items():
            began = time.monotonic()
            assert knocks(server, Authorization=basic(user, f"wrong {number}")) == 401
            times.append(time.monotonic() - began)
    somebody, nobody = (statistics.median(times) for times in took.values())
    print(f"somebody {somebody * 1000:.1f} ms, nobody {nobody * 1000:.1f} ms")
    assert 0.5 < nobody / somebody < 2


def test_a_flood_of_wrong_passwords(serve, auth_file):
    """Rows come, and who was let in once stays in."""
    server = serve("--auth-file", auth_file(f"ops:{DEAR_HASH}\n"), "--interval", "0.1", *CALM, authorization=basic("ops", PASSWORD))
    assert knocks(server) == 200
    server.wait_for_rows(3)
    over, statuses = threading.Event(), []

    def flood(number):
        while not over.is_set():
            try:
                statuses.append(knocks(server, Authorization=basic("ops", f"{number} {len(statuses)}")))
            except OSError:
                pass
    floods = [threading.Thread(target=flood, args=[number]) for number in range(30)]
    for thread in floods:
        thread.start()
    began, first = time.monotonic(), server.scrape()["faultline_intervals_total"]
    with Onlooker(server) as onlooker:
        for _ in range(12):
            assert knocks(server) == 200
            onlooker.take(1)
    rows, elapsed = server.scrape()["faultline_intervals_total"] - first, time.monotonic() - began
    over.set()
    for thread in floods:
        thread.join()
    assert abs(rows - elapsed / 0.1) <= 4
    assert set(statuses) <= {401, 429} and statuses.count(401) > 5 and 429 in statuses
    assert knocks(server) == 200
