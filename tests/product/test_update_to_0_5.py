"""The way from 0.4 to 0.5: its page is walked with real libraries."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from ..walks import walk
from .conftest import Project, install, new_project, project_environment

pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.matrix]


def test_the_page_is_walked(environment: Path, coming: Path, tmp_path: Path) -> None:
    """An edited project of 0.4.1 becomes one of 0.5, whose next model is compared with the one that is registered."""
    # The page makes the project; what is installed is where it will lie.
    install(new_project(tmp_path / "flight-delays", "--ref", "0.4.1", template=coming), environment)
    shutil.rmtree(tmp_path / "flight-delays")
    shell = {**project_environment(environment), "MLSCAFFOLD_TEMPLATE": str(coming)}
    person = {f"GIT_{role}_{key}": "ada" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    tool = f"{Path(sys.executable).parent}{os.pathsep}{shell['PATH']}"

    done = walk("update-to-0.5.md", {**shell, **person, "PATH": tool}, tmp_path, programs=environment / "bin")

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    project = Project(root=tmp_path / "flight-delays", environment=environment, slug="flight-delays")
    decided = json.loads((project.root / "reports" / "registered.json").read_text(encoding="utf-8"))
    assert decided["rows"] > 1000, "the champion is one of 0.4, and was asked"
    assert "nearest" in (project.root / "reports" / "comparison.csv").read_text(encoding="utf-8")
    project.run("ruff", "format", "--check", ".")
    project.run("ruff", "check", ".")
    project.run("mypy")
