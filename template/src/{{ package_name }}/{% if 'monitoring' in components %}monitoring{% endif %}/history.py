"""What monitoring has found, kept: a file of JSON lines that grows at its end. One process writes at a time.

A line is whole or not there: whoever is killed while writing leaves a piece, which the next writer cuts off and readers leave out.
What is old is left out by writing the file anew beside itself, and replacing it whole: readers have the one or the other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypeVar

import orjson
from filelock import FileLock
from pydantic import BaseModel, ValidationError

from ..artifacts import clear_beside, whole, writing
from ..errors import DataError
from .judging import Judged
from .keeping import LEFT_OUT, LeftOut, shorter
from .windows import Pieces

Entry = TypeVar("Entry", bound=BaseModel)
_FORMAT = 1


class DriftWindow(Judged):
    """A finished window of the prediction log.

    Args:
        pieces: where its records stand, by file.
    """

    pieces: Pieces


#: Adds an entry of a kind.
Append = Callable[[str, BaseModel], None]


class History:
    """The file of a project."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self, kind: str, model: type[Entry]) -> list[Entry]:
        """All of a kind, in the order in which they came.

        Raises:
            DataError: the file cannot be read, or an entry is not what it should be.
        """
        found = []
        begun = _line_begins(kind)
        for number, line in enumerate(self._lines(), 1):
            if line.startswith(_line_begins()) and not line.startswith(begun):
                continue
            try:
                said = json.loads(line)
                if said["kind"] == kind and said["format"] == _FORMAT:
                    found.append(model.model_validate_json(json.dumps(said["says"])))
            except (ValueError, KeyError, TypeError, ValidationError):
                raise DataError(
                    f"{self._path}, line {number}, is no entry of the history.",
                    "Remove the line; what it said of its window is lost.",
                ) from None
        return found

    def said(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every entry as it is written, with its kind, for those who only show it: what is none is left out.

        Raises:
            DataError: the file cannot be read.
        """
        for line in self._lines():
            try:
                entry = orjson.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict) and entry.get("format") == _FORMAT and isinstance(entry.get("says"), dict):
                yield str(entry.get("kind")), entry["says"]

    def windows(self) -> list[DriftWindow]:
        """The finished windows, the newest last; raises `DataError`."""
        return self.entries("drift", DriftWindow)

    def done(self, windows: Sequence[DriftWindow]) -> dict[str, int]:
        """By file of the log, up to where it stands in finished windows and in those that were left out; raises `DataError`."""
        done: dict[str, int] = {}
        for left_out in self.entries(LEFT_OUT, LeftOut):
            done.update(left_out.done)
        for window in windows:
            for file, (_, end) in window.pieces.items():
                done[file] = max(done.get(file, 0), end)
        return done

    @contextmanager
    def appending(self, keep: int | None = None) -> Iterator[Append]:
        """Be the only writer, and add entries, each of which is on the disk when its call ends.

        Args:
            keep: so many entries of a kind are kept, the newest; None: all.

        Raises:
            DataError: it cannot be written.
        """
        with ExitStack() as stack:
            with writing(self._path):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                stack.enter_context(FileLock(self._path.with_suffix(".lock")))
                if keep is not None:
                    self._shorten(keep)
                stream = stack.enter_context(self._path.open("ab+", buffering=0))
                _cut_torn(stream)

            def append(kind: str, entry: BaseModel) -> None:
                said = {"format": _FORMAT, "kind": kind, "says": entry.model_dump(mode="json")}
                line = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
                with writing(self._path):
                    _write(stream, line)

            yield append

    def _shorten(self, keep: int) -> None:
        """Leave out what is old or was said anew, if that is much of the file; only the writer may."""
        clear_beside(self._path)
        lines = shorter(self._lines(), keep)
        if lines is not None:
            with whole(self._path) as place:
                place.write_bytes(b"".join(lines))

    def _lines(self) -> list[bytes]:
        """The whole lines."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            message = f"{self._path} cannot be read: {error.strerror or error}."
            raise DataError(message, "Make it readable for whoever runs the command.") from None
        return [line for line in content.splitlines(keepends=True) if line.endswith(b"\n")]


def _line_begins(kind: str | None = None) -> bytes:
    """How lines begin that this module has written; those of a kind."""
    begun = json.dumps({"format": _FORMAT, "kind": kind or ""}, separators=(",", ":"), ensure_ascii=False)
    return begun.encode().removesuffix(b"}") if kind else begun.encode().removesuffix(b'"}')


def _cut_torn(stream: IO[bytes]) -> None:
    """Cut off what a writer that was killed has left behind the last whole line."""
    stream.seek(0)
    content = stream.read()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        stream.truncate(whole)


def _write(stream: IO[bytes], line: bytes) -> None:
    """All of a line, or nothing of it."""
    before = stream.seek(0, os.SEEK_END)
    written = 0
    try:
        while written < len(line):
            written += stream.write(line[written:])
        os.fsync(stream.fileno())
    except OSError:
        with suppress(OSError):
            stream.truncate(before)
        raise
