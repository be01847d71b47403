"""The Open Inference Protocol, as the clients of another server speak it, by REST and gRPC; and what its pages say."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .conftest import Project, project_environment, ready_project, uv
from .pages import follow
from .servers import free_ports

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("open-inference")]

SLUG = "protocol-demo"
#: Asks a service for the rows of a file, by REST and by gRPC, and says what each has answered.
ASKING = """
import importlib, json, pathlib, sys
import numpy as np
package, http, grpc, name = sys.argv[1:]
KINDS = {"FP64": np.float64, "INT64": np.int64, "BOOL": bool, "BYTES": object}
rows = json.loads(pathlib.Path("rows.json").read_text())

def ask(module, client, **form):
    metadata = client.get_model_metadata(name, **({"as_json": True} if module.__name__.endswith("grpc") else {}))
    inputs = []
    for tensor in metadata["inputs"]:
        values = [[row[tensor["name"]]] for row in rows]
        if tensor["datatype"] == "BYTES":
            values = [["" if value is None else value] for (value,) in values]
        given = module.InferInput(tensor["name"], [len(rows), 1], tensor["datatype"])
        given.set_data_from_numpy(np.array(values, KINDS[tensor["datatype"]]), **form)
        inputs.append(given)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(name)
    answer = client.infer(name, inputs, model_version=metadata["versions"][0], request_id="42")
    found = {output["name"]: answer.as_numpy(output["name"]) for output in metadata["outputs"]}
    text = lambda value: value.decode() if isinstance(value, bytes) else value
    return {each: [text(value) for value in values.ravel().tolist()] for each, values in found.items()}

import tritonclient.grpc, tritonclient.http
answers = {
    "http": ask(tritonclient.http, tritonclient.http.InferenceServerClient(f"127.0.0.1:{http}"), binary_data=False),
    "grpc": ask(tritonclient.grpc, tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{grpc}")),
}
print(json.dumps(answers))
"""
#: The fields of the messages that a compiler has made of the same protocol.
FIELDS = """
import json
from tritonclient.grpc import service_pb2
def fields(message):
    found = {}
    for field in message.fields:
        kind = field.message_type and field.message_type.full_name
        found[field.name] = [field.number, field.type, field.is_repeated, kind]
    inner = [fields(nested) for nested in message.nested_types]
    return {message.full_name: found} | {name: each for part in inner for name, each in part.items()}
print(json.dumps({name: each for message in service_pb2.DESCRIPTOR.message_types_by_name.values()
    for name, each in fields(message).items()}))
"""
OURS = FIELDS.replace(
    "from tritonclient.grpc import service_pb2", "from protocol_demo.serving.grpc.messages import MESSAGES"
).replace(
    "service_pb2.DESCRIPTOR.message_types_by_name.values()",
    "[each.DESCRIPTOR for name, each in MESSAGES.items() if '.' not in name]",
)
#: Calls until nobody answers, then says how many answers there were and how the last call ended.
CALLING = """
import json, sys, time
import tritonclient.grpc as triton
client, count = triton.InferenceServerClient(f"127.0.0.1:{sys.argv[1]}"), 0
end = time.monotonic() + 60
while time.monotonic() < end:
    try:
        client.get_model_metadata(sys.argv[2])
    except Exception as error:
        print(json.dumps([count, str(error)]))
        break
    count += 1
"""


#: What a model says of itself.
METADATA = """
import json, sys
import tritonclient.grpc as triton
client = triton.InferenceServerClient(f"127.0.0.1:{sys.argv[1]}")
print(json.dumps(client.get_model_metadata(sys.argv[2], as_json=True)))
"""


@dataclass(frozen=True)
class Pair:
    """A project with a model, and an environment with the clients."""

    project: Project
    client: Path

    def ask(self, code: str, *arguments: object) -> Any:
        """What code prints that runs beside the clients."""
        command = [str(self.client), "-c", code, *map(str, arguments)]
        done = subprocess.run(command, cwd=self.project.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def running(self, *command: str, port: int) -> Iterator[subprocess.Popen[str]]:
        """A command that listens on a port, to the end of the block."""
        process = subprocess.Popen(
            [self.project.environment / "bin" / SLUG, *command],
            cwd=self.project.root,
            env=project_environment(self.project.environment),
            text=True,
        )
        try:
            listening(process, port)
            yield process
        finally:
            process.kill()
            process.wait()


def listening(process: subprocess.Popen[str], port: int) -> None:
    """Wait until a process listens."""
    for _ in range(600):
        assert process.poll() is None, "it has ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("it does not listen")


@pytest.fixture(scope="module")
def pair(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    folder = tmp_path_factory.mktemp("protocol")
    project = ready_project(folder, environment, "protocol_demo", ["preset=workshop", "also=[open_inference, grpc]"])
    project.run(SLUG, "pipeline")
    # What it needs is no part of the project.
    client = folder / "client" / "bin" / "python"
    uv("venv", "-q", "--python", sys.executable, folder / "client")
    uv("pip", "install", "-q", "--python", client, "tritonclient[http,grpc]>=2.73,<3")
    return Pair(project, client)


def test_its_clients_are_answered_as_the_service_answers(pair: Pair) -> None:
    request = json.loads((pair.project.root / "models" / "request.json").read_text(encoding="utf-8"))
    rows = request["instances"] * 3
    (pair.project.root / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
    http, grpc = free_ports(2)
    with (
        pair.running("serve", "--port", str(http), port=http),
        pair.running("serve-grpc", "--port", str(grpc), port=grpc),
    ):
        answers = pair.ask(ASKING, "protocol_demo", http, grpc, SLUG)
        body = json.dumps({"instances": rows})
        asked = ["curl", "-sf", f"http://127.0.0.1:{http}/predict", "-H", "Content-Type: application/json", "-d", body]
        predictions = json.loads(subprocess.check_output(asked))["predictions"]
    for each in answers.values():
        assert each["label"] == [prediction["label"] for prediction in predictions]
        expected = [prediction["probability"] for prediction in predictions]
        assert each["probability"] == pytest.approx(expected, rel=1e-5)


def test_the_messages_are_those_that_other_servers_have(pair: Pair) -> None:
    theirs = pair.ask(FIELDS)
    ours = json.loads(pair.project.run("python", "-c", OURS).stdout)
    assert len(ours) == 23
    for name, fields in ours.items():
        for field, said in fields.items():
            assert theirs[name][field] == said, f"{name}.{field}"


def test_a_server_that_is_told_to_end_loses_no_call(pair: Pair) -> None:
    (port,) = free_ports(1)
    with pair.running("serve-grpc", "--port", str(port), port=port) as process:
        found: list[Any] = []
        caller = threading.Thread(target=lambda: found.append(pair.ask(CALLING, port, SLUG)))
        caller.start()
        time.sleep(3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        caller.join()
    ((count, error),) = found
    assert count > 100
    assert "[StatusCode.UNAVAILABLE]" in error, error


def test_the_libraries_and_files_of_the_release_image_suffice_for_grpc(pair: Pair, tmp_path: Path) -> None:
    root, dockerfile = pair.project.root, pair.project.root / "cicd" / "release" / "Dockerfile"
    text = dockerfile.read_text(encoding="utf-8")
    ignored = dockerfile.with_name("Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    locked = ["requirements/serving.txt", "requirements/components/grpc.txt"]
    assert all(f"-r {name}" in text and f"!{name}" in ignored for name in locked)
    assert "COPY models/model.onnx /app/model.onnx" in text
    python = tmp_path / "venv" / "bin" / "python"
    uv("venv", "-q", "--python", sys.executable, tmp_path / "venv")
    install = ("pip", "install", "-q", "--python", python)
    uv(*install, "--require-hashes", *(word for name in locked for word in ("-r", root / name)))
    uv(*install, "--no-deps", root)
    shutil.copyfile(root / "models" / "model.onnx", tmp_path / "model.onnx")
    (port,) = free_ports(1)
    said = {"MODEL_PATH": "model.onnx", "GRPC_PORT": str(port)}
    with (tmp_path / "log.txt").open("w", encoding="utf-8") as log:
        server: subprocess.Popen[Any] = subprocess.Popen(
            [python, "-m", "protocol_demo.serving.grpc"],
            cwd=tmp_path,
            env={**project_environment(tmp_path / "venv"), **said},
            stdout=log,
            stderr=log,
        )
    try:
        listening(server, port)
        assert pair.ask(METADATA, port, SLUG)["versions"]
    finally:
        server.terminate()
        ended = server.wait(timeout=60)
    logged = (tmp_path / "log.txt").read_text(encoding="utf-8")
    assert (ended, "Traceback" in logged) == (0, False), logged


@pytest.mark.usefixtures("_port_8000")
@pytest.mark.parametrize("page", ["open-inference", "grpc"])
def test_the_commands_of_its_page_work_in_their_order(pair: Pair, page: str) -> None:
    assert "probability" in follow(pair.project, f"code/{page}.md", str(pair.client))
