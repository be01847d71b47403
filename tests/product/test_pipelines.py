"""The pipeline of the generated project, executed: by gitlab-ci-local, each job in a folder and shell of its own."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, new_project, require, require_engine, uv

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("pipelines")]

TESTBED = "bash .ci/testbed.sh, on Debian as root"
JOBS = {"lint", "test", "slow-tests", "template", "train", "release"}
SCHEDULE = {"CI_COMMIT_BRANCH": "main", "CI_PIPELINE_SOURCE": "schedule", "RETRAIN": "yes"}


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """A project in whose folder its jobs can be run."""

    root: Path
    # Where `python` is, which every job calls.
    python: Path
    variables: Mapping[str, str]

    def run(
        self, *jobs: str, variables: Mapping[str, str] | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run some jobs as a runner does, each in a copy of what git has."""
        given = {**self.variables, **(variables or {})}
        options = ["--force-shell-executor", "--shell-isolation", "--no-color", "--file", ".gitlab-ci-here.yml"]
        options += ["--ignore-predefined-vars", ",".join(given)]
        options += [f"--variable={name}={value}" for name, value in given.items()]
        done = subprocess.run(
            ["gitlab-ci-local", *options, *jobs],
            cwd=self.root,
            env=runner_environment(self.python),
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            pytest.fail(f"{' '.join(jobs)}: exit code {done.returncode}\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}")
        return done

    def commit(self, message: str) -> None:
        """Commit all changes, as somebody who then pushes."""
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        for command in (["add", "-A"], [*identity, "commit", "-q", "--no-verify", "-m", message]):
            subprocess.run(["git", *command], cwd=self.root, check=True)


def runner_environment(python: Path) -> dict[str, str]:
    """The variables of a runner: nothing of the tests' own environment is active."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST_", "VIRTUAL_ENV"))}
    own = Path(sys.executable).parent
    folders = [str(python), *(folder for folder in kept["PATH"].split(os.pathsep) if Path(folder) != own)]
    return kept | {"PATH": os.pathsep.join(folders), "BUILD_ARGS": "--network host --pull=never"}


def interpreter(folder: Path) -> Path:
    """A folder with a `python`, as a job's image has it: the one that the tests' environment was made from."""
    folder.mkdir()
    command = folder / "python"
    command.write_text(f'#!/bin/sh\nexec "{sys.base_prefix}/bin/python3" "$@"\n')
    command.chmod(0o755)
    return folder


def adapt(root: Path) -> None:
    """Write what this machine and the runner on it need besides the project's own file.

    On a team's runner Docker in Docker is a service of the release job; here the machine's own engine stands in for it.
    The runner here does not stop where the workflow's rules say so: a job with the same rules tells.
    """
    workflow = yaml.safe_load((root / ".gitlab-ci.yml").read_text())["workflow"]
    here = {
        "include": [{"local": ".gitlab-ci.yml"}],
        "release": {"services": []},
        "workflow-runs": {"stage": "check", "script": ["true"], "rules": workflow["rules"]},
    }
    # As `train` ends if `decide` says so; nothing is trained.
    for code in (10, 11):
        here[f"ends-with-{code}"] = {"extends": "train", "before_script": [], "script": [f"exit {code}"]}
    (root / ".gitlab-ci-here.yml").write_text(yaml.safe_dump(here))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tool as the job installs it."""
    folder = tmp_path_factory.mktemp("wheel")
    uv("build", "-q", "--wheel", "--python", sys.executable, "--out-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def pipeline(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A new project, at the state of its first commit."""
    require("gitlab-ci-local", TESTBED)
    require("rsync", "apt-get install rsync")
    folder = tmp_path_factory.mktemp("pipeline")
    # No more than its jobs ask for: all components together are tested in the build image.
    also = "also=[prediction_log, feedback, monitoring, registry, retraining]"
    root = new_project(folder / "piped", "--set", "preset=workshop", "--set", also, "--set", "python_version=3.11")
    adapt(root)
    # What a merge request changes is seen beside the default branch there.
    subprocess.run(["git", "clone", "-q", "--bare", str(root), str(folder / "origin.git")], check=True)
    subprocess.run(["git", "remote", "add", "-f", "origin", str(folder / "origin.git")], cwd=root, check=True)
    cache = subprocess.run(
        [Path(sys.executable).with_name("uv"), "cache", "dir"], capture_output=True, text=True, check=True
    )
    variables = {"MLSCAFFOLD_WHEEL": str(wheel), "UV_CACHE_DIR": cache.stdout.strip()}
    return Pipeline(root=root, python=interpreter(folder / "bin"), variables=variables)


@pytest.fixture(scope="module")
def passed(pipeline: Pipeline) -> str:
    """What the jobs print that every change must pass, the model's training included."""
    return pipeline.run("lint", "test", "template", "train").stdout


def copied(pipeline: Pipeline, folder: Path) -> Pipeline:
    """A second clone, for a change that must not pass."""
    subprocess.run(["git", "clone", "-q", str(pipeline.root), str(folder)], check=True)
    adapt(folder)
    return Pipeline(root=folder, python=pipeline.python, variables=pipeline.variables)


def test_the_file_is_valid_by_the_published_schema(pipeline: Pipeline) -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    options = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", ".gitlab-ci.yml"]
    done = subprocess.run([checker, *options], cwd=pipeline.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"CI_COMMIT_BRANCH": "main"}, JOBS),
        ({"CI_COMMIT_BRANCH": "topic"}, JOBS - {"release", "slow-tests"}),
        ({"CI_COMMIT_BRANCH": "topic", "CI_OPEN_MERGE_REQUESTS": "team/piped!1"}, set()),
        ({"CI_PIPELINE_SOURCE": "merge_request_event", "CI_COMMIT_BRANCH": ""}, JOBS - {"release", "slow-tests"}),
        ({"CI_COMMIT_BRANCH": "", "CI_COMMIT_TAG": "1.0.0"}, JOBS),
        (SCHEDULE, {"retrain"}),
        ({"CI_COMMIT_BRANCH": "main", "CI_PIPELINE_SOURCE": "schedule"}, JOBS),
    ],
    ids=[
        "default branch",
        "branch",
        "branch with a merge request",
        "merge request",
        "tag",
        "schedule of retrain",
        "another schedule",
    ],
)
def test_what_runs_where(pipeline: Pipeline, where: Mapping[str, str], expected: set[str]) -> None:
    assert jobs(pipeline, where) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("requirements/serving.in", {"slow-tests"}),
        (".mlscaffold.lock", {"slow-tests"}),
        ("docs/code/serving.md", set()),
    ],
)
def test_a_merge_request_that_updates_is_tested_in_all(
    path: str, expected: set[str], pipeline: Pipeline, tmp_path: Path
) -> None:
    changed = copied(pipeline, tmp_path / "piped")
    with (changed.root / path).open("a", encoding="utf-8") as stream:
        stream.write("\n")
    changed.commit("A change")
    where = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_COMMIT_BRANCH": ""}
    assert jobs(changed, where) & {"slow-tests"} == expected


def jobs(pipeline: Pipeline, where: Mapping[str, str]) -> set[str]:
    """Those that run there."""
    listing = pipeline.run("--list-json", variables=where).stdout
    found = {job["name"] for job in json.loads(listing[listing.index("[") :]) if job["when"] != "never"}
    found = {job for job in found if not job.startswith("ends-with-")}
    return found - {"workflow-runs"} if "workflow-runs" in found else set()


def test_lint_test_template_and_train_pass_at_once(passed: str) -> None:
    for job in ("lint", "test", "template", "train"):
        assert re.search(rf"^ PASS +{job}\b", passed, re.MULTILINE), passed[-3000:]
    assert re.search(r"^ PASS +test +\d+% coverage", passed, re.MULTILINE)
    assert re.search(r"template +> Clean: \d+ files as ", passed)
    assert re.search(r"train +> evaluate .* accepted on \d+ rows", passed)


@pytest.mark.matrix
def test_what_no_project_changes_is_tested_on_the_default_branch(pipeline: Pipeline) -> None:
    done = pipeline.run("slow-tests", variables={"CI_COMMIT_BRANCH": "main"})
    assert re.search(r"^ PASS +slow-tests\b", done.stdout, re.MULTILINE), done.stdout[-3000:]
    assert re.search(r"slow-tests +> .*\b\d+ passed", done.stdout)


def test_training_hands_the_model_and_its_reports_on(pipeline: Pipeline, passed: str) -> None:
    kept = pipeline.root / ".gitlab-ci-local" / "artifacts" / "train"
    assert (kept / "models" / "model.onnx").stat().st_size > 10_000
    assert json.loads((kept / "reports" / "metrics.json").read_text())
    assert "model.onnx" in (kept / "dvc.lock").read_text()
    assert {path.name for path in kept.iterdir()} == {"models", "reports", "dvc.lock"}


def test_a_champion_that_stays_is_a_warning_and_a_gate_that_refuses_a_failure(pipeline: Pipeline) -> None:
    kept = pipeline.run("ends-with-10")
    assert re.search(r"^ WARN +ends-with-10\b", kept.stdout, re.MULTILINE), kept.stdout
    # The runner here ends with 0 whatever becomes of a job that names exit codes; its table says how the job ended.
    blocked = pipeline.run("ends-with-11", check=False)
    assert re.search(r"^ FAIL +ends-with-11\b", blocked.stdout, re.MULTILINE), blocked.stdout


def test_a_schedule_looks_whether_a_new_model_is_wanted(pipeline: Pipeline, tmp_path: Path) -> None:
    """On a runner that sees a log and a registry, both of which are new."""
    places = {
        "PREDICTION_LOG_FOLDER": str(tmp_path / "log"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}",
    }
    (tmp_path / "log").mkdir()
    done = pipeline.run("retrain", variables={**SCHEDULE, **places})
    assert re.search(r"^ PASS +retrain\b", done.stdout, re.MULTILINE), done.stdout[-3000:]
    assert "retrain > wait: there is no model yet: `pipeline` makes the first" in done.stdout
    assert (tmp_path / "mlflow.db").stat().st_size > 10_000, "the registry was asked"


def test_an_edited_file_of_the_template_fails_the_check(pipeline: Pipeline, tmp_path: Path) -> None:
    changed = copied(pipeline, tmp_path / "piped")
    script = changed.root / "cicd" / "release" / "release.sh"
    script.write_text(script.read_text().replace("--cap-drop all", ""))
    changed.commit("Run with all capabilities")
    done = changed.run("template", check=False)
    assert done.returncode == 1
    assert re.search(r"template +> MLS\d+ cicd/release/release\.sh", done.stdout), done.stdout
    assert re.search(r"^ FAIL +template\b", done.stdout, re.MULTILINE)


def test_a_broken_test_fails_the_tests(pipeline: Pipeline, tmp_path: Path) -> None:
    changed = copied(pipeline, tmp_path / "piped")
    for test in changed.root.glob("tests/**/test_*.py"):
        test.unlink()  # only to save time
    (changed.root / "tests" / "unit" / "test_broken.py").write_text("def test_broken():\n    assert 1 + 1 == 3\n")
    changed.commit("A wrong expectation")
    done = changed.run("test", check=False)
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert re.search(r"^ FAIL +test\b", done.stdout, re.MULTILINE)
    assert (changed.root / ".gitlab-ci-local" / "artifacts" / "test" / "coverage.xml").is_file()


def test_data_that_is_not_valid_fails_the_training(pipeline: Pipeline, tmp_path: Path) -> None:
    changed = copied(pipeline, tmp_path / "piped")
    raw = changed.root / "data" / "raw" / "flights.csv"
    raw.write_text(raw.read_text().splitlines()[0] + "\n")
    changed.commit("An empty table")
    done = changed.run("train", check=False)
    assert re.search(r"^ FAIL +train\b", done.stdout, re.MULTILINE)
    kept = changed.root / ".gitlab-ci-local" / "artifacts" / "train"
    assert (kept / "reports").is_dir(), "what was found can be read"
    assert not list(kept.rglob("*.onnx"))


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an image registry on this machine."""
    require("docker-registry", "apt-get install docker-registry, or: bash .ci/testbed.sh")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    storage = {"filesystem": {"rootdirectory": str(tmp_path / "storage")}}
    settings = tmp_path / "config.yml"
    settings.write_text(yaml.safe_dump({"version": 0.1, "storage": storage, "http": {"addr": address}}))
    # Docker takes plain HTTP from this machine as it is; Podman wants to be told. Neither shall remember the login.
    trusted = tmp_path / "registries.conf"
    trusted.write_text(
        f'unqualified-search-registries = ["docker.io"]\n[[registry]]\nlocation = "{address}"\ninsecure = true\n'
    )
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(trusted))
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "auth.json"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    with (tmp_path / "log").open("w") as log:
        # It would take REGISTRY_AUTH_FILE for a setting of its own.
        clean = {"PATH": os.environ["PATH"]}
        server = subprocess.Popen(["docker-registry", "serve", settings], env=clean, stdout=log, stderr=log)
        try:
            wait_for(address)
            yield address
        finally:
            server.terminate()
            server.wait(10)


def wait_for(address: str) -> None:
    """Wait until somebody listens."""
    host, port = address.split(":")
    for _ in range(600):
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"Nobody listens on {address}.")


@pytest.mark.containers
def test_release_proves_the_trained_model_and_pushes_it(pipeline: Pipeline, passed: str, registry: str) -> None:
    require_engine()
    project = f"{registry}/team/piped"
    login = {"CI_REGISTRY": registry, "CI_REGISTRY_USER": "ci", "CI_REGISTRY_PASSWORD": "not-asked-for"}
    done = pipeline.run("release", variables={"CI_REGISTRY_IMAGE": project, **login})
    assert re.search(r"release > piped 0\.1\.0\+[0-9a-f]{12} predicts ", done.stdout), done.stdout[-3000:]
    assert f"Released {project}/piped:" in done.stdout
    with urllib.request.urlopen(f"http://{registry}/v2/team/piped/piped/tags/list", timeout=60) as answer:
        (tag,) = json.load(answer)["tags"]
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=pipeline.root, capture_output=True, text=True, check=True)
    assert head.stdout.startswith(tag)
    subprocess.run(["docker", "rmi", f"{project}/piped:{tag}"], capture_output=True, check=True)
