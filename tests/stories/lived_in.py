"""A project of an earlier release that a team has lived in, and what must be there after it follows the template."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from packaging.version import Version

from mlscaffold import __version__
from mlscaffold.project.lock import read_lock
from mlscaffold.template.policy import Policy

from .conftest import Machine, write_files

NEW = Version(__version__).base_version
MARKS = re.compile(r"^(<<<<<<<|=======|>>>>>>>).*\n", re.MULTILINE)
#: Files that no template has.
OWN = {
    "src/ours/data_loaders/json_lines.py": '"""A loader."""\n',
    "src/ours/models/nearest.py": '"""A candidate."""\n',
    "src/ours/pipelines/count.py": '"""A step."""\n',
    "tests/ours/test_loader.py": '"""A test."""\n',
    "docs/models/decisions.md": "# Decisions\n",
}
#: What no merge needs a person for.
MERGED = {
    "params.yaml": [
        ("learning_rate: 0.05", "learning_rate: 0.07"),
        ("\nseed: 1", "\nseed: 7"),
        ("folds: 5", "folds: 4"),
    ],
    ".gitlab-ci.yml": [("\nlint:\n", "\nours:\n  stage: check\n  script: [echo ours]\n\nlint:\n")],
    "pyproject.toml": [
        ("\n[project.scripts]\n", '\n[project.urls]\nours = "https://example.com"\n\n[project.scripts]\n')
    ],
}
#: What belongs to the project from the first day.
SEEDED = ("configs/contract.yaml", "configs/sources.yaml", "src/ours/dataset.py", "data/raw/weather.csv", "LICENSE")


def lived_in(machine: Machine, template: Path, version: str, preset: list[str]) -> dict[str, str]:
    """A project of a release with code, settings, a job and words of its own; for each page, its sentence."""
    chosen = [word for answer in preset for word in ("--set", answer)]
    done = machine.run("new", "ours", "--template", template, "--ref", version, "--defaults", *chosen)
    assert done.code == 0, done
    project = machine.work / "ours"
    write_files(project, OWN)
    for path, changes in MERGED.items():
        text = (project / path).read_text()
        for before, after in changes:
            assert before in text, path
            text = text.replace(before, after, 1)
        (project / path).write_text(text)
    for path in SEEDED:
        (project / path).write_text((project / path).read_text() + "# Ours.\n")
    pages = [path.relative_to(project).as_posix() for path in project.rglob("*.md") if str(path) not in OWN]
    sentences = {path: f"Ours, of {path}." for path in pages if path not in OWN and not path.startswith("src")}
    for path, sentence in sentences.items():
        (project / path).write_text((project / path).read_text() + f"\n{sentence}\n")
    machine.git("add", "-A", cwd=project)
    machine.git("commit", "-qm", "Ours", cwd=project)
    return sentences


def keep_both(machine: Machine, project: Path) -> None:
    """Settle each conflict as somebody does who wants all that either side says."""
    for path in machine.git("diff", "--name-only", "--diff-filter=U", cwd=project).splitlines():
        text = (project / path).read_text()
        (project / path).write_text(MARKS.sub("", text))
        machine.git("add", path, cwd=project)
    done = machine.run("update", "--project", project, "--continue")
    assert done.code == 0, done


def nothing_is_lost(machine: Machine, template: Path, version: str, preset: list[str]) -> set[str]:
    """Update a project that was lived in; the paths that needed a person come back."""
    sentences = lived_in(machine, template, version, preset)
    project = machine.work / "ours"
    before = {path: (project / path).read_bytes() for path in (*OWN, *SEEDED)}

    done = machine.run("update", "--project", project, "--to", NEW, "--defaults")

    assert done.code in {0, 3}, done
    conflicts = set(machine.git("diff", "--name-only", "--diff-filter=U", cwd=project).splitlines())
    if done.code:
        keep_both(machine, project)
    assert {path: (project / path).read_bytes() for path in before} == before
    for path, changes in MERGED.items():
        text = (project / path).read_text()
        assert all(after.strip() in text for _, after in changes), path
        assert "<<<<<<<" not in text, path
    params = yaml.safe_load((project / "params.yaml").read_text())
    assert ("tune" in params) == ("preset=workshop" not in preset and preset != [])
    lock = read_lock(project).files
    for path, sentence in sentences.items():
        found = {each.relative_to(project).as_posix() for each in project.rglob("*.md") if sentence in each.read_text()}
        # What the template owns it replaces, and says so; all else is where the template has it now.
        if not found:
            assert f" {path}" in done.out
            assert "eject" in next(line for line in done.out.splitlines() if f" {path}" in line)
            continue
        (there,) = found
        assert lock[there].policy in {Policy.MERGED, Policy.SEEDED}, f"{path} stayed behind as {there}"
    return conflicts
