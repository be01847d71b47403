"""The branching strategies: what each runs where, how a change comes to production by it, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
import yaml

from .conftest import new_project, released_template, require
from .test_pipelines import TESTBED, Pipeline, adapt, ended, interpreter

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("pipelines")]

#: By strategy and branch: what is deployed by itself, and what by hand.
TABLE = {
    ("trunk", "main"): ({"integration", "staging"}, {"production"}),
    ("trunk", "release/1.2"): (set(), {"staging", "production"}),
    ("trunk", "short/x"): (set(), set()),
    ("github-flow", "main"): ({"staging", "production"}, set()),
    ("github-flow", "feature/x"): (set(), set()),
    ("gitlab-flow", "main"): ({"integration"}, set()),
    ("gitlab-flow", "staging"): ({"staging"}, set()),
    ("gitlab-flow", "production"): ({"production"}, set()),
    ("gitlab-flow", "fix/x"): (set(), set()),
    ("git-flow", "develop"): ({"integration"}, set()),
    ("git-flow", "release/1.2"): ({"staging"}, set()),
    ("git-flow", "hotfix/x"): ({"staging"}, set()),
    ("git-flow", "main"): ({"staging"}, {"production"}),
    ("git-flow", "feature/x"): (set(), set()),
}
REGISTRY = {"CI_REGISTRY_IMAGE": "r.example.com/team/x", "CI_REGISTRY_USER": "ci", "CI_REGISTRY_PASSWORD": "hunter2"}


def git(root: Path, *command: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    return subprocess.run(
        ["git", *identity, *command], cwd=root, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture(scope="module")
def following(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Pipeline]:
    """A project of each strategy, with a bare repository as its origin. What would be deployed is said."""
    require("gitlab-ci-local", TESTBED)
    require("rsync", "apt-get install rsync")
    folder = tmp_path_factory.mktemp("branching")
    python = interpreter(folder / "bin")

    @cache
    def made(branching: str) -> Pipeline:
        answers = ["preset=workshop", "deploy=[compose]", f"branching={branching}"]
        root = new_project(folder / branching, *(word for each in answers for word in ("--set", each)))
        adapt(root)
        here = yaml.safe_load((root / ".gitlab-ci-here.yml").read_text())
        for environment in ("staging", "production"):
            mark = f"cicd/release/mark.sh {environment.capitalize()}"
            here[f"deploy-{environment}"] = {"needs": [], "script": [f'echo "{environment} gets $IMAGE"', mark]}
        (root / ".gitlab-ci-here.yml").write_text(yaml.safe_dump(here))
        # It stays whatever branch is worked at.
        (root / ".git" / "info").mkdir(exist_ok=True)
        (root / ".git" / "info" / "exclude").write_text(".gitlab-ci-here.yml\n")
        origin = folder / f"{branching}.git"
        git(root, "clone", "-q", "--bare", ".", str(origin))
        git(root, "remote", "add", "-f", "origin", str(origin))
        return Pipeline(root=root, python=python, variables={"TAGS_REMOTE": str(origin), "IMAGE": "x:1", **REGISTRY})

    return made


def jobs(pipeline: Pipeline, where: Mapping[str, str]) -> dict[str, str]:
    """Those that run there, and how they begin."""
    listing = pipeline.run("--list-json", variables=where).stdout
    return {job["name"]: job["when"] for job in json.loads(listing[listing.index("[") :]) if job["when"] != "never"}


@pytest.mark.parametrize(("branching", "branch"), TABLE)
def test_what_is_deployed_from_where(following: Callable[[str], Pipeline], branching: str, branch: str) -> None:
    found = jobs(following(branching), {"CI_COMMIT_BRANCH": branch})
    by_itself, by_hand = TABLE[branching, branch]
    deployed = {name.removeprefix("deploy-"): when for name, when in found.items() if name.startswith("deploy-")}
    assert {name for name, when in deployed.items() if when == "on_success"} == by_itself
    assert {name for name, when in deployed.items() if when == "manual"} == by_hand
    for job in ("smoke", "acceptance", "rollback"):
        assert {name for name in found if name.startswith(f"{job}-")} == {
            f"{job}-{each}" for each in by_itself | by_hand
        }
    assert {"release", "register"} & found.keys() == ({"release", "register"} if deployed else set())
    assert {"preflight", "branch-name", "lint", "unit", "secrets", "gate"} <= found.keys()
    kept = {each["branch"] for each in table_of(following(branching))["kept"]}
    assert ("slow-tests" in found) is (branch in kept)


@pytest.mark.parametrize("branching", ["trunk", "github-flow", "gitlab-flow", "git-flow"])
def test_a_branch_that_is_deployed_from_has_its_pipeline_though_it_is_to_be_merged(
    following: Callable[[str], Pipeline], branching: str
) -> None:
    pipeline = following(branching)
    for branch in {branch for each in table_of(pipeline)["environments"] for branch in each["branches"]}:
        where = {"CI_COMMIT_BRANCH": branch.replace("*", "1.2"), "CI_OPEN_MERGE_REQUESTS": "team/x!1"}
        assert "workflow-runs" in jobs(pipeline, where), branch
    work = table_of(pipeline)["work"][0]["pattern"].replace("*", "x")
    where = {"CI_COMMIT_BRANCH": work, "CI_OPEN_MERGE_REQUESTS": "team/x!1"}
    assert "workflow-runs" not in jobs(pipeline, where)


def table_of(pipeline: Pipeline) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = json.loads((pipeline.root / "cicd" / "branching.json").read_text())
    return found


@pytest.mark.parametrize(
    ("branching", "way"),
    [
        ("github-flow", [("feature/rows", "main", "production")]),
        (
            "git-flow",
            [
                ("feature/rows", "develop", None),
                ("release/0.1.0", "develop", None),
                ("release/0.1.0", "main", "staging"),
                ("hotfix/now", "main", "staging"),
            ],
        ),
    ],
)
def test_a_change_goes_its_way(
    following: Callable[[str], Pipeline], branching: str, way: list[tuple[str, str, str | None]]
) -> None:
    """A branch, its merge request, the merge and its pipeline, and at the end a version's tag: each is run."""
    pipeline = following(branching)
    root, checks = pipeline.root, ("preflight", "branch-name")
    begins = {each["pattern"]: str(each["from"]) for each in table_of(pipeline)["work"]}
    for each in table_of(pipeline)["kept"]:
        if each["branch"] != "main":
            git(root, "branch", str(each["branch"]), "main")
    for branch, target, deployed in way:
        kind = f"{branch.partition('/')[0]}/*"
        if branch not in git(root, "branch", "--format=%(refname:short)").split():
            git(root, "switch", "-q", "-c", branch, begins[kind])
            (root / "docs" / f"{branch.replace('/', '-')}.md").write_text("A page.\n")
            pipeline.commit(f"docs: a page of {branch}")
        git(root, "switch", "-q", branch)
        request = {
            "CI_PIPELINE_SOURCE": "merge_request_event",
            "CI_COMMIT_BRANCH": "",
            "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": branch,
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": target,
            "CI_MERGE_REQUEST_TITLE": "docs: a page more",
        }
        done = pipeline.run(*checks, variables=request)
        assert ended(done.stdout, "PASS", "preflight"), done.stdout
        assert ended(done.stdout, "PASS", "branch-name"), done.stdout
        git(root, "switch", "-q", target)
        git(root, "merge", "-q", "--no-ff", "-m", f"Merge {branch}", branch)
        git(root, "push", "-q", "origin", target)
        on_target = {"CI_COMMIT_BRANCH": target}
        done = pipeline.run(*checks, variables=on_target)
        assert "All is set that is needed for: always, release, deploy." in done.stdout
        if deployed:
            done = pipeline.run(f"deploy-{deployed}", variables=on_target)
            assert f"{deployed} gets x:1" in done.stdout
            moved = git(root, "ls-remote", "origin", f"refs/tags/{deployed.capitalize()}")
            assert moved.split()[0] == git(root, "rev-parse", "HEAD")
    version = {"CI_COMMIT_BRANCH": "", "CI_COMMIT_TAG": "0.1.0"}
    assert set(jobs(pipeline, version)) >= {"preflight", "branch-name", "release", "changelog"}
    done = pipeline.run("preflight", "branch-name", "changelog", variables=version)
    assert ended(done.stdout, "PASS", "branch-name"), done.stdout
    told = (root / ".gitlab-ci-local" / "artifacts" / "changelog" / "reports" / "ci" / "changelog.md").read_text()
    assert "### Documentation" in told
    assert f"- a page of {way[0][0]}" in told


@pytest.mark.parametrize(
    ("branching", "said", "expected"),
    [
        ("github-flow", {"BRANCH": "topic"}, "the branch 'topic' is none of main, feature/*, fix/*"),
        ("github-flow", {"BRANCH": "develop"}, "'develop' is none of"),
        ("github-flow", {"BRANCH": "feature/a b"}, "is none of"),
        ("trunk", {"BRANCH": "feature/x"}, "is none of main, short/*, release/*"),
        (
            "git-flow",
            {"BRANCH": "feature/x", "TARGET": "main", "TITLE": "feat: x"},
            "feature/x is not merged into main, which takes release/*, hotfix/*",
        ),
        (
            "gitlab-flow",
            {"BRANCH": "fix/x", "TARGET": "production", "TITLE": "fix: x"},
            "fix/x is not merged into production, which takes staging",
        ),
        (
            "github-flow",
            {"BRANCH": "fix/x", "TARGET": "main", "TITLE": "Fix it"},
            "the title 'Fix it' says not what kind of change it is",
        ),
        ("github-flow", {"VERSION": "v1"}, "the tag 'v1' is no version such as 1.2.0"),
        ("github-flow", {"VERSION": "9.9.9"}, "the tag is 9.9.9, and pyproject.toml says 0.1.0"),
    ],
)
def test_names_that_the_strategy_does_not_know_are_refused(
    following: Callable[[str], Pipeline], branching: str, said: dict[str, str], expected: str
) -> None:
    done = script(following(branching), "cicd/checks/branch_name.py", **said)
    assert done.returncode == 1
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("branching", "said"),
    [
        ("trunk", {"BRANCH": "short/x", "TARGET": "main", "TITLE": "fix(serving)!: refuse empty rows"}),
        ("github-flow", {"BRANCH": "feature/x", "TARGET": "main", "TITLE": "Draft: feat: more rows"}),
        ("gitlab-flow", {"BRANCH": "main", "TARGET": "staging", "TITLE": "chore: stage it"}),
        ("git-flow", {"BRANCH": "hotfix/x", "TARGET": "develop", "TITLE": "fix: x"}),
        ("git-flow", {"VERSION": "v0.1.0"}),
    ],
)
def test_names_that_it_knows_pass(following: Callable[[str], Pipeline], branching: str, said: dict[str, str]) -> None:
    done = script(following(branching), "cicd/checks/branch_name.py", **said)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_not_set_is_named_and_no_value_is_shown(following: Callable[[str], Pipeline]) -> None:
    lacking = {**REGISTRY, "CI_REGISTRY_PASSWORD": "", "MLSCAFFOLD_WHEEL": "a.whl"}
    done = script(following("github-flow"), "cicd/checks/preflight.py", "always", "release", **lacking)
    assert done.returncode == 2
    assert "Error: CI_REGISTRY_PASSWORD is not set: the password for that" in done.stderr
    assert "docs/deployment/variables.md" in done.stderr
    assert "CI_REGISTRY_USER" not in done.stderr
    full = script(following("github-flow"), "cicd/checks/preflight.py", "release", **REGISTRY)
    assert full.returncode == 0
    assert "hunter2" not in full.stdout + full.stderr


def script(pipeline: Pipeline, name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A script of the project, with variables and no others of a pipeline."""
    return subprocess.run(
        [sys.executable, name, *arguments],
        cwd=pipeline.root,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_another_strategy_keeps_what_was_edited(tmp_path: Path) -> None:
    template = released_template(tmp_path / "template")
    root = new_project(tmp_path / "moving", "--set", "preset=workshop", template=template)
    edits = {
        ".gitlab-ci.yml": ("    max: 1\n", "    max: 2\n"),
        "docs/deployment/variables.md": ("| `BUILD_IMAGE` | no |", "| `BUILD_IMAGE` | always |"),
        ".gitlab/CODEOWNERS": ("[Contract]", "[Contract][2]"),
    }
    for name, (before, after) in edits.items():
        text = (root / name).read_text()
        assert text.count(before) == 1, name
        (root / name).write_text(text.replace(before, after))
    git(root, "add", "-A")
    git(root, "commit", "-q", "--no-verify", "-m", "ci: our own ways")
    command = [sys.executable, "-m", "mlscaffold", "set", "branching=git-flow", "--project", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for name, (_, after) in edits.items():
        assert after in (root / name).read_text(), name
    assert json.loads((root / "cicd" / "branching.json").read_text())["kept"][1]["branch"] == "develop"
    assert 'CI_COMMIT_BRANCH == "develop"' in (root / "cicd" / "gitlab" / "branching.yml").read_text()
    assert "**Git flow**" in (root / "docs" / "deployment" / "branching.md").read_text()
    changed = set(git(root, "diff", "--name-only", "HEAD").splitlines())
    owned = {"cicd/branching.json", "cicd/gitlab/branching.yml", "docs/deployment/branching.md"}
    assert changed <= owned | {".copier-answers.yml", ".mlscaffold.lock"}, changed


@pytest.mark.parametrize("branching", ["trunk", "github-flow", "gitlab-flow", "git-flow"])
def test_page_and_rules_say_the_same_as_the_table(following: Callable[[str], Pipeline], branching: str) -> None:
    pipeline = following(branching)
    page = (pipeline.root / "docs" / "deployment" / "branching.md").read_text()
    for place in table_of(pipeline)["environments"]:
        for branch in place["branches"]:  # type: ignore[attr-defined]
            how = "by hand" if branch in place["by_hand"] else "by itself"  # type: ignore[operator]
            assert f"| {place['name']} | `{branch}` | {how}" in page
    for each in table_of(pipeline)["work"]:
        assert f"| `{each['pattern']}` | `{each['from']}` |" in page
    others = [file for file in (pipeline.root / "cicd" / "gitlab").glob("*.yml") if file.name != "branching.yml"]
    assert [file.name for file in others if "CI_COMMIT_BRANCH" in file.read_text()] == []
