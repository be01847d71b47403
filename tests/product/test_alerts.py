"""Alarms and dashboards of a project beside real servers: Prometheus, Alertmanager and the Pushgateway."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from .conftest import Project, project_environment, ready_project, require
from .servers import SECONDS, alertmanager, free_ports, prometheus, pushgateway, wait

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("alerts")]

SLUG = "watched-demo"
#: Hours become a minute, and nobody waits: what remains is what a rule asks.
QUICK = ((r"\[(5m|10m|15m)\]", "[30s]"), (r"\[1h\]", "[1m]"), (r"(?m)^( +)for: (?!2m$)\S+$", r"\1for: 0s"))
#: Rows learnt from as requests, in any order, and what came of them.
ROWS = """
import json, pathlib, sys
import polars as pl
from watched_demo.contract.file import load_contract
from watched_demo.pipelines.export import _as_json
contract = load_contract(pathlib.Path("configs/contract.yaml"))
rows = pl.read_parquet("data/processed/train.parquet").sample(fraction=1, shuffle=True, seed=1)
asked = [{name: _as_json(row[name]) for name in contract.columns} for row in rows.iter_rows(named=True)]
words = [name for name, column in contract.columns.items() if column.kind == "category" and not column.allowed]
print(json.dumps({"rows": asked, "outcomes": rows[contract.target.column].to_list(), "words": words}))
"""


@dataclass
class Receiver:
    """Who is told by Alertmanager."""

    address: str = ""
    alarms: list[dict[str, Any]] = field(default_factory=list)

    def names(self) -> set[str]:
        """What has come."""
        return {alarm["labels"]["alertname"] for alarm in self.alarms}


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A program on loopback that is told."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.alarms += json.loads(self.rfile.read(int(self.headers["Content-Length"])))["alerts"]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found.address = f"127.0.0.1:{server.server_port}"
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A project that has a model, and all that watches it."""

    project: Project
    receiver: Receiver
    service: int
    prometheus: int
    rows: list[dict[str, Any]]
    outcomes: list[Any]
    words: list[str]

    def ask(self, rows: list[dict[str, Any]], name: str = "") -> int:
        """Send rows; the status comes back."""
        body = json.dumps({"instances": rows}).encode()
        headers = {"Content-Type": "application/json", **({"X-Request-Id": name} if name else {})}
        request = urllib.request.Request(f"http://127.0.0.1:{self.service}/predict", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def query(self, expression: str) -> list[dict[str, Any]]:
        """What Prometheus has."""
        words = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"http://127.0.0.1:{self.prometheus}/api/v1/query?{words}", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return found

    def firing(self) -> set[str]:
        """Alarms that Prometheus raises now."""
        return {each["metric"]["alertname"] for each in self.query('ALERTS{alertstate="firing"}')}


@pytest.fixture(scope="module")
def made(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose model is made."""
    return ready_project(tmp_path_factory.mktemp("watched"), environment, "watched_demo", [])


@pytest.fixture(scope="module")
def watched(made: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """All of it at work, from the pipeline to the receiver."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        gateway, told = stack.enter_context(pushgateway()), stack.enter_context(receiver())
        patch.setenv("PUSHGATEWAY_URL", f"http://127.0.0.1:{gateway.port}")
        patch.setenv("ALARMS", told.address)
        settings = made.root / "configs/alerts.yaml"
        text = re.sub(r"127\.0\.0\.1:9099", "${ALARMS}", settings.read_text(encoding="utf-8"))
        # A machine that tests are run on is slow now and then.
        settings.write_text(text.replace("seconds: 0.25", "seconds: 0.99"), encoding="utf-8")
        made.run(SLUG, "pipeline")
        _taken_back(made)
        made.run(SLUG, "alerts", "write")
        rows = json.loads(made.run("python", "-c", ROWS).stdout)
        (port,) = free_ports(1)
        stack.enter_context(_service(made, port))
        told_by = stack.enter_context(alertmanager(_hurried(made)))
        configuration = _quick(made, tmp_path_factory.mktemp("prometheus"), port, gateway.port, told_by.port)
        server = stack.enter_context(prometheus(configuration))
        found = Watched(project=made, receiver=told, service=port, prometheus=server.port, **rows)
        until(lambda: found.query(f'up{{job="{SLUG}"}} == 1'))
        yield found


def _taken_back(project: Project) -> None:
    """Serve another version for a moment."""
    params = project.root / "params.yaml"
    params.write_text(params.read_text(encoding="utf-8").replace("opset: 21", "opset: 20"), encoding="utf-8")
    project.run(SLUG, "export")
    # Whether it takes the place of the other by itself or not.
    project.run(SLUG, "register", check=False)
    project.run(SLUG, "registry", "promote", "2", "--reason", "a test")
    project.run(SLUG, "registry", "rollback", "--reason", "a test")


@contextmanager
def _service(project: Project, port: int) -> Iterator[None]:
    """The service of a project, as its image starts it."""
    variables = {**project_environment(project.environment), "PORT": str(port)}
    command = [str(project.environment / "bin/python"), "-m", "watched_demo.serving"]
    log = project.root.with_name("service")
    log.mkdir()
    with (log / "log").open("wb") as stream:
        process = subprocess.Popen(command, cwd=project.root, env=variables, stdout=stream, stderr=stream)
        try:
            wait(process, lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2).close())
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _hurried(project: Project) -> Path:
    """Alertmanager's file, with nobody waited for."""
    path = project.root / "monitoring/alertmanager/alertmanager.yml"
    hurried = path.with_name("hurried.yml")
    hurried.write_text(re.sub(r"(group_wait|group_interval): \S+", r"\1: 1s", path.read_text(encoding="utf-8")))
    return hurried


def _quick(project: Project, place: Path, service: int, gateway: int, told: int) -> Path:
    """The project's own files of Prometheus, on other ports and in a shorter time."""
    source = project.root / "monitoring/prometheus"
    (place / "rules").mkdir()
    (place / "targets").mkdir()
    for path in source.glob("rules/*.yml"):
        text = path.read_text(encoding="utf-8")
        for pattern, quick in QUICK:
            text = re.sub(pattern, quick, text)
        (place / "rules" / path.name).write_text(text, encoding="utf-8")
    ports = {"8000": service, "9091": gateway, "9093": told}
    for name in ("prometheus.yml", "targets/service.yml", "targets/pushgateway.yml"):
        text = (source / name).read_text(encoding="utf-8")
        text = re.sub(r"127\.0\.0\.1:(\d+)", lambda found: f"127.0.0.1:{ports[found[1]]}", text)
        text = re.sub(r"(scrape|evaluation)_interval: 15s", r"\1_interval: 2s", text)
        (place / name).write_text(text, encoding="utf-8")
    return place / "prometheus.yml"


def until(asked: Any, seconds: float = SECONDS) -> Any:
    """Wait for an answer that is not empty."""
    end = time.monotonic() + seconds
    while not (found := asked()):
        assert time.monotonic() < end, "it has not come"
        time.sleep(0.5)
    return found


def test_rules_are_proved_by_the_tools_of_their_servers(watched: Watched) -> None:
    folder = watched.project.root / "monitoring"
    for command in (
        ["promtool", "check", "config", "prometheus/prometheus.yml"],
        ["promtool", "test", "rules", "prometheus/tests/alarms.yml"],
        ["amtool", "check-config", "alertmanager/alertmanager.yml"],
    ):
        require(command[0], "Prometheus and its Alertmanager (bash .ci/testbed.sh does it on Debian)")
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_good_traffic_raises_nothing(watched: Watched) -> None:
    end = time.monotonic() + 45
    for turn in range(10_000):
        if time.monotonic() > end:
            break
        begin = 20 * turn % (len(watched.rows) - 20)
        assert watched.ask(watched.rows[begin : begin + 20], f"good-{turn}") == 200
        time.sleep(0.1)
    rows = watched.query(f'sum(increase(serving_predictions_total{{job="{SLUG}"}}[1m]))')
    assert float(rows[0]["value"][1]) > 400
    assert watched.firing() == set()
    assert watched.receiver.alarms == []


def test_every_panel_has_data(watched: Watched) -> None:
    project = watched.project
    outcomes = [
        f"good-{number // 20},{number % 20},{outcome}" for number, outcome in enumerate(watched.outcomes[:1000])
    ]
    (project.root / "outcomes.csv").write_text("\n".join(["request_id,row,outcome", *outcomes, ""]), encoding="utf-8")
    settings = project.root / "configs/alerts.yaml"
    label = json.dumps(str(watched.outcomes[0]))
    worth = f"value: {{{label}: {{{label}: 2.5}}}}"
    settings.write_text(settings.read_text(encoding="utf-8").replace("value: {}", worth), encoding="utf-8")
    project.run(SLUG, "feedback", "add", "outcomes.csv")
    for what in ("drift", "performance"):
        project.run(SLUG, "monitor", what, check=False)
    assert "deployments  2 in 28 days" in project.run(SLUG, "dora").stdout
    project.run(SLUG, "alerts", "push")
    until(lambda: watched.query(f'monitoring_value_rows{{job="{SLUG}"}} > 0'))
    boards = sorted((project.root / "monitoring/grafana/dashboards").glob("*.json"))
    assert len(boards) >= 5

    def empty() -> list[str]:
        return [
            f"{path.stem}: {panel['title']}: {target['expr']}"
            for path in boards
            for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]
            for target in panel["targets"]
            if not watched.query(target["expr"])
        ]

    # What is told in several groups is not all read at the same time.
    end = time.monotonic() + 30
    while empty() and time.monotonic() < end:
        time.sleep(0.5)
    assert empty() == []


def test_bad_traffic_reaches_who_is_to_be_told(watched: Watched) -> None:
    assert watched.receiver.alarms == []
    odd = [{**row, **dict.fromkeys(watched.words, "never heard of")} for row in watched.rows[:20]]

    def send(rows: list[dict[str, Any]], status: int, name: str) -> bool:
        for _ in range(20):
            assert watched.ask(rows) == status
        return name in watched.receiver.names()

    until(lambda: send(odd, 200, "InputUnseen"))
    (alarm, *_) = [each for each in watched.receiver.alarms if each["labels"]["alertname"] == "InputUnseen"]
    assert alarm["labels"]["column"] in watched.words
    assert alarm["labels"]["severity"] == "warning"
    assert (watched.project.root / alarm["annotations"]["runbook_url"]).is_file()
    until(lambda: send([{"nothing": 1}], 422, "ServiceRefusals"))
    assert "ServiceDown" not in watched.receiver.names()
