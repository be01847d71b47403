"""The way from 0.5 to 0.6: its page is walked with real libraries, and the service answers on it."""

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


@pytest.mark.usefixtures("_port_8000")
def test_the_page_is_walked(environment: Path, coming: Path, tmp_path: Path) -> None:
    """An edited project of 0.5.0 becomes one of 0.6, which serves the model of before and then the next."""
    # The page makes the project; what is installed is where it will lie.
    install(new_project(tmp_path / "flight-delays", "--ref", "0.5.0", template=coming), environment)
    shutil.rmtree(tmp_path / "flight-delays")
    shell = {**project_environment(environment), "MLSCAFFOLD_TEMPLATE": str(coming)}
    person = {f"GIT_{role}_{key}": "ada" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    tool = f"{Path(sys.executable).parent}{os.pathsep}{shell['PATH']}"

    done = walk("update-to-0.6.md", {**shell, **person, "PATH": tool}, tmp_path, programs=environment / "bin")

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    assert '"the duty manager"' in done.stdout
    project = Project(root=tmp_path / "flight-delays", environment=environment, slug="flight-delays")
    ledger = [json.loads(line) for line in (project.root / "reports" / "ledger.jsonl").read_text().splitlines()]
    assert [entry["action"] for entry in ledger] == ["adopt", "register"]
    # What serves is what holds the alias, whichever of the two that is.
    served = next(line for line in done.stdout.splitlines() if line.startswith("serving_model_info{"))
    holder = next(each["facts"] for each in reversed(ledger) if each["version"] == ledger[-1]["champion"])
    assert holder["model_version"] in served
    project.run("ruff", "format", "--check", ".")
    project.run("ruff", "check", ".")
    project.run("mypy")
