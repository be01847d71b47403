"""The report by Evidently, for real: its locked environment, rows of a log, a page."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .conftest import Project, ready_project, shell_environment, uv

pytestmark = [pytest.mark.product, pytest.mark.matrix, pytest.mark.slow]


def test_a_shifted_column_is_in_the_report(environment: Path, tmp_path: Path) -> None:
    answers = ["preset=workshop", "also=[prediction_log, evidently]"]
    project: Project = ready_project(tmp_path, environment, "evidently_demo", answers)
    project.run(project.slug, "pipeline")
    uv("venv", "-q", "--python", sys.executable, tmp_path / "apart")
    python = tmp_path / "apart" / "bin" / "python"
    locked = project.root / "requirements" / "apart" / "evidently.txt"
    uv("pip", "install", "-q", "--python", python, "--require-hashes", "-r", locked)
    columns = yaml.safe_load((project.root / "configs" / "contract.yaml").read_text(encoding="utf-8"))["columns"]
    number = next(name for name, column in columns.items() if column["kind"] in {"number", "integer"})
    folder = project.root / "logs" / "predictions"
    folder.mkdir(parents=True)
    draw = random.Random(0)  # noqa: S311 - numbers of a test
    lines = [json.dumps({"inputs": {number: 1e6 + draw.random()}}) for _ in range(500)]
    (folder / "20260101T000000.000000Z-1-0123abcd.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [str(python), "scripts/evidently_report.py"]
    done = subprocess.run(
        command, cwd=project.root, env=shell_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "500 rows of the log beside " in done.stdout
    drifted = re.search(r"(\d+) of (\d+) columns have drifted", done.stdout)
    assert drifted is not None
    assert int(drifted[1]) >= 1
    page = (project.root / "reports" / "evidently.html").read_text(encoding="utf-8")
    assert number in page
