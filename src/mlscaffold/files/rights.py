"""Who can write where: whether a folder is this person's alone, and whether somebody else could exchange it."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import stat
from collections.abc import Iterator
from pathlib import Path

__all__ = ["make_private", "why_exchangeable", "why_open"]

_ROOT = 0


def make_private(target: Path) -> None:
    """Make a folder, and what is missing above it, for this person alone, whatever the umask.

    Raises:
        OSError: It cannot be made, or it is not this person's alone.
    """
    for folder in (*reversed(target.parents), target):
        if not folder.is_dir():
            # Another run may be faster: whose the folder is, is looked at below.
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=stat.S_IRWXU)
                # The umask may have taken rights of our own.
                folder.chmod(stat.S_IRWXU)
    if why := why_open(target):
        raise PermissionError(errno.EPERM, why, str(target))
    if stat.S_IMODE(target.stat().st_mode) != stat.S_IRWXU:
        # An earlier release let others read it.
        target.chmod(stat.S_IRWXU)


def why_open(target: Path) -> str:
    """Why somebody else could write to a folder, or exchange it; empty if nobody could."""
    if not hasattr(os, "geteuid"):
        return ""
    for folder, status in _on_the_way(target):
        if status is None or not stat.S_ISDIR(status.st_mode):
            return f"{folder} is not a folder that can be looked at"
        if folder == target and status.st_uid != os.geteuid():
            return f"{target} belongs to somebody else"
        if _others_write(status) if folder == target else not _is_settled(status):
            return f"others can write to {folder}"
    return ""


def why_exchangeable(folder: Path) -> str:
    """Why anybody could exchange what a person makes in a folder; empty if nobody could, but for owners of folders."""
    if not hasattr(os, "geteuid"):
        return ""
    open_ones = (each for each, status in _on_the_way(folder) if status is not None and not _is_kept(status))
    return next((f"others can write to {each}" for each in open_ones), "")


def _on_the_way(target: Path) -> Iterator[tuple[Path, os.stat_result | None]]:
    """A folder and those above it, as far as they are there; None where one cannot be looked at."""
    for folder in (target, *target.parents):
        try:
            yield folder, folder.lstat()
        except FileNotFoundError:
            continue
        except OSError:
            yield folder, None


def _is_settled(status: os.stat_result) -> bool:
    """Whether nobody else can exchange what lies in a folder, its owner included."""
    return status.st_uid in {_ROOT, os.geteuid()} and _is_kept(status)


def _is_kept(status: os.stat_result) -> bool:
    """Whether everybody leaves what others have in a folder."""
    return bool(status.st_mode & stat.S_ISVTX) or not _others_write(status)


def _others_write(status: os.stat_result) -> bool:
    if status.st_mode & stat.S_IWOTH:
        return True
    return bool(status.st_mode & stat.S_IWGRP) and not _is_group_of_one(status.st_gid)


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
