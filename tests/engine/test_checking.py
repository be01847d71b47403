"""What only a lock, an index and a work tree together can tell."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mlscaffold import NewProject, check, create, prepare
from mlscaffold.errors import MlscaffoldError

ANSWERS_FILE = "{{ _copier_conf.answers_file }}.jinja"


def made(tmp_path: Path, files: dict[str, str], *, ownership: str = "files: {'**': owned}\n") -> Path:
    """A committed project whose files are owned."""
    root = tmp_path / "template"
    (root / "files").mkdir(parents=True)
    (root / "copier.yml").write_text("_subdirectory: files\n")
    (root / "ownership.yml").write_text(ownership)
    for name, text in {ANSWERS_FILE: "{{ _copier_answers | to_nice_yaml }}", **files}.items():
        (root / "files" / name).write_text(text)
    request = NewProject(destination=tmp_path / "demo", template=str(root), use_defaults=True)
    with prepare(request) as prepared:
        return create(prepared).project


def git(project: Path, *arguments: str) -> None:
    """Run git in the project."""
    subprocess.run(["git", *arguments], cwd=project, check=True, capture_output=True)


def test_a_staged_change_is_drift_though_the_file_is_restored(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "as rendered\n"})
    (project / "a.txt").write_text("changed\n")
    git(project, "add", "a.txt")
    (project / "a.txt").write_text("as rendered\n")
    (finding,) = check(project).findings
    assert (finding.rule, finding.path) == ("MLS002", "a.txt")
    assert "git restore --staged a.txt" in finding.fix
    git(project, "restore", "--staged", "a.txt")
    assert check(project).is_clean


def test_a_file_that_is_only_meant_to_be_added_is_no_drift(tmp_path: Path) -> None:
    project = made(tmp_path, {"a.txt": "as rendered\n"})
    git(project, "rm", "-q", "--cached", "a.txt")
    git(project, "add", "--intent-to-add", "a.txt")
    assert check(project).is_clean


@pytest.mark.parametrize("name", ["line\u2028break.txt", "next\u0085line.txt", 'quo"te.txt', "space and ünï.txt"])
def test_any_name_that_can_be_rendered_can_be_checked(tmp_path: Path, name: str) -> None:
    project = made(tmp_path, {name: "x\n"})
    assert check(project).is_clean
    (project / name).write_text("y\n")
    assert [finding.path for finding in check(project).findings] == [name]


@pytest.mark.parametrize("text", ["day: 2026-99-99\n", "a: " + "[" * 5000 + "\n", "- list\n", "a: [\n"])
def test_answers_that_no_parser_reads_are_a_finding(tmp_path: Path, text: str) -> None:
    project = made(tmp_path, {"a.txt": "x\n"})
    (project / ".copier-answers.yml").write_text(text)
    assert [finding.rule for finding in check(project).findings] == ["MLS007"]


@pytest.mark.parametrize("where", ["copier.yml", "ownership.yml"])
def test_a_template_with_values_that_yaml_cannot_read_is_refused(tmp_path: Path, where: str) -> None:
    root = tmp_path / "template"
    (root / "files").mkdir(parents=True)
    (root / "copier.yml").write_text("_subdirectory: files\n")
    (root / where).write_text("day: 2026-99-99\n")
    request = NewProject(destination=tmp_path / "demo", template=str(root), use_defaults=True)
    with pytest.raises(MlscaffoldError, match=where), prepare(request):
        pass
