"""Effects: one file or folder put in its place, or taken away, in steps that each leave a whole file.

Nothing here knows of plans or phases. An editor may save at any instant: `put` replaces only what its caller has seen,
and whatever was saved instead lies there afterwards.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from io import BufferedReader
from pathlib import Path, PurePosixPath

from ..errors import ProjectError
from .entry import inside
from .write import aside_of, disk_errors, near, usual_mode

__all__ = [
    "ChangedError",
    "Kind",
    "State",
    "copy",
    "copy_unsynced",
    "duplicate",
    "folders_of",
    "make_folder",
    "make_parents",
    "mode_like",
    "move",
    "prune",
    "put",
    "recover",
    "remove",
    "state_of",
    "sync",
    "write_inside",
]

#: What a file system says that has no hard links.
_NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


class Kind(StrEnum):
    """What can lie at a path, but for folders."""

    FILE = "file"
    LINK = "link"
    #: A pipe, a socket, a device: never read, never replaced.
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class State:
    """What lies at a path."""

    kind: Kind
    #: Its permissions.
    mode: int
    #: The digest of a file, the target of a link.
    content: str


class ChangedError(ProjectError):
    """Somebody saved into a place that was about to be replaced; what they saved lies there."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} was changed meanwhile: it is left as it is.", hint="Run the command again.")
        self.path = path


def state_of(path: Path) -> State | None:
    """What lies at a path; None for nothing, and for a folder."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return State(kind=Kind.LINK, mode=0, content=os.fsdecode(path.readlink()))
        if stat.S_ISREG(mode):
            with _open_plain(path) as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            return State(kind=Kind.FILE, mode=stat.S_IMODE(mode), content=digest)
    except (FileNotFoundError, NotADirectoryError):
        return None
    # A pipe, say, is never read: that could wait for ever.
    return None if stat.S_ISDIR(mode) else State(kind=Kind.OTHER, mode=stat.S_IMODE(mode), content="")


def _open_plain(path: Path) -> BufferedReader:
    """A regular file, to be read; if somebody put a pipe or a link there just now, it is not waited for or followed.

    Raises:
        ChangedError: It is no file any more.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ChangedError(path)
    return os.fdopen(handle, "rb")


def mode_like(kept: int, made: Path) -> int:
    """The permissions of the file that is replaced, executable as the new one is."""
    executable = made.stat().st_mode & 0o100
    return kept | (kept & 0o444) >> 2 if executable else kept & ~0o111


def folders_of(project: Path, path: str) -> dict[str, int]:
    """The folders above a path, and the one in its place, with their permissions."""
    modes: dict[str, int] = {}
    for folder in (PurePosixPath(path), *list(PurePosixPath(path).parents)[:-1]):
        with contextlib.suppress(OSError):
            mode = (project / folder).lstat().st_mode
            if stat.S_ISDIR(mode):
                modes[folder.as_posix()] = stat.S_IMODE(mode)
    return modes


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
    """Copy a file or a link as it is, to where nothing is; a file is on the disk when this returns.

    Raises:
        ChangedError: Somebody put something else in the place of the file just now.
    """
    copy_unsynced(source, target)
    if not target.is_symlink():
        sync(target)


def copy_unsynced(source: Path, target: Path) -> None:
    """As `copy`; that many copies are on the disk is asked for once, which takes less than half of the time."""
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return
    with _open_plain(source) as stream, target.open("xb") as copied:
        shutil.copyfileobj(stream, copied)
    shutil.copystat(source, target, follow_symlinks=False)


def duplicate(source: Path, target: Path) -> None:
    """A second one of a file or link, in the place of whatever is there."""
    remove(target)
    try:
        copy(source, target)
    except OSError as error:
        remove(target)
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        # A link needs no room, and the way back must not fail on a full disk.
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError:
            raise error from None


def move(source: Path, target: Path) -> None:
    """Put a file in the place of another that is ours alone, in one step."""
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # On another volume.
        passing = near(target)
        remove(passing)
        copy(source, passing)
        passing.replace(target)
        source.unlink()


def put(new: Path | None, target: Path, expected: State | None) -> None:
    """Bring a file or a link to a place, or nothing, if what is expected lies there (None: nothing does).

    It is moved aside and looked at only there, and the new one is put where nothing is. So a save at any instant either
    comes before that look, and goes back to its place, or finds no file, and is left as it is.

    Raises:
        ChangedError: Something else lies there; it does so still.
    """
    aside = aside_of(target)
    if expected is not None:
        try:
            target.rename(aside)
        except (FileNotFoundError, NotADirectoryError):
            raise ChangedError(target) from None
    try:
        if expected is not None:
            _require(aside, expected, target)
        if new is not None:
            _settle(new, target)
    except BaseException:
        if expected is not None:
            _put_back(aside, target, expected)
        raise
    remove(aside)


def _require(aside: Path, expected: State, target: Path) -> None:
    if state_of(aside) != expected:
        raise ChangedError(target)


def _settle(new: Path, target: Path) -> None:
    """Put a file where nothing is, in one step.

    Raises:
        ChangedError: Something is there.
    """
    try:
        os.link(new, target, follow_symlinks=False)
    except FileExistsError:
        raise ChangedError(target) from None
    except OSError as error:
        if error.errno == errno.EXDEV:
            _settle_from_afar(new, target)
        elif error.errno not in _NO_LINKS:
            raise
        elif os.path.lexists(target):
            raise ChangedError(target) from None
        else:
            new.rename(target)
            return
    new.unlink()


def _settle_from_afar(new: Path, target: Path) -> None:
    """The work tree is on another volume than .git."""
    passing = near(target)
    remove(passing)
    try:
        copy(new, passing)
        _settle(passing, target)
    finally:
        remove(passing)


def _put_back(aside: Path, target: Path, expected: State) -> None:
    """After a refusal. What was saved last wins its place; an older save stays beside it, under the name of `aside`."""
    try:
        _settle(aside, target)
    except FileNotFoundError:
        # Another run found it, and put it back.
        return
    except ChangedError:
        if state_of(aside) == expected:
            remove(aside)


def recover(target: Path, known: Collection[State]) -> Path | None:
    """After a kill in the midst of `put`: what somebody saved goes back to its place.

    Args:
        target: The place.
        known: States that are kept elsewhere.

    Returns:
        An older save, where a newer one lies in its place by now.
    """
    remove(near(target))
    aside = aside_of(target)
    if (older := state_of(aside)) is None:
        return None
    if older in known:
        remove(aside)
        return None
    try:
        _settle(aside, target)
    except ChangedError:
        return aside
    return None


def write_inside(project: Path, path: str, content: bytes, *, expected: State | None) -> None:
    """Write a file of a project, which is somebody else's word: no link is followed, no pipe or device written to.

    Args:
        project: Its root.
        path: Relative to it.
        content: All of it.
        expected: What lay there when the content was decided.

    Raises:
        ProjectError: The path leads out of the project, or something else lies there by now; it does so still.
        MachineError: No room, or no right to write; the file is as it was.
    """
    target = inside(project, path, error=ProjectError, origin="The command")
    passing = near(target)
    with disk_errors(target):
        remove(passing)
        try:
            with passing.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            passing.chmod(usual_mode() if expected is None else expected.mode)
            put(passing, target, expected)
        finally:
            remove(passing)


def remove(path: Path) -> None:
    """Remove a file or link, if there is one."""
    # On a volume that is read only even the removal of nothing fails.
    if os.path.lexists(path):
        path.unlink()


def sync(path: Path) -> None:
    """Have a file or the names in a folder on the disk before anything that comes after."""
    with contextlib.suppress(PermissionError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
