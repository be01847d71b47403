"""Runs and models on real tracking servers: PostgreSQL or MariaDB for what is recorded, and S3 for files."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from .conftest import Project, project_environment, ready_project, uv
from .servers import Server, folder, free_ports, mariadb, postgresql, running, s3, wait

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("sources")]

#: What the server needs besides MLflow; a project needs none of it.
SERVER_LIBRARIES = ("boto3", "flask-wtf", "psycopg2-binary", "pymysql")
ADMIN, TRAINER, COLLEAGUE, PASSWORD, WRONG = (
    "admin",
    "trainer",
    "colleague",
    "a very long password",
    "not the right one",
)
BUCKET = """
import sys, boto3
boto3.client("s3", endpoint_url=sys.argv[1]).create_bucket(Bucket="runs")
"""
#: What somebody makes of a registered model on another machine: MLflow's own loader, and the package's, without pickle.
LOAD = """
import json, sys
from pathlib import Path
import mlflow
from tracking_demo.export.native import read_native

loaded = mlflow.pyfunc.load_model(f"models:/{sys.argv[1]}@champion")
answer = loaded.predict(loaded.input_example)
native = Path(mlflow.artifacts.download_artifacts(f"models:/{sys.argv[1]}@champion/model.skops")).read_bytes()
read_native(native)  # Libraries that it imports may unpickle something of their own, once.

def refuse(event, _):
    if event == "pickle.find_class":
        sys.exit("something is unpickled")

sys.addaudithook(refuse)
pipeline = read_native(native)
print(json.dumps({
    "example": loaded.input_example[0],
    "inputs": loaded.metadata.get_input_schema().input_names(),
    "answer": answer,
    "native": type(pipeline).__name__,
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
            "MLFLOW_TRACKING_USERNAME": TRAINER,
            "MLFLOW_TRACKING_PASSWORD": PASSWORD,
            # A busy machine is no dead one.
            "MLFLOW_HTTP_REQUEST_TIMEOUT": "300",
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
        return ended(self.start(*command, **changes), code)

    def ask(self, about: str, **what: str) -> dict[str, Any]:
        """MLflow's REST API, asked by nothing but Python: starting its client takes seconds."""
        return asked(self.server.port, f"{about}?{urlencode(what)}", TRAINER)

    def model(self) -> tuple[dict[str, int], list[int], set[str]]:
        """Of the registered model: aliases and versions; and how all runs ended."""
        found = self.ask("registered-models/get", name=self.project.slug)["registered_model"]
        aliases = {entry["alias"]: int(entry["version"]) for entry in found["aliases"]}
        versions = self.ask("model-versions/search")["model_versions"]
        experiment = self.ask("experiments/get-by-name", experiment_name=self.project.slug)["experiment"]
        body = {"experiment_ids": [experiment["experiment_id"]]}
        runs = asked(self.server.port, "runs/search", TRAINER, body)["runs"]
        return aliases, sorted(int(each["version"]) for each in versions), {each["info"]["status"] for each in runs}

    def champion(self) -> dict[str, Any]:
        """The run that made the version which holds the alias: `info` and `data`, as MLflow has them."""
        found = self.ask("registered-models/alias", name=self.project.slug, alias="champion")["model_version"]
        run: dict[str, Any] = self.ask("runs/get", run_id=found["run_id"])["run"]
        return run


def ended(process: subprocess.Popen[str], code: int = 0) -> str:
    """What a command has said, once it has ended with this exit code."""
    said, _ = process.communicate(timeout=900)
    assert process.returncode == code, said
    assert "Traceback" not in said
    return said


def asked(port: int, about: str, user: str, body: Mapping[str, Any] | None = None, **headers: str) -> dict[str, Any]:
    """An answer of MLflow's REST API."""
    key = base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()
    content = None if body is None else json.dumps(body).encode()
    headers |= {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/2.0/mlflow/{about}", content, headers)
    with urllib.request.urlopen(request, timeout=300) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def said_by(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    """MLflow's list of keys and values."""
    return {pair["key"]: pair["value"] for pair in pairs}


@pytest.fixture(scope="module")
def libraries(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the server needs besides the libraries of a project."""
    target = tmp_path_factory.mktemp("server-libraries")
    python = environment / "bin" / "python"
    uv("pip", "install", "-q", "--python", python, "--target", target, *SERVER_LIBRARIES)
    return target


@pytest.fixture(scope="module")
def trained(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that is trained, as quickly as can be; DVC knows its data, and no server its model."""
    project = ready_project(tmp_path_factory.mktemp("tracking"), environment, "tracking_demo", ["preset=workshop"])
    params = project.root / "params.yaml"
    quick = params.read_text(encoding="utf-8").replace("folds: 5", "folds: 2").replace("trees: 80", "trees: 9")
    params.write_text(quick, encoding="utf-8")
    # One process, where `dvc repro` starts one for each step.
    project.run(project.slug, "pipeline")
    project.run("dvc", "commit", "--force", "--quiet")
    for command in (["add", "-A"], ["commit", "-qm", "Trained"]):
        project.run("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", *command)
    return project


@pytest.fixture(scope="module", params=["postgresql", pytest.param("mariadb", marks=pytest.mark.matrix)])
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
            made = Team(trained, database, store, server, uri)
            # The first version, which every test finds.
            assert "promote: version 1" in made.run(trained.slug, "register")
            assert made.model() == ({"champion": 1}, [1], {"FINISHED"})
            yield made


@contextmanager
def tracking_server(project: Project, libraries: Path, uri: str, store: Server, **changes: str) -> Iterator[Server]:
    """MLflow's server, as docs/models/tracking.md starts it, with two users."""
    with folder() as place:
        (port,) = free_ports(1)
        (place / "users.ini").write_text(
            "[mlflow]\ndefault_permission = MANAGE\n"
            f"database_uri = sqlite:///{place / 'users.db'}\nadmin_username = {ADMIN}\nadmin_password = {PASSWORD}\n",
            encoding="utf-8",
        )
        words = {
            **project_environment(project.environment),
            **store.variables,
            "MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{store.port}",
            "MLFLOW_AUTH_CONFIG_PATH": str(place / "users.ini"),
            "MLFLOW_FLASK_SERVER_SECRET_KEY": "of this test",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            # Workers for what nobody asks for here take seconds to start.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            # One answer, not five minutes of tries, where the database or the store is dead.
            "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "4",
            "AWS_MAX_ATTEMPTS": "1",
            "PYTHONPATH": str(libraries),
            **changes,
        }
        options = {
            "--host": "127.0.0.1",
            "--app-name": "basic-auth",
            "--allowed-hosts": f"mlflow.example.com,127.0.0.1:{port}",
            "--backend-store-uri": uri,
            "--artifacts-destination": "s3://runs/files",
        }
        page = (project.root / "docs" / "models" / "tracking.md").read_text(encoding="utf-8")
        (shown,) = re.findall(r"^mlflow server ((?:.*\\\n)*.*)$", page, re.MULTILINE)
        assert set(re.findall(r"--[a-z-]+", shown)) == set(options)
        command = [
            "server",
            "--port",
            str(port),
            "--workers",
            "1",
            *(word for pair in options.items() for word in pair),
        ]
        program = project.environment / "bin" / "mlflow"
        with running([program, *command], place, env=words, start_new_session=True) as process:
            try:
                wait(process, lambda: _answers(port))
                for user in (TRAINER, COLLEAGUE):
                    asked(port, "users/create", ADMIN, {"username": user, "password": PASSWORD})
                yield Server(port, process, ADMIN, PASSWORD)
            finally:
                # Its workers are processes of their own, and wait for whoever is connected if they are asked to end.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _answers(port: int) -> None:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
    except urllib.error.HTTPError:
        return


def test_a_model_is_registered_with_all_that_it_was_made_of(team: Team) -> None:
    aliases, versions, _ = team.model()
    assert (aliases["champion"], versions[0]) == (1, 1)
    run = team.champion()
    info, data = run["info"], run["data"]
    assert info["artifact_uri"].startswith("mlflow-artifacts:"), "a project needs no key of the store"
    folders = [
        team.ask("artifacts/list", run_id=info["run_id"], path=folder)["files"]
        for folder in ("model", "reports", "configs", "environment")
    ]
    files = {entry["path"] for listed in folders for entry in listed}
    assert {"model/MLmodel", "model/model.onnx", "model/model.skops", "model/training_rows.parquet"} <= files
    assert {"configs/contract.yaml", "reports/metrics.json", "reports/lineage", "environment/libraries.txt"} <= files
    assert not [name for name in files if "joblib" in name or "sources" in name]
    tags, metrics = said_by(data["tags"]), said_by(data["metrics"])
    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=team.project.root, text=True).strip()
    assert tags["git.commit"] == tags["mlflow.source.git.commit"] == commit
    assert (tags["git.dirty"], tags["decision"]) == ("false", "promote")
    assert info["run_name"] == f"{json.loads(report(team, 'metrics'))['model']}-{commit[:8]}"
    assert said_by(data["params"])["seed"] == "1"
    assert any(name.startswith("folds.") for name in metrics)


def report(team: Team, name: str) -> str:
    """A report of the project."""
    return (team.project.root / "reports" / f"{name}.json").read_text(encoding="utf-8")


def test_the_version_of_the_data_is_dvcs_own(team: Team) -> None:
    lock = (team.project.root / "dvc.lock").read_text(encoding="utf-8")
    tags = said_by(team.champion()["data"]["tags"])
    for name in ("data.raw", "data.training_rows"):
        kind, _, digest = tags[name].rpartition(":")
        assert kind == "dvc:md5"
        assert f"md5: {digest}\n" in lock


def test_the_model_is_loaded_on_another_machine_and_nothing_is_unpickled(team: Team, tmp_path: Path) -> None:
    process = subprocess.run(
        [team.project.environment / "bin" / "python", "-c", LOAD, team.project.slug],
        cwd=tmp_path,
        env=team.variables(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    found = json.loads(process.stdout.splitlines()[-1])
    assert list(found["example"]) == found["inputs"], "it takes the columns of the contract"
    assert [set(row) for row in found["answer"]] == [{"label", "probability"}]
    assert found["native"] == "Pipeline"


def test_the_server_answers_to_its_name_and_to_no_other(team: Team) -> None:
    """A name must be allowed: behind a proxy, the page's address is not the machine's."""
    assert asked(team.server.port, "registered-models/search", TRAINER, Host="mlflow.example.com")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        asked(team.server.port, "registered-models/search", TRAINER, Host="stranger.example.com")


@pytest.mark.matrix
def test_two_runs_of_two_people_at_once_are_two_versions(team: Team) -> None:
    _, before, _ = team.model()
    people = (TRAINER, COLLEAGUE)
    started = [team.start("python", "-c", AGAIN, MLFLOW_TRACKING_USERNAME=user) for user in people]
    assert sorted(int(ended(process)) for process in started) == [len(before) + 1, len(before) + 2]
    aliases, versions, statuses = team.model()
    assert (versions, statuses) == ([*before, len(before) + 1, len(before) + 2], {"FINISHED"})
    assert aliases["champion"] == 1
    assert aliases["challenger"] in versions[-2:]


def test_a_wrong_password_and_a_dead_server_are_told(team: Team) -> None:
    (port,) = free_ports(1)
    model = (team.project.root / "models" / "model.onnx").read_bytes()
    changes = {
        "password": {"MLFLOW_TRACKING_PASSWORD": WRONG},
        "user": {"MLFLOW_TRACKING_USERNAME": "nobody"},
        "server": {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"},
    }
    # Together, as each waits for its libraries; no two steps are at work in one folder, so that this is no race.
    started = {name: team.start(team.project.slug, "register", **change) for name, change in changes.items()}
    said = {name: ended(process, code=1) for name, process in started.items()}
    assert (team.project.root / "models" / "model.onnx").read_bytes() == model
    assert all("Next:" in words for words in said.values())
    assert not any(secret in words for secret in secrets(team) for words in said.values())
    assert "MLFLOW_TRACKING_PASSWORD" in said["password"]
    assert "MLFLOW_TRACKING_PASSWORD" in said["user"]
    assert "Connection refused" in said["server"]
    assert f"127.0.0.1:{port}" in said["server"]


def secrets(team: Team) -> tuple[str, ...]:
    """What no message may hold."""
    return PASSWORD, WRONG, team.database.password, team.store.password


def unrecorded(team: Team, **changes: str) -> None:
    """A run that cannot be kept says so."""
    said = team.run("python", "-c", AGAIN, code=1, **changes)
    assert "refused: The tracking server http://127.0.0.1:" in said
    assert not any(secret in said for secret in secrets(team))


@pytest.mark.matrix
def test_a_store_that_refuses_its_key_leaves_no_version(team: Team, libraries: Path) -> None:
    before = team.model()
    with tracking_server(team.project, libraries, team.uri, team.store, AWS_SECRET_ACCESS_KEY=WRONG) as server:
        unrecorded(team, MLFLOW_TRACKING_URI=f"http://127.0.0.1:{server.port}")
    assert team.model() == (*before[:2], {"FAILED", "FINISHED"})


@pytest.mark.matrix
def test_a_database_that_refuses_its_password_has_no_server(team: Team, libraries: Path) -> None:
    uri = team.uri.replace(quote(team.database.password, safe=""), quote(WRONG))
    with ExitStack() as stack, pytest.raises(AssertionError, match="the server ended"):
        stack.enter_context(tracking_server(team.project, libraries, uri, team.store))


@pytest.mark.matrix
def test_a_database_that_dies_is_told(team: Team) -> None:
    """The last: nothing works after it."""
    team.database.process.kill()
    team.database.process.wait()
    unrecorded(team)
