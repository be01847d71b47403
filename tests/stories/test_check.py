"""`mlscaffold check`: what drifted, by which rule, and how to mend it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import PERSON, SMALL, Machine, snapshot

OWNERSHIP = """\
files:
  "ci/**": owned
  run.sh: owned
  link: owned
  hello.txt: seeded
  must.txt: {seeded: {required: true}}
  settings.toml: {keyed: [tool.line-length]}
"""
FILES = {
    **SMALL,
    "copier.yml": SMALL["copier.yml"] + "_preserve_symlinks: true\n",
    "ownership.yml": OWNERSHIP,
    "template/ci/build.sh": "build\n",
    "template/ci/naïve name.sh": "build\n",
    "template/run.sh": "#!/bin/sh\n",
    "template/must.txt": "must\n",
    "template/notes.md": "notes\n",
    "template/settings.toml": "[tool]\nline-length = 100\nother = 1\n",
}


@pytest.fixture
def project(machine: Machine) -> Path:
    """A project with a file of each policy."""
    template = machine.template(FILES, tag="")
    (template / "template" / "run.sh").chmod(0o755)
    (template / "template" / "link").symlink_to("run.sh")
    machine.template({}, tag="v1.0.0")
    done = machine.run("new", "demo", "--template", template, "--defaults")
    assert done.code == 0, done
    return machine.work / "demo"


def replace(path: str, content: str) -> Callable[[Path], object]:
    return lambda project: (project / path).write_text(content)


def remove(path: str) -> Callable[[Path], object]:
    return lambda project: (project / path).unlink()


def relink(target: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        (project / "link").unlink()
        (project / "link").symlink_to(target)

    return change


DRIFT: list[tuple[Callable[[Path], object], str]] = [
    (replace("ci/build.sh", "mine\n"), "MLS002 ci/build.sh"),
    (replace("ci/build.sh", ""), "MLS002 ci/build.sh"),
    (replace("ci/build.sh", "build\r\n"), "MLS002 ci/build.sh"),
    (replace("ci/naïve name.sh", "mine\n"), "MLS002 ci/naïve name.sh"),
    (lambda project: (project / "run.sh").chmod(0o644), "MLS002 run.sh"),
    (relink("hello.txt"), "MLS002 link"),
    (remove("ci/build.sh"), "MLS003 ci/build.sh"),
    (remove("link"), "MLS003 link"),
    (replace("settings.toml", "[tool]\nline-length = 80\nother = 1\n"), "MLS004 settings.toml"),
    (replace("settings.toml", "[tool]\nother = 1\n"), "MLS004 settings.toml"),
    (replace("settings.toml", "[tool\n"), "MLS004 settings.toml"),
    (remove("settings.toml"), "settings.toml"),
    (remove("must.txt"), "MLS005 must.txt"),
    (replace(".copier-answers.yml", "_commit: v1.0.0\nname: Other\n"), "MLS007 .copier-answers.yml"),
]
ALLOWED: list[Callable[[Path], object]] = [
    replace("hello.txt", "mine\n"),
    remove("hello.txt"),
    replace("notes.md", "mine\n"),
    remove("notes.md"),
    replace("must.txt", "mine\n"),
    replace("settings.toml", "# mine\n[tool]\nother = 2\n'line-length' = 100\n"),
    replace("new.txt", "mine\n"),
    lambda project: os.utime(project / "ci" / "build.sh", (0, 0)),
]


@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize(("change", "said"), DRIFT)
def test_drift_is_found_committed_or_not(
    machine: Machine, project: Path, change: Callable[[Path], object], said: str, committed: bool
) -> None:
    change(project)
    if committed:
        machine.git("commit", "-qam", "drift", cwd=project)
    before = snapshot(project, without=())
    done = machine.run("check", project)
    assert done.code == 1, done
    assert said in done.out
    assert "Drift: 1 finding;" in done.out
    assert snapshot(project, without=()) == before


@pytest.mark.parametrize("change", ALLOWED)
def test_what_is_the_users_is_not_drift(machine: Machine, project: Path, change: Callable[[Path], object]) -> None:
    change(project)
    done = machine.run("check", project)
    assert done.code == 0, done
    assert done.out.startswith("Clean: ")


def test_every_finding_is_told_with_its_fix(machine: Machine, project: Path) -> None:
    for change, _ in (DRIFT[0], DRIFT[6 + 2], DRIFT[12]):
        change(project)
    done = machine.run("check", project)
    assert "Drift: 3 findings;" in done.out
    lines = done.out.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("MLS"):
            assert lines[number + 1].startswith("       ")
            assert lines[number + 1].strip()


def test_it_works_in_the_folder_in_a_clone_and_without_git(machine: Machine, project: Path) -> None:
    clone = machine.work / "clone"
    machine.git("clone", "-q", project, clone)
    os.chdir(clone)
    assert machine.run("check").code == 0
    subprocess.run(["rm", "-rf", str(clone / ".git")], check=True)
    assert machine.run("check", ".").code == 0
    (clone / "ci" / "build.sh").write_text("mine\n")
    assert machine.run("check").code == 1


def test_a_clone_with_other_line_endings_is_clean(machine: Machine, project: Path) -> None:
    machine.configure(PERSON + "[core]\n\tautocrlf = true\n")
    clone = machine.work / "clone"
    machine.git("clone", "-q", project, clone)
    assert b"\r\n" in (clone / "ci" / "build.sh").read_bytes()
    assert machine.run("check", clone).code == 0
    os.utime(clone / "ci" / "build.sh", (0, 0))
    assert machine.run("check", clone).code == 0


def test_moved_into_another_repository_it_is_still_judged(machine: Machine, project: Path) -> None:
    outer = machine.work / "outer"
    machine.git("init", "-q", outer)
    subprocess.run(["rm", "-rf", str(project / ".git")], check=True)
    (outer / "services").mkdir()
    inside = project.rename(outer / "services" / "demo")
    assert machine.run("check", inside).code == 0
    machine.git("add", "-A", cwd=outer)
    machine.git("commit", "-qm", "all", cwd=outer)
    assert machine.run("check", inside).code == 0
    (inside / "ci" / "build.sh").write_text("mine\n")
    assert "MLS002 ci/build.sh" in machine.run("check", inside).out


def test_a_change_that_git_was_told_to_overlook_is_still_drift(machine: Machine, project: Path) -> None:
    (project / "ci" / "build.sh").write_text("mine\n")
    for flag in ("--assume-unchanged", "--skip-worktree"):
        machine.git("update-index", flag, "ci/build.sh", cwd=project)
        assert machine.run("check", project).code == 1, flag
        machine.git("update-index", flag.replace("--", "--no-"), "ci/build.sh", cwd=project)


def test_a_folder_without_a_lock(machine: Machine) -> None:
    machine.run("check").refused("has no .mlscaffold.lock", "Run the command in the folder that holds the lock")
    machine.run("check", "nowhere").refused("has no .mlscaffold.lock")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text.replace("owned", "seeded", 1), "MLS001"),
        (lambda text: text[:-5], "MLS001"),
        (lambda text: text.replace("mlscaffold-lock 1", "mlscaffold-lock 2"), "reads format 1"),
        (lambda text: "<<<<<<< HEAD\n" + text, "conflict markers"),
        (lambda _: "", "does not start as a lock does"),
        (lambda _: "\x00\x01", "does not start as a lock does"),
    ],
)
def test_a_damaged_lock(machine: Machine, project: Path, damage: Callable[[str], str], said: str) -> None:
    lock = project / ".mlscaffold.lock"
    lock.write_text(damage(lock.read_text()))
    machine.run("check", project).refused(said)


def test_a_lock_that_is_a_link_is_refused(machine: Machine, project: Path) -> None:
    real = (project / ".mlscaffold.lock").rename(machine.home / "lock")
    (project / ".mlscaffold.lock").symlink_to(real)
    machine.run("check", project).refused("not a plain file")
