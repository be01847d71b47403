"""Where a report goes, as a person named it on the command line: they are taken at their word.

A link of theirs is followed, as a shell's `>` does; into a device, a pipe or an open descriptor (`/dev/stdout`,
`/dev/fd/3`) it is written; a file is replaced in one step, so that nobody reads half a report, and its other names
(hard links) keep what they had. Refused is what a slip of the keyboard would ruin (the files that are judged, `.git`,
whole disks), and a link in the repository that leads out of it: that is not their word, but whoever's who committed it.

Files of a project are not written here: they are somebody else's word altogether (`files.put`).
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import select
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import LockError, MachineError
from ...files.write import disk_errors, write_file
from ...git.location import named_location
from ...project.lock import LOCK_FILE, read_lock
from ...project.settings import SETTINGS_FILE

__all__ = ["ReportTarget", "report_target"]

_STANDARD_OUTPUT = 1
#: How long a reader of a pipe may take to come.
_PATIENCE_SECONDS = 5.0
_PAUSE_SECONDS = 0.05
_MOST_LINKS = 40
_DESCRIPTORS = re.compile(r"/dev/fd|/proc/(self|\d+)(/task/\d+)?/fd")
#: What is said where a file may be written and not replaced: a closed folder, a single file that is mounted.
_NOT_REPLACEABLE = {errno.EACCES, errno.EPERM, errno.EBUSY, errno.EROFS}


@dataclass(frozen=True, kw_only=True)
class ReportTarget:
    """Where a report is written."""

    #: As the person named it.
    named: Path
    #: Without links.
    file: Path
    #: An open descriptor of this process, in the place of a file.
    descriptor: int | None = None

    @property
    def is_standard_output(self) -> bool:
        """Whether this is what the command prints to."""
        return self.descriptor == _STANDARD_OUTPUT

    def is_same(self, other: ReportTarget) -> bool:
        """Whether two reports would overwrite each other, however their places are spelled."""
        if self.descriptor is not None or other.descriptor is not None:
            return self.descriptor == other.descriptor
        with contextlib.suppress(OSError):
            return self.file.samefile(other.file)
        return self.file == other.file

    def write(self, text: str) -> None:
        """Write a report there.

        Raises:
            MachineError: Nothing can be written there; a file is as it was.
        """
        content = text.encode(errors="backslashreplace")
        if self.descriptor is not None:
            with _said(self.named):
                _write_all(self.descriptor, content)
        elif self.file.exists() and not self.file.is_file():
            with _said(self.named), _opened(self.file) as handle:
                _write_all(handle, content)
        else:
            self._replace(content)

    def _replace(self, content: bytes) -> None:
        try:
            write_file(self.file, content)
        except MachineError as error:
            cause = error.__cause__
            if not isinstance(cause, OSError) or cause.errno not in _NOT_REPLACEABLE or not self.file.is_file():
                raise
            with _said(self.named), self.file.open("r+b", buffering=0) as stream:
                stream.truncate()
                _write_all(stream.fileno(), content)


def report_target(project: Path, path: Path) -> ReportTarget:
    """Where a report goes that a person names for a report, looked at before any work is done.

    Args:
        project: Its root: none of its own files is a target for a report.
        path: As it was typed.

    Raises:
        MachineError: Nothing can, or should, be written there.
    """
    named = path.absolute()
    file, descriptor = _follow(named)
    target = ReportTarget(named=named, file=file, descriptor=descriptor)
    _refuse_way_out(project, target)
    if descriptor is None:
        with disk_errors(named):
            _refuse_unfit(target)
            _refuse_ruin(project, target)
    return target


def _refuse_way_out(project: Path, target: ReportTarget) -> None:
    """Refuse a target in the repository that a link there puts somewhere else.

    Raises:
        MachineError: It does.
    """
    location = named_location(project)
    top = (location.top if location else project).resolve()
    if Path(os.path.normpath(target.named)).is_relative_to(top) and not target.file.is_relative_to(top):
        raise MachineError(
            f"{target.named} leads out of the repository, by a link in it. Refused.",
            hint="Name another file for the report, or the one that the link leads to.",
        )


def _follow(named: Path) -> tuple[Path, int | None]:
    """Through links to a file that need not exist, or to an open descriptor, which is no name of a file."""
    path = named
    for _ in range(_MOST_LINKS):
        folder = os.path.realpath(path.parent)
        if _DESCRIPTORS.fullmatch(folder) and path.name.isdecimal() and _is_own(folder):
            return path, int(path.name)
        path = Path(folder, path.name)
        if not path.is_symlink():
            return Path(os.path.normpath(path)), None
        path = path.parent / path.readlink()
    raise MachineError(f"{named}: too many links, one behind the other.", hint="Name another file for the report.")


def _is_own(folder: str) -> bool:
    return folder in {"/dev/fd", "/proc/self/fd", f"/proc/{os.getpid()}/fd"} or folder.startswith(
        f"/proc/{os.getpid()}/task/"
    )


def _refuse_unfit(target: ReportTarget) -> None:
    hint = "Name another file for the report."
    if not target.file.parent.is_dir():
        raise MachineError(f"{target.file.parent} is not a folder: no report can be written there.", hint=hint)
    if not target.file.exists():
        return
    mode = target.file.stat().st_mode
    if stat.S_ISDIR(mode):
        raise MachineError(f"{target.named} is a folder.", hint=hint)
    if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
        raise MachineError(f"{target.named} is a disk or a socket: no report can be written there.", hint=hint)
    if not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or not os.access(target.file, os.W_OK):
        raise MachineError(f"{target.named} is read only.", hint=hint)


def _refuse_ruin(project: Path, target: ReportTarget) -> None:
    """Refuse to replace what is judged, or what git keeps.

    Raises:
        MachineError: The target is one of them.
    """
    hint = "Name another file for the report."
    if any(part.casefold() == ".git" for part in target.file.parts):
        raise MachineError(f"{target.named} is inside of .git, where git keeps its own files.", hint=hint)
    try:
        lock = read_lock(project)
        own = [LOCK_FILE, SETTINGS_FILE, lock.answers_file, *lock.files]
    except LockError:
        own = [LOCK_FILE, SETTINGS_FILE]
    if any(_is_at(project / path, target.file) for path in own):
        raise MachineError(f"{target.named} is a file of the project that is checked.", hint=hint)


def _is_at(path: Path, file: Path) -> bool:
    """Whether a path leads to a file that may not be there yet, by whatever spelling the disk takes for the same."""
    if path == file:
        return True
    if path.name.casefold() != file.name.casefold():
        return False
    try:
        return path.samefile(file)
    except OSError:
        return False


@contextlib.contextmanager
def _said(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MachineError(
            f"The report cannot be written to {path}: {error.strerror or error}.",
            hint="Name another file for it, or make room there.",
        ) from error


@contextlib.contextmanager
def _opened(device: Path) -> Iterator[int]:
    """A device or a pipe; a pipe that nobody reads is waited for, not for ever."""
    last = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            handle = os.open(device, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
            break
        except OSError as error:
            if error.errno != errno.ENXIO or not device.is_fifo():
                raise
            if time.monotonic() > last:
                raise OSError(error.errno, "nobody reads this pipe") from error
        time.sleep(_PAUSE_SECONDS)
    try:
        os.set_blocking(handle, True)
        yield handle
    finally:
        os.close(handle)


def _write_all(handle: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        try:
            left = left[os.write(handle, left) :]
        except BlockingIOError:
            # Somebody else made it one that does not wait.
            select.select([], [handle], [])
