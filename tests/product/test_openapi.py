"""The service against its own document: schemathesis asks all that `/openapi.json` allows, and what it does not.

It stands here and not in the generated project: what is served is the template's, and it brings 25 libraries along.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import Project, project_environment, ready_project, require
from .servers import free_ports, wait

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("openapi")]

TASKS = ("binary", "multiclass", "regression")
#: The models of the project's own tests, which have a column of each kind.
WRITE = f"""
import sys; from pathlib import Path
sys.path.insert(0, "tests")
from shells import write_example_model
for task in {TASKS}:
    write_example_model(Path(sys.argv[1]) / f"{{task}}.onnx", task)
"""
DEPLOYMENT = "format: 1\nmodels: {challenger: binary.onnx}\npolicy: null\n"
#: That each step of a canary is larger than the one before cannot be said in JSON Schema.
CONFIGURATION = """
[[operations]]
include-path = "/admin/deployment/policy"
[operations.checks]
positive_data_acceptance.enabled = false
"""


@pytest.fixture(scope="module")
def project(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with all that is served by REST, and a model of each task."""
    require("schemathesis", "the development group of pyproject.toml")
    answers = ["preset=workshop", "also=[access, prediction_log, feedback, router]"]
    project = ready_project(tmp_path_factory.mktemp("openapi"), environment, "openapi_demo", answers)
    project.run("python", "-c", WRITE, str(project.root.parent))
    return project


@contextmanager
def served(project: Project, task: str, place: Path, **variables: str) -> Iterator[str]:
    """The address of the service, which runs in a folder of its own."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    about = {"MODEL_PATH": str(project.root.parent / f"{task}.onnx"), "PORT": str(port)}
    with (place / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [project.environment / "bin" / "python", "-m", "openapi_demo.serving"],
            cwd=place,
            env={**project_environment(project.environment), **about, **variables},
            stdout=log,
            stderr=log,
        )
        try:
            wait(process, lambda: urllib.request.urlopen(f"{url}/health/ready", timeout=5).close())
            yield url
            assert process.poll() is None, (place / "log.txt").read_text(encoding="utf-8")
        finally:
            process.terminate()
            process.wait(timeout=30)
    assert "Traceback" not in (place / "log.txt").read_text(encoding="utf-8")


def schemathesis(url: str, place: Path, *options: str) -> str:
    """What it says when it has found nothing wrong."""
    program = Path(sys.executable).with_name("schemathesis")
    # The same requests each time.
    run: list[str | Path] = [
        program,
        "run",
        f"{url}/openapi.json",
        "--wait-for-schema",
        "30",
        "--seed",
        "1",
        "--max-examples",
        "50",
    ]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done: subprocess.CompletedProcess[str] = subprocess.run(
        [*run, "--continue-on-failure", "--no-color", *options],
        cwd=place,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    found = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert found is not None, done.stdout
    assert found[1] == found[2]
    assert int(found[1]) > 100
    return done.stdout


@pytest.mark.parametrize("task", TASKS)
def test_the_service_keeps_its_own_document(project: Project, tmp_path: Path, task: str) -> None:
    with served(project, task, tmp_path) as url:
        # Below /admin/ nothing is open without keys, which it warns of.
        assert "only 401/403 responses" in schemathesis(url, tmp_path)


def keys_of(project: Project) -> tuple[Mapping[str, str], list[str]]:
    """What the service is told of two keys, and both: the second is an administrator's."""
    entries, keys = [], []
    for holder, role in (("shop", "predict"), ("night", "admin")):
        said = project.run(project.slug, "access", "new-key", holder, "--role", role).stdout.split()
        keys += [word for word in said if word.startswith("key_")]
        entries += [word for word in said if word.startswith(f"{role}:{holder}:")]
    return {"ACCESS_KEYS": ",".join(entries)}, keys


def test_with_keys_an_administrator_may_do_all_that_is_documented(project: Project, tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "deployment.yaml").write_text(DEPLOYMENT, encoding="utf-8")
    (tmp_path / "binary.onnx").symlink_to(project.root.parent / "binary.onnx")
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION, encoding="utf-8")
    variables, (_, key) = keys_of(project)
    with served(project, "binary", tmp_path, **variables) as url:
        said = schemathesis(url, tmp_path, "--header", f"Authorization: Bearer {key}")
        assert "No issues found" in said


def test_whoever_may_predict_may_not_administer(project: Project, tmp_path: Path) -> None:
    variables, (predicting, _) = keys_of(project)
    headers = {"X-API-Key": predicting, "Content-Type": "application/json"}
    with served(project, "binary", tmp_path, **variables) as url:
        for method, path in (("GET", ""), ("PUT", "/policy"), ("POST", "/load")):
            address = f"{url}/admin/deployment{path}"
            asked = urllib.request.Request(address, method=method, headers=headers, data=b"null")
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(asked, timeout=30)
            assert refused.value.code == 403
            assert refused.value.headers["Content-Type"] == "application/problem+json"
            refused.value.close()


def test_with_keys_nobody_else_is_let_in(project: Project, tmp_path: Path) -> None:
    variables, _ = keys_of(project)
    with served(project, "regression", tmp_path, **variables) as url:
        said = schemathesis(url, tmp_path)
    # Of what needs a key no request came through.
    assert "Authentication failed: 5 operations returned only 401/403 responses" in said
