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
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, new_project, require, require_engine, uv

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("pipelines")]

TESTBED = "bash .ci/testbed.sh, on Debian as root"
CHECKS = {"preflight", "branch-name", "lint", "smells", "template", "audit", "secrets", "sbom", "build-image"}
TESTS = {"type-check", "unit", "integration", "contract", "data-validation"}
CHANGE = CHECKS | TESTS | {"train", "gate"}
MAIN = CHANGE | {"slow-tests", "register", "release"}
SCHEDULE = {"CI_COMMIT_BRANCH": "main", "CI_PIPELINE_SOURCE": "schedule", "RETRAIN": "yes"}
MONITORING = {"CI_COMMIT_BRANCH": "main", "CI_PIPELINE_SOURCE": "schedule", "MONITOR": "yes"}


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
        # A test of its own asks the published schema.
        options += ["--no-json-schema-validation"]
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
    folders = [str(python.resolve()), *(folder for folder in kept["PATH"].split(os.pathsep) if Path(folder) != own)]
    # A first shell whose input is a socket, as Node gives one, would read ~/.bashrc and what that puts into PATH.
    here = {"PATH": os.pathsep.join(folders), "BUILD_ARGS": "--network host --pull=never", "SHLVL": "1"}
    # The build image has one environment, which is active.
    inside = {"VIRTUAL_ENV": str(python.parent)} if (python.parent / "pyvenv.cfg").is_file() else {}
    return kept | here | inside


def interpreter(folder: Path) -> Path:
    """A folder with a `python`, as a job's image has it: the one that the tests' environment was made from."""
    folder.mkdir()
    command = folder / "python"
    command.write_text(f'#!/bin/sh\nexec "{sys.base_prefix}/bin/python3" "$@"\n')
    command.chmod(0o755)
    return folder


def adapt(root: Path) -> None:
    """Write what this machine and the runner on it need besides the project's own file.

    On a team's runner Docker in Docker is a service of the jobs that build images; here the machine's engine does it.
    The runner here does not stop where the workflow's rules say so: a job with the same rules tells.
    """
    rules = (root / "cicd" / "gitlab" / "branching.yml").read_text().partition("\n# A schedule")[0]
    workflow = yaml.safe_load(rules)["workflow"]
    here = {
        "include": [{"local": ".gitlab-ci.yml"}],
        "release": {"services": []},
        "build-image": {"services": []},
        "workflow-runs": {"stage": "check", "script": ["true"], "rules": workflow["rules"]},
    }
    # As `register` ends if `decide` says so; nothing is registered.
    for code in (10, 11):
        here[f"ends-with-{code}"] = {
            "extends": "register",
            "needs": [],
            "before_script": [],
            "script": [f"exit {code}"],
        }
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
def inside(pipeline: Pipeline, environment: Path) -> Pipeline:
    """The same project where the build image is: its jobs find the locked libraries, and install nothing."""
    tools = ROOT / "template" / "requirements" / "tools.txt"
    uv("pip", "install", "-q", "--python", environment / "bin" / "python", "-r", tools)
    return replace(pipeline, python=environment / "bin", variables={**pipeline.variables, "BUILD_IMAGE": "here"})


@pytest.fixture(scope="module")
def passed(inside: Pipeline) -> str:
    """What the jobs print by which a model is made, judged, agreed to and registered."""
    return inside.run("train", "gate", "register").stdout


def copied(pipeline: Pipeline, folder: Path) -> Pipeline:
    """A second clone, for a change that must not pass."""
    subprocess.run(["git", "clone", "-q", str(pipeline.root), str(folder)], check=True)
    adapt(folder)
    return Pipeline(root=folder, python=pipeline.python, variables=pipeline.variables)


def test_the_files_are_valid_by_the_published_schema(pipeline: Pipeline) -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    files = sorted(str(path) for path in (pipeline.root / "cicd" / "gitlab").glob("*.yml"))
    options = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", ".gitlab-ci.yml", *files]
    done = subprocess.run([checker, *options], cwd=pipeline.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"CI_COMMIT_BRANCH": "main"}, MAIN),
        ({"CI_COMMIT_BRANCH": "main", "CI_OPEN_MERGE_REQUESTS": "team/piped!2"}, MAIN),
        ({"CI_COMMIT_BRANCH": "feature/x"}, CHANGE),
        ({"CI_COMMIT_BRANCH": "feature/x", "CI_OPEN_MERGE_REQUESTS": "team/piped!1"}, set()),
        ({"CI_PIPELINE_SOURCE": "merge_request_event", "CI_COMMIT_BRANCH": ""}, CHANGE),
        ({"CI_COMMIT_BRANCH": "", "CI_COMMIT_TAG": "1.0.0"}, {"preflight", "branch-name", "release", "changelog"}),
        ({"CI_COMMIT_BRANCH": "", "CI_COMMIT_TAG": "Staging"}, set()),
        (SCHEDULE, {"retrain", "build-image"}),
        (SCHEDULE | {"BUILD_IMAGE": "registry.example.com/team/build:1"}, {"retrain"}),
        (MONITORING, {"monitor", "build-image"}),
        ({"CI_COMMIT_BRANCH": "main", "CI_PIPELINE_SOURCE": "schedule"}, MAIN),
    ],
    ids=[
        "default branch",
        "default branch with a merge request into another",
        "branch",
        "branch with a merge request",
        "merge request",
        "tag",
        "a tag of the pipeline's own",
        "schedule of retrain",
        "schedule with an image of the team's",
        "schedule of monitor",
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


def ended(stdout: str, how: str, job: str) -> bool:
    """Whether the runner's table says so."""
    return bool(re.search(rf"^ {how} +{job}\b", stdout, re.MULTILINE))


def test_what_looks_at_files_passes_at_once_and_installs_no_library_of_the_project(pipeline: Pipeline) -> None:
    jobs_of_a_change = ("preflight", "branch-name", "lint", "smells", "template", "secrets", "sbom")
    done = pipeline.run(*jobs_of_a_change, variables={"CI_COMMIT_BRANCH": "feature/x"})
    for job in ("preflight", "branch-name", "lint", "smells", "template", "secrets", "sbom"):
        assert ended(done.stdout, "PASS", job), done.stdout[-3000:]
    assert re.search(r"template +> Clean: \d+ files as ", done.stdout)
    bill = json.loads((pipeline.root / ".gitlab-ci-local/artifacts/sbom/reports/ci/sbom.cdx.json").read_text())
    assert "onnxruntime" in {each["name"] for each in bill["components"]}
    report = json.loads((pipeline.root / ".gitlab-ci-local/artifacts/template/reports/ci/template.sarif").read_text())
    assert report["version"] == "2.1.0"
    stack = re.compile(r"^(scikit-learn|mlflow|polars|pandas|onnx)==", re.MULTILINE)
    assert not stack.findall((pipeline.root / "requirements" / "checks.txt").read_text())


def test_what_runs_the_code_passes_in_the_build_image(inside: Pipeline) -> None:
    done = inside.run("type-check", "data-validation")
    assert ended(done.stdout, "PASS", "type-check"), done.stdout[-3000:]
    assert ended(done.stdout, "PASS", "data-validation"), done.stdout[-3000:]


@pytest.mark.matrix
def test_all_tests_pass_in_the_build_image(inside: Pipeline) -> None:
    done = inside.run("unit", "integration", "contract")
    assert re.search(r"^ PASS +unit +\d+% coverage", done.stdout, re.MULTILINE), done.stdout[-3000:]
    assert ended(done.stdout, "PASS", "integration")
    assert ended(done.stdout, "PASS", "contract")


def test_a_model_is_made_judged_and_registered(inside: Pipeline, passed: str) -> None:
    for job in ("train", "gate", "register"):
        assert ended(passed, "PASS", job), passed[-3000:]
    assert re.search(r"train +> evaluate .* accepted on \d+ rows", passed)
    assert "gate     > pass: no gate refuses the model" in passed or "pass: no gate refuses the model" in passed
    assert "promote: the first model takes the alias" in passed
    gate = inside.root / ".gitlab-ci-local" / "artifacts" / "gate" / "reports"
    assert "| naive baseline |" in (gate / "ci" / "model.md").read_text()
    assert re.search(r"^roc_auc 0\.\d+$", (gate / "ci" / "metrics.txt").read_text(), re.MULTILINE)
    kept = inside.root / ".gitlab-ci-local" / "artifacts" / "train" / "models"
    assert not (kept / "model.onnx").exists(), "what nobody has agreed to is not what is served"


@pytest.mark.matrix
def test_what_no_project_changes_is_tested_on_the_default_branch(inside: Pipeline) -> None:
    done = inside.run("slow-tests", variables={"CI_COMMIT_BRANCH": "main"})
    assert re.search(r"^ PASS +slow-tests\b", done.stdout, re.MULTILINE), done.stdout[-3000:]
    assert re.search(r"slow-tests +> .*\b\d+ passed", done.stdout)


def test_registration_hands_the_model_and_its_reports_on(inside: Pipeline, passed: str) -> None:
    assert passed
    kept = inside.root / ".gitlab-ci-local" / "artifacts" / "register"
    assert (kept / "models" / "model.onnx").stat().st_size > 10_000
    assert json.loads((kept / "reports" / "metrics.json").read_text())
    assert "model.onnx" in (kept / "dvc.lock").read_text()


def test_a_champion_that_stays_is_a_warning_and_a_gate_that_refuses_a_failure(pipeline: Pipeline) -> None:
    kept = pipeline.run("ends-with-10")
    assert re.search(r"^ WARN +ends-with-10\b", kept.stdout, re.MULTILINE), kept.stdout
    # The runner here ends with 0 whatever becomes of a job that names exit codes; its table says how the job ended.
    blocked = pipeline.run("ends-with-11", check=False)
    assert re.search(r"^ FAIL +ends-with-11\b", blocked.stdout, re.MULTILINE), blocked.stdout


def test_a_schedule_looks_whether_a_new_model_is_wanted(inside: Pipeline, tmp_path: Path) -> None:
    """On a runner that sees a log and a registry, both of which are new."""
    places = {
        "PREDICTION_LOG_FOLDER": str(tmp_path / "log"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path / 'mlflow.db'}",
    }
    (tmp_path / "log").mkdir()
    done = inside.run("retrain", variables={**SCHEDULE, **places})
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


def test_a_broken_test_fails_the_tests(inside: Pipeline, tmp_path: Path) -> None:
    changed = copied(inside, tmp_path / "piped")
    for test in changed.root.glob("tests/**/test_*.py"):
        test.unlink()  # only to save time
    (changed.root / "tests" / "unit" / "test_broken.py").write_text("def test_broken():\n    assert 1 + 1 == 3\n")
    changed.commit("A wrong expectation")
    done = changed.run("unit", check=False)
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert ended(done.stdout, "FAIL", "unit")
    kept = changed.root / ".gitlab-ci-local" / "artifacts" / "unit" / "reports" / "ci"
    assert (kept / "coverage" / "unit.xml").is_file()
    assert "test_broken" in (kept / "unit.xml").read_text()


def test_a_leaked_secret_fails_the_scan(pipeline: Pipeline, tmp_path: Path) -> None:
    changed = copied(pipeline, tmp_path / "piped")
    key = "AKIA" + "Q3EGRZ7JXKWB5MTN"
    (changed.root / "configs" / "store.yaml").write_text(f"key: {key}\n")
    changed.commit("Where the data is")
    done = changed.run("secrets", check=False)
    assert done.returncode == 1
    assert ended(done.stdout, "FAIL", "secrets")
    assert "configs/store.yaml" in done.stdout
    assert "AWS Access Key" in done.stdout
    assert key not in done.stdout + done.stderr, "a log is no place for it either"


def test_code_that_nobody_calls_is_named(pipeline: Pipeline, tmp_path: Path) -> None:
    changed = copied(pipeline, tmp_path / "piped")
    with (changed.root / "src" / "piped" / "dataset.py").open("a", encoding="utf-8") as stream:
        stream.write("\n\ndef forgotten() -> int:\n    return 1\n")
    changed.commit("Something for later")
    done = changed.run("smells", check=False)
    assert ended(done.stdout, "FAIL", "smells")
    assert "unused function 'forgotten'" in done.stdout


def test_a_model_that_is_not_good_enough_ends_at_the_gate(inside: Pipeline, tmp_path: Path) -> None:
    changed = copied(inside, tmp_path / "piped")
    contract = changed.root / "configs" / "contract.yaml"
    assert "required: {roc_auc: 0.6}" in contract.read_text()
    text = contract.read_text().replace("required: {roc_auc: 0.6}", "required: {roc_auc: 0.84}")
    contract.write_text(text)
    changed.commit("Ask for more than there is")
    done = changed.run("train", "gate", check=False)
    assert ended(done.stdout, "PASS", "train"), done.stdout[-3000:]
    assert ended(done.stdout, "FAIL", "gate"), done.stdout[-3000:]
    kept = changed.root / ".gitlab-ci-local" / "artifacts" / "gate" / "reports" / "ci"
    assert "refused: " in (kept / "model.md").read_text()
    assert "roc_auc" in (kept / "metrics.txt").read_text(), "what was refused is told"


def test_data_that_is_not_valid_fails_the_training(inside: Pipeline, tmp_path: Path) -> None:
    changed = copied(inside, tmp_path / "piped")
    raw = changed.root / "data" / "raw" / "flights.csv"
    raw.write_text(raw.read_text().splitlines()[0] + "\n")
    changed.commit("An empty table")
    done = changed.run("train", check=False)
    assert ended(done.stdout, "FAIL", "train")
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
def test_release_proves_the_registered_model_and_pushes_it(pipeline: Pipeline, passed: str, registry: str) -> None:
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


@pytest.mark.containers
def test_before_there_is_a_contract_what_is_released_waits_for_a_model(
    pipeline: Pipeline, registry: str, tmp_path: Path
) -> None:
    require_engine()
    answers = ("python_version=3.11", "preset=workshop", "example=none", "deploy=[compose]")
    root = new_project(tmp_path / "early", *(word for answer in answers for word in ("--set", answer)))
    adapt(root)
    early = replace(pipeline, root=root)
    main = {"CI_COMMIT_BRANCH": "main"}
    assert {"release", "deploy-staging"} <= jobs(early, main)
    assert not jobs(early, main) & {"train", "gate", "register"}
    login = {"CI_REGISTRY": registry, "CI_REGISTRY_USER": "ci", "CI_REGISTRY_PASSWORD": "not-asked-for"}
    done = early.run("release", variables={**main, **login, "CI_REGISTRY_IMAGE": f"{registry}/team/early"})
    assert "It lives, and waits for a model." in done.stdout, done.stdout[-3000:]
    (image,) = re.findall(rf"Released ({registry}/team/early/early:\w+)\.", done.stdout)
    subprocess.run(["docker", "rmi", image], capture_output=True, check=True)
