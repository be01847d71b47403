"""The render: what a template may write, and what depends on a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlscaffold import NewProject, check, create, prepare, read_lock
from mlscaffold.errors import RenderError, UntrustedTemplateError
from mlscaffold.template.policy import Policy

ANSWERS_FILE = "{{ _copier_conf.answers_file }}.jinja"


def template(tmp_path: Path, configuration: str, **files: str) -> str:
    """A template in a plain folder."""
    root = tmp_path / "template"
    (root / "files").mkdir(parents=True)
    (root / "copier.yml").write_text(f"_subdirectory: files\n{configuration}")
    (root / "files" / ANSWERS_FILE).write_text("{{ _copier_answers | to_nice_yaml }}")
    for name, text in files.items():
        (root / "files" / name).write_text(text)
    return str(root)


def made(tmp_path: Path, source: str, *, trusted: bool = False, **given: object) -> Path:
    """A project from a template, without questions."""
    request = NewProject(
        destination=tmp_path / "demo", template=source, given=given, use_defaults=True, trusted=trusted
    )
    with prepare(request) as prepared:
        return create(prepared).project


QUESTION = "token:\n  type: str\n  secret: true\n  default: none\n"


def test_files_that_depend_on_a_secret_are_seeded_without_a_digest(tmp_path: Path) -> None:
    source = template(tmp_path, QUESTION, **{"with.txt.jinja": "{{ token }}", "without.txt.jinja": "plain"})
    project = made(tmp_path, source, token="hunter2")  # noqa: S106 - a made-up secret
    assert (project / "with.txt").read_text() == "hunter2"
    lock = read_lock(project)
    assert (lock.files["with.txt"].policy, lock.files["with.txt"].entry) == (Policy.SEEDED, None)
    assert lock.files["without.txt"].entry is not None
    assert "hunter2" not in (project / ".mlscaffold.lock").read_text() + (project / ".copier-answers.yml").read_text()
    (project / "with.txt").write_text("another")
    assert check(project).is_clean


def test_where_another_secret_does_not_render_every_templated_file_counts_as_secret(tmp_path: Path) -> None:
    files = {"with.txt.jinja": "{{ 10 // (token | int) }}", "plain.txt": "plain"}
    project = made(tmp_path, template(tmp_path, QUESTION, **files), token="5")  # noqa: S106 - a made-up secret
    lock = read_lock(project)
    assert lock.files["with.txt"].entry is None
    assert lock.files["plain.txt"].entry is not None


@pytest.mark.parametrize("name", ["{{ '.git' }}", "{{ '.GIT' }}", "{{ 'git~1' }}"])
def test_no_template_writes_into_git(tmp_path: Path, name: str) -> None:
    source = template(tmp_path, "")
    hooks = tmp_path / "template" / "files" / name / "hooks"
    hooks.mkdir(parents=True)
    (hooks / "pre-commit").write_text("#!/bin/sh\n")
    with pytest.raises(RenderError, match="outside of the project or inside"):
        made(tmp_path, source)
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("target", ["/etc/passwd", "../../elsewhere"])
def test_no_template_makes_a_link_out_of_the_project(tmp_path: Path, target: str) -> None:
    source = template(tmp_path, "_preserve_symlinks: true\n")
    (tmp_path / "template" / "files" / "link").symlink_to(target)
    with pytest.raises(RenderError, match="outside of the project"):
        made(tmp_path, source)
    assert not (tmp_path / "demo").exists()


def test_a_link_inside_of_the_project_is_locked_as_one(tmp_path: Path) -> None:
    source = template(tmp_path, "_preserve_symlinks: true\n", **{"real.txt": "x"})
    (tmp_path / "template" / "files" / "link").symlink_to("real.txt")
    project = made(tmp_path, source)
    assert (project / "link").readlink() == Path("real.txt")
    entry = read_lock(project).files["link"].entry
    assert entry is not None
    assert entry.mode == "120000"
    assert check(project).is_clean


def test_tasks_run_only_with_trust_and_what_they_write_is_never_locked(tmp_path: Path) -> None:
    source = template(tmp_path, "_tasks: ['echo made > by-task.txt']\n", **{"file.txt": "x"})
    with pytest.raises(UntrustedTemplateError, match=r"echo made > by-task\.txt"):
        made(tmp_path, source)
    assert not (tmp_path / "demo").exists()
    project = made(tmp_path, source, trusted=True)
    assert (project / "by-task.txt").read_text() == "made\n"
    assert set(read_lock(project).files) == {"file.txt"}


def test_a_failing_task_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="A task of the template failed"):
        made(tmp_path, template(tmp_path, "_tasks: ['exit 3']\n"), trusted=True)
    assert not (tmp_path / "demo").exists()
