"""The journal as it lies on disk: where, and who holds it. No link is followed to it: see `journal_record`."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from ..errors import MachineError, PendingError
from ..files.entry import read_plain
from ..files.put import remove, sync
from ..files.scratch import lock_file
from ..files.write import disk_errors
from ..git.location import Location, locate
from .journal_record import JournalRecord, Moment, Pending, UnknownFormatError, dump, parse
from .where import JOURNAL, folder_at

__all__ = [
    "clear_out",
    "exclusive",
    "load",
    "pending",
    "pending_at",
    "store",
]

_LIMIT_BYTES = 256 * 1024 * 1024


def _refuse_links(folder: Path) -> None:
    """Refuse a journal that lies elsewhere.

    Raises:
        MachineError: A link stands where we keep a folder.
    """
    for kept in (folder.parent, folder, *(folder / name for name in (*Moment, "saved"))):
        if kept.is_symlink():
            raise MachineError(
                f"{kept} is a link; mlscaffold makes a folder there. Refused.", hint=f"Remove the link: rm {kept}"
            )


def pending(project: Path) -> Pending | None:
    """What waits to be finished in a project.

    Raises:
        MachineError: The journal is damaged, or leads out of the project.
    """
    return None if (location := locate(project)) is None else pending_at(location)


def pending_at(location: Location) -> Pending | None:
    """The same, where it is known already in which repository the project lies.

    Raises:
        MachineError: As for `pending`.
    """
    return record.pending if (record := load(folder_at(location))) is not None else None


def load(folder: Path) -> JournalRecord | None:
    """What the journal in a folder says; None if there is none.

    Raises:
        MachineError: It is damaged, or leads out of the project.
    """
    file = folder / JOURNAL
    if not file.is_file() or file.is_symlink():
        return None
    _refuse_links(folder)
    try:
        return parse(read_plain(file, _LIMIT_BYTES).decode())
    except UnknownFormatError:
        raise MachineError(f"{file} was written by another version of mlscaffold: finish with that one.") from None
    except (OSError, ValueError) as error:
        raise MachineError(
            f"The journal {file} cannot be read: {error}.",
            hint=f"The files from before are in {folder / Moment.BEFORE}.",
        ) from error


def store(folder: Path, record: JournalRecord) -> None:
    """Write a journal, in one step."""
    passing = folder / f"{JOURNAL}.passing"
    remove(passing)
    with passing.open("x", encoding="utf-8") as stream:
        stream.write(dump(record))
    sync(passing)
    # The copies that it speaks of must not be lost after it is found.
    for moment in Moment:
        sync(folder / moment)
    passing.replace(folder / JOURNAL)
    sync(folder)


@contextlib.contextmanager
def exclusive(location: Location, command: str) -> Iterator[None]:
    """Hold a project: nobody else updates it meanwhile.

    Raises:
        PendingError: Somebody else holds it, with who.
        MachineError: A link stands where the journal is to be, or the disk refuses.
    """
    folder = folder_at(location)
    _refuse_links(folder)
    with disk_errors(location.folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = _open_plain(folder / "holder")
    try:
        if not lock_file(handle):
            holder = os.pread(handle, 200, 0).decode(errors="replace").strip()
            raise PendingError(
                f"{holder or 'Another run of mlscaffold'} is at work in {location.folder}.", hint="Wait for it to end."
            )
        os.ftruncate(handle, 0)
        with contextlib.suppress(OSError):
            # On a full disk nobody learns who holds it; but the way back is open.
            os.pwrite(handle, f"mlscaffold {command} (process {os.getpid()})\n".encode(), 0)
        if not (folder / JOURNAL).exists():
            clear_out(folder)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _open_plain(file: Path) -> int:
    """A file of ours to write into; whatever else lies there is removed, not followed."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(file.lstat().st_mode):
            remove(file)
    return os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)


def clear_out(folder: Path) -> None:
    """Remove what a run left that was killed before its journal was written, or after its end."""
    for moment in Moment:
        shutil.rmtree(folder / moment, ignore_errors=True)
    for name in ("passing", f"{JOURNAL}.passing"):
        remove(folder / name)
