"""Models in a real object store: every command that reads a model takes its address there, or a pointer's."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Project, project_environment, ready_project
from .servers import Server, folder, free_ports, nats, s3

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("places")]

SLUG, PACKAGE = "places-demo", "places_demo"
SHELLS = "object_storage, sql, open_inference, grpc, queue, precompute, embedded, serverless, router"
#: Puts files into the bucket, which it makes.
PUTTING = """
import sys, s3fs
store = s3fs.S3FileSystem(client_kwargs={"endpoint_url": sys.argv[1]})
store.mkdir("models") if not store.exists("models") else None
for pair in sys.argv[2:]:
    source, _, name = pair.partition("=")
    store.put_file(source, f"models/{name}")
"""
CALLING = """
import sys, grpc
from places_demo.serving.grpc.messages import MESSAGES, SERVICE
channel = grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}")
grpc.channel_ready_future(channel).result(60)
body = MESSAGES["ModelMetadataRequest"](name=sys.argv[2]).SerializeToString()
print(list(MESSAGES["ModelMetadataResponse"].FromString(channel.unary_unary(f"/{SERVICE}/ModelMetadata")(body)).versions))
"""


@dataclass
class Team:
    """A project, and a store that has its model; at home there is none."""

    project: Project
    store: Server
    graph: bytes
    variables: dict[str, str]

    @property
    def address(self) -> str:
        return f"s3://models/7/model.onnx#sha256={hashlib.sha256(self.graph).hexdigest()}"

    @property
    def pointer(self) -> str:
        return "s3://models/current.json"

    def start(self, *command: str) -> subprocess.Popen[str]:
        program = self.project.environment / "bin" / command[0]
        return subprocess.Popen(
            [str(program), *command[1:]],
            cwd=self.project.root,
            env=self.variables,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, *command: str, expected: int = 0) -> str:
        process = self.start(*command)
        output, _ = process.communicate(timeout=300)
        assert process.returncode == expected, output
        assert self.store.password not in output
        return output

    @contextmanager
    def running(self, *command: str) -> Iterator[subprocess.Popen[str]]:
        process = self.start(*command)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=60)
            assert process.returncode == 0, output


@pytest.fixture(scope="module")
def team(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    root = tmp_path_factory.mktemp("places")
    project = ready_project(root, environment, PACKAGE, ["preset=workshop", f"also=[{SHELLS}]"])
    project.run(SLUG, "pipeline")
    model = project.root / "models" / "model.onnx"
    graph = model.read_bytes()
    pointer = root / "current.json"
    said = {"model": "7/model.onnx", "sha256": hashlib.sha256(graph).hexdigest()}
    pointer.write_text(json.dumps(said), encoding="utf-8")
    with s3() as store:
        url = f"http://127.0.0.1:{store.port}"
        variables = {**project_environment(project.environment), **store.variables, "AWS_ENDPOINT_URL": url}
        team = Team(project, store, graph, {**variables, "MODEL_CACHE": str(root / "cache")})
        team.run("python", "-c", PUTTING, url, f"{model}=7/model.onnx", f"{pointer}=current.json")
        model.rename(root / "model.onnx")
        yield team


def test_files_are_predicted_and_packages_built(team: Team) -> None:
    for place in (team.address, team.pointer):
        assert " predictions of places-demo " in team.run(SLUG, "predict", "--model", place)
        assert " of places-demo " in team.run(SLUG, "precompute", "run", "--model", place)
    assert "embed " in team.run(SLUG, "embed", "--model", team.pointer)
    (wheel,) = (team.project.root / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith("model.onnx"))
        assert archive.read(name) == team.graph
    assert "bundle " in team.run(SLUG, "bundle", "--model", team.address)
    wrong = team.address[:-4] + "0000"
    assert "is another file than it is to be" in team.run(SLUG, "predict", "--model", wrong, expected=2)


def test_it_is_served_by_grpc_and_beside_another(team: Team) -> None:
    http, grpc = map(str, free_ports(2))
    with team.running(SLUG, "serve-grpc", "--model", team.pointer, "--port", grpc):
        assert "0.1.0" in team.run("python", "-c", CALLING, grpc, SLUG)
    deployment = {
        "format": 1,
        "models": {"challenger": team.pointer},
        "policy": {"kind": "blue_green", "live": "green"},
    }
    configured = team.project.root / "configs" / "deployment.yaml"
    before = configured.read_text(encoding="utf-8")
    configured.write_text(yaml.safe_dump(deployment), encoding="utf-8")
    try:
        with team.running(SLUG, "serve", "--model", team.address, "--port", http):
            assert asked(f"http://127.0.0.1:{http}/v2/models/challenger")["name"] == "challenger"
    finally:
        configured.write_text(before, encoding="utf-8")


def asked(url: str) -> Any:
    """The document at an address, as soon as somebody answers there."""
    end = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.2)


def test_a_worker_of_the_queue_has_it_from_there(team: Team) -> None:
    (port,) = free_ports(1)
    content = {"format": 1, "url": f"nats://127.0.0.1:{port}"}
    (team.project.root / "configs" / "queue.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with folder() as place, nats(place, port), team.running(SLUG, "queue", "--model", team.pointer) as worker:
        assert worker.stdout is not None
        lines = iter(worker.stdout.readline, "")
        assert any(" answers predictions.requests" in line for line in lines)
