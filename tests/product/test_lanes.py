"""The lanes by which a project follows its template: run for real, with a bare repository in the place of a hub's.

The template is the work tree's, released twice; what is cut out of it are tests, only to save time.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .conftest import ROOT, new_project, released_template, require, shell_environment

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("lanes")]

#: What is tested besides the project's own: a file that the template owns, and whose next version is another.
OWNED_TEST = "tests/unit/test_lane.py"
#: The rolling branches of github-flow, which is the default.
OWNED, ALL = "fix/template-owned", "fix/template-all"
PERSON = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
#: Keeps what a push says to its hub.
HOOK = """#!/bin/sh
for i in $(seq 0 $((GIT_PUSH_OPTION_COUNT - 1))); do eval "echo \\"\\$GIT_PUSH_OPTION_$i\\""; done > "$0.said"
echo "$0" >> "$0.pushes"
"""


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    """What git prints, as Ada."""
    done = subprocess.run(["git", *PERSON, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@dataclass(frozen=True, kw_only=True)
class Followed:
    """A template of its own, a project of its first release, and the repository that the project is pushed to."""

    template: Path
    project: Path
    origin: Path
    releases: list[str] = field(default_factory=lambda: ["90.0.0"])

    def release(self, files: Mapping[str, str]) -> str:
        """The template's next release, with files of this content."""
        for name, content in files.items():
            (self.template / "template" / name).parent.mkdir(parents=True, exist_ok=True)
            (self.template / "template" / name).write_text(content, encoding="utf-8")
        version = f"9{len(self.releases)}.0.0"
        for command in (["add", "-fA"], ["commit", "-qm", version], ["tag", version]):
            git(self.template, *command)
        self.releases.append(version)
        return version

    def edit(self, files: Mapping[str, str]) -> None:
        """The project's own changes, pushed."""
        for name, content in files.items():
            (self.project / name).write_text(content, encoding="utf-8")
        git(self.project, "commit", "-qam", "A change")
        git(self.project, "push", "-q", "origin", "main")

    def lane(self, scope: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run it as a job does, in a clone of the default branch."""
        tool = Path(sys.executable).with_name("mlscaffold")
        # What is installed is linked, as a test has no cache beside its folder.
        given = {"MLSCAFFOLD": str(tool), "UV_LINK_MODE": "symlink", "UPDATE_REMOTE": str(self.origin), **variables}
        return subprocess.run(
            ["bash", "cicd/update/update.sh", scope],
            cwd=self.project,
            env=shell_environment() | given,
            capture_output=True,
            text=True,
            check=False,
        )

    def head(self, branch: str) -> str:
        """The commit of a branch of the hub; empty if there is none."""
        return git(self.origin, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", check=False)

    def text(self, branch: str, path: str) -> str:
        """A file on a branch of the hub."""
        return git(self.origin, "show", f"{branch}:{path}")

    def options(self) -> list[str]:
        """What the last push said to the hub."""
        said = self.origin / "hooks" / "post-receive.said"
        return said.read_text(encoding="utf-8").splitlines() if said.exists() else []

    def pushes(self) -> int:
        """How often anybody has pushed."""
        return len((self.origin / "hooks" / "post-receive.pushes").read_text(encoding="utf-8").splitlines())


def owned_test(number: int, text: str = "    assert sum([1, 1]) == 2\n") -> str:
    """A test of the template."""
    return f'"""Release {number}."""\n\n\ndef test_of_the_template() -> None:\n    """It holds."""\n{text}'


def tool(level: str, mine: str = "1") -> str:
    """A file that the template begins, and the project may edit."""
    return f'"""A tool."""\n\nLEVEL = {level}\n\nA = 1\nB = 2\nC = 3\n\nMINE = {mine}\n'


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    """At the first release, all of it pushed."""
    template, origin = released_template(tmp_path / "template"), tmp_path / "origin.git"
    for path in sorted((template / "template" / "tests").rglob("test_*.py*")):
        path.unlink()
    (template / "template" / OWNED_TEST).write_text(owned_test(0), encoding="utf-8")
    (template / "template" / "tool.py").write_text(tool("1"), encoding="utf-8")
    for command in (["add", "-fA"], ["commit", "-qm", "90.0.0"], ["tag", "90.0.0"]):
        git(template, *command)
    project = new_project(tmp_path / "lived", "--set", "preset=workshop", template=template)
    subprocess.run(["git", "clone", "-q", "--bare", str(project), str(origin)], check=True)
    git(origin, "config", "receive.advertisePushOptions", "true")
    (origin / "hooks" / "post-receive").write_text(HOOK)
    (origin / "hooks" / "post-receive").chmod(0o755)
    git(project, "remote", "add", "origin", str(origin))
    return Followed(template=template, project=project, origin=origin)


def test_what_the_template_owns_is_proposed_once_and_refreshed(followed: Followed) -> None:
    """One branch, one commit on top of the default branch, and a second run that changes what has changed."""
    nothing = followed.lane("owned")
    assert nothing.returncode == 0, nothing.stderr
    assert "There is nothing to propose" in nothing.stdout
    assert not followed.head(OWNED)

    version = followed.release({OWNED_TEST: owned_test(1), "tool.py": tool("2")})
    done = followed.lane("owned", UPDATE_AUTO_MERGE="yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed: nox --no-venv --no-install --sessions lint tests" in done.stdout
    proposed = followed.head(OWNED)
    assert followed.text(OWNED, OWNED_TEST) == owned_test(1).strip()
    assert "LEVEL = 1" in followed.text(OWNED, "tool.py"), "what is not the template's stays"
    options = followed.options()
    assert {
        "merge_request.create",
        "merge_request.target=main",
        f"merge_request.title=chore(template): update to {version}, the files that it owns",
        "merge_request.auto_merge",
    } <= set(options)
    assert f"- update `{OWNED_TEST}`" in next(each for each in options if each.startswith("merge_request.description="))

    pushes = followed.pushes()
    again = followed.lane("owned", UPDATE_AUTO_MERGE="yes")
    assert again.returncode == 0, again.stderr
    assert "proposed already" in again.stdout
    assert "Passed: nox" not in again.stdout, "what was tested is not tested again"
    assert (followed.head(OWNED), followed.pushes()) == (proposed, pushes)

    followed.edit({"README.md": "Ours\n"})
    followed.release({OWNED_TEST: owned_test(2)})
    fresh = followed.lane("owned")
    assert fresh.returncode == 0, fresh.stdout + fresh.stderr
    assert followed.text(OWNED, OWNED_TEST) == owned_test(2).strip()
    assert git(followed.origin, "rev-list", "--count", f"main..{OWNED}") == "1"
    assert git(followed.origin, "rev-parse", f"{OWNED}^") == followed.head("main")
    assert "merge_request.auto_merge" not in followed.options(), "it was not asked for"

    git(followed.project, "fetch", "-q")
    git(followed.project, "switch", "-q", OWNED)
    (followed.project / "README.md").write_text("Ours, and more\n", encoding="utf-8")
    git(followed.project, "commit", "-qam", "By hand")
    git(followed.project, "push", "-q", "origin", OWNED)
    git(followed.project, "switch", "-q", "main")
    by_hand = followed.head(OWNED)
    followed.release({OWNED_TEST: owned_test(3)})
    left = followed.lane("owned")
    assert left.returncode == 0, left.stderr
    assert "holds commits of others" in left.stdout
    assert "Ada: By hand" in left.stdout
    assert followed.head(OWNED) == by_hand


def test_what_does_not_pass_is_not_proposed(followed: Followed) -> None:
    version = followed.release({OWNED_TEST: owned_test(1, "    assert 1 + 1 == 3\n")})
    done = followed.lane("owned")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "FAILED tests/unit/test_lane.py::test_of_the_template" in done.stderr, done.stderr
    assert f"Error: the update of owned to {version} does not pass `nox --no-venv" in done.stderr
    assert "mlscaffold update --owned-only --to 91.0.0" in done.stderr
    assert not followed.head(OWNED)


def test_a_full_update_is_formatted_as_the_project_formats(followed: Followed) -> None:
    followed.edit({"tool.py": tool("1", mine="7")})
    followed.release({"tool.py": tool('{  "of" : 2}')})
    done = followed.lane("all")
    assert done.returncode == 0, done.stdout + done.stderr
    assert followed.text(ALL, "tool.py") == tool('{"of": 2}', mine="7").strip()
    assert "merge_request.draft" not in followed.options()
    assert "merge_request.auto_merge" not in followed.options()


def test_where_a_person_has_to_decide_a_draft_says_what(followed: Followed) -> None:
    followed.edit({"tool.py": tool("7")})
    version = followed.release({"tool.py": tool("2")})
    done = followed.lane("all")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "merge_request.draft" in followed.options()
    said = git(followed.origin, "log", "-1", "--format=%B", ALL)
    assert "In conflict:\n\n- `tool.py`" in said
    assert f"`mlscaffold update --to {version}`" in said
    assert git(followed.origin, "diff", "--stat", "main", ALL) == "", "nothing has changed yet"
    assert followed.lane("all").returncode == 3
    assert git(followed.origin, "rev-list", "--count", f"main..{ALL}") == "1"

    # Owned files go ahead all the same.
    followed.release({OWNED_TEST: owned_test(4)})
    assert followed.lane("owned", UPDATE_CHECKS="lint").returncode == 0
    assert followed.text(OWNED, OWNED_TEST) == owned_test(4).strip()


def test_a_schedule_of_gitlab_runs_its_lane_alone(followed: Followed) -> None:
    """With the tool as its job installs it; there is nothing newer, so nothing is proposed."""
    require("gitlab-ci-local", "bash .ci/testbed.sh, on Debian as root")
    require("rsync", "apt-get install rsync")
    given = {
        "CI_PIPELINE_SOURCE": "schedule",
        "CI_COMMIT_BRANCH": "main",
        "UPDATE": "owned",
        "UPDATE_REMOTE": str(followed.origin),
        "MLSCAFFOLD_WHEEL": str(ROOT),
    }
    options = ["--force-shell-executor", "--shell-isolation", "--no-color", "--ignore-predefined-vars", ",".join(given)]
    options += [f"--variable={name}={value}" for name, value in given.items()]
    done = subprocess.run(
        ["gitlab-ci-local", *options],
        cwd=followed.project,
        env=shell_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "There is nothing to propose: main has what the template has." in done.stdout
    assert re.findall(r"^ (PASS|WARN|FAIL) +(\S+)", done.stdout, re.MULTILINE) == [("PASS", "update-owned")]
    assert not followed.head(OWNED)


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        ("", {}, "say what to update"),
        ("owned", {"MLSCAFFOLD": "no-such-tool"}, "there is no no-such-tool"),
        ("owned", {"UPDATE_REMOTE": "https://127.0.0.1:9/team/lived.git"}, "UPDATE_TOKEN is not set"),
        ("owned", {"UPDATE_REMOTE": "https://127.0.0.1:9/team/lived.git", "UPDATE_TOKEN": "s3cret"}, "cannot clone"),
        ("owned", {"UPDATE_TARGET": "release"}, "has no branch release"),
    ],
)
def test_what_is_missing_is_named(
    arguments: str, variables: Mapping[str, str], message: str, followed: Followed
) -> None:
    done = followed.lane(arguments, **variables)
    assert done.returncode == 2
    assert message in done.stderr
    assert "s3cret" not in done.stdout + done.stderr
