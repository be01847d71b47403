"""Records of a served model at receivers that others made: Fluentd's own for Node, and the official classes of OTLP."""

from __future__ import annotations

import gzip
import json
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from .conftest import Project, project_environment, ready_project, require
from .servers import free_ports, wait

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("log_shipping")]

#: Writes what it receives, an entry a line, and acknowledges it.
RECEIVER = """
const {FluentServer} = require("@fluent-org/logger");
const server = new FluentServer({listenOptions: {port: Number(process.argv[1]), host: "127.0.0.1"}});
server.on("entry", (tag, time, record) => console.log(JSON.stringify({tag, time: String(time.epoch), record})));
server.listen().then(() => console.log("listens"));
"""


class Fluentd:
    """A receiver that can be killed and started again; what it received stays."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self._file = folder / "received.jsonl"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        before = self._lines().count("listens")
        with self._file.open("ab") as output:
            command = ["fluent-node", "-e", RECEIVER, str(self.port)]
            self._process = subprocess.Popen(command, stdout=output, stderr=output)
        wait_until(lambda: self._lines().count("listens") > before)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._lines() if line.startswith("{") and line.endswith("}")]

    def _lines(self) -> list[str]:
        return self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []


class Telemetry:
    """A collector of OTLP that reads with the official classes, and refuses what these do."""

    def __init__(self) -> None:
        self.port = 0
        self.bodies: list[dict[str, Any]] = []
        self.services: set[str] = set()
        self.faults: list[str] = []
        self.failing = 0

    def take(self, body: bytes) -> int:
        if self.failing:
            self.failing -= 1
            return 503
        try:
            request = Parse(gzip.decompress(body), ExportLogsServiceRequest())
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            self.faults.append(repr(error))
            return 400
        for resource in request.resource_logs:
            self.services |= {value_of(pair.value) for pair in resource.resource.attributes}
            for record in (record for scope in resource.scope_logs for record in scope.log_records):
                assert record.time_unix_nano > 1_700_000_000 * 10**9
                self.bodies.append(value_of(record.body))
        return 200


def value_of(value: Any) -> Any:
    """An `AnyValue` of OTLP as a value of JSON."""
    match value.WhichOneof("value"):
        case None:
            return None
        case "kvlist_value":
            return {pair.key: value_of(pair.value) for pair in value.kvlist_value.values}
        case "array_value":
            return [value_of(each) for each in value.array_value.values]
        case kind:
            return getattr(value, kind)


@contextmanager
def telemetry() -> Iterator[Telemetry]:
    told = Telemetry()

    class Handler(BaseHTTPRequestHandler):
        """As the specification has it."""

        def do_POST(self) -> None:
            status = told.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.port = server.server_port
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()


def wait_until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def project(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    answers = ["preset=workshop", "also=[prediction_log, log_shipping]"]
    project = ready_project(tmp_path_factory.mktemp("shipping"), environment, "shipping_demo", answers)
    contract = project.root / "configs" / "contract.yaml"
    said = yaml.safe_load(contract.read_text(encoding="utf-8"))
    next(column for column in said["columns"].values() if column["kind"] == "category")["pii"] = True
    contract.write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")
    project.run(project.slug, "pipeline")
    return project


def test_records_reach_receivers_of_others_also_those_that_were_away(project: Project, tmp_path: Path) -> None:
    require("fluent-node", "the receiver of Fluent Forward (bash .ci/testbed.sh)")
    fluentd_port, port = free_ports(2)
    fluentd = Fluentd(fluentd_port, tmp_path)
    with telemetry() as collector:
        settings = {
            "efk": {"kind": "fluent_forward", "host": "127.0.0.1", "port": fluentd.port},
            "telemetry": {"kind": "otlp", "url": f"http://127.0.0.1:{collector.port}/v1/logs"},
        }
        content = {"format": 1, "collectors": settings}
        (project.root / "configs" / "log_shipping.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        collector.failing = 2
        log = tmp_path / "log"
        service = subprocess.Popen(
            [project.environment / "bin" / project.slug, "serve", "--port", str(port)],
            cwd=project.root,
            env={**project_environment(project.environment), "PREDICTION_LOG_FOLDER": str(log)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait(service, lambda: urllib.request.urlopen(f"{url}/health/ready", timeout=2).close())
            openapi = json.load(urllib.request.urlopen(f"{url}/openapi.json", timeout=5))
            row = examples(openapi)
            body = json.dumps({"instances": [row] * 10}).encode()

            def ask(count: int) -> None:
                for _ in range(count):
                    request = urllib.request.Request(f"{url}/predict", body, {"Content-Type": "application/json"})
                    with urllib.request.urlopen(request, timeout=5) as answer:
                        assert answer.status == 200

            # Nobody listens yet; then somebody does, is killed, and comes back.
            ask(10)
            fluentd.start()
            wait_until(lambda: len(fluentd.entries) == 100)
            ask(10)
            wait_until(lambda: len(fluentd.entries) == 200)
            fluentd.kill()
            ask(10)
            time.sleep(1.5)
            fluentd.start()
            wait_until(lambda: len(fluentd.entries) == 300)
            wait_until(lambda: len(collector.bodies) == 300)
            told = urllib.request.urlopen(f"{url}/metrics", timeout=5).read().decode()
            assert 'shipped_records_total{outcome="written",to="efk"} 300.0' in told
            assert 'shipped_records_total{outcome="dropped",to="telemetry"} 0.0' in told
        finally:
            service.terminate()
            _, errors = service.communicate(timeout=30)
            fluentd.kill()
    said = errors.decode()
    assert service.returncode == 0, said
    assert "Traceback" not in said
    files = sorted(log.glob("*.jsonl"))
    kept = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    entries = fluentd.entries
    assert collector.faults == []
    assert collector.services == {"shipping-demo"}
    assert [entry["record"] for entry in entries] == collector.bodies == kept
    assert {entry["tag"] for entry in entries} == {"predictions"}
    assert any("***" in record["inputs"].values() for record in kept)


def examples(openapi: dict[str, Any]) -> Any:
    """The example row of a service's document."""
    found: list[Any] = []

    def look(part: Any) -> None:
        if isinstance(part, dict):
            if isinstance(part.get("instances"), list):
                found.extend(part["instances"])
            for each in part.values():
                look(each)
        elif isinstance(part, list):
            for each in part:
                look(each)

    look(openapi)
    assert found, "the document has no example"
    return found[0]
