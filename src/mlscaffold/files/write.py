"""Effects: one file of our own, written whole or not at all; and whose a file is."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ..errors import MachineError

__all__ = ["aside_of", "disk_errors", "is_ours", "near", "usual_mode", "write_file"]


def write_file(file: Path, content: bytes) -> None:
    """Replace a file in one step; its mode stays, a new one gets the person's usual mode.

    Args:
        file: Where; its folder exists.
        content: All of it.

    Raises:
        MachineError: No room, or no right to write; the file is as it was.
    """
    # Imported here: `check` reads far more often than it writes.
    import tempfile

    try:
        mode = file.stat().st_mode & 0o777 if file.is_file() and not file.is_symlink() else usual_mode()
        handle, name = tempfile.mkstemp(prefix=f".{file.name[:32]}.", dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).chmod(mode)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise MachineError(
            f"{file} cannot be written: {error.strerror or error}. It is as it was.",
            hint="Make room or get the right to write there, then run the command again.",
        ) from error


def near(target: Path) -> Path:
    """Where a file passes on the volume of its place."""
    return target.parent / f".mlscaffold-{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:12]}"


def aside_of(target: Path) -> Path:
    """Where the one passes that is replaced."""
    return near(target).with_suffix(".old")


def usual_mode() -> int:
    """The permissions that a new file of this person gets."""
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def is_ours(path: Path) -> bool:
    """Whether nobody else could have written there."""
    if not hasattr(os, "getuid"):
        return True
    status = path.lstat()
    writable = stat.S_IMODE(status.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
    return status.st_uid == os.getuid() and not writable and not stat.S_ISLNK(status.st_mode)


@contextlib.contextmanager
def disk_errors(destination: Path) -> Iterator[None]:
    """Turn a full disk or a missing permission into an error that says what to do.

    Raises:
        MachineError: In the place of any OSError.
    """
    try:
        yield
    except OSError as error:
        path = error.filename or destination
        if error.errno == errno.ENAMETOOLONG:
            raise MachineError(
                f"The name {path} is too long for this disk. {destination} is as it was.",
                hint="Use shorter names, or a folder that is closer to the top.",
            ) from error
        what = "Reading" if error.errno == errno.EACCES and os.path.isfile(path) else "Writing"  # noqa: PTH113 - or bytes
        raise MachineError(
            f"{what} failed at {path}: {error.strerror or error}. {destination} is as it was.",
            hint="Make room or get the right to write there, then run the command again.",
        ) from error
