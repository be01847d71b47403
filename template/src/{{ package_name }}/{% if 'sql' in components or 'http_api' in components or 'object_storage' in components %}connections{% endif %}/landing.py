"""A place on the disk for what is fetched, until it is read."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DataError


@contextmanager
def landing(root: Path) -> Iterator[Path]:
    """A folder on the disk of the project's data, which is gone at the end; raises `DataError` if it cannot be made."""
    parent = root / "data" / "interim"
    with _writing(parent):
        parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix=".fetched.", dir=parent, ignore_cleanup_errors=True)
    with folder as place:
        yield Path(place)


def land(parts: Iterable[bytes], file: Path) -> None:
    """Write what comes in parts; raises `DataError` if the disk is full, and what `parts` raises."""
    with _writing(file.parent):
        # Without a buffer, which would be written once more when it is closed.
        stream = file.open("wb", buffering=0)
    with stream:
        for part in parts:
            left = memoryview(part)
            with _writing(file.parent):
                while left:
                    left = left[stream.write(left) :]


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written: {error.strerror or error}.",
            "Make room, or make the folder writable; nothing was read.",
        ) from None


@contextmanager
def called(file: Path, name: str) -> Iterator[None]:
    """What is said of a file that was fetched is said of where it came from."""
    try:
        yield
    except DataError as error:
        raise DataError(str(error).replace(str(file), name), error.advice) from None
