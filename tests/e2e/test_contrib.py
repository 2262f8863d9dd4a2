"""contrib/: what is handed to other programs is what they take, and speaks of metrics that there are."""
import json
import re
import shutil
import subprocess

import pytest

from conftest import FAULTLINE, TOP, run

pytestmark = pytest.mark.plain

CONTRIB = TOP / "contrib"
RULES = CONTRIB / "prometheus/faultline.rules.yml"
RULES_TEST = CONTRIB / "prometheus/faultline.test.yml"
DASHBOARD = json.loads((CONTRIB / "grafana/faultline.json").read_text())

# What `faultline serve` has beside docs/metrics.md.
HISTOGRAMS = {"faultline_major_faults_per_second", "faultline_memory_stall_ratio"}
OTHERS = {
    "faultline_build_info",
    "faultline_alert_active",
    "faultline_alerts_total",
    "faultline_oom_last_kill_timestamp_seconds",
    "faultline_intervals_total",
    "faultline_process_cpu_seconds_total",
    "faultline_process_resident_memory_bytes",
    "faultline_process_start_time_seconds",
    "faultline_scrape_duration_seconds",
    "faultline_http_connections",
    "faultline_http_connections_dropped_total",
    "faultline_comm_minor_faults_total",
    "faultline_comm_major_faults_total",
    "faultline_comm_resident_bytes",
    "faultline_comm_swap_bytes",
    "faultline_comm_processes",
    "faultline_cgroup_minor_faults_total",
    "faultline_cgroup_major_faults_total",
    "faultline_cgroup_memory_bytes",
    "faultline_cgroup_oom_kills_total",
    "faultline_cgroup_memory_some_stall_seconds_total",
    "faultline_cgroup_memory_full_stall_seconds_total",
}


def known_names():
    """The names of all samples of a scrape."""
    documented = set(re.findall(r"`(faultline_\w+)`", (TOP / "docs/metrics.md").read_text()))
    assert len(documented) > 30
    return documented | OTHERS | {name + end for name in HISTOGRAMS for end in ["_bucket", "_sum", "_count"]}


def names_in(text):
    """Of metrics; those that a rule records, level:metric:operation, are none."""
    return set(re.findall(r"(?<![\w:])faultline_\w+(?![\w:])", text))


def unknown_names(text, known):
    return sorted(names_in(text) - known)


def panels(of=DASHBOARD):
    """All but rows, those that are folded away included."""
    for panel in of["panels"]:
        if panel["type"] == "row":
            yield from panels(panel)
        else:
            yield panel


def rows():
    return [panel for panel in DASHBOARD["panels"] if panel["type"] == "row"]


def strings(value, keys):
    """Of an object of JSON, and all below it: what stands under one of the keys."""
    if isinstance(value, list):
        for one in value:
            yield from strings(one, keys)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key in keys and isinstance(one, str):
                yield one
            else:
                yield from strings(one, keys)


EXPRESSIONS = list(strings(DASHBOARD, {"expr"}))
QUERIES = list(strings(DASHBOARD["templating"], {"query", "definition"}))


def test_dashboard_names_metrics_that_there_are():
    assert len(EXPRESSIONS) > 50
    assert unknown_names("\n".join(EXPRESSIONS + QUERIES), known_names()) == []


@pytest.mark.parametrize("file", [RULES, RULES_TEST], ids=lambda file: file.name)
def test_rules_name_metrics_that_there_are(file):
    text = file.read_text()
    assert len(names_in(text)) > 8
    assert unknown_names(text, known_names()) == []
    recorded = set(re.findall(r"record: (\S+)", RULES.read_text()))
    assert set(re.findall(r"\w+:faultline_\w+:\w+", text)) <= recorded


def test_a_name_that_there_is_not_is_found():
    assert unknown_names('sum(rate(faultline_mayor_faults_total{a="b"}[5m])) + instance:faultline_x:rate2m',
                         known_names()) == ["faultline_mayor_faults_total"]


@pytest.mark.parametrize("text", ["\n".join(EXPRESSIONS), re.sub(r"(?m)^ *#.*$", "", RULES.read_text())],
                         ids=["dashboard", "rules"])
def test_of_counters_the_growth_is_shown(text):
    counters = {name for name in names_in(text) if name.endswith(("_total", "_bucket"))}
    assert len(counters) > 4
    for name in counters:
        assert len(re.findall(rf"\b{name}\b", text)) == len(re.findall(rf"\b(?:rate|increase)\({name}\b", text)), name


# Grafana.


def test_dashboard_can_be_imported():
    assert [one["name"] for one in DASHBOARD["__inputs"]] == ["DS_PROMETHEUS"]
    assert DASHBOARD["id"] is None and DASHBOARD["uid"] == DASHBOARD["title"] == "faultline"
    required = {one["id"] for one in DASHBOARD["__requires"] if one["type"] == "panel"}
    assert required == {panel["type"] for panel in panels()}
    ids = [panel["id"] for panel in [*panels(), *rows()]]
    assert len(ids) == len(set(ids)) > 40
    variables = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
    assert list(variables) == ["datasource", "job", "instance"]
    assert variables["datasource"]["current"]["value"] == "${DS_PROMETHEUS}" and variables["instance"]["multi"]
    used = set(re.findall(r"\$\{?(\w+)", "\n".join(EXPRESSIONS + QUERIES)))
    assert used == {"job", "instance", "__rate_interval", "__range"}


def test_panels_do_not_overlap():
    taken = set()
    for panel in [*panels(), *rows()]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_panel(panel):
    assert len(panel["description"]) > 30
    assert panel["datasource"]["uid"] == "${datasource}"
    assert "unit" in json.dumps(panel["fieldConfig"]) or "unit" in panel["options"].get("yAxis", {})
    for target in panel["targets"]:
        assert target["datasource"]["uid"] == "${datasource}"
        selectors = re.findall(r"faultline_\w+(\{[^}]*\})?", target["expr"])
        assert selectors and all('job=~"$job",instance=~"$instance"' in one for one in selectors)
        assert set(re.findall(r"\[(.*?)\]", target["expr"])) <= {"$__rate_interval", "$__range"}


# Prometheus.


@pytest.fixture
def promtool():
    path = shutil.which("promtool")
    if not path:
        pytest.skip("no promtool")

    def call(*words):
        done = subprocess.run([path, *words], capture_output=True, text=True, timeout=60, cwd=CONTRIB / "prometheus")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


def test_expressions_of_the_dashboard(promtool, tmp_path):
    rules = []
    for number, expression in enumerate(EXPRESSIONS):
        rules.append({"record": f"expression:{number}", "expr": re.sub(r"\$__\w+", "1m", expression)})
    (tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", tmp_path / "rules.yml")


def test_rules(promtool):
    assert "SUCCESS" in promtool("check", "rules", "--lint-fatal", RULES.name)
    assert "SUCCESS" in promtool("test", "rules", RULES_TEST.name)


def test_scrape_configuration(promtool):
    assert "valid prometheus config" in promtool("check", "config", "prometheus.yml")


def test_alerts_say_what_to_do():
    yaml = pytest.importorskip("yaml")
    alerts = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"] if "alert" in rule]
    assert {rule["alert"] for rule in alerts} == {
        "FaultlineOomKill", "FaultlineThrash", "FaultlineMemoryStall", "FaultlineMemoryRunningOut", "FaultlineDown"}
    tested = {one["alertname"] for test in yaml.safe_load(RULES_TEST.read_text())["tests"]
              for one in test.get("alert_rule_test", []) if one["exp_alerts"]}
    for rule in alerts:
        assert rule["labels"]["severity"] in ["warning", "critical"]
        assert list(rule["annotations"]) == ["summary", "description", "action"]
        assert "{{ $labels.instance }}" in rule["annotations"]["summary"]
        assert re.search("`(faultline|systemctl status faultline)", rule["annotations"]["action"])
        assert rule["alert"] in tested


# systemd.


@pytest.fixture
def units(tmp_path):
    """In a folder, with a program that there is."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze")
    for file in (CONTRIB / "systemd").iterdir():
        (tmp_path / file.name).write_text(file.read_text().replace("/usr/local/bin/faultline", "/bin/true"))
    return tmp_path


def analyze(*words):
    done = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_units(units):
    said = analyze("verify", "--man=no", units / "faultline.service", units / "faultline.socket")
    assert "faultline" not in said.stdout + said.stderr  # other units of this machine may have their own mistakes


def test_exposure_is_what_the_readme_says(units):
    version = int(analyze("--version").stdout.split()[1])
    if version < 250:
        pytest.skip("this systemd-analyze knows no files, only what runs")
    level = float(re.search(r"Overall exposure level for faultline.service: ([\d.]+)",
                            analyze("security", "--offline=yes", units / "faultline.service").stdout).group(1))
    stated, of = re.search(r"\*\*([\d.]+)\*\* of 10 \(systemd (\d+)\)", (CONTRIB / "README.md").read_text()).groups()
    assert level == float(stated) if version == int(of) else level < 3


# Kubernetes.


def test_daemon_set():
    yaml = pytest.importorskip("yaml")
    namespace, daemons = yaml.safe_load_all((CONTRIB / "kubernetes/daemonset.yaml").read_text())
    assert (namespace["kind"], daemons["apiVersion"], daemons["kind"]) == ("Namespace", "apps/v1", "DaemonSet")
    assert daemons["metadata"]["namespace"] == namespace["metadata"]["name"]
    template = daemons["spec"]["template"]
    assert daemons["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    container, = template["spec"]["containers"]
    port, = (one["containerPort"] for one in container["ports"])
    assert template["metadata"]["annotations"]["prometheus.io/port"] == str(port)
    assert container["args"][0] == "serve" and container["args"][-1] == f"0.0.0.0:{port}"
    mounts = {one["name"]: one for one in container["volumeMounts"]}
    volumes = {one["name"]: one["hostPath"]["path"] for one in template["spec"]["volumes"]}
    assert mounts.keys() == volumes.keys()
    assert volumes["proc"] == "/proc" and f"--proc={mounts['proc']['mountPath']}" in container["args"]
    assert mounts["proc"]["readOnly"] and mounts["kmsg"]["readOnly"]
    assert template["spec"]["tolerations"] == [{"operator": "Exists"}]
    for probe in ["readinessProbe", "livenessProbe"]:
        assert container[probe]["httpGet"] == {"path": "/healthz", "port": container["ports"][0]["name"]}


# Their command lines.


@pytest.mark.parametrize("file", ["systemd/faultline.service", "systemd/default", "kubernetes/daemonset.yaml", "README.md"])
def test_options_are_those_of_serve(file):
    if not FAULTLINE.exists():
        pytest.skip("not built")
    said = run("serve", "--help").stdout
    if "Usage: faultline serve" not in said:
        pytest.skip("no `faultline serve` yet")
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", said))
    used = set()
    for line in (CONTRIB / file).read_text().splitlines():
        if "systemctl" not in line and "systemd-analyze" not in line:
            used |= set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", line))
    assert used and used <= options
