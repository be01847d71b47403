"""Rotated files of JSON lines. All lines are whole, but for the last one of a process that was killed."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .sink import first_of

# In memory a second time while they are written.
_MOST_BYTES = 1024 * 1024
_MOMENT = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-\d+-[0-9a-f]{8}\.jsonl")
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)


class Files:
    """The files of one process, in a folder that several may share.

    Args:
        folder: made when the first line comes.
        most_bytes: of a file, but for one piece that is longer by itself.
        keep: files that began longer ago are removed, whichever process wrote them; None: none is.
        keep_bytes: the oldest files are removed until all together are no larger; None: none is.
    """

    def __init__(
        self, folder: Path, most_bytes: int, keep: timedelta | None = None, keep_bytes: int | None = None
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._keep = keep
        self._keep_bytes = keep_bytes
        self._path = folder
        self._file: int | None = None
        self._size = 0
        self._day = ""

    def write(self, pieces: Sequence[bytes]) -> int:
        """Write the first of some pieces, each of whole lines, and say how many; raises `OSError` where none could be written."""
        first = first_of(pieces, min(_MOST_BYTES, self._most_bytes))
        if self._file is None or not self._has_room(self._file, sum(map(len, first))):
            self.close()
            self._open()
        written, fault = self._append(b"".join(first))
        if fault is None:
            return len(first)
        return self._cut(first, written, fault)

    def sync(self) -> None:
        """Have what was written on the disk, whatever happens to the machine; raises `OSError`."""
        if self._file is not None:
            os.fsync(self._file)

    def close(self) -> None:
        """End the file; the next line begins another."""
        if self._file is not None:
            file, self._file = self._file, None
            with suppress(OSError):
                os.close(file)

    def _has_room(self, file: int, size: int) -> bool:
        """Whether a file takes so many bytes more: it is of today, and nobody has removed it."""
        is_there = os.fstat(file).st_nlink > 0
        return is_there and self._day == _now()[:8] and self._size + size <= self._most_bytes

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        moment = _now()
        self._path = self._folder / f"{moment}-{os.getpid()}-{secrets.token_hex(4)}.jsonl"
        # For its owner and group: it tells what people were asked about.
        self._file = os.open(self._path, _FLAGS, 0o640)
        self._size, self._day = 0, moment[:8]
        with suppress(OSError):
            self._remove_old()

    def _append(self, data: bytes) -> tuple[int, OSError | None]:
        """How many of the bytes were written, and what kept the others from it."""
        assert self._file is not None
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:] if written else data)
        except OSError as error:
            return written, error
        self._size += written
        return written, None

    def _cut(self, pieces: Sequence[bytes], written: int, fault: OSError) -> int:
        """Take back the piece that was written in part, end the file, and say how many pieces it got; raises if none."""
        count = size = 0
        while size + len(pieces[count]) <= written:
            size += len(pieces[count])
            count += 1
        assert self._file is not None
        with suppress(OSError):
            os.ftruncate(self._file, self._size + size)
            if not self._size + size:
                self._path.unlink()
        self.close()
        if not count:
            raise fault
        return count

    def _remove_old(self) -> None:
        oldest = "" if self._keep is None else (datetime.now(UTC) - self._keep).strftime(_MOMENT)
        total = self._most_bytes
        for path in reversed(log_files(self._folder)):
            if path == self._path:
                continue
            with suppress(FileNotFoundError):
                total += path.stat().st_size
                if path.name < oldest or (self._keep_bytes is not None and total > self._keep_bytes):
                    path.unlink()


def log_files(folder: Path) -> list[Path]:
    """The files of a log, the oldest first; none where there is no folder.

    Raises:
        OSError: the folder cannot be read.
    """
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def _now() -> str:
    return datetime.now(UTC).strftime(_MOMENT)
