"""The prediction log, cut into windows: by so many rows, or by time. Each record is in exactly one, whoever wrote it.

Several processes write files of their own, so a window is a piece of each file, and what is remembered of it is where its
pieces begin and end: to read them again gives the same records. Only whole lines are read, and only complete windows given.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from ..contract.durations import span_of
from ..contract.types import Contract
from ..errors import DataError
from .settings import Windows

Record = dict[str, Any]
#: By the name of a file, from which byte to which.
Pieces = dict[str, tuple[int, int]]
#: The form of a record of the prediction log.
_FORMAT = 1
_TYPES: Mapping[str, tuple[type, ...]] = {"number": (float, int), "integer": (float, int), "boolean": (bool,)}
# A window by time is complete so long after its end: processes write a moment later.
_GRACE = timedelta(minutes=1)


class _Line(NamedTuple):
    moment: str
    file: str
    end: int
    record: Record | None


@dataclass(kw_only=True)
class Window:
    """Records that belong together.

    Args:
        index: 0 of the first window that was ever cut.
        pieces: where they stand.
        records: in the order of their moments.
    """

    index: int
    pieces: Pieces
    records: list[Record] = field(default_factory=list)

    @property
    def begin(self) -> str:
        """The moment of the first record."""
        return str(self.records[0]["moment"])

    @property
    def end(self) -> str:
        """The moment of the last record."""
        return str(self.records[-1]["moment"])


class Cutting:
    """Cuts what is new in a log.

    Args:
        files: of the log, the oldest first.
        contract: records that do not fit it are left out, and counted.
        settings: how it is cut.
        first: the index of the next window.
        done: by the name of a file, up to which byte it stands in windows already.
    """

    def __init__(
        self,
        files: Sequence[Path],
        contract: Contract,
        settings: Windows,
        first: int = 0,
        done: Mapping[str, int] | None = None,
    ) -> None:
        self._files = files
        self._form = Form(contract)
        self._settings = settings
        self._first = first
        self._done = dict(done or {})
        #: Records of another task or form, and lines that are none.
        self.foreign = 0
        #: Rows that wait for their window to be complete.
        self.waiting = 0

    def windows(self, now: datetime) -> Iterator[Window]:
        """The complete ones, in order; raises `DataError` if a file cannot be read."""
        index, open_until = self._first, ""
        window = self._opened(index)
        span = None if self._settings.every is None else span_of(self._settings.every)
        for line in self._lines():
            if span is not None and window.records and line.moment >= open_until:
                yield self._closed(window)
                index += 1
                window = self._opened(index)
            begun = self._done.get(line.file, 0)
            window.pieces[line.file] = (window.pieces.get(line.file, (begun, 0))[0], line.end)
            record = line.record or {}
            if not self._form.has(record):
                self.foreign += 1
                continue
            if span is not None and not window.records:
                open_until = _end_of(line.moment, span)
            window.records.append(record)
            if span is None and len(window.records) == self._settings.rows:
                yield self._closed(window)
                index += 1
                window = self._opened(index)
        if span is not None and window.records and now - _GRACE >= datetime.fromisoformat(open_until):
            yield self._closed(window)
            window = self._opened(index + 1)
        self.waiting = len(window.records)

    def _opened(self, index: int) -> Window:
        return Window(index=index, pieces={})

    def _closed(self, window: Window) -> Window:
        self._done.update({file: end for file, (_, end) in window.pieces.items()})
        return window

    def _lines(self) -> Iterator[_Line]:
        """All that is new, in the order of moments; a file is opened when its time has come."""
        each = (_begun(path, self._done.get(path.name, 0)) for path in self._files)
        return (line for line in heapq.merge(*each, key=itemgetter(0)) if line.record is not None)


def again(files: Iterable[Path], pieces: Pieces, contract: Contract) -> list[Record]:
    """The records of a window that was cut before; those of files that are gone are missing."""
    form = Form(contract)
    there = [path for path in files if path.name in pieces]
    lines = heapq.merge(*(_lines_of(path, *pieces[path.name]) for path in there), key=itemgetter(0))
    return [line.record for line in lines if line.record and form.has(line.record)]


class Form:
    """Which records are of the form that is known, with columns and prediction as a contract has them."""

    def __init__(self, contract: Contract) -> None:
        self._labels = contract.labels
        self._kinds: list[tuple[str, tuple[type, ...]]] = [
            (name, (str,) if column.pii else _TYPES.get(column.kind, (str,)))
            for name, column in contract.columns.items()
        ]

    def has(self, record: Record) -> bool:
        """Whether this is one."""
        inputs, prediction = record.get("inputs"), record.get("prediction")
        if record.get("format") != _FORMAT or not isinstance(inputs, dict):
            return False
        for name, kinds in self._kinds:
            value = inputs.get(name, self)
            if value is not None and not isinstance(value, kinds):
                return False
        if not self._labels:
            return isinstance(prediction, float | int)
        return isinstance(prediction, dict) and prediction.get("label") in self._labels


def _begun(path: Path, begin: int) -> Iterator[_Line]:
    """The lines of a file behind one without a record, whose moment is in the file's name."""
    day, time = path.name[:8], path.name[9:24]
    moment = f"{day[:4]}-{day[4:6]}-{day[6:]}T{time[:2]}:{time[2:4]}:{time[4:]}"
    yield _Line(moment, path.name, begin, None)
    yield from _lines_of(path, begin)


def _lines_of(path: Path, begin: int, end: int | None = None) -> Iterator[_Line]:
    """The whole lines of a file from one byte to another; a file that is gone has none."""
    try:
        stream = path.open("rb")
    except FileNotFoundError:
        return  # too old meanwhile
    except OSError as error:
        raise _unreadable(path, error) from None
    with stream:
        try:
            stream.seek(begin)
            place = begin
            for line in stream:
                place += len(line)
                if not line.endswith(b"\n") or (end is not None and place > end):
                    return
                record = _record(line)
                yield _Line(str(record.get("moment", "")), path.name, place, record)
        except OSError as error:
            raise _unreadable(path, error) from None


def _record(line: bytes) -> Record:
    """What a line says; nothing where it is no record, as a process leaves that is killed."""
    try:
        record = orjson.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _unreadable(path: Path, error: OSError) -> DataError:
    message = f"{path}, of the prediction log, cannot be read: {error.strerror or error}."
    return DataError(message, "Make it readable for whoever runs the command.")


def _end_of(moment: str, span: timedelta) -> str:
    """The end of the period that a moment lies in, as the log writes moments; periods are counted from 1970 on (UTC)."""
    at = datetime.fromisoformat(moment)
    start = datetime(1970, 1, 1, tzinfo=at.tzinfo)
    return (start + ((at - start) // span + 1) * span).isoformat(timespec="microseconds")
