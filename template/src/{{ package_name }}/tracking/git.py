"""Which commit is checked out, and whether what the steps read differs from it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ..steps import CONTRACT

#: What steps read. What they write is edited by each run, and says nothing of what made it.
READ = ("configs", "data/raw", "params.yaml", "pyproject.toml", "requirements", "src")
#: Of a job whose image has no git.
_COMMIT_OF_JOB = ("CI_COMMIT_SHA", "GITHUB_SHA")
_SECONDS = 30


@dataclass(frozen=True)
class Commit:
    """A commit.

    Args:
        digest: its name.
        edited: whether what the steps read differs from it; None if that cannot be known.
    """

    digest: str
    edited: bool | None


def commit_of(root: Path) -> Commit | None:
    """The commit of a project; None if it is in no repository, or in one that does not hold it."""
    if not ask(root, "ls-files", "--", CONTRACT):
        digest = next(filter(None, map(os.environ.get, _COMMIT_OF_JOB)), None)
        return Commit(digest, None) if digest else None
    head = ask(root, "rev-parse", "--verify", "HEAD")
    changes = ask(root, "status", "--porcelain", "--", *READ)
    if not head or changes is None:
        return None
    return Commit(head.decode().strip(), bool(changes))


def ask(root: Path, *words: str) -> bytes | None:
    """What git answers; None if there is no git, no repository, or no answer."""
    # Others may be at work in it: git asks for no lock that it can do without.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    command = ["git", "-C", os.fspath(root.resolve()), *words]
    try:
        done = subprocess.run(  # noqa: S603 - a program of the system, and no shell
            command, capture_output=True, timeout=_SECONDS, check=False, env=environment
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return None if done.returncode else done.stdout
