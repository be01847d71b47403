"""Who last wrote the lines of a committed file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..errors import MachineError
from .process import Git

__all__ = ["lines_written_by"]


def lines_written_by(is_author: Callable[[str], bool], project: Path, path: str, *, seconds: float) -> frozenset[str]:
    """The lines of a file, without line ends, that were last written by certain authors wherever they stand.

    None at all where history cannot tell: it is shallow or partial, it takes too long, or git fails.

    Args:
        is_author: Says of `Name <address>` whether it is one of them.
        project: The folder that the path is relative to.
        path: Of the file, as the newest commit has it.
        seconds: How long git may take.
    """
    # Asked for nothing that is not here: a partial clone would fetch every version of the file.
    git = Git(project, environment={"GIT_NO_LAZY_FETCH": "1"})
    plain = ("-c", "blame.ignoreRevsFile=", "blame", "--porcelain", "--no-textconv", "HEAD", "--", path)
    try:
        if git.text("rev-parse", "--is-shallow-repository") != "false":
            return frozenset()
        told = git.finished(*plain, seconds=seconds)
    except MachineError:
        return frozenset()
    return frozenset() if told.returncode else _read(told.stdout.decode(errors="replace"), is_author)


def _read(porcelain: str, is_author: Callable[[str], bool]) -> frozenset[str]:
    """What `--porcelain` says: before each line its commit, and what is known of that when it is named first."""
    authors: dict[str, str] = {}
    theirs: set[str] = set()
    others: set[str] = set()
    commit = ""
    for line in porcelain.split("\n"):
        if line.startswith("\t"):
            (theirs if is_author(authors.get(commit, "")) else others).add(line[1:].rstrip("\r"))
            commit = ""
        elif not commit:
            commit = line.partition(" ")[0]
        elif line.startswith(("author ", "author-mail ")):
            authors[commit] = f"{authors.get(commit, '')} {line.partition(' ')[2]}".strip()
    return frozenset(theirs - others)
