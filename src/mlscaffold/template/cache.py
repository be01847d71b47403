"""Folders for what is kept between runs: only the person's own, and closed to everybody else.

What is read back from there is trusted: compiled templates are code, and a mirror stands in for a template. So nobody
else may be able to write to it, to exchange a folder on the way to it, or to bring it along in a clone.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

from ..errors import MachineError
from ..git.process import Git, GitError
from ..files.rights import why_open

__all__ = ["private_folder", "why_unusable"]


def private_folder(cache: Path | None, name: str) -> Path | None:
    """Where a part of the cache is, or will be; None where it would not be this person's alone.

    Args:
        cache: The whole cache; None keeps nothing.
        name: One part of it.
    """
    if cache is None or why_unusable(cache):
        return None
    path = Path(os.path.realpath(cache)) / name
    return None if why_open(path) else path


def why_unusable(cache: Path) -> str:
    """Why nothing is kept in a cache folder, for a person; empty if it is as it has to be, or not there yet."""
    # Links are followed once: what is looked at is what is used.
    path = Path(os.path.realpath(cache))
    return why_open(path) or _why_unwritable(path) or _brought_along(path)


def _why_unwritable(path: Path) -> str:
    """Why nothing can be written to a folder, which may have to be made first; empty if it can."""
    nearest = next(folder for folder in (path, *path.parents) if folder.exists())
    return "" if os.access(nearest, os.W_OK | os.X_OK) else f"{nearest} cannot be written to"


@functools.cache
def _brought_along(path: Path) -> str:
    """Whether a repository that the cache lies in has files there: then it came with a clone."""
    if not path.is_dir() or not any(os.path.lexists(folder / ".git") for folder in (path, *path.parents)):
        return ""
    try:
        listing = Git(path).run("ls-files", "-z", "--", ".")
    except GitError as error:
        return "" if "not a git repository" in error.stderr else error.message
    except MachineError as error:
        return error.message
    return f"{path} is a part of the repository that it lies in" if listing else ""
