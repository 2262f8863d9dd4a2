"""A real Prometheus on loopback, with a configuration and rules of the test's own."""
import json
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

PATIENCE_S = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus:
    """PREFIX stands in front of its command: the name space that it runs in, say."""

    def __init__(self, folder, configuration, address="127.0.0.1", prefix=()):
        program = shutil.which("prometheus")
        if not program:
            pytest.skip("no prometheus")
        self.address = f"{address}:{free_port()}"
        self.prefix = list(prefix)
        (folder / "prometheus.yml").write_text(configuration)
        self.log = open(folder / "prometheus.log", "w+")
        self.process = subprocess.Popen(
            [*self.prefix, program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
             f"--web.listen-address={self.address}"], stdout=self.log, stderr=self.log)

    def __enter__(self):
        self.wait(lambda: self.is_ready(), "it is not ready")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def is_ready(self):
        assert self.process.poll() is None, self.said()
        try:
            return self.get("/-/ready") is not None
        except OSError:
            return False

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def get(self, path, **query):
        """Through the loopback that it listens on, in its name space."""
        url = f"http://{self.address}{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
        if not self.prefix:
            return urllib.request.urlopen(url, timeout=10).read()
        code = f"import urllib.request; print(urllib.request.urlopen({url!r}, timeout=10).read().decode())"
        done = subprocess.run([*self.prefix, "/usr/bin/python3", "-c", code], capture_output=True, check=False)
        if done.returncode != 0:
            raise OSError(done.stderr)
        return done.stdout

    def query(self, expression):
        """What it stored: a list of labels and a number for each series."""
        answer = json.loads(self.get("/api/v1/query", query=expression))
        assert answer["status"] == "success", answer
        return [(series["metric"], float(series["value"][1])) for series in answer["data"]["result"]]

    def firing(self):
        """The alerts that fire, by name and severity."""
        alerts = json.loads(self.get("/api/v1/alerts"))["data"]["alerts"]
        return {(alert["labels"]["alertname"], alert["labels"].get("severity")): alert for alert in alerts if alert["state"] == "firing"}

    def wait(self, happens, otherwise, patience_s=PATIENCE_S):
        end = time.monotonic() + patience_s
        while not (found := happens()):
            assert time.monotonic() < end, f"{otherwise}\n{self.said()[-2000:]}"
            time.sleep(0.3)
        return found
