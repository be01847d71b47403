"""Names that do not follow the rules are listed with where they stand; the project's own do follow them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What the rules are about, as the project has it."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    shutil.copy(ROOT / "params.yaml", tmp_path)
    (tmp_path / "data" / "raw").mkdir(parents=True)
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the script as `nox -s lint` does."""
    command = [sys.executable, str(ROOT / "scripts" / "lint_names.py")]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_names_of_this_project_follow_its_rules() -> None:
    done = lint(ROOT)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["customers.csv", "customers_2024_01_31.csv.gz", "README.md", ".gitkeep"])
def test_a_good_name_is_good(project: Path, name: str) -> None:
    (project / "data" / "raw" / name).touch()
    assert lint(project).returncode == 0


@pytest.mark.parametrize("name", ["Customers.csv", "new customers.csv", "customers-final.csv", "2024.csv"])
def test_a_bad_name_is_listed(project: Path, name: str) -> None:
    (project / "data" / "raw" / name).touch()
    done = lint(project)
    assert done.returncode == 1
    assert f"data/raw/{name}: a data set is not called" in done.stderr
    assert "Rename them, or change the rule in configs/naming.yaml" in done.stderr


def test_the_experiment_has_a_rule_too(project: Path) -> None:
    params = project / "params.yaml"
    lines = params.read_text(encoding="utf-8").splitlines(keepends=True)
    told = ["  experiment: Try 2\n" if line.startswith("  experiment:") else line for line in lines]
    params.write_text("".join(told), encoding="utf-8")
    assert "params.yaml: an experiment is not called `Try 2`" in lint(project).stderr


def test_a_rule_that_is_none_names_its_line(project: Path) -> None:
    rules = project / "configs" / "naming.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace('models: "', 'models: "('), encoding="utf-8")
    done = lint(project)
    assert done.returncode == 2
    assert "naming.yaml" in done.stderr
    assert "no regular expression" in done.stderr
