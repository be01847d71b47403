"""What a template runs besides rendering: where it runs, when it does not, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from .conftest import SMALL, Machine


def _with_settings(lines: str, files: Mapping[str, str] | None = None) -> Mapping[str, str]:
    return {**SMALL, **(files or {}), "copier.yml": f"{SMALL['copier.yml']}{lines}\n"}


def test_tasks_run_where_the_project_will_live(machine: Machine) -> None:
    template = machine.template(_with_settings('_tasks: ["pwd > where.txt"]'))
    for name in ("p", "deep/er/q"):
        assert machine.run("new", name, "--template", template, "--defaults", "--trust").code == 0
        assert (machine.work / name / "where.txt").read_text() == f"{machine.work / name}\n"
        assert machine.git("status", "--porcelain", cwd=machine.work / name) == ""
    (machine.work / "empty").mkdir()
    assert machine.run("new", "empty", "--template", template, "--defaults", "--trust").code == 0
    machine.git("init", "-q", "cloned")
    assert machine.run("new", "cloned", "--template", template, "--defaults", "--trust").code == 0
    assert (machine.work / "cloned" / "where.txt").read_text() == f"{machine.work / 'cloned'}\n"


@pytest.mark.parametrize("there", ["nothing", "a folder", "a repository"])
def test_a_task_that_fails_leaves_nothing(machine: Machine, there: str) -> None:
    template = machine.template(_with_settings('_tasks: ["mkdir made && false"]'))
    project = machine.work / "p"
    if there == "a folder":
        project.mkdir()
    if there == "a repository":
        machine.git("init", "-q", "p")
    outcome = machine.run("new", "p", "--template", template, "--defaults", "--trust")
    outcome.refused("A task of the template failed: `mkdir made && false` ended with 1")
    assert project.exists() == (there != "nothing")
    left = sorted(entry.name for entry in machine.work.rglob("*") if ".git" not in entry.parts)
    assert left == ([] if there == "nothing" else ["p"])


def test_a_task_commits_in_its_project_whatever_a_hook_s_environment_says(machine: Machine) -> None:
    template = machine.template(_with_settings('_tasks: ["git commit -q --no-verify --allow-empty -m from-task"]'))
    machine.git("init", "-q", "other")
    machine.git("commit", "-q", "--allow-empty", "-m", "0", cwd=machine.work / "other")
    machine.environment("GIT_DIR", str(machine.work / "other" / ".git"))
    assert machine.run("new", "p", "--template", template, "--defaults", "--trust").code == 0
    machine.environment("GIT_DIR", str(machine.work / "p" / ".git"))
    assert machine.git("log", "--format=%s").splitlines()[1:] == ["from-task"]
    machine.environment("GIT_DIR", str(machine.work / "other" / ".git"))
    assert machine.git("log", "--format=%s").splitlines() == ["0"]


def test_a_task_may_commit_everything(machine: Machine) -> None:
    template = machine.template(_with_settings('_tasks: ["git add -A && git commit -qm all"]'))
    assert machine.run("new", "p", "--template", template, "--defaults", "--trust").code == 0
    assert machine.git("log", "--format=%s", cwd=machine.work / "p").splitlines() == ["all"]
    assert machine.run("check", "p").code == 0


def test_a_task_that_does_not_apply_is_not_listed(machine: Machine) -> None:
    tasks = """_tasks:
- {command: "echo never", when: false}
- {command: "echo world", when: "{{ name == 'World' }}"}
- {command: "echo moon", when: "{{ name == 'Moon' }}"}
- {command: "echo copied", when: "{{ _copier_operation == 'copy' }}"}"""
    template = machine.template(_with_settings(tasks))
    said = machine.run("new", "p", "--template", template, "--defaults", "--trust", "--dry-run").out
    assert [line for line in said.splitlines() if "will run" in line] == [
        "will run  echo world",
        "will run  echo copied",
    ]
    refused = machine.run("new", "p", "--template", template, "--defaults")
    assert refused.code == 4
    assert "echo never" not in refused.err
    assert machine.run("new", "p", "--template", template, "--defaults", "--trust").code == 0
    machine.template({"template/more.txt": "x\n"}, tag="v2.0.0")
    said = machine.run("update", "p", "--dry-run").out
    assert "will run  echo world" in said
    assert "moon" not in said
    assert "copied" not in said


def test_tasks_are_left_out_where_nobody_wants_them(machine: Machine) -> None:
    files = {"ownership.yml": "files:\n  derived.txt: {derived: 'touch derived.txt'}\n"}
    template = machine.template(_with_settings('_tasks: ["touch by-task"]', files))
    # They need no trust then.
    assert machine.run("new", "p", "--template", template, "--defaults", "--skip-tasks").code == 0
    project = machine.work / "p"
    assert not (project / "by-task").exists()
    assert not (project / "derived.txt").exists()
    machine.template({"template/more.txt": "x\n"}, tag="v2.0.0")
    outcome = machine.run("update", "p", "--skip-tasks")
    assert outcome.code == 0
    assert "will run" not in outcome.out
    assert (project / "more.txt").exists()
    assert not (project / "by-task").exists()


def test_what_the_template_says_is_shown(machine: Machine) -> None:
    messages = """_message_before_copy: "Hello, {{ 'there' }}"
_message_after_copy: "Made for {{ name }}"
_message_before_update: "Going on"
_message_after_update: "Updated for {{ name }}: read NEWS\""""
    template = machine.template(_with_settings(messages))
    made = machine.run("new", "p", "--template", template, "--defaults")
    assert "Hello, there" in made.err
    assert "Made for World" in made.out
    machine.template({"template/more.txt": "x\n"}, tag="v2.0.0")
    dry = machine.run("update", "p", "--dry-run")
    assert "Updated for" not in dry.out
    updated = machine.run("update", "p")
    assert "Going on" in updated.err
    assert updated.out.rstrip().endswith("Updated for World: read NEWS")
    assert "Made for" not in updated.out


def test_a_template_without_a_folder_of_its_own_never_takes_its_repository_along(machine: Machine) -> None:
    files = {"copier.yml": "_exclude: [copier.yml]\nname: demo\n", "a.txt.jinja": "{{ name }}\n"}
    files["{{ _copier_conf.answers_file }}.jinja"] = "{{ _copier_answers | to_nice_yaml -}}\n"
    template = machine.template(files)
    assert machine.run("new", "p", "--template", template, "--defaults", "--no-git").code == 0
    assert sorted(path.name for path in (machine.work / "p").iterdir()) == [
        ".copier-answers.yml",
        ".mlscaffold.lock",
        "a.txt",
    ]


def test_new_asks_for_its_folder_or_says_so(machine: Machine) -> None:
    machine.run("new", "--defaults").refused("The folder of the new project is not named", "mlscaffold new DEST")


def test_what_the_template_says_at_the_end_waits_for_the_end(machine: Machine) -> None:
    template = machine.template(_with_settings('_message_after_update: "Read NEWS, {{ name }}"'))
    assert machine.run("new", "p", "--template", template, "--defaults").code == 0
    project = machine.work / "p"
    machine.template({"template/hello.txt.jinja": "theirs\n"}, tag="v2.0.0")
    (project / "hello.txt").write_text("mine\n")
    machine.git("commit", "-qam", "Mine", cwd=project)
    waiting = machine.run("update", "p")
    assert waiting.code == 3
    assert "Read NEWS" not in waiting.out
    (project / "hello.txt").write_text("both\n")
    machine.git("add", "-A", cwd=project)
    finished = machine.run("update", "p", "--continue")
    assert finished.code == 0
    assert finished.out.rstrip().endswith("Read NEWS, World")
