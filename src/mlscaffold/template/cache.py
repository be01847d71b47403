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
    place = Path(os.path.realpath(cache)) / name
    return None if why_open(place) else place


def why_unusable(cache: Path) -> str:
    """Why nothing is kept in a cache folder, for a person; empty if it is as it has to be, or not there yet."""
    # Links are followed once: what is looked at is what is used.
    place = Path(os.path.realpath(cache))
    return why_open(place) or _why_unwritable(place) or _brought_along(place)


def _why_unwritable(place: Path) -> str:
    """Why nothing can be written to a folder, which may have to be made first; empty if it can."""
    nearest = next(folder for folder in (place, *place.parents) if folder.exists())
    return "" if os.access(nearest, os.W_OK | os.X_OK) else f"{nearest} cannot be written to"


@functools.cache
def _brought_along(place: Path) -> str:
    """Whether a repository that the cache lies in has files there: then it came with a clone."""
    if not place.is_dir() or not any(os.path.lexists(folder / ".git") for folder in (place, *place.parents)):
        return ""
    try:
        listing = Git(place).run("ls-files", "-z", "--", ".")
    except GitError as error:
        return "" if "not a git repository" in error.stderr else error.message
    except MachineError as error:
        return error.message
    return f"{place} is a part of the repository that it lies in" if listing else ""
