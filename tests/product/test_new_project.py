"""A new project with all defaults, used as its owner would use it."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Project, install, new_project, shell_environment

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("example")]


@pytest.mark.parametrize("name", ["ab", "a_package_with_a_name_of_forty_letters_x"])
def test_no_package_name_disturbs_formatter_or_linter(name: str, environment: Path, tmp_path: Path) -> None:
    root = new_project(tmp_path / "named", "--set", f"package_name={name}")
    named = Project(root=root, environment=environment, slug=name.replace("_", "-"))
    named.run("ruff", "format", "--check", ".")
    named.run("ruff", "check", ".")


def colleagues_clone(project: Project, folder: Path) -> Path:
    """A clone in which nothing is searched for: how far a search gets in its time is the machine's, not the seed's."""
    clone = project.clone(folder / project.root.name)
    params = clone / "params.yaml"
    params.write_text(params.read_text(encoding="utf-8").replace("minutes: 10", "minutes: 0.0001"), encoding="utf-8")
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run(["git", *identity, "commit", "-qam", "No search"], cwd=clone, check=True)
    install(clone, project.environment)
    return clone


@pytest.fixture(scope="module")
def reproduced(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A colleague's clone in which `dvc repro` ran: no remote, no account."""
    clone = colleagues_clone(project, tmp_path_factory.mktemp("clone"))
    project.run("dvc", "repro", cwd=clone)
    return clone


def metrics_of(project: Path) -> Mapping[str, Any]:
    """The metrics of the hold-out."""
    return json.loads((project / "reports" / "metrics.json").read_text())  # type: ignore[no-any-return]


def test_two_runs_give_the_same_metrics_and_the_same_model(project: Project, reproduced: Path, tmp_path: Path) -> None:
    clone = colleagues_clone(project, tmp_path)
    project.run(project.slug, "pipeline", cwd=clone)
    assert metrics_of(clone) == metrics_of(reproduced)
    models = [(folder / "models" / "model.onnx").read_bytes() for folder in (clone, reproduced)]
    assert models[0] == models[1]


def test_nothing_that_is_generated_stays_untracked(project: Project, reproduced: Path) -> None:
    left = project.run("git", "status", "--porcelain", "--untracked-files=all", cwd=reproduced).stdout.splitlines()
    # The last: what the run knows stands in the project's pages.
    meant_for_git = ("dvc.lock", "reports/", "docs/")
    strangers = [line for line in left if not line[3:].startswith(meant_for_git)]
    assert strangers == []


NASTY = [
    "It \"quotes\" 'both' ways: {{ 7 * 7 }} {% raw %} #hash & *star !bang %percent @at `tick` \\back",
    "Two lines:\nand the second - with: colons",
    "Emoji 🎉 and ünïcödé '''",
    "key: [value, {nested: true}] | > ? - ~ null",
    "$HOME ${PATH} $(whoami)",
]


@pytest.mark.parametrize("text", NASTY)
def test_every_description_renders_into_valid_files(text: str, tmp_path: Path) -> None:
    answers = tmp_path / "answers.yml"
    answers.write_text(yaml.safe_dump({"description": text, "project_name": 'A "quoted": {name} #1'}), encoding="utf-8")
    root = new_project(tmp_path / "nasty", "--answers", str(answers))
    pyproject = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert pyproject["project"]["description"].split() == text.split()
    for file in [*root.rglob("*.yml"), *root.rglob("*.yaml")]:
        list(yaml.compose_all(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader))
    for file in root.rglob("*.json"):
        json.loads(file.read_text(encoding="utf-8"))
    for file in root.rglob("*.py"):
        compile(file.read_text(encoding="utf-8"), str(file), "exec")


@pytest.mark.usefixtures("_port_8000")
def test_the_commands_of_its_readme_work_in_their_order(tmp_path: Path) -> None:
    """In a fresh clone, in a shell in which no environment is active."""
    root = new_project(tmp_path / "made" / "example_demo")
    clone = tmp_path / root.name
    subprocess.run(["git", "clone", "-q", root, clone], check=True)
    blocks = re.findall(r"^```bash\n(.*?)^```", (clone / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) > 3
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", 8000)) == 0:
            pytest.skip("something listens on port 8000 already: stop it to run this test")
    shell = ["bash", "-euc", "\n".join(blocks)]
    done = subprocess.run(shell, cwd=clone, env=shell_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"predictions":[' in done.stdout
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", 8000)) != 0, "the service was left running"
