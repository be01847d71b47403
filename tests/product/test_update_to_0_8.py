"""The way from 0.7 to 0.8: its page is walked, and what is the project's own is there at its end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ..walks import walk
from .conftest import shell_environment

pytestmark = [pytest.mark.product, pytest.mark.slow]


def test_the_page_is_walked(coming: Path, tmp_path: Path) -> None:
    """What the template takes over is in conflict, not lost; the pipeline has the project's jobs beside its own."""
    person = {f"GIT_{role}_{key}": "ada" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    # `preflight` says what is missing here, not what the machine that runs this has set.
    shell = {name: value for name, value in shell_environment().items() if not name.startswith(("CI", "GITLAB"))}
    tool = f"{Path(sys.executable).parent}{os.pathsep}{shell['PATH']}"

    done = walk("update-to-0.8.md", {**shell, **person, "MLSCAFFOLD_TEMPLATE": str(coming), "PATH": tool}, tmp_path)

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    for said in (
        "the template now owns this file, and you edited it",
        "git branch -m feature/what-it-does",
        "Error: CI_REGISTRY_IMAGE is not set",
    ):
        assert said in done.stdout, said
    project = tmp_path / "flight-delays"
    pipeline = yaml.safe_load((project / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    assert pipeline["lint"] == {"tags": ["ours"]}
    assert (pipeline["schedules"]["stage"], pipeline["schedules"]["needs"]) == ("test", ["unit"])
    assert "production" in pipeline["stages"]
    requests = (project / ".gitlab" / "merge_request_templates" / "Default.md").read_text(encoding="utf-8")
    assert requests.endswith("- [ ] the duty manager knows\n")
    assert "Ada and Grace" in (project / "docs" / "project" / "people.md").read_text(encoding="utf-8")
    status = subprocess.run(["git", "status", "--porcelain"], cwd=project, capture_output=True, text=True, check=True)
    assert status.stdout == ""
