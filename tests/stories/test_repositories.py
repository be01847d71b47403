"""A repository that git cannot use is no absence of one: git's reason and the cure are said, and nothing is nested."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Machine
from .updating import Followed, follow


def appended(file: str, text: str) -> Callable[[Path], object]:
    return lambda git: (git / file).write_text((git / file).read_text() + text)


def replaced(text: str) -> Callable[[Path], object]:
    def replace(git: Path) -> None:
        shutil.rmtree(git)
        git.write_text(text)

    return replace


def led_in_a_circle(git: Path) -> None:
    shutil.rmtree(git)
    git.symlink_to(".git")


def piped(git: Path) -> None:
    shutil.rmtree(git)
    os.mkfifo(git)


def with_a_pipe_for_a_configuration(git: Path) -> None:
    (git / "config").unlink()
    os.mkfifo(git / "config")


def failing_filter(git: Path) -> None:
    appended("config", '[filter "x"]\n\tclean = false\n\trequired = true\n')(git)
    (git / "info").mkdir()
    (git / "info" / "attributes").write_text("* filter=x\n")
    os.utime(git.parent / "hello.txt", (1, 1))


def owned_by_another(git: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    for path in (git.parent, git):
        os.chown(path, 1234, 1234)


#: What is done to `.git`, the reason that is said, and a word of the cure.
UNUSABLE: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "foreign owner": (owned_by_another, "dubious ownership", "safe.directory"),
    "piped configuration": (with_a_pipe_for_a_configuration, "no plain file", "Restore it"),
    "broken configuration": (appended("config", "[core\n"), "bad config line", "Mend that line"),
    "odd configuration": (appended("config", "[core]\n\tbare = maybe\n"), "bad boolean config value", "Mend that line"),
    "unknown extension": (
        appended("config", "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tfoo = bar\n"),
        "unknown repository extension found: foo",
        "newer git",
    ),
    "newer format": (appended("config", "[core]\n\trepositoryformatversion = 9\n"), "Expected git repo", "newer git"),
    "dangling file": (replaced("gitdir: /nowhere/at/all\n"), "/nowhere/at/all", "git worktree repair"),
    "junk file": (replaced("junk\n"), "invalid gitfile", "clone it again"),
    "binary file": (replaced("gitdir: a\0b\n"), "not a git repository", "clone it again"),
    "pipe": (piped, ".git", "Restore it"),
    "circle of configuration": (appended("config", "[include]\n\tpath = config\n"), "include depth", "--show-origin"),
    "filter that fails": (failing_filter, "clean filter 'x' failed", "Install what that filter runs"),
    "no HEAD": (lambda git: (git / "HEAD").unlink(), "HEAD is missing", "Restore it"),
    "empty HEAD": (lambda git: (git / "HEAD").write_text(""), "its HEAD names no branch", "Restore it"),
    "no objects": (lambda git: shutil.rmtree(git / "objects"), "objects is missing", "Restore it"),
    "circle": (led_in_a_circle, "Too many levels", "Restore it"),
    "damaged index": (lambda git: (git / "index").write_text("junk"), "index file smaller", "git reset"),
}
VERBS = (
    ("update", "demo"),
    ("check", "demo"),
    ("diff", "--project", "demo"),
    ("lock", "--resolve", "--project", "demo"),
    ("new", "demo/sub/other", "--template", "{template}", "--defaults"),
)


@pytest.mark.parametrize("how", UNUSABLE)
def test_a_repository_that_git_cannot_use(machine: Machine, how: str) -> None:
    demo = follow(machine)
    damage, reason, cure = UNUSABLE[how]
    damage(demo.project / ".git")
    for verb in VERBS:
        done = machine.run(*(word.format(template=demo.template) for word in verb))
        done.refused(reason, cure)
        assert "git init" not in done.err
    assert not demo.has("sub")
    done = machine.run("doctor", "demo")
    assert reason in " ".join(done.out.split())
    assert "git init" not in done.out
    assert done.code == 1


@pytest.mark.parametrize("verb", [("update", "demo"), ("set", "name=x", "--project", "demo")])
def test_a_branch_that_names_no_commit_is_not_one_without_commits(machine: Machine, verb: tuple[str, ...]) -> None:
    demo = follow(machine)
    demo.release()
    (demo.project / ".git" / "refs" / "heads" / "main").write_text("0000\n")
    machine.run(*verb).refused("your current branch appears to be broken", "git fsck")


def test_an_empty_folder_of_that_name_is_none(machine: Machine) -> None:
    """As a container mounts it to hide the real one."""
    demo = follow(machine)
    shutil.rmtree(demo.project / ".git")
    (demo.project / ".git").mkdir()
    machine.run("update", "demo").refused("is not in a git repository", "git init")
    assert machine.run("check", "demo").code == 0


def test_a_repository_that_is_called_bare_is_none_to_begin_anew(machine: Machine) -> None:
    demo = follow(machine)
    demo.git("config", "core.bare", "true")
    done = machine.run("update", "demo")
    done.refused("without a work tree (core.bare)", f"git -C {demo.project} config core.bare false")
    assert "git init" not in done.err
    assert "core.bare" in machine.run("doctor", "demo").out


@pytest.mark.parametrize(
    "verb", [("update", "demo"), ("diff", "--project", "demo"), ("why", "hello.txt", "--project", "demo")]
)
@pytest.mark.parametrize("where", ["/nowhere", "elsewhere"])
def test_a_repository_whose_work_tree_is_elsewhere(machine: Machine, verb: tuple[str, ...], where: str) -> None:
    demo = follow(machine)
    (machine.work / "elsewhere").mkdir()
    demo.git("config", "core.worktree", str(machine.work / where))
    machine.run(*verb).refused(f"is {machine.work / where}", "config --unset core.worktree")


def test_a_work_tree_apart_from_its_repository(machine: Machine) -> None:
    demo = follow(machine)
    demo.release()
    machine.git("init", "-q", "--separate-git-dir", machine.work / "apart.git", cwd=demo.project)
    demo.git("config", "core.worktree", str(demo.project))
    assert machine.run("update", "demo").code == 0
    assert machine.run("check", "demo").code == 0


def test_a_repository_that_variables_name_is_to_be_named_by_the_folder(machine: Machine) -> None:
    demo = follow(machine)
    demo.release()
    apart = machine.work / "apart.git"
    (demo.project / ".git").rename(apart)
    machine.environment("GIT_DIR", str(apart))
    machine.environment("GIT_WORK_TREE", str(demo.project))
    done = machine.run("update", "demo")
    done.refused("GIT_DIR", f"echo 'gitdir: {apart}' > {demo.project}/.git")
    assert "git init" not in done.err
    (demo.project / ".git").write_text(f"gitdir: {apart}\n")
    assert machine.run("update", "demo").code == 0


def test_a_line_break_in_the_name_of_a_folder(machine: Machine) -> None:
    demo = follow(machine)
    (machine.work / "a\nb").mkdir()
    demo.project.rename(machine.work / "a\nb" / "demo")
    machine.run("update", "a\nb/demo").refused("there is a line break in this path")


def test_what_lies_beyond_a_ceiling_is_none_of_a_projects(machine: Machine) -> None:
    machine.template()
    (machine.work / ".git").write_text("gitdir: /nowhere\n")
    (machine.work / "deep").mkdir()
    machine.environment("GIT_CEILING_DIRECTORIES", str(machine.work))
    done = machine.run("new", "deep/demo", "--template", machine.home.parent / "template", "--defaults")
    assert done.code == 0, done
    assert (machine.work / "deep" / "demo" / ".git").is_dir()


def test_without_git_it_is_said_that_git_is_missing(machine: Machine, tmp_path: Path) -> None:
    demo = follow(machine)
    (tmp_path / "empty").mkdir()
    machine.environment("PATH", str(tmp_path / "empty"))
    for verb in (("update", "demo"), ("check", "demo"), ("new", "other", "--template", str(demo.template))):
        machine.run(*verb).refused("git was not found", "Install git")


def test_messages_are_read_whatever_the_language(machine: Machine) -> None:
    """A catalogue of messages may be installed, and `LANGUAGE` goes before all."""
    machine.environment("LANGUAGE", "de")
    machine.environment("LC_ALL", "C.UTF-8")
    demo: Followed = follow(machine)
    shutil.rmtree(demo.project / ".git")
    machine.run("update", "demo").refused("is not in a git repository")


def as_a_stranger(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run as a user whom the machine does not know, who may read all and enter nothing, without a home."""
    capability = "+dac_read_search"
    who = [
        "--reuid=54321",
        "--regid=54321",
        "--clear-groups",
        f"--inh-caps={capability}",
        f"--ambient-caps={capability}",
    ]
    environment = [f"{name}={os.environ[name]}" for name in ("PATH", "PYTHONPATH") if name in os.environ]
    words = ["setpriv", *who, "env", "-i", *environment, *(f"{name}={value}" for name, value in variables.items())]
    python = [sys.executable, "-m", "mlscaffold"]
    return subprocess.run([*words, *python, *command], capture_output=True, check=False, text=True)


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="only root can be somebody else")
@pytest.mark.parametrize("home", [{}, {"HOME": "/"}])
def test_a_user_whom_nobody_knows(machine: Machine, home: dict[str, str]) -> None:
    """Git asks whether it may enter a folder, and calls what it may not enter no repository, for no reason given."""
    follow(machine)
    for folder, _, files in os.walk(machine.home.parent):
        for path in (Path(folder), *(Path(folder, name) for name in files)):
            os.chown(path, 54321, 54321, follow_symlinks=False)
    assert as_a_stranger("check", "demo", **home).returncode == 0
    done = as_a_stranger("update", "demo", **home)
    if done.returncode:
        assert "does not say why" in done.stderr
        assert "git init" not in done.stderr


def test_a_repository_that_has_no_work_tree_is_none(machine: Machine) -> None:
    """Work trees lie beside it, and a project between them belongs to none of these."""
    template = machine.template()
    machine.git("init", "-q", "--bare", "shop/.git")
    done = machine.run("new", "shop/demo", "--template", template, "--defaults")
    assert done.code == 0, done
    assert machine.run("check", "shop/demo").code == 0
    machine.run("new", "shop/.git/demo", "--template", template, "--defaults").refused("shop/.git")


def test_nothing_is_made_in_a_repositorys_own_folder(machine: Machine) -> None:
    demo = follow(machine)
    machine.run("new", "demo/.git/other", "--template", demo.template).refused("inside a repository's own folder")
