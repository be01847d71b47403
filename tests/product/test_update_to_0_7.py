"""The way from 0.6 to 0.7: its page is walked with real libraries, and what is served is watched on it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from ..walks import walk
from .conftest import Project, install, new_project, project_environment

pytestmark = [pytest.mark.product, pytest.mark.slow]


@pytest.mark.usefixtures("_port_8000")
def test_the_page_is_walked(environment: Path, coming: Path, tmp_path: Path) -> None:
    """An edited project of 0.6.0 becomes one of 0.7, keeps what is its own, and can say what has drifted."""
    # The page makes the project; what is installed is where it will lie.
    install(new_project(tmp_path / "flight-delays", "--ref", "0.6.0", template=coming), environment)
    shutil.rmtree(tmp_path / "flight-delays")
    shell = {**project_environment(environment), "MLSCAFFOLD_TEMPLATE": str(coming)}
    person = {f"GIT_{role}_{key}": "ada" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    tool = f"{Path(sys.executable).parent}{os.pathsep}{shell['PATH']}"

    done = walk("update-to-0.7.md", {**shell, **person, "PATH": tool}, tmp_path, programs=environment / "bin")

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    assert "1 more for the duty manager" in done.stdout + done.stderr
    project = Project(root=tmp_path / "flight-delays", environment=environment, slug="flight-delays")
    project.run("ruff", "format", "--check", ".")
    project.run("ruff", "check", ".")
    project.run("mypy")
