"""Who can write where: whether a folder is this person's alone, and whether somebody else could exchange it."""

from __future__ import annotations

import errno
import functools
import os
import stat
from collections.abc import Iterator
from pathlib import Path

__all__ = ["make_private", "why_exchangeable", "why_open"]

_ROOT = 0


def make_private(place: Path) -> None:
    """Make a folder, and what is missing above it, for this person alone, whatever the umask.

    Raises:
        OSError: It cannot be made, or somebody else was faster.
    """
    for folder in (*reversed(place.parents), place):
        if not folder.is_dir():
            folder.mkdir(mode=stat.S_IRWXU)
            # The umask may have taken rights of our own.
            folder.chmod(stat.S_IRWXU)
    if why := why_open(place):
        raise PermissionError(errno.EPERM, why, str(place))
    if stat.S_IMODE(place.stat().st_mode) != stat.S_IRWXU:
        # An earlier release let others read it.
        place.chmod(stat.S_IRWXU)


def why_open(place: Path) -> str:
    """Why somebody else could write to a folder, or exchange it; empty if nobody could."""
    if not hasattr(os, "geteuid"):
        return ""
    for folder, found in _on_the_way(place):
        if found is None or not stat.S_ISDIR(found.st_mode):
            return f"{folder} is not a folder that can be looked at"
        if folder == place and found.st_uid != os.geteuid():
            return f"{place} belongs to somebody else"
        if _others_write(found) if folder == place else not _is_settled(found):
            return f"others can write to {folder}"
    return ""


def why_exchangeable(folder: Path) -> str:
    """Why anybody could exchange what a person makes in a folder; empty if nobody could, but for owners of folders."""
    if not hasattr(os, "geteuid"):
        return ""
    open_ones = (each for each, found in _on_the_way(folder) if found is not None and not _is_kept(found))
    return next((f"others can write to {each}" for each in open_ones), "")


def _on_the_way(place: Path) -> Iterator[tuple[Path, os.stat_result | None]]:
    """A folder and those above it, as far as they are there; None where one cannot be looked at."""
    for folder in (place, *place.parents):
        try:
            yield folder, folder.lstat()
        except FileNotFoundError:
            continue
        except OSError:
            yield folder, None


def _is_settled(found: os.stat_result) -> bool:
    """Whether nobody else can exchange what lies in a folder, its owner included."""
    return found.st_uid in {_ROOT, os.geteuid()} and _is_kept(found)


def _is_kept(found: os.stat_result) -> bool:
    """Whether everybody leaves what others have in a folder."""
    return bool(found.st_mode & stat.S_ISVTX) or not _others_write(found)


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
