"""The journal as it lies on disk: where, and who holds it. No link is followed to it: see `record`."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from ..errors import MachineError, PendingError, ProjectError
from ..files.entry import read_plain
from ..files.put import remove, sync
from ..files.scratch import lock_file
from ..files.write import disk_errors
from ..git.location import Location, locate
from .record import Pending, Record, Side, UnknownFormatError, dump, parse
from .where import JOURNAL, folder_at

__all__ = [
    "clear_out",
    "exclusive",
    "journal_folder",
    "load",
    "pending",
    "pending_at",
    "store",
]

_LIMIT_BYTES = 256 * 1024 * 1024


def journal_folder(project: Path) -> Path | None:
    """Where the journal of a project is, if any; None outside of git.

    Raises:
        MachineError: Git cannot use the repository.
    """
    return None if (location := locate(project)) is None else folder_at(location)


def _refuse_links(folder: Path) -> None:
    """Refuse a journal that lies elsewhere.

    Raises:
        MachineError: A link stands where we keep a folder.
    """
    for place in (folder.parent, folder, *(folder / name for name in (*Side, "saved"))):
        if place.is_symlink():
            raise MachineError(
                f"{place} is a link; mlscaffold makes a folder there. Refused.", hint=f"Remove the link: rm {place}"
            )


def pending(project: Path) -> Pending | None:
    """What waits to be finished in a project.

    Raises:
        MachineError: The journal is damaged, or leads out of the project.
    """
    folder = journal_folder(project)
    return record.pending if folder is not None and (record := load(folder)) is not None else None


def pending_at(location: Location) -> Pending | None:
    """The same, where it is known already in which repository the project lies.

    Raises:
        MachineError: As for `pending`.
    """
    return record.pending if (record := load(folder_at(location))) is not None else None


def load(folder: Path) -> Record | None:
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
            f"The journal {file} cannot be read: {error}.", hint=f"The files from before are in {folder / Side.BEFORE}."
        ) from error


def store(folder: Path, record: Record) -> None:
    """Write a journal, in one step."""
    passing = folder / f"{JOURNAL}.passing"
    remove(passing)
    with passing.open("x", encoding="utf-8") as stream:
        stream.write(dump(record))
    sync(passing)
    # The copies that it speaks of must not be lost after it is found.
    for name in Side:
        sync(folder / name)
    passing.replace(folder / JOURNAL)
    sync(folder)


@contextlib.contextmanager
def exclusive(project: Path, command: str) -> Iterator[Path]:
    """Hold a project: nobody else updates it meanwhile. Gives the journal's folder.

    Raises:
        PendingError: Somebody else holds it, with who.
        ProjectError: The project is not in git.
        MachineError: A link stands where the journal is to be, or the disk refuses.
    """
    folder = journal_folder(project)
    if folder is None:
        raise ProjectError(f"{project} is not in a git repository.")
    _refuse_links(folder)
    with disk_errors(project):
        folder.mkdir(parents=True, exist_ok=True)
        handle = _open_plain(folder / "holder")
    try:
        if not lock_file(handle):
            holder = os.pread(handle, 200, 0).decode(errors="replace").strip()
            raise PendingError(
                f"{holder or 'Another run of mlscaffold'} is at work in {project}.", hint="Wait for it to end."
            )
        os.ftruncate(handle, 0)
        with contextlib.suppress(OSError):
            # On a full disk nobody learns who holds it; but the way back is open.
            os.pwrite(handle, f"mlscaffold {command} (process {os.getpid()})\n".encode(), 0)
        if not (folder / JOURNAL).exists():
            clear_out(folder)
        yield folder
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
    for side in Side:
        shutil.rmtree(folder / side, ignore_errors=True)
    for name in ("passing", f"{JOURNAL}.passing"):
        remove(folder / name)
