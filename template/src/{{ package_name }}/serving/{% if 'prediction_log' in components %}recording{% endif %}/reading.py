"""Reading the prediction log back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
        """Each record; raises `OSError` for what cannot be read."""
        for path in log_files(self._folder):
            try:
                file = path.open("rb")
            except FileNotFoundError:
                continue  # too old meanwhile
            with file:
                yield from self._records(file)

    def _records(self, lines: Iterator[bytes]) -> Iterator[dict[str, Any]]:
        for line in lines:
            try:
                record = json.loads(line)
            except ValueError:
                record = None
            if isinstance(record, dict):
                yield record
            else:
                self.torn += 1
