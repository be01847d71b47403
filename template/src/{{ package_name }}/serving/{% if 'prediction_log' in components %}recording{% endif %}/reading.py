"""Reading the prediction log back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from ...errors import DataError
from .files import log_files


class Log:
    """The records of a folder, the oldest file first; a file at a time is open, and a line in memory.

    Args:
        folder: of the files.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        #: Lines that were no records: each process that was killed may have left one.
        self.torn = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Each record; raises `DataError` for what cannot be read."""
        path = self._folder
        try:
            for path in log_files(self._folder):
                yield from self._records(path)
        except OSError as error:
            message = f"{path}, of the prediction log, cannot be read: {error.strerror or error}."
            raise DataError(message, "Make it readable for whoever runs the command.") from None

    def _records(self, path: Path) -> Iterator[dict[str, Any]]:
        try:
            lines = path.open("rb")
        except FileNotFoundError:
            return  # too old meanwhile
        with lines:
            for line in lines:
                try:
                    record = orjson.loads(line)
                except ValueError:
                    record = None
                if isinstance(record, dict):
                    yield record
                else:
                    self.torn += 1
