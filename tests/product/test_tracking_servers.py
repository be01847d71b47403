"""Runs and models on real tracking servers: PostgreSQL or MariaDB for what is recorded, and S3 for files."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from .conftest import Project, project_environment, ready_project, uv
from .servers import Server, folder, free_ports, mariadb, postgresql, running, s3, wait

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("sources")]

#: What the server needs besides MLflow; a project needs none of it.
SERVER_LIBRARIES = ("boto3", "flask-wtf", "psycopg2-binary", "pymysql")
USER, PASSWORD, WRONG = "trainer", "a very long password", "not the right one"
BUCKET = """
import sys, boto3
boto3.client("s3", endpoint_url=sys.argv[1]).create_bucket(Bucket="runs")
"""
#: Of a registered model: aliases, tags, and what MLflow's own loaders make of it.
ASK = """
import json, sys, mlflow
client = mlflow.MlflowClient()
listed = client.list_artifacts
name = sys.argv[1]
model = client.get_registered_model(name)
version = client.get_model_version(name, model.aliases["champion"])
run_id = version.run_id
run = client.get_run(run_id)
loaded = mlflow.pyfunc.load_model(f"models:/{name}@champion")
answer = loaded.predict(loaded.input_example)
print(json.dumps({
    "aliases": {alias: int(number) for alias, number in model.aliases.items()},
    "versions": sorted(int(found.version) for found in client.search_model_versions()),
    "statuses": sorted(found.info.status for found in client.search_runs([run.info.experiment_id])),
    "artifacts": run.info.artifact_uri,
    "files": sorted(item.path for name in ("model", "reports", "configs") for item in listed(run_id, name)),
    "tags": dict(run.data.tags), "parameters": run.data.params, "metrics": run.data.metrics,
    "inputs": loaded.metadata.get_input_schema().input_names(),
    "answer": {output: values.tolist() for output, values in answer.items()},
}))
"""
#: A worse model than the one that is there, as every step before would hand it over.
AGAIN = """
import sys
from pathlib import Path
from tracking_demo import tracking
from tracking_demo.errors import TrackingError
from tracking_demo.artifacts import CANDIDATE, METRICS, NATIVE
from tracking_demo.steps import Project

project = Project()
files = {tracking.GRAPH: Path(CANDIDATE.path), tracking.NATIVE: Path(NATIVE.path)}
record = tracking.record_of(project, project.read(METRICS), files=files)
try:
    print(tracking.register(project.settings.tracking, record, "tracking-demo", Path(), alias=tracking.CHALLENGER))
except TrackingError as error:
    sys.exit(f"refused: {error}")
"""


@dataclass
class Team:
    """A project and the tracking server that it uses."""

    project: Project
    database: Server
    store: Server
    server: Server
    uri: str

    def variables(self, **changes: str) -> dict[str, str]:
        said = {
            "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{self.server.port}",
            "MLFLOW_TRACKING_USERNAME": USER,
            "MLFLOW_TRACKING_PASSWORD": PASSWORD,
        }
        return {**project_environment(self.project.environment), **said, **changes}

    def start(self, *command: str, **changes: str) -> subprocess.Popen[str]:
        program = self.project.environment / "bin" / command[0]
        return subprocess.Popen(
            [program, *command[1:]],
            cwd=self.project.root,
            env=self.variables(**changes),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def run(self, *command: str, code: int = 0, **changes: str) -> str:
        process = self.start(*command, **changes)
        said, _ = process.communicate(timeout=600)
        assert process.returncode == code, said
        assert "Traceback" not in said
        return said

    def ask(self) -> dict[str, Any]:
        """What the server knows of the registered model."""
        found: dict[str, Any] = json.loads(self.run("python", "-c", ASK, self.project.slug).splitlines()[-1])
        return found


@pytest.fixture(scope="module")
def libraries(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the server needs besides the libraries of a project."""
    target = tmp_path_factory.mktemp("server-libraries")
    python = environment / "bin" / "python"
    uv("pip", "install", "-q", "--python", python, "--target", target, *SERVER_LIBRARIES)
    return target


@pytest.fixture(scope="module")
def trained(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that is trained and not yet registered; DVC knows its data."""
    project = ready_project(
        tmp_path_factory.mktemp("tracking"), environment, "tracking_demo", ["--set", "preset=workshop"]
    )
    project.run("dvc", "repro", "export")
    return project


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def team(
    request: pytest.FixtureRequest, trained: Project, libraries: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Team]:
    makers = {
        "postgresql": (postgresql, "postgresql+psycopg2", "postgres"),
        "mariadb": (mariadb, "mysql+pymysql", "runs"),
    }
    maker, dialect, name = makers[request.param]
    with maker() as database, s3() as store:
        address = f"http://127.0.0.1:{store.port}"
        words = {**project_environment(trained.environment), **store.variables, "PYTHONPATH": str(libraries)}
        python = trained.environment / "bin" / "python"
        subprocess.run([python, "-c", BUCKET, address], env=words, check=True)
        uri = f"{dialect}://{database.user}:{quote(database.password, safe='')}@127.0.0.1:{database.port}/{name}"
        with tracking_server(trained, libraries, uri, store) as server:
            yield Team(trained, database, store, server, uri)


@contextmanager
def tracking_server(project: Project, libraries: Path, uri: str, store: Server, **changes: str) -> Iterator[Server]:
    """MLflow's server, as docs/models/tracking.md starts it."""
    with folder() as place:
        (port,) = free_ports(1)
        users = place / "users.ini"
        users.write_text(
            "[mlflow]\ndefault_permission = MANAGE\n"
            f"database_uri = sqlite:///{place / 'users.db'}\nadmin_username = {USER}\nadmin_password = {PASSWORD}\n",
            encoding="utf-8",
        )
        words = {
            **project_environment(project.environment),
            **store.variables,
            "MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{store.port}",
            "MLFLOW_AUTH_CONFIG_PATH": str(users),
            "MLFLOW_FLASK_SERVER_SECRET_KEY": "of this test",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            # One answer, not five minutes of tries, where the database or the store is dead.
            "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "4",
            "AWS_MAX_ATTEMPTS": "1",
            "PYTHONPATH": str(libraries),
            **changes,
        }
        command = ["server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--app-name", "basic-auth"]
        command += ["--backend-store-uri", uri, "--artifacts-destination", "s3://runs/files"]
        program = project.environment / "bin" / "mlflow"
        with running([program, *command], place, env=words, start_new_session=True) as process:
            try:
                wait(process, lambda: _answers(port))
                yield Server(port, process, USER, PASSWORD)
            finally:
                # Its workers are processes of their own.
                with ExitStack() as gone:
                    gone.callback(process.wait, 30)
                    os.killpg(process.pid, 15)


def _answers(port: int) -> None:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
    except urllib.error.HTTPError:
        return


def test_a_model_is_registered_with_all_that_it_was_made_of(team: Team) -> None:
    assert "promote: version 1" in team.run(team.project.slug, "register")
    found = team.ask()
    assert (found["aliases"], found["versions"], found["statuses"]) == ({"champion": 1}, [1], ["FINISHED"])
    assert found["artifacts"].startswith("mlflow-artifacts:"), "a project needs no key of the store"
    assert {"model/MLmodel", "model/model.onnx", "model/model.skops", "configs/contract.yaml"} <= set(found["files"])
    assert not [name for name in found["files"] if "joblib" in name or "sources" in name]
    assert found["tags"]["git.commit"] == found["tags"]["mlflow.source.git.commit"]
    assert found["tags"]["git.dirty"] == "false"
    assert found["parameters"]["seed"] == "1"
    assert any(name.startswith("folds.") for name in found["metrics"])
    assert set(found["inputs"]) <= {"numbers", "categories", "texts"}
    assert len(found["answer"]["label"]) == 1


def test_the_version_of_the_data_is_dvcs_own(team: Team) -> None:
    lock = (team.project.root / "dvc.lock").read_text(encoding="utf-8")
    tags = team.ask()["tags"]
    for name in ("data.raw", "data.training_rows"):
        kind, _, digest = tags[name].rpartition(":")
        assert kind == "dvc:md5"
        assert f"md5: {digest}\n" in lock


def test_two_runs_at_once_are_two_versions(team: Team) -> None:
    before = team.ask()["versions"]
    started = [team.start("python", "-c", AGAIN) for _ in range(2)]
    said = [process.communicate(timeout=600)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    found = team.ask()
    assert found["versions"] == [*before, len(before) + 1, len(before) + 2]
    assert found["aliases"]["champion"] == 1
    assert found["aliases"]["challenger"] in found["versions"][-2:]
    assert set(found["statuses"]) == {"FINISHED"}


def refused(team: Team, **changes: str) -> str:
    """What a step says that cannot be recorded; nothing is registered by it."""
    model = (team.project.root / "models" / "model.onnx").read_bytes()
    said = team.run("python", "-m", "tracking_demo.run", "register", code=1, **changes)
    assert (team.project.root / "models" / "model.onnx").read_bytes() == model
    assert "Next:" in said
    assert not any(secret in said for secret in (PASSWORD, team.database.password, team.store.password))
    return said


def test_a_wrong_password_is_told(team: Team) -> None:
    team.run(team.project.slug, "register")
    assert "MLFLOW_TRACKING_PASSWORD" in refused(team, MLFLOW_TRACKING_PASSWORD=WRONG)
    assert "MLFLOW_TRACKING_PASSWORD" in refused(team, MLFLOW_TRACKING_USERNAME="nobody")


def test_a_dead_server_is_told(team: Team) -> None:
    (port,) = free_ports(1)
    said = refused(team, MLFLOW_TRACKING_URI=f"http://127.0.0.1:{port}")
    assert "Connection refused" in said
    assert f"127.0.0.1:{port}" in said


def test_a_store_that_refuses_its_key_leaves_no_version(team: Team, libraries: Path) -> None:
    before = team.ask()
    with tracking_server(team.project, libraries, team.uri, team.store, AWS_SECRET_ACCESS_KEY=WRONG) as server:
        unrecorded(team, MLFLOW_TRACKING_URI=f"http://127.0.0.1:{server.port}")
    after = team.ask()
    assert (after["versions"], after["aliases"]) == (before["versions"], before["aliases"])
    assert "RUNNING" not in after["statuses"]


def test_a_database_that_refuses_its_password_has_no_server(team: Team, libraries: Path) -> None:
    uri = team.uri.replace(quote(team.database.password, safe=""), quote(WRONG))
    with ExitStack() as stack, pytest.raises(AssertionError, match="the server ended"):
        stack.enter_context(tracking_server(team.project, libraries, uri, team.store))


def test_a_database_that_dies_is_told(team: Team) -> None:
    """The last: nothing works after it."""
    team.database.process.kill()
    team.database.process.wait()
    unrecorded(team)


def unrecorded(team: Team, **changes: str) -> None:
    said = team.run("python", "-c", AGAIN, code=1, **changes)
    assert "refused: The tracking server http://127.0.0.1:" in said
    assert not any(secret in said for secret in (PASSWORD, team.database.password, team.store.password))
