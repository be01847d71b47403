"""What AGENTS.md and CONTRIBUTING.md tell people and programs to type: each command, in a fresh clone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from .conftest import new_project, shell_environment

pytestmark = [pytest.mark.product, pytest.mark.slow]

PAGES = ("AGENTS.md", "CONTRIBUTING.md")
#: A block may be indented, as part of a list.
BLOCK = re.compile(r"^ *```bash\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
#: What begins with a program of the project's environment is a command, wherever it stands.
INLINE = re.compile(r"`(\.venv/bin/[^`]+)`")


def commands(root: Path) -> list[str]:
    """Those of both pages, each once: first what stands in blocks, in its order."""
    texts = [(root / page).read_text(encoding="utf-8") for page in PAGES]
    blocks = [line.strip() for text in texts for block in BLOCK.findall(text) for line in block.splitlines()]
    return list(dict.fromkeys([*blocks, *(command for text in texts for command in INLINE.findall(text))]))


@pytest.mark.parametrize("example", ["flights", pytest.param("none", marks=pytest.mark.matrix)])
def test_every_command_that_they_name_works(example: str, tmp_path: Path) -> None:
    answers = ["preset=workshop", "also=[documents]", f"example={example}"]
    root = new_project(tmp_path / "made" / "agreed", *(word for answer in answers for word in ("--set", answer)))
    clone = tmp_path / "agreed"
    subprocess.run(["git", "clone", "-q", root, clone], check=True)
    found = commands(clone)
    assert {".venv/bin/nox -s lint", ".venv/bin/nox -s tests", ".venv/bin/nox -s lock"} <= set(found)

    # Libraries are linked, as the folder is far from where they are kept.
    shell = shell_environment() | {"UV_LINK_MODE": "symlink"}
    for command in found:
        done = subprocess.run(
            ["bash", "-c", command], cwd=clone, env=shell, capture_output=True, text=True, check=False
        )
        said = f"{command}: exit code {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        # What a new project has not answered yet is what this command is asked for.
        assert done.returncode == (1 if command.endswith("docs check") else 0), said

    changed = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    owned = {line[3:] for line in changed.stdout.splitlines()} & owned_files(clone)
    assert owned == set(), "what they say keeps to what they forbid"


def owned_files(root: Path) -> set[str]:
    """Those that the template owns."""
    lines = (root / ".mlscaffold.lock").read_text(encoding="utf-8").splitlines()
    return {line.split("\t")[-1] for line in lines if line.startswith("owned\t")}


def test_the_contribution_guide_and_the_guide_for_agents_are_the_templates(tmp_path: Path) -> None:
    root = new_project(tmp_path / "agreed", "--set", "preset=workshop", "--set", "also=[documents]")
    assert set(PAGES) <= owned_files(root)
    assert "**To answer:**" not in "".join((root / page).read_text(encoding="utf-8") for page in PAGES)
