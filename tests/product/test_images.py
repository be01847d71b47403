"""The images of the generated project: built, run and probed with a real container engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Project, ready_project, require_engine

pytestmark = [pytest.mark.product, pytest.mark.containers, pytest.mark.slow, pytest.mark.xdist_group("images")]

ENVIRONMENT = {"BUILD_ARGS": "--network host --pull=never", "TAG": "test"}


def engine(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the container engine."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=check)


@pytest.fixture(scope="module")
def shipped(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose images are for the Python of the stand-in base image, with a trained model."""
    require_engine()
    project = ready_project(tmp_path_factory.mktemp("images"), environment, "shipped", ["python_version=3.11"])
    project.run("shipped", "pipeline")
    return project


def script(project: Project, name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one of the project's scripts as CI does."""
    environment = os.environ | ENVIRONMENT | variables
    command: list[str | Path] = [project.root / "cicd" / name, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


#: Tests that see in what they run: no git, a user who may not do everything, a folder that is not the user's own. The
#: pipeline of test_pipelines.py runs the others that are quick, and the matrix all of them, here.
INSIDE = [
    "tests/integration/test_pipeline.py::test_scores_lie_between_the_baseline_and_too_good",
    *("tests/components/documents", "tests/components/notebooks", "tests/components/report"),
    *("tests/unit/test_artifacts.py", "tests/unit/test_environment.py", "tests/unit/test_interrupted_ingest.py"),
    *(
        "tests/unit/test_provenance.py",
        "tests/unit/test_tracking_database.py",
        "tests/contract/test_serving_startup.py",
    ),
]


def checked_inside(project: Project, *tests: str) -> None:
    """Build the build image by its own script, which runs linters, types and tests in it."""
    done = script(project, "build/build.sh", *tests)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert " passed" in done.stdout
    assert f"Checked inside {project.slug}-build:test." in done.stdout


def test_the_build_image_runs_the_checks_of_the_project_inside(shipped: Project) -> None:
    checked_inside(shipped, *INSIDE)


@pytest.mark.matrix
def test_the_build_image_of_all_components_runs_every_check_inside(environment: Path, tmp_path: Path) -> None:
    """And has what their libraries want of the system."""
    require_engine()
    answers = ["preset=full", "python_version=3.11"]
    checked_inside(ready_project(tmp_path, environment, "shipped_whole", answers))


@pytest.fixture(scope="module")
def image(shipped: Project) -> str:
    """The release image, built and proved by its own script."""
    done = script(shipped, "release/release.sh")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "shipped 0.1.0+" in done.stdout
    assert "Built and proved shipped:test." in done.stdout
    return "shipped:test"


@pytest.fixture(scope="module")
def service(image: str) -> Iterator[str]:
    """The release image as strict as production runs it; the address where it serves."""
    limits = ["--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--memory", "512m"]
    name = engine("run", "--detach", *limits, "--publish", "127.0.0.1::8000", image).stdout.strip()
    try:
        base = "http://" + engine("port", name, "8000").stdout.strip()
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{base}/health/ready", timeout=2).close()
                break
            except OSError:
                time.sleep(0.1)
        assert engine("healthcheck", "run", name, check=False).returncode == 0
        yield base
    finally:
        engine("rm", "--force", name, check=False)


def test_the_release_image_answers_what_the_project_answers(service: str, shipped: Project) -> None:
    with urllib.request.urlopen(f"{service}/openapi.json", timeout=60) as response:
        assert "/predict" in json.load(response)["paths"]
    row = example(shipped)
    answer = post(f"{service}/predict", {"instances": [row]})
    assert answer["model"]["name"] == "shipped"
    (prediction,) = answer["predictions"]
    assert 0.01 < prediction["probability"] < 0.99


def example(project: Project) -> dict[str, object]:
    """The row of the hold-out that the project keeps as its example of a request."""
    request = json.loads((project.root / "models" / "request.json").read_text(encoding="utf-8"))
    return request["instances"][0]  # type: ignore[no-any-return]


def post(url: str, body: object) -> Any:
    """The answer to a request."""
    request = urllib.request.Request(url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def test_the_release_image_refuses_a_wrong_row_by_name(service: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refusal:
        post(f"{service}/predict", {"instances": [{"no_such_column": 1}]})
    assert refusal.value.code == 422
    assert "no_such_column" in refusal.value.read().decode()


def test_the_release_image_holds_the_service_and_nothing_of_the_training_stack(image: str) -> None:
    inside = "import importlib.util as u, os; print(os.getuid(), [m for m in {!r}.split() if u.find_spec(m)])"
    stack = "polars sklearn mlflow dvc onnx skl2onnx pandas pytest ruff pip uv"
    done = engine("run", "--rm", "--entrypoint", "python", image, "-c", inside.format(stack))
    uid, _, found = done.stdout.strip().partition(" ")
    assert int(uid) != 0
    # pip comes with the base image's own Python, and not with the service's environment.
    assert found in {"['pip']", "[]"}
    files = engine("run", "--rm", "--entrypoint", "find", image, "/app", "-maxdepth", "1").stdout.split()
    assert sorted({*files} - {"/app/configs"}) == ["/app", "/app/model.onnx", "/app/venv"]


def test_release_says_what_to_do_without_a_model(shipped: Project, tmp_path: Path) -> None:
    clone = shipped.clone(tmp_path / "untrained")
    done = script(Project(root=clone, environment=shipped.environment, slug="shipped"), "release/release.sh")
    assert done.returncode == 2
    assert "there is no models/model.onnx. Train it first" in done.stderr


def test_scripts_say_what_to_do_without_an_engine(shipped: Project) -> None:
    done = script(shipped, "build/build.sh", ENGINE="no-such-engine")
    assert done.returncode == 2
    assert "there is no no-such-engine. Install Docker or Podman" in done.stderr


def test_dockerfiles_and_scripts_pass_their_linters(shipped: Project) -> None:
    tools = {name: shutil.which(name) or Path(sys.executable).with_name(name) for name in ("hadolint", "shellcheck")}
    dockerfiles = sorted(shipped.root.glob("cicd/*/Dockerfile"))
    scripts = sorted(shipped.root.glob("cicd/**/*.sh"))
    assert len(dockerfiles) == 2
    assert len(scripts) == 3
    for command in ([tools["hadolint"], *dockerfiles], [tools["shellcheck"], "--external-sources", *scripts]):
        done = subprocess.run(command, cwd=shipped.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
