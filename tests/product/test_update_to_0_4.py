"""The way from 0.3 to 0.4: its page is walked with real libraries, and so is the loader that a project's page shows."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from ..walks import walk
from .conftest import Project, install, new_project, project_environment

#: It ends at a release that is final; test_update_to_0_5.py goes the way to what lies here.
pytestmark = [pytest.mark.product, pytest.mark.slow, pytest.mark.matrix]

LOADER = Path("src", "flight_delays", "data_loaders", "json_lines.py")


def test_the_page_is_walked(environment: Path, coming: Path, tmp_path: Path) -> None:
    """An edited project of 0.3.0 becomes one of 0.4, and one of the preset `standard`."""
    # The page makes the project; what is installed is where it will lie.
    install(new_project(tmp_path / "flight-delays", "--ref", "0.3.0", template=coming), environment)
    shutil.rmtree(tmp_path / "flight-delays")
    shell = {**project_environment(environment), "MLSCAFFOLD_TEMPLATE": str(coming)}
    person = {f"GIT_{role}_{key}": "ada" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    tool = f"{Path(sys.executable).parent}{os.pathsep}{shell['PATH']}"

    done = walk("update-to-0.4.md", {**shell, **person, "PATH": tool}, tmp_path, programs=environment / "bin")

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    assert "has no `batches`" in done.stdout
    project = Project(root=tmp_path / "flight-delays", environment=environment, slug="flight-delays")
    assert "our-report:" in (project.root / ".gitlab-ci.yml").read_text(encoding="utf-8")
    assert (project.root / "reports" / "profile.html").is_file()
    # The page of the project shows the same loader in parts: it gives the same tables.
    shown = (project.root / "docs" / "data" / "sources.md").read_text(encoding="utf-8")
    (code,) = (block for block in re.findall(r"```python\n(.*?)```", shown, re.DOTALL) if "json_lines" in block)
    before = tables(project)
    (project.root / LOADER).write_text(code, encoding="utf-8")
    project.run("ruff", "format", "--check", LOADER)
    project.run("ruff", "check", LOADER)
    project.run("mypy")
    project.run("flight-delays", "fingerprint")
    project.run("flight-delays", "ingest")
    assert tables(project) == before
    (project.root / "data" / "raw" / "weather.jsonl").write_text("", encoding="utf-8")
    done = project.run("flight-delays", "ingest", check=False)
    assert done.returncode == 1
    assert "weather.jsonl holds no rows that can be read" in done.stderr


def tables(project: Project) -> str:
    """The columns, types and rows of the weather that was ingested, as a digest."""
    code = (
        "import polars as pl; table = pl.read_parquet('data/interim/tables/weather.parquet');"
        "print(table.schema, len(table), table.hash_rows().sum())"
    )
    return project.run("python", "-c", code).stdout
