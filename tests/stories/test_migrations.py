"""Migrations: before an update on the old files, whose answers are read again; all of it undone with the update."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import SMALL, Machine, snapshot

_BEFORE = "_subdirectory: template\ndb: {type: str, default: none}\n"
_AFTER = """_subdirectory: template
database: {type: str, default: none}
_migrations:
- {version: v2.0.0, when: "{{ _stage == 'before' }}", command: "%s"}
- {version: v2.0.0, command: "echo $VERSION_FROM $VERSION_TO $STAGE > after.txt"}
"""
_COMMAND = "sed -i s/^db:/database:/ .copier-answers.yml && git mv notes.md NOTES.md && echo new > added.txt"


def _project(machine: Machine, command: str = _COMMAND) -> Path:
    files = {**SMALL, "copier.yml": _BEFORE, "template/hello.txt.jinja": "db={{ db }}\n", "template/notes.md": "1\n"}
    template = machine.template(files)
    assert machine.run("new", "p", "--template", template, "--defaults", "--set", "db=postgres").code == 0
    project = machine.work / "p"
    (project / "notes.md").write_text("1\nmine\n")
    machine.git("commit", "-qam", "mine", cwd=project)
    files = {"copier.yml": _AFTER % command, "template/hello.txt.jinja": "db={{ database }}\n"}
    machine.git("mv", "template/notes.md", "template/NOTES.md", cwd=template)
    machine.template(files, tag="v2.0.0")
    return project


def test_a_migration_runs_on_the_old_files_and_the_answers_are_read_again(machine: Machine) -> None:
    project = _project(machine)
    outcome = machine.run("update", "p", "--trust")
    assert outcome.code == 0, outcome
    assert (project / "hello.txt").read_text() == "db=postgres\n"
    assert (project / "NOTES.md").read_text() == "1\nmine\n"
    assert not (project / "notes.md").exists()
    assert (project / "added.txt").read_text() == "new\n"
    assert (project / "after.txt").read_text() == "v1.0.0 v2.0.0 after\n"
    assert "database: postgres" in (project / ".copier-answers.yml").read_text()
    assert "migrations changed, before all else: NOTES.md, added.txt, notes.md" in outcome.err
    machine.git("add", "-A", cwd=project)
    machine.git("commit", "-qm", "update", cwd=project)
    assert machine.run("check", "--strict", "--trust", "p").code == 0


def test_it_needs_trust_and_is_not_run_by_a_dry_run(machine: Machine) -> None:
    project = _project(machine)
    before = snapshot(project)
    refused = machine.run("update", "p")
    assert refused.code == 4
    assert "sed -i s/^db:/database:/" in refused.err
    dry = machine.run("update", "p", "--dry-run")
    assert dry.code == 0
    assert "a dry run does not" in dry.err
    assert snapshot(project) == before
    assert machine.run("update", "p", "--skip-tasks").code == 0
    assert (project / "hello.txt").read_text() == "db=none\n"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo x > hello.txt && false", "ended with 1"),
        ("rm .copier-answers.yml", "migrations left cannot be read: .copier-answers.yml is gone"),
        ("rm .copier-answers.yml && mkdir .copier-answers.yml", "left cannot be read: .copier-answers.yml is gone"),
        ("mv .copier-answers.yml a && ln -s a .copier-answers.yml", "left cannot be read: .copier-answers.yml"),
        ("rm -rf .git", "migrations left cannot be read"),
        ("cd .. && rm -rf p", "migrations left cannot be read"),
        ("echo '[' > .copier-answers.yml", "answers file .copier-answers.yml, as migrated, does not parse"),
    ],
)
def test_one_that_fails_leaves_the_project_as_it_was(machine: Machine, command: str, said: str) -> None:
    project = _project(machine, command)
    before = snapshot(project)
    machine.run("update", "p", "--trust").refused(said)
    assert snapshot(project) == before
    assert machine.git("status", "--porcelain", cwd=project) == ""


def test_it_is_undone_with_the_update(machine: Machine) -> None:
    project = _project(machine)
    (project / "hello.txt").write_text("db=postgres, mine\n")
    machine.git("commit", "-qam", "mine", cwd=project)
    template = machine.home.parent / "template"
    (template / "template" / "hello.txt.jinja").write_text("the db={{ database }}\n")
    machine.git("commit", "-qam", "other", cwd=template)
    machine.git("tag", "-f", "v2.0.0", cwd=template)
    before = snapshot(project)
    assert machine.run("update", "p", "--trust").code == 3
    assert (project / "NOTES.md").exists()
    assert machine.run("update", "p", "--abort").code == 0
    assert snapshot(project) == before
