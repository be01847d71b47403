"""What reaches git: which variables, which configuration, which repository. One module decides it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import mlscaffold
from mlscaffold.errors import MachineError
from mlscaffold.git.environment import CLEARED, KEPT
from mlscaffold.git.location import locate
from mlscaffold.git.merge_file import Labels, LineMerge, merge_lines
from mlscaffold.git.process import Git

SOURCES = Path(mlscaffold.__file__).parent
#: Processes that are not git's: a template's own commands, and ourselves again in UTF-8.
STARTERS = {"__main__.py", "git/process.py", "template/tasks.py"}


def names(table: Mapping[str, Sequence[str]]) -> list[str]:
    return [name for group in table.values() for name in group]


def is_listed(variable: str) -> bool:
    return any(fnmatchcase(variable, name) for name in [*names(CLEARED), *names(KEPT)])


def test_no_other_module_starts_git() -> None:
    starting = re.compile(
        r"\b(subprocess|(?:import|from) plumbum|Popen|os\.(system|popen|exec\w+|spawn\w+|posix_spawn\w*))\b"
    )
    found = {
        file.relative_to(SOURCES).as_posix() for file in SOURCES.rglob("*.py") if starting.search(file.read_text())
    }
    assert found == STARTERS
    tree = ast.parse((SOURCES / "template" / "tasks.py").read_text())
    assert "git" not in {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def test_no_name_is_both_cleared_and_kept() -> None:
    both = [name for name in names(KEPT) if any(fnmatchcase(name, other) for other in names(CLEARED))]
    assert both == []


def test_every_variable_of_the_installed_git_is_decided_on() -> None:
    """A newer git may read one more: then look it up, and put it where it belongs."""
    folder = Path(subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True).stdout.strip())
    found = set()
    for name in ("git", "git-remote-http", "git-submodule", "git-sh-setup"):
        if (folder / name).is_file():
            found |= set(
                re.findall(rb"(?<![A-Z_])GIT_[A-Z][A-Z0-9_]*[A-Z0-9](?![A-Z0-9_])", (folder / name).read_bytes())
            )
    assert found
    # Names of git's own for other things: identities of `git var`, a constant, a misspelling, a macro.
    other = {"GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT", "GIT_BASENAME_FACTOR", "GIT_COMMONDIR", "GIT_MAX_HEXSZ"}
    other |= {"GIT_REFLOG_ACITON", "GIT_TERMINAL_PROMPT", "GIT_EDITOR", "GIT_OPTIONAL_LOCKS"}
    assert [name for name in sorted({word.decode() for word in found} - other) if not is_listed(name)] == []


@pytest.mark.parametrize("variable", [name for name in names(CLEARED) if "*" not in name])
def test_what_a_caller_set_does_not_reach_git(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "elsewhere"))
    assert variable not in Git(tmp_path)._environment


@pytest.mark.parametrize("variable", ["GIT_TRACE_CURL", "GIT_TEST_ANY", "GIT_NOTES_REF", "GIT_DIFFTOOL_PROMPT"])
def test_nor_does_one_of_a_family(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "1")
    assert variable not in Git(tmp_path)._environment


@pytest.mark.parametrize(
    "variable", ["GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_CONFIG_GLOBAL", "GIT_AUTHOR_NAME", "GIT_TOKEN"]
)
def test_what_is_a_persons_own_does(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "mine")
    assert Git(tmp_path)._environment[variable] == "mine"


def made(root: Path) -> Path:
    root.mkdir(parents=True)
    for command in (["init", "-q"], ["config", "user.name", "in " + root.name]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


def test_outside_is_no_repository_whatever_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made(tmp_path / "here"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    assert not Git.outside().confirms("config", "--get", "user.name")
    assert Git.outside().finished("rev-parse", "--git-dir").returncode
    assert Git.outside().text("--version").startswith("git version")


def bare(root: Path, *, head: str = "file") -> Path:
    (root / "objects").mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "sub").mkdir()
    (root / "config").write_text("[core]\n\tbare = false\n\tworktree = .\n\trepositoryformatversion = 0\n")
    if head == "file":
        (root / "HEAD").write_text("ref: refs/heads/main\n")
    else:
        (root / "HEAD").symlink_to("refs/heads/main")
    return root


@pytest.mark.parametrize("head", ["file", "link"])
@pytest.mark.parametrize("place", ["", "sub", "objects"])
def test_a_bare_repository_in_a_sub_folder_is_refused_by_any_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, head: str
) -> None:
    """Also by one before 2.38, which does not know `safe.bareRepository`."""
    inside = bare(made(tmp_path / "clone") / "lib", head=head) / place
    monkeypatch.setattr("mlscaffold.git.process._OPTIONS", ())
    with pytest.raises(MachineError, match="bare git repository") as caught:
        Git(inside).confirms("status")
    assert str(tmp_path / "clone" / "lib") in caught.value.message
    assert caught.value.hint
    with pytest.raises(MachineError, match="bare git repository"):
        locate(inside)


def test_a_bare_repository_that_is_shared_through_commondir_is_refused(tmp_path: Path) -> None:
    real = made(tmp_path / "clone")
    (real / "lib").mkdir()
    (real / "lib" / "HEAD").write_text("ref: refs/heads/main\n")
    (real / "lib" / "commondir").write_text("../elsewhere\n")
    with pytest.raises(MachineError, match="bare git repository"):
        Git(real / "lib").run("status")


def test_git_refuses_it_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = bare(made(tmp_path / "clone") / "lib")
    monkeypatch.setattr("mlscaffold.git.process._refuse_embedded", lambda _folder: None)
    assert Git(inside).finished("status").returncode


def test_work_trees_beside_a_bare_repository_are_usable(tmp_path: Path) -> None:
    """As some people lay out theirs: `project.git` holds the work trees."""
    source = made(tmp_path / "source")
    who = ["-c", "user.name=T", "-c", "user.email=t@localhost"]
    subprocess.run(["git", *who, "commit", "-qm", "x", "--allow-empty"], cwd=source, check=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(source), str(tmp_path / "project.git")], check=True)
    subprocess.run(["git", "worktree", "add", "-q", "-b", "side", "tree"], cwd=tmp_path / "project.git", check=True)
    tree = tmp_path / "project.git" / "tree"
    assert (location := locate(tree)) is not None
    assert location.top == tree
    assert location.common == tmp_path / "project.git"


def test_a_bare_repository_that_is_named_is_read(tmp_path: Path) -> None:
    assert Git.at(bare(tmp_path / "ours.git")).text("symbolic-ref", "HEAD") == "refs/heads/main"


def test_a_merge_of_lines_asks_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The temporary folder may lie in one, and a person may have a style of conflicts of their own."""
    around = made(tmp_path / "around")
    monkeypatch.setattr("tempfile.tempdir", str(around))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "person"))
    for config in (around / ".git" / "config", tmp_path / "person"):
        with config.open("a") as file:
            file.write("[merge]\n\tconflictStyle = diff3\n")
    merged = merge_lines(base=None, mine=b"a\n", theirs=b"b\n", labels=Labels())
    assert merged is not None
    assert merged.content == b"<<<<<<< your project\na\n=======\nb\n>>>>>>> template\n"


def test_a_line_merge_leaves_nothing_in_the_folder_that_it_is_given(tmp_path: Path) -> None:
    merged = merge_lines(base=b"a\n", mine=b"b\n", theirs=b"a\n", labels=Labels(), scratch=tmp_path)
    assert merged == LineMerge(content=b"b\n", hunks=0)
    assert list(tmp_path.iterdir()) == []
