"""Pipelines of GitHub: valid, pinned, with the rights that they need, and the same jobs and commands as GitLab's."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import new_project, require

pytestmark = [pytest.mark.product, pytest.mark.slow]

STRATEGIES = ["trunk", "github-flow", "gitlab-flow", "git-flow"]
#: What each calls otherwise: a question to a person is a job of its own on GitHub.
ASKED = re.compile(r"ask-\w+")


@pytest.fixture(scope="module", params=STRATEGIES)
def projects(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same project for both hubs."""
    folder = tmp_path_factory.mktemp(request.param)
    answers = [
        "preset=workshop",
        "also=[registry, monitoring, feedback, prediction_log, retraining]",
        "deploy=[compose]",
    ]
    answers.append(f"branching={request.param}")
    words = [word for answer in answers for word in ("--set", answer)]
    return {ci: new_project(folder / ci / "hubbed", *words, "--set", f"ci={ci}") for ci in ("github", "gitlab")}


def workflows(root: Path) -> dict[str, dict[str, Any]]:
    """Those of GitHub, by name."""
    files = sorted((root / ".github" / "workflows").glob("*.yml"))
    return {file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in files}


def gitlab_jobs(root: Path) -> dict[str, dict[str, Any]]:
    """Those of GitLab that are no hidden ones."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted((root / "cicd" / "gitlab").glob("*.yml")):
        text = file.read_text(encoding="utf-8").replace("!reference", "")
        found |= yaml.safe_load(text)
    return {name: job for name, job in found.items() if not name.startswith(".") and "script" in job}


def test_they_are_valid(projects: dict[str, Path]) -> None:
    require("actionlint", "bash .ci/testbed.sh, on Debian as root")
    root = projects["github"]
    files = sorted((root / ".github" / "workflows").glob("*.yml"))
    tools = Path(sys.executable).parent
    for command in (
        [shutil.which("actionlint"), *files],
        [tools / "zizmor", "--offline", "--no-progress", "--strict-collection", root / ".github"],
        [tools / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files],
    ):
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_action_is_pinned_and_every_job_says_what_it_may(projects: dict[str, Path]) -> None:
    for name, workflow in workflows(projects["github"]).items():
        assert workflow["permissions"] == {}, name
        for job in workflow["jobs"].values():
            assert job["permissions"]["contents"] in {"read", "write"}
            assert job["timeout-minutes"] <= 60
            for step in job["steps"]:
                assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step.get("uses", "actions/x@" + "0" * 40)), step
                if "checkout" in step.get("uses", ""):
                    assert step["with"]["persist-credentials"] is False


def test_both_hubs_have_the_same_jobs_and_run_the_same_scripts(projects: dict[str, Path]) -> None:
    here = {name: job for each in workflows(projects["github"]).values() for name, job in each["jobs"].items()}
    there = gitlab_jobs(projects["gitlab"])
    assert {name for name in here if not ASKED.fullmatch(name)} == set(there)
    script = re.compile(
        r"cicd/(?!build/inside|checks/with_tools|checks/changed|release/(?:login|settings)|github)[\w/]+\.(?:sh|py)"
    )
    for name, job in there.items():
        wanted = {each for line in job["script"] for each in script.findall(line)}
        found = {each for step in here[name]["steps"] for each in script.findall(step.get("run", ""))}
        assert wanted == found, name


def test_what_is_deployed_by_hand_asks_a_person_first(projects: dict[str, Path]) -> None:
    jobs = workflows(projects["github"])["ci"]["jobs"]
    strategy = yaml.safe_load((projects["github"] / "cicd" / "branching.json").read_text(encoding="utf-8"))
    for each in strategy["environments"]:
        deploy = jobs[f"deploy-{each['name']}"]
        assert (f"ask-{each['name']}" in deploy["needs"]) == bool(each["by_hand"])
        assert "needs.release.result == 'success'" in deploy["if"]
        assert deploy["environment"] == each["name"]
        if each["by_hand"]:
            asks = jobs[f"ask-{each['name']}"]
            assert asks["environment"] == "by-hand"
            assert any("asked.sh" in step.get("run", "") for step in asks["steps"])


def test_scripts_that_only_github_runs_are_in_no_other_project(projects: dict[str, Path]) -> None:
    assert (projects["github"] / "cicd" / "github" / "asked.sh").is_file()
    assert not (projects["gitlab"] / "cicd" / "github").exists()
    assert not (projects["gitlab"] / ".github").exists()
    assert not (projects["github"] / ".gitlab-ci.yml").exists()


@pytest.mark.parametrize("branching", STRATEGIES)
def test_azure_has_the_same_jobs_by_the_published_schema(branching: str, tmp_path: Path) -> None:
    """The schema is that of the language's editor, which check-jsonschema carries; nothing here has run on Azure."""
    answers = ["preset=workshop", "deploy=[compose]", f"branching={branching}"]
    words = [word for answer in answers for word in ("--set", answer)]
    root = new_project(tmp_path / "azure" / "hubbed", *words, "--set", "ci=azure")
    files = [root / "azure-pipelines.yml", root / "cicd" / "azure" / "update.yml"]
    checker = Path(sys.executable).with_name("check-jsonschema")
    options = ["--builtin-schema", "vendor.azure-pipelines", "--data-transform", "azure-pipelines"]
    options += ["--regex-variant", "nonunicode"]
    done = subprocess.run([checker, *options, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    pipeline, update = (yaml.safe_load(file.read_text(encoding="utf-8")) for file in files)
    here = [*(job for stage in pipeline["stages"] for job in stage["jobs"]), *update["jobs"]]
    github = new_project(tmp_path / "github" / "hubbed", *words, "--set", "ci=github")
    there = {name for each in workflows(github).values() for name in each["jobs"] if not name.startswith("rollback-")}
    assert {job.get("displayName", job["job"]) for job in here} == there
