"""Folders for what is kept between runs: only the person's own, and closed to everybody else.

What is read back from there is trusted: compiled templates are code, and a mirror stands in for a template. So nobody
else may be able to write to it, to exchange a folder on the way to it, or to bring it along in a clone.
"""

from __future__ import annotations

import errno
import functools
import os
import stat
from pathlib import Path

from .errors import MachineError
from .git import Git, GitError

__all__ = ["make_private", "private_folder", "why_unusable"]

_ROOT = 0


def private_folder(cache: Path | None, name: str) -> Path | None:
    """Where a part of the cache is, or will be; None where it would not be this person's alone.

    Args:
        cache: The whole cache; None keeps nothing.
        name: One part of it.
    """
    if cache is None or why_unusable(cache):
        return None
    place = Path(os.path.realpath(cache)) / name
    return None if _why_open(place) else place


def why_unusable(cache: Path) -> str:
    """Why nothing is kept in a cache folder, for a person; empty if it is as it has to be, or not there yet."""
    # Links are followed once: what is looked at is what is used.
    place = Path(os.path.realpath(cache))
    return _why_open(place) or _brought_along(place)


def make_private(place: Path) -> None:
    """Make a part of the cache, and what is missing above it, for this person alone, whatever the umask.

    Raises:
        OSError: It cannot be made, or somebody else was faster.
    """
    for folder in (*reversed(place.parents), place):
        if not folder.is_dir():
            folder.mkdir(mode=stat.S_IRWXU)
            # The umask may have taken rights of our own.
            folder.chmod(stat.S_IRWXU)
    if why := _why_open(place):
        raise PermissionError(errno.EPERM, why, str(place))
    if stat.S_IMODE(place.stat().st_mode) != stat.S_IRWXU:
        # An earlier release let others read it.
        place.chmod(stat.S_IRWXU)


def _why_open(place: Path) -> str:
    """Why somebody else could write to a folder, or exchange it; empty if nobody could."""
    if not hasattr(os, "geteuid"):
        return ""
    try:
        there = [folder for folder in (place, *place.parents) if os.path.lexists(folder)]
        seen = {folder: folder.lstat() for folder in there}
    except OSError as error:
        return f"{error.filename or place}: {error.strerror}"
    for folder, found in seen.items():
        if not stat.S_ISDIR(found.st_mode):
            return f"{folder} is not a folder"
        if folder == place and found.st_uid != os.geteuid():
            return f"{place} belongs to somebody else"
        if _others_write(found) if folder == place else not _is_settled(found):
            return f"others can write to {folder}"
    return ""


def _is_settled(found: os.stat_result) -> bool:
    """Whether nobody else can exchange what lies in a folder."""
    return found.st_uid in {_ROOT, os.geteuid()} and (bool(found.st_mode & stat.S_ISVTX) or not _others_write(found))


def _others_write(found: os.stat_result) -> bool:
    if found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and not _is_group_of_one(found.st_gid)


@functools.cache
def _is_group_of_one(group: int) -> bool:
    """Whether a group is this person's alone: many systems give everybody one, and let it write by default."""
    import grp
    import pwd

    try:
        person, known = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return known.gr_name == person.pw_name and person.pw_gid == group and set(known.gr_mem) <= {person.pw_name}


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
