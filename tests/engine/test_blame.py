"""Who wrote the lines of a file, as git's history tells it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlscaffold.git.blame import lines_written_by
from mlscaffold.git.process import Git

BOT = "Bot <bot@example.com>"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A file that Ada wrote, two lines of which a bot changed."""
    git = Git(tmp_path)
    git.run("init", "-q")
    commit(tmp_path, "one\ntwo\nthree\nfour\n", "Ada <ada@example.com>")
    commit(tmp_path, "one\nTWO\nthree\nthree\n", BOT)
    return tmp_path


def commit(project: Path, content: str, author: str) -> None:
    (project / "a b.txt").write_text(content)
    git = Git(project)
    git.run("add", "-A")
    names = ("-c", "user.name=C", "-c", "user.email=c@example.com")
    git.run(*names, "commit", "-qm", "Change\n\nauthor Ada\n\tboundary", "--author", author)


def bots(project: Path, path: str = "a b.txt", seconds: float = 60) -> frozenset[str]:
    return lines_written_by(lambda author: author == BOT, project, path, seconds=seconds)


def test_lines_that_they_alone_wrote(project: Path) -> None:
    assert bots(project) == {"TWO"}, "one `three` is Ada's"


def test_a_folder_below_the_top(project: Path) -> None:
    (project / "below").mkdir()
    (project / "below/b.txt").write_text("x\n")
    commit(project, "x\n", BOT)

    assert bots(project / "below", "b.txt") == {"x"}


@pytest.mark.parametrize(("path", "seconds"), [("a b.txt", 0.0), ("none.txt", 60.0)])
def test_what_takes_too_long_or_is_not_there_tells_nothing(project: Path, path: str, seconds: float) -> None:
    assert bots(project, path, seconds) == frozenset()


def test_no_repository_tells_nothing(tmp_path: Path) -> None:
    assert bots(tmp_path) == frozenset()
