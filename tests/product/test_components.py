"""Components: each can be left out, and comes and goes in a project that is lived in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .affected import affected_tests
from .conftest import ROOT, Project, install, new_project, released_template

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.xdist_group("components")]

COMPONENTS = list(yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))["also"]["choices"].values())
#: What no import tells of: what is found in folders, and a pipeline from end to end.
WHOLE = [
    *("tests/unit/test_discovery.py", "tests/unit/test_models.py"),
    "tests/integration/test_pipeline.py::test_scores_lie_between_the_baseline_and_too_good",
]
#: Tests of a project that know which components it has.
OF_COMPONENTS = ["tests/components", "tests/integration", *WHOLE[:2]]


def left_out() -> list[Any]:
    """All of them, none, and each alone."""
    each = [pytest.param([name], id=name) for name in COMPONENTS]
    return [pytest.param(COMPONENTS, id="all"), pytest.param([], id="none"), *each]


def prove(project: Project, *tests: str) -> None:
    """What a project's own CI asks of it: all tests, or some."""
    for command in (
        ["ruff", "format", "--check", "."],
        ["ruff", "check", "."],
        ["mypy"],
        ["lint-imports", "--no-cache"],
    ):
        project.run(*command)
    assert " passed" in project.run("python", "-m", "pytest", "-q", *tests).stdout


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with all components."""
    return new_project(tmp_path_factory.mktemp("whole") / "parts", "--set", "preset=full")


@pytest.mark.matrix
@pytest.mark.parametrize("names", left_out())
def test_a_project_without_a_component_is_whole(
    names: list[str], whole: Path, environment: Path, tmp_path: Path
) -> None:
    root = new_project(tmp_path / "parts", "--set", "preset=full", "--set", f"without=[{', '.join(names)}]")
    install(root, environment)
    # Without all, and without none, all tests run; between them, those that can come out otherwise than with all.
    tests = [*WHOLE, *affected_tests(root, whole)] if len(names) == 1 else []
    prove(Project(root=root, environment=environment, slug="parts"), *tests)


def mlscaffold(project: Path, *arguments: str, code: int = 0) -> str:
    """Run the tool in a project; what it printed."""
    command = [sys.executable, "-m", "mlscaffold", *arguments]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def commit(project: Path) -> None:
    """Everything that is there."""
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run(["git", *who, "add", "-A"], cwd=project, check=True)
    subprocess.run(["git", *who, "commit", "-qm", "A change"], cwd=project, check=True)


@pytest.mark.parametrize("proved", [False, pytest.param(True, marks=pytest.mark.matrix)])
def test_components_go_and_come_in_a_project_that_was_edited(
    proved: bool, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    template = released_template(tmp_path / "template")
    root = new_project(tmp_path / "lived", "--set", "preset=full", template=template)
    edited = root / "docs" / "data" / "profile.md"
    edited.write_text(edited.read_text(encoding="utf-8") + "\nOur own words.\n", encoding="utf-8")
    commit(root)
    (root / "reports" / "profile.html").write_text("what the last run has shown\n", encoding="utf-8")

    said = mlscaffold(root, "set", "without=[profile, kafka]")
    assert "docs/data/profile.md" in said
    assert edited.is_file()
    package = root / "src" / "lived"
    gone = [package / "profiling", package / "pipelines" / "profile.py", root / "tests" / "components" / "kafka"]
    assert not any(path.exists() for path in gone)
    commit(root)
    # DVC would refuse to write what git keeps, once the component is back.
    assert not subprocess.check_output(["git", "ls-files", "reports/profile.html"], cwd=root)
    if proved:
        environment: Path = request.getfixturevalue("environment")
        install(root, environment)
        prove(Project(root=root, environment=environment, slug="lived"), *OF_COMPONENTS)

    # The page that was kept has words that the template's has not: its people say which stay.
    kept = edited.read_text(encoding="utf-8")
    said = mlscaffold(root, "set", "without=[]", code=3)
    assert "1 file needs you" in said
    assert "docs/data/profile.md" in said
    edited.write_text(kept, encoding="utf-8")
    subprocess.run(["git", "add", "docs/data/profile.md"], cwd=root, check=True)
    mlscaffold(root, "update", "--continue")
    assert all(path.exists() for path in gone)
    assert edited.read_text(encoding="utf-8").endswith("Our own words.\n")
