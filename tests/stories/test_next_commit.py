"""What the next commit and the next clone will hold: `check` and `new` say what would be missing there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import SMALL, Machine, begins
from .updating import Followed, follow

OWNED = {"ownership.yml": "files: {owned.txt: owned, keyed.toml: {keyed: [a]}}\n", "owned.txt": "1\n"}


@begins
def demo(machine: Machine) -> Followed:
    return follow(machine, {**OWNED, "keyed.toml": "a = 1\n"})


def found(demo: Followed) -> list[str]:
    """Code and path of what a check finds."""
    out = demo.machine.run("check", demo.project).out
    return [" ".join(line.split(":")[0].split()) for line in out.splitlines() if line.startswith("MLS")]


def test_lock_and_answers_are_committed_though_the_template_ignores_them(machine: Machine) -> None:
    demo = follow(machine, {".gitignore": "*.lock\n.copier*\n"})
    assert {".mlscaffold.lock", ".copier-answers.yml"} <= set(demo.git("ls-files").split())
    assert found(demo) == []


def test_new_says_what_a_repository_around_it_ignores(machine: Machine) -> None:
    machine.git("init", "-q", "mono")
    (machine.work / "mono" / ".gitignore").write_text("*.lock\n")
    done = machine.run("new", "mono/demo", "--template", machine.template(), "--defaults")
    assert "git add --force -- .mlscaffold.lock" in done.out
    demo = Followed(machine=machine, template=Path(), project=machine.work / "mono" / "demo")
    assert found(demo) == ["MLS022 .mlscaffold.lock"]
    demo.git("add", ".")
    assert found(demo) == ["MLS022 .mlscaffold.lock"]
    demo.git("add", "--force", ".mlscaffold.lock")
    assert found(demo) == []


def test_before_anything_of_a_project_is_in_git_nothing_is_missing(machine: Machine) -> None:
    machine.git("init", "-q", "mono")
    machine.run("new", "mono/demo", "--template", machine.template({**SMALL, **OWNED}), "--defaults")
    assert machine.run("check", "mono/demo").code == 0


def test_a_project_that_is_kept_out_as_a_whole_is_nobodys_mistake(machine: Machine) -> None:
    machine.git("init", "-q", "mono")
    (machine.work / "mono" / ".gitignore").write_text("scratch/\n")
    machine.run("new", "mono/scratch/demo", "--template", machine.template(), "--defaults", "--no-git")
    assert machine.run("check", "mono/scratch/demo").code == 0


@pytest.mark.parametrize("path", [".mlscaffold.lock", ".copier-answers.yml"])
def test_lock_or_answers_that_git_does_not_hold(demo: Followed, path: str) -> None:
    demo.git("rm", "-q", "--cached", path)
    assert found(demo) == [f"MLS022 {path}"]
    (demo.project / ".gitignore").write_text(f"{path}\n")
    assert found(demo) == [f"MLS022 {path}"]
    demo.git("commit", "-qm", "Without it")
    assert found(demo) == [f"MLS022 {path}"]
    demo.git("add", "--force", path)
    assert found(demo) == []


@pytest.mark.parametrize("path", ["owned.txt", "keyed.toml"])
def test_an_owned_file_that_is_removed_from_the_index_alone(demo: Followed, path: str) -> None:
    demo.git("rm", "-q", "--cached", path)
    assert found(demo) == [f"MLS003 {path}"]
    demo.git("commit", "-qm", "Without it")
    assert found(demo) == [f"MLS003 {path}"]
    assert demo.machine.run("check", "--fix", demo.project).code == 0
    assert path in demo.git("diff", "--cached", "--name-only")


def test_what_an_update_brought_is_added_with_its_lock(demo: Followed) -> None:
    ownership = "files: {owned.txt: owned, more.txt: owned}\n"
    demo.release("v2.0.0", {"more.txt": "more\n", "ownership.yml": ownership})
    demo.updated()
    assert found(demo) == []
    demo.git("add", ".mlscaffold.lock", ".copier-answers.yml")
    assert found(demo) == ["MLS003 more.txt"]
    demo.git("add", "more.txt")
    assert found(demo) == []


@pytest.fixture
def hooked(demo: Followed) -> Followed:
    """Every commit runs a check first."""
    hook = demo.project / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nexec {sys.executable} -m mlscaffold check\n")
    hook.chmod(0o755)
    return demo


def commits(demo: Followed, *arguments: str) -> bool:
    """Whether a commit passes the hook."""
    command = ["git", "commit", "-qm", "x", *arguments]
    done = subprocess.run(command, cwd=demo.project, capture_output=True, check=False, text=True)
    assert done.returncode == 0 or "MLS" in done.stdout + done.stderr, done
    return done.returncode == 0


def test_a_hook_judges_what_the_commit_will_hold(hooked: Followed) -> None:
    """`git commit -a` and `git commit FILE` fill an index beside the index, and tell it to their hooks alone."""
    owned, notes = hooked.project / "owned.txt", hooked.project / "hello.txt"
    owned.write_text("mine\n")
    assert not commits(hooked, "-a")
    hooked.git("add", "owned.txt")
    owned.write_text("1\n")
    notes.write_text("other\n")
    # The change of the owned file waits in the index, and is no part of this commit.
    assert commits(hooked, "hello.txt")
    assert not commits(hooked)
    hooked.git("reset", "-q", "--hard")
    hooked.git("rm", "-q", "--cached", "owned.txt")
    assert not commits(hooked)


def test_so_does_one_in_a_linked_work_tree_and_of_an_index_elsewhere(hooked: Followed, tmp_path: Path) -> None:
    hooked.git("worktree", "add", "-q", "-b", "side", tmp_path / "side")
    side = Followed(machine=hooked.machine, template=hooked.template, project=tmp_path / "side")
    (side.project / "owned.txt").write_text("mine\n")
    assert not commits(side, "-a")
    index = tmp_path / "index"
    index.write_bytes((hooked.project / ".git" / "index").read_bytes())
    hooked.machine.environment("GIT_INDEX_FILE", str(index))
    hooked.git("rm", "-q", "--cached", "owned.txt")
    assert not commits(hooked)


def test_a_hook_of_another_repository_says_nothing_of_this_one(demo: Followed, tmp_path: Path) -> None:
    other = tmp_path / "other"
    demo.machine.git("init", "-q", other)
    for file in (".git/index", other / ".git" / "index.lock", other / ".git" / "index"):
        (other / ".git" / "index.lock").write_bytes(b"")
        demo.machine.environment("GIT_INDEX_FILE", str(file))
        assert found(demo) == []
