"""Effects: one file or folder put in its place, or taken away, in steps that each leave a whole file.

The journal calls these in order; nothing here knows of plans or phases.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from .errors import ProjectError

__all__ = [
    "copy",
    "duplicate",
    "folders_of",
    "make_folder",
    "make_parents",
    "mode_like",
    "move",
    "near",
    "prune",
    "remove",
    "state_of",
    "sync",
]


def state_of(path: Path) -> list[Any] | None:
    """Kind, permissions and digest of what lies at a path; None for nothing. A list, as JSON gives it back."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(mode):
        return ["link", 0, os.fsdecode(path.readlink())]
    if stat.S_ISDIR(mode):
        return None
    return ["file", stat.S_IMODE(mode), hashlib.sha256(path.read_bytes()).hexdigest()]


def mode_like(here: Path, made: Path) -> int:
    """The permissions of the file that is replaced, executable as the new one is."""
    kept, executable = stat.S_IMODE(here.stat().st_mode), made.stat().st_mode & 0o100
    return kept | (kept & 0o444) >> 2 if executable else kept & ~0o111


def folders_of(project: Path, path: str) -> dict[str, int]:
    """The folders above a path, and the one in its place, with their permissions."""
    found: dict[str, int] = {}
    for place in (PurePosixPath(path), *list(PurePosixPath(path).parents)[:-1]):
        with contextlib.suppress(OSError):
            mode = (project / place).lstat().st_mode
            if stat.S_ISDIR(mode):
                found[place.as_posix()] = stat.S_IMODE(mode)
    return found


def make_parents(project: Path, target: Path, known: Mapping[str, int]) -> None:
    """The folders above a file, with the permissions that they had; and no link among them.

    Raises:
        ProjectError: Something that is no folder stands there.
    """
    parent = project
    for part in target.parent.relative_to(project).parts:
        parent /= part
        if parent.is_symlink() or (parent.exists() and not parent.is_dir()):
            raise ProjectError(f"{parent} is in the way of {target}: it is no folder.")
        if not parent.exists():
            make_folder(parent, known.get(parent.relative_to(project).as_posix()))


def make_folder(folder: Path, mode: int | None) -> None:
    """One folder, with permissions if they are known."""
    folder.mkdir()
    if mode is not None:
        folder.chmod(mode)


def prune(project: Path, folder: Path, kept: Collection[str]) -> None:
    """Remove folders that became empty, as git does; those that are kept were there before."""
    while folder != project and folder.relative_to(project).as_posix() not in kept:
        try:
            folder.rmdir()
        except FileNotFoundError:
            pass
        except OSError:
            return
        folder = folder.parent


def copy(source: Path, target: Path) -> None:
    """Copy a file or a link as it is; a file is on the disk when this returns."""
    shutil.copy2(source, target, follow_symlinks=False)
    if not target.is_symlink():
        sync(target)


def duplicate(source: Path, target: Path) -> None:
    """A second one of a file or link, in the place of whatever is there."""
    remove(target)
    try:
        copy(source, target)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        # A link needs no room, and the way back must not fail on a full disk.
        remove(target)
        os.link(source, target, follow_symlinks=False)


def move(source: Path, target: Path) -> None:
    """Put a file or link in the place of another, in one step."""
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # The work tree is on another volume than .git.
        passing = near(target)
        remove(passing)
        copy(source, passing)
        passing.replace(target)
        source.unlink()


def near(target: Path) -> Path:
    """Where a file passes on the volume of its place."""
    return target.parent / f".mlscaffold-{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]}"


def remove(path: Path) -> None:
    """Remove a file or link, if there is one."""
    # On a volume that is read only even the removal of nothing fails.
    if os.path.lexists(path):
        path.unlink()


def sync(place: Path) -> None:
    """Have a file or the names in a folder on the disk before anything that comes after."""
    with contextlib.suppress(PermissionError):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
