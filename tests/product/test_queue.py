"""Answers by queue, with a real NATS and a real RabbitMQ: whatever is killed, each request has its answer, and once."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Project, project_environment, ready_project, uv
from .servers import Server, free_ports, nats, rabbitmq
from .servers import folder as folder_of_server

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("queues")]

Start = Callable[[Path, int], AbstractContextManager[Server]]
#: Sends requests, good ones and bad ones in turn if that is asked, then reads answers until each has one.
CLIENT = """
import asyncio, importlib, json, sys
package, count, bad, mode = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "bad", sys.argv[4]
client_of = importlib.import_module(f"{package}.queueing.client")
messages = importlib.import_module(f"{package}.queueing.messages")
settings = importlib.import_module(f"{package}.queueing.settings").load_queue(importlib.import_module("pathlib").Path())
about = importlib.import_module(f"{package}.predictor.predictor").Predictor.load(
    importlib.import_module("pathlib").Path("models/model.onnx")).about

async def send(client, number):
    rows = [about.example] if not bad or number % 2 else [{"nothing": 1}]
    while True:
        try:
            return await client.send(rows, f"r{number}")
        except messages.UnavailableError as error:
            if mode == "full":
                raise
            await asyncio.sleep(0.2)

async def main():
    answers, more = {}, []
    async with client_of.Client(settings) as client:
        sent = 0
        if mode != "read":
            try:
                for number in range(count):
                    await send(client, number)
                    sent += 1
            except messages.UnavailableError as error:
                print(json.dumps({"sent": sent, "refused": str(error)}))
                return
            print(json.dumps({"sent": sent}), flush=True)
        if mode == "send":
            return
        async for answer in client.answers():
            (more.append if answer.request_id in answers else answers.__setitem__)(*(
                [answer.request_id] if answer.request_id in answers else [answer.request_id, answer.status]))
            if len(answers) == count:
                break
    print(json.dumps({"answers": answers, "more": more}))
asyncio.run(main())
"""


@dataclass
class Team:
    """A project whose workers and clients share a broker that can be started again."""

    project: Project
    package: str
    start_broker: Start
    scheme: str
    place: Path
    port: int

    def configure(self, **settings: Any) -> None:
        content = {"format": 1, "url": f"{self.scheme}://127.0.0.1:{self.port}", "patience": 2.0, **settings}
        (self.project.root / "configs" / "queue.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")

    def broker(self) -> AbstractContextManager[Server]:
        return self.start_broker(self.place, self.port)

    def process(self, *command: str) -> subprocess.Popen[str]:
        program = self.project.environment / "bin" / command[0]
        return subprocess.Popen(
            [program, *command[1:]],
            cwd=self.project.root,
            env=project_environment(self.project.environment),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def worker(self) -> subprocess.Popen[str]:
        """A worker that can take requests."""
        process = self.process(self.project.slug, "queue")
        assert process.stdout is not None
        assert " answers " in process.stdout.readline(), process.communicate()
        return process

    def client(self, count: int, *, bad: bool = False, mode: str = "ask") -> subprocess.Popen[str]:
        return self.process("python", "-c", CLIENT, self.package, str(count), "bad" if bad else "good", mode)


def said(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What a client found."""
    output, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def stop(worker: subprocess.Popen[str], number: int = signal.SIGTERM) -> None:
    worker.send_signal(number)
    _, errors = worker.communicate(timeout=60)
    assert worker.returncode == (0 if number == signal.SIGTERM else -number), errors


@pytest.fixture(scope="module")
def project(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = ready_project(
        tmp_path_factory.mktemp("queue"), environment, "queue_demo", ["preset=workshop", "also=[queue]"]
    )
    project.run(project.slug, "pipeline")
    return project


@pytest.fixture(params=["nats", "amqp"])
def team(request: pytest.FixtureRequest, project: Project) -> Iterator[Team]:
    start: Start = {"nats": nats, "amqp": rabbitmq}[request.param]
    with folder_of_server() as place:
        yield Team(project, "queue_demo", start, request.param, place, free_ports(1)[0])


def test_good_and_bad_requests_are_answered(team: Team) -> None:
    team.configure()
    with team.broker():
        worker = team.worker()
        found = said(team.client(200, bad=True))
        assert found["answers"] == {f"r{number}": 200 if number % 2 else 422 for number in range(200)}
        assert found["more"] == []
        stop(worker)


@pytest.fixture(scope="module")
def image(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the release image holds of this project: no more libraries, and no more files."""
    folder = tmp_path_factory.mktemp("image")
    dockerfile = (project.root / "cicd" / "release" / "Dockerfile").read_text(encoding="utf-8")
    locked = ["requirements/serving.txt", "requirements/components/queue.txt"]
    assert all(f"-r {name}" in dockerfile for name in locked)
    uv("venv", "-q", "--python", sys.executable, folder / "venv")
    install = ("pip", "install", "-q", "--python", folder / "venv" / "bin" / "python")
    uv(*install, "--require-hashes", *(word for name in locked for word in ("-r", project.root / name)))
    uv(*install, "--no-deps", project.root)
    (folder / "configs").mkdir()
    for source, name in (("models/model.onnx", "model.onnx"), ("configs/queue.yaml", "configs/queue.yaml")):
        assert f"COPY {source} /app/{name}" in dockerfile
        shutil.copyfile(project.root / source, folder / name)
    return folder


def test_the_libraries_and_files_of_the_release_image_suffice_for_a_worker(
    team: Team, image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.configure(url="${BROKER_URL}")
    shutil.copyfile(team.project.root / "configs" / "queue.yaml", image / "configs" / "queue.yaml")
    monkeypatch.setenv("BROKER_URL", f"{team.scheme}://127.0.0.1:{team.port}")
    with team.broker():
        with (image / "log.txt").open("w", encoding="utf-8") as log:
            worker = subprocess.Popen(
                [image / "venv" / "bin" / "python", "-m", team.package + ".queueing"],
                cwd=image,
                env={**project_environment(image / "venv"), "MODEL_PATH": str(image / "model.onnx")},
                stdout=log,
                stderr=log,
            )
        found = said(team.client(50, bad=True))
        assert len(found["answers"]) == 50
        worker.terminate()
        assert worker.wait(timeout=60) == 0
    logged = (image / "log.txt").read_text(encoding="utf-8")
    assert "answers predictions.requests" in logged
    assert "Traceback" not in logged


def test_a_broker_that_comes_late_is_waited_for(team: Team) -> None:
    team.configure()
    worker = team.process(team.project.slug, "queue")
    assert worker.stderr is not None
    waiting = next((line for line in worker.stderr if "Waiting for" in line), "")
    assert f"{team.scheme}://127.0.0.1:{team.port}" in waiting
    with team.broker():
        assert len(said(team.client(10))["answers"]) == 10
        stop(worker)


def test_workers_that_are_killed_lose_nothing(team: Team) -> None:
    team.configure()
    with team.broker():
        client, workers = team.client(3000), [team.worker(), team.worker()]
        for _ in range(4):
            time.sleep(0.7)
            stop(workers.pop(0), signal.SIGKILL)
            workers.append(team.worker())
        found = said(client)
        assert set(found["answers"].values()) == {200}
        assert len(found["answers"]) == 3000
        assert found["more"] == [], "the client drops what comes twice"
        for worker in workers:
            stop(worker)


def test_a_broker_that_is_started_again_has_lost_nothing(team: Team) -> None:
    team.configure()
    with team.broker():
        assert said(team.client(300, mode="send"))["sent"] == 300
        worker = team.worker()
    client = None
    with team.broker():
        client = team.client(300, mode="read")
        found = said(client)
        assert len(found["answers"]) == 300
        assert set(found["answers"].values()) == {200}
        stop(worker)


def test_queues_that_are_full_take_no_more_until_somebody_reads(team: Team) -> None:
    team.configure(most_waiting=50)
    with team.broker():
        refused = said(team.client(5000, mode="full"))
        assert 50 <= refused["sent"] < 5000, "more cannot be sent than waits"
        worker = team.worker()
        time.sleep(2)
        found = said(team.client(refused["sent"], mode="read"))
        assert len(found["answers"]) == refused["sent"]
        stop(worker)
