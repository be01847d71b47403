"""A project deployed for real: the service, what stands beside it, and the Deployment of the cluster, in containers.

What the compose file names and no registry here gives stands in: PostgreSQL, SeaweedFS, Prometheus (stand_ins.py). The
service and MLflow's server are the project's own images. The Deployment is played by Podman, which is no cluster: it
has no update, no probes by HTTP and no network policies.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from . import stand_ins
from .conftest import Project, ready_project, require_engine
from .servers import free_ports

pytestmark = [pytest.mark.product, pytest.mark.containers, pytest.mark.slow, pytest.mark.xdist_group("deploy")]

KUBECTL = Path(sys.executable).with_name("kubectl")
ANSWERS = ["preset=workshop", "also=[prediction_log]", "python_version=3.11", "deploy=[compose, kubernetes]"]


def engine(*arguments: str, check: bool = True) -> str:
    """What the container engine prints."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=check).stdout.strip()


@dataclass(frozen=True, kw_only=True)
class Place:
    """A project and the machine on which it is deployed."""

    project: Project
    variables: dict[str, str]

    def run(self, name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run one of the project's scripts."""
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | self.variables | {"PATH": tools, **variables}
        command: list[str | Path] = [self.project.root / "cicd" / name, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def get(self, address: str, path: str) -> Any:
        """What is answered at one of the addresses, as JSON."""
        with urllib.request.urlopen(f"http://{self.variables[address]}{path}", timeout=30) as response:
            return json.load(response)


@pytest.fixture(scope="module")
def place(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A trained project with its release image, and a name and ports of its own on this machine."""
    require_engine()
    folder = tmp_path_factory.mktemp("deploy")
    project = ready_project(folder, environment, "placed", ANSWERS)
    project.run("placed", "pipeline")
    service, mlflow, prometheus = (f"127.0.0.1:{port}" for port in free_ports(3))
    variables = {
        "BUILD_ARGS": "--network host --pull=never",
        "COMPOSE_PROJECT": f"placed-{os.getpid()}",
        "SERVICE_ADDRESS": service,
        "SERVICE_URL": f"http://{service}",
        "MLFLOW_ADDRESS": mlflow,
        "PROMETHEUS_ADDRESS": prometheus,
        "POSTGRES_PASSWORD": "not@to:be/guessed",
        "STORE_ACCESS_KEY": "key",
        "STORE_SECRET_KEY": "secret",
    }
    made = Place(project=project, variables=variables)
    released = made.run("release/release.sh", TAG="1")
    assert released.returncode == 0, released.stdout[-3000:] + released.stderr[-3000:]
    engine("tag", "placed:1", "placed:2")
    stand_ins.build("placed:0", "FROM placed:1\nUSER root\nRUN rm /app/model.onnx\nUSER 10001\n", folder / "0")
    stand_ins.build("placed:broken", 'FROM placed:1\nENTRYPOINT ["false"]\n', folder / "broken")
    try:
        yield made
    finally:
        for name in ("service", "beside"):
            project_name = variables["COMPOSE_PROJECT"] + ("" if name == "service" else f"-{name}")
            file = project.root / "cicd" / "deploy" / "compose" / f"{name}.yaml"
            down: list[str | Path] = [
                sys.executable,
                "-m",
                "podman_compose",
                "-p",
                project_name,
                "-f",
                file,
                "down",
                "--volumes",
            ]
            subprocess.run(
                down, env=os.environ | variables | {"IMAGE_NOW": "placed:1"}, check=False, capture_output=True
            )
        engine("network", "rm", "--force", variables["COMPOSE_PROJECT"], check=False)


def test_the_service_comes_goes_forward_and_goes_back(place: Place) -> None:
    def served() -> str:
        shown = engine(
            "ps", "--filter", f"label=deploy-project={place.variables['COMPOSE_PROJECT']}", "--format", "{{.Image}}"
        )
        return shown.rpartition("/")[2]

    first = place.run("deploy/deploy.sh", "staging", "placed:0")
    assert first.returncode == 0, first.stderr
    assert "There was no model here yet" in first.stdout
    smoke = place.run("deploy/smoke.sh", place.variables["SERVICE_URL"])
    assert (smoke.returncode, "lives and has no model yet." in smoke.stdout) == (0, True), smoke

    request = str(place.project.root / "models" / "request.json")
    for number, before in (("1", "0"), ("2", "1")):
        done = place.run("deploy/deploy.sh", "staging", f"placed:{number}")
        assert done.returncode == 0, done.stderr
        assert f"Deployed placed:{number} to staging; before it was placed:{before}." in done.stdout
        smoke = place.run("deploy/smoke.sh", place.variables["SERVICE_URL"], SMOKE_REQUEST=request)
        assert (smoke.returncode, f'name="{place.project.slug}"' in smoke.stdout) == (0, True), smoke
    assert served() == "placed:2"

    for bad, said in (
        ("placed:broken", "does not serve. placed:2 is back in staging."),
        # There was a model here: a service without one is no service.
        ("placed:0", "does not serve. placed:2 is back in staging."),
    ):
        done = place.run("deploy/deploy.sh", "staging", bad)
        assert (done.returncode, said in done.stderr) == (3, True), done
        assert served() == "placed:2"
    (port,) = free_ports(1)
    began = engine("ps", "--quiet", "--filter", f"label=deploy-project={place.variables['COMPOSE_PROJECT']}")
    for bad, said in (
        (f"127.0.0.1:{port}/placed:1", "does not answer"),
        ("placed:never-made", "cannot be had|has no|let you have|does not answer"),
    ):
        done = place.run("deploy/deploy.sh", "staging", bad)
        assert done.returncode == 2, done
        assert any(each in done.stderr for each in said.split("|")), done.stderr
        assert "Nothing was changed." in done.stderr
    assert engine("ps", "--quiet", "--filter", f"label=deploy-project={place.variables['COMPOSE_PROJECT']}") == began

    back = place.run("deploy/rollback.sh", "staging")
    assert (back.returncode, "Rolled staging back from placed:2 to placed:1." in back.stdout) == (0, True), back
    assert served() == "placed:1"
    again = place.run("deploy/rollback.sh", "staging")
    assert (again.returncode, "no image before placed:1" in again.stderr) == (2, True), again


def test_what_stands_beside_keeps_runs_and_scrapes_the_service(place: Place, tmp_path: Path) -> None:
    refused = place.run("deploy/compose/beside.sh", "staging", "up", POSTGRES_PASSWORD="")
    assert (refused.returncode, "the variable POSTGRES_PASSWORD is not set" in refused.stderr) == (2, True)

    assert place.run("deploy/deploy.sh", "staging", "placed:1").returncode == 0
    stand_ins.images_beside(tmp_path)
    built = place.run("deploy/compose/mlflow/build.sh")
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    up = place.run("deploy/compose/beside.sh", "staging", "up")
    assert up.returncode == 0, up.stdout[-3000:] + up.stderr[-3000:]

    record = (
        "import mlflow, sys; mlflow.set_tracking_uri(sys.argv[1]); mlflow.set_experiment('placed')\n"
        "with mlflow.start_run() as run: mlflow.log_metric('score', 0.5); mlflow.log_text('kept', 'said.txt')\n"
        "said = mlflow.artifacts.load_text(f'runs:/{run.info.run_id}/said.txt')\n"
        "print(said, mlflow.get_run(run.info.run_id).data.metrics)"
    )
    eventually(lambda: urllib.request.urlopen(f"http://{place.variables['MLFLOW_ADDRESS']}/health", timeout=5).close())
    told = place.project.run("python", "-c", record, f"http://{place.variables['MLFLOW_ADDRESS']}").stdout
    assert "kept {'score': 0.5}" in told
    # It is in the database, and in the store.
    name = f"{place.variables['COMPOSE_PROJECT']}-beside"
    database = engine("ps", "--quiet", "--filter", f"name={name}.database")
    query = ["psql", "-h", "/var/run/postgresql", "-U", "mlflow", "-tAc", "select value from metrics"]
    psql = ["exec", "--env", f"PGPASSWORD={place.variables['POSTGRES_PASSWORD']}", database, *query]
    assert engine(*psql) == "0.5"

    asked = "/api/v1/query?query=serving_model_info"

    def scraped() -> None:
        (found,) = place.get("PROMETHEUS_ADDRESS", asked)["data"]["result"]
        assert found["metric"]["job"] == "placed"
        assert found["metric"]["name"] == "placed"

    eventually(scraped)
    down = place.run("deploy/compose/beside.sh", "staging", "down")
    assert down.returncode == 0, down.stderr
    assert engine("ps", "--quiet", "--filter", f"name={name}") == ""
    assert place.run("deploy/smoke.sh", place.variables["SERVICE_URL"]).returncode == 0, "the service is not touched"


def eventually(see: Callable[[], None], seconds: float = 240) -> None:
    """Try until it is so."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            see()
        except (OSError, ValueError, AssertionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
        else:
            return


def test_the_deployment_of_the_cluster_serves_when_podman_plays_it(place: Place, tmp_path: Path) -> None:
    overlay = place.project.root / "cicd" / "deploy" / "kubernetes" / "overlays" / "staging"
    text = subprocess.run([KUBECTL, "kustomize", overlay], capture_output=True, text=True, check=True).stdout
    made = {each["kind"]: each for each in yaml.safe_load_all(text)}
    (port,) = free_ports(1)
    pod = made["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    container["image"] = "localhost/placed:1"
    container["ports"] = [{"containerPort": 8000, "hostPort": port, "hostIP": "127.0.0.1"}]
    # Podman asks by a program that the image does not have; below they are asked from here.
    probes = [container.pop(f"{kind}Probe") for kind in ("startup", "liveness", "readiness")]
    file = tmp_path / "played.yaml"
    file.write_text(yaml.safe_dump_all([made["ConfigMap"], made["Deployment"]]))
    try:
        played = subprocess.run(["docker", "kube", "play", file], capture_output=True, text=True, check=False)
        assert played.returncode == 0, played.stdout + played.stderr
        for probe in probes:
            url = f"http://127.0.0.1:{port}{probe['httpGet']['path']}"
            eventually(lambda url=url: urllib.request.urlopen(url, timeout=5).close(), 60)  # type: ignore[misc]
        request = str(place.project.root / "models" / "request.json")
        smoke = place.run("deploy/smoke.sh", f"http://127.0.0.1:{port}", SMOKE_REQUEST=request)
        assert smoke.returncode == 0, smoke
        (running,) = engine(
            "ps", "--quiet", "--filter", "ancestor=localhost/placed:1", "--filter", "name=placed-pod"
        ).split()
        shown = json.loads(engine("inspect", running))[0]
        assert shown["HostConfig"]["ReadonlyRootfs"]
        assert (
            engine("exec", running, "python", "-c", "import os; print(os.getuid(), os.environ['DRAIN_SECONDS'])")
            == "10001 5"
        )
    finally:
        subprocess.run(["docker", "kube", "down", file], capture_output=True, check=False)
