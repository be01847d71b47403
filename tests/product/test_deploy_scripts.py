"""How a deploy ends: what lacks is named, nothing is changed by it, and what does not serve gives way to what did.

By the scripts that a project has, with stand-ins for cluster, registry and cloud (stand_ins.py). The real service in
real containers: test_deploy.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import hcl2
import kubernetes_validate
import pytest
import yaml

from . import stand_ins
from .conftest import new_project, require, script_linters

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("deploy_scripts")]

ENVIRONMENTS = ("integration", "staging", "production")
KUBECTL = Path(sys.executable).with_name("kubectl")
JUDGE = KUBECTL.with_name("check-jsonschema")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with every target."""
    answers = ["preset=full", "deploy=[compose, kubernetes, terraform]"]
    return new_project(
        tmp_path_factory.mktemp("deploy") / "told", *(word for each in answers for word in ("--set", each))
    )


@pytest.fixture
def run(root: Path, tmp_path: Path) -> Iterator[Run]:
    """Its scripts, where cluster and registry are stand-ins."""
    programs = stand_ins.programs(tmp_path / "bin", KUBECTL)

    def run(name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("KUBE", "DEPLOY", "SERVICE"))}
        environment = {**kept, "PATH": f"{programs}{os.pathsep}{kept['PATH']}", "SERVICE_URL": "", **variables}
        command: list[str | Path] = [root / "cicd" / "deploy" / name, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    yield run
    assert not [*(root / "cicd" / "deploy" / "kubernetes" / "overlays").glob(".*")], "nothing is left behind"


def test_what_is_wrong_is_said_and_nothing_is_changed(run: Run, root: Path, tmp_path: Path) -> None:
    kubernetes = {"DEPLOY_TARGET": "kubernetes"}
    wrong: list[tuple[tuple[str, ...], Mapping[str, str], str]] = [
        (("deploy.sh", "staging"), {}, "write it as: cicd/deploy/deploy.sh ENVIRONMENT IMAGE"),
        (("deploy.sh", "moon", "r/x:1"), {}, "Environments are: integration production staging."),
        (("deploy.sh", "../x", "r/x:1"), {}, "no name of an environment"),
        (("deploy.sh", "staging", "r/x:1"), {"DEPLOY_TARGET": "ftp"}, "deploys by: compose kubernetes terraform."),
        (("deploy.sh", "staging", "r/x:1"), {"DEPLOY_TARGET": ""}, "variable DEPLOY_TARGET is not set"),
        (("deploy.sh", "staging", ""), kubernetes, "'' is no name of an image"),
        (("deploy.sh", "staging", "r/x; true"), kubernetes, "no name of an image"),
        (("deploy.sh", "staging", "r/x"), kubernetes, "r/x has no tag"),
        (("deploy.sh", "staging", "r:5000/x"), kubernetes, "r:5000/x has no tag"),
        (("deploy.sh", "staging", "r/x:latest"), kubernetes, "says nothing of which image is meant"),
        (("deploy.sh", "staging", "r/x:gone"), kubernetes, "the registry has no r/x:gone"),
        (("deploy.sh", "staging", "down/x:1"), kubernetes, "the registry of down/x:1 does not answer"),
        (("deploy.sh", "staging", "r/x:1"), {**kubernetes, "KUBE_NAMESPACE": ""}, "variable KUBE_NAMESPACE is not set"),
        (("deploy.sh", "staging", "r/x:1"), {**kubernetes, "KUBE_CONTEXT": "down"}, "connection refused"),
        (("deploy.sh", "staging", "r/x:1"), {**kubernetes, "ROLLOUT": "all"}, "canary or blue-green"),
        (("rollback.sh", "staging"), kubernetes, "nothing is deployed to staging"),
        (("smoke.sh", "example.com"), {}, "'example.com' is no address"),
    ]
    for words, variables, said in wrong:
        done = run(*words, **variables)
        assert done.returncode == 2, (words, done)
        assert said in done.stderr, (words, done.stderr)
        assert words[0] == "smoke.sh" or "Nothing was changed." in done.stderr or words[0] == "rollback.sh", words
    settings = root / "configs" / "environments" / "staging.env"
    text = settings.read_text()
    settings.write_text(text + "oh no\n")
    assert "a line that is not NAME=value: 'oh no'" in run("deploy.sh", "staging", "r/x:1").stderr
    settings.write_text(text)
    assert not [*(tmp_path / "bin" / "cluster").iterdir()]


def test_a_cluster_gets_the_image_and_the_one_before_comes_back(run: Run, tmp_path: Path) -> None:
    def deployed() -> tuple[str, str, str]:
        made = yaml.safe_load((tmp_path / "bin" / "cluster" / "deployment.json").read_text())
        (container,) = made["spec"]["template"]["spec"]["containers"]
        said = made["metadata"]["annotations"]
        probe = container["readinessProbe"]["httpGet"]["path"]
        assert said["deploy-image"] == container["image"]
        return container["image"], said["deploy-before"], probe

    cluster = {"DEPLOY_TARGET": "kubernetes"}
    first = run("deploy.sh", "staging", "r:5000/x:1", **cluster)
    assert (first.returncode, deployed()) == (0, ("r:5000/x:1", "", "/health/live")), first.stderr
    assert "There was no model here yet" in first.stdout
    with served(READY) as url:
        # Since then a model has come: from now on a service without one does not count as started.
        second = run("deploy.sh", "staging", "r:5000/x:2", **cluster, SERVICE_URL=url)
    assert (second.returncode, deployed()) == (0, ("r:5000/x:2", "r:5000/x:1", "/health/ready")), second.stderr
    digest = "r/x@sha256:" + "1" * 64
    assert run("deploy.sh", "staging", digest, **cluster).returncode == 0
    assert deployed() == (digest, "r:5000/x:2", "/health/ready")
    assert run("deploy.sh", "staging", digest, **cluster).returncode == 0
    assert deployed() == (digest, "r:5000/x:2", "/health/ready"), "the same again is no step further"

    broken = run("deploy.sh", "staging", "r/x:broken", **cluster)
    assert broken.returncode == 3
    assert f"r/x:broken does not serve. {digest} is back in staging." in broken.stderr
    assert deployed() == (digest, "r:5000/x:2", "/health/ready")

    back = run("rollback.sh", "staging", **cluster)
    assert back.returncode == 0, back.stderr
    assert back.stdout.endswith(f"Rolled staging back from {digest} to r:5000/x:2.\n")
    assert deployed() == ("r:5000/x:2", "", "/health/ready")
    again = run("rollback.sh", "staging", **cluster)
    assert (again.returncode, "no image before r:5000/x:2" in again.stderr) == (2, True)


def test_what_comes_first_and_does_not_serve_is_taken_away(run: Run, tmp_path: Path) -> None:
    done = run("deploy.sh", "production", "r/x:broken", DEPLOY_TARGET="kubernetes")
    assert done.returncode == 3
    assert "There was none before it in production, so it was taken away." in done.stderr
    assert not (tmp_path / "bin" / "cluster" / "deployment.json").exists()


def test_a_model_at_an_address_and_a_rollout_reach_the_manifests(run: Run, tmp_path: Path) -> None:
    path = "https://models.example.com/current.json"
    run("deploy.sh", "staging", "r/x:1", DEPLOY_TARGET="kubernetes", MODEL_PATH=path, ROLLOUT="canary")
    made = {
        each["kind"]: each for each in yaml.safe_load_all((tmp_path / "bin" / "cluster" / "manifests.yaml").read_text())
    }
    assert made["ConfigMap"]["data"]["MODEL_PATH"] == path
    assert made["Rollout"]["spec"]["workloadRef"]["name"] == made["Deployment"]["metadata"]["name"]
    assert made["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["kind"] == "Rollout"
    (used,) = made["Rollout"]["spec"]["strategy"]["canary"]["analysis"]["templates"]
    assert used["templateName"] == made["AnalysisTemplate"]["metadata"]["name"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_overlays_are_what_kubernetes_takes_to_the_letter(root: Path, environment: str) -> None:
    overlay = root / "cicd" / "deploy" / "kubernetes" / "overlays" / environment
    text = subprocess.run([KUBECTL, "kustomize", overlay], capture_output=True, text=True, check=True).stdout
    made = {each["kind"]: each for each in yaml.safe_load_all(text)}
    for each in made.values():
        kubernetes_validate.validate(each, "1.31", strict=True)
    assert {each["metadata"]["namespace"] for each in made.values()} == {f"told-{environment}"}
    kinds = {"ConfigMap", "Deployment", "HorizontalPodAutoscaler", "NetworkPolicy", "PodDisruptionBudget", "Service"}
    assert made.keys() == kinds
    pod = made["Deployment"]["spec"]["template"]
    for chosen in (made["Service"]["spec"]["selector"], made["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]):
        assert chosen.items() <= pod["metadata"]["labels"].items()
    (container,) = pod["spec"]["containers"]
    assert pod["spec"]["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["envFrom"][0]["configMapRef"]["name"] == made["ConfigMap"]["metadata"]["name"]
    # What is misspelt is seen: the check is one.
    container["readynessProbe"] = container["readinessProbe"]
    with pytest.raises(kubernetes_validate.ValidationError, match="readynessProbe"):
        kubernetes_validate.validate(made["Deployment"], "1.31", strict=True)


def test_terraform_is_well_formed_and_its_logic_holds_with_stand_ins(run: Run, root: Path, tmp_path: Path) -> None:
    """Never applied to a cloud: the cloud's provider cannot be had here."""
    folder = root / "cicd" / "deploy" / "terraform"
    for file in folder.rglob("*.tf"):
        with file.open(encoding="utf-8") as opened:
            assert hcl2.load(opened), file
    for module in ("service", "store"):
        (given,) = (each[f'"{module}"'] for each in loaded(folder / "main.tf")["module"] if f'"{module}"' in each)
        wanted = {name.strip('"') for each in loaded(folder / module / "variables.tf")["variable"] for name in each}
        assert given.keys() - {"source", "__is_block__"} == wanted
        outputs = [name for each in loaded(folder / module / "outputs.tf")["output"] for name in each]
        assert outputs == [
            f'"{name}"' for name in re.findall(r'output "(.*)"', stand_ins.TERRAFORM[f"{module}/outputs.tf"])
        ]
    require("terraform", "Terraform 1.9 or newer")
    formatted = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", folder], capture_output=True, text=True, check=False
    )
    assert formatted.returncode == 0, formatted.stdout

    kept = tmp_path / "kept"
    shutil.copytree(folder, kept)
    stand_ins.without_cloud(folder)
    try:
        cloud = {"DEPLOY_TARGET": "terraform", "TF_DATA_DIR": str(tmp_path / "data")}
        assert "nothing is deployed" in run("rollback.sh", "staging", **cloud).stderr
        for number in "12":
            done = run("deploy.sh", "staging", f"r/x:{number}", **cloud)
            assert done.returncode == 0, done.stderr
        broken = run("deploy.sh", "staging", "r/x:broken", **cloud)
        assert (broken.returncode, "terraform plan: Resource precondition failed." in broken.stderr) == (2, True)
        assert "Nothing was changed" in broken.stderr
        back = run("rollback.sh", "staging", **cloud)
        assert "Rolled staging back from r/x:2 to r/x:1." in back.stdout, back.stderr
        values = root / "configs" / "environments" / "production.tfvars"
        values.write_text(values.read_text().replace("most          = 12", "most          = 0"))
        wrong = run("deploy.sh", "production", "r/x:3", **cloud)
        assert (wrong.returncode, "terraform plan: " in wrong.stderr) == (2, True), wrong
        assert "Nothing was changed" in wrong.stderr
    finally:
        shutil.rmtree(folder)
        shutil.copytree(kept, folder)


def loaded(file: Path) -> dict[str, list[dict[str, dict[str, object]]]]:
    """A file of Terraform as plain data."""
    with file.open(encoding="utf-8") as opened:
        return hcl2.load(opened)  # type: ignore[no-any-return]


READY = {
    "/health/ready": (200, "{}"),
    "/health/live": (200, "{}"),
    "/openapi.json": (200, '{"paths": {"/predict": {}}}'),
    "/metrics": (200, 'serving_model_info{name="x",version="1"} 1.0\n'),
}


class served:  # noqa: N801 - reads as the block that it is
    """A service that answers as told, at an address on loopback."""

    def __init__(self, answers: Mapping[str, tuple[int, str]]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, text = answers.get(self.path, (404, ""))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def test_smoke_tells_what_serves_from_what_waits_and_from_what_does_not(run: Run) -> None:
    with served(READY) as url:
        done = run("smoke.sh", url + "/")
        assert (done.returncode, done.stdout) == (0, f'{url} serves (name="x",version="1").\n'), done.stderr
    waiting = {**READY, "/health/ready": (503, '{"title": "No model yet"}')}
    with served(waiting) as url:
        done = run("smoke.sh", url)
        assert (done.returncode, done.stdout) == (0, f"{url} lives and has no model yet.\n"), done.stderr
    failing: list[tuple[Mapping[str, tuple[int, str]], str]] = [
        ({**READY, "/health/ready": (503, '{"title": "Stopping"}')}, "is not ready within 2 s: it answers 503"),
        ({**READY, "/openapi.json": (200, "{}")}, "does not show /predict"),
        ({**READY, "/metrics": (200, "up 1\n")}, "does not say which model it has"),
        ({**waiting, "/health/live": (500, "")}, "that it is not alive"),
    ]
    for answers, said in failing:
        with served(answers) as url:
            done = run("smoke.sh", url, SMOKE_SECONDS="2")
        assert (done.returncode, said in done.stderr) == (1, True), done
    done = run("smoke.sh", url, SMOKE_SECONDS="2")
    assert (done.returncode, f"nobody answers at {url} within 2 s" in done.stderr) == (1, True), done


def test_scripts_and_dockerfiles_pass_their_linters(root: Path) -> None:
    assert script_linters(root) == (4, 14)


def test_no_secret_stands_in_a_file(root: Path) -> None:
    """Every password of the compose file is a variable without a default."""
    text = (root / "cicd" / "deploy" / "compose" / "beside.yaml").read_text()
    for name in ("POSTGRES_PASSWORD", "STORE_ACCESS_KEY", "STORE_SECRET_KEY"):
        assert f"${{{name}:?is not set}}" in text
        assert f"{name}:-" not in text
    done = subprocess.run(
        [JUDGE, "--builtin-schema", "vendor.compose-spec", *(root / "cicd/deploy/compose").glob("*e.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
