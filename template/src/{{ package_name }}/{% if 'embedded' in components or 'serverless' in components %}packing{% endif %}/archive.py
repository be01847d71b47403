"""Zip files that depend on what is in them alone: not on the clock, nor on who writes them."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

from ..artifacts import whole

#: The earliest moment that the format knows.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_FILE = 0o100644 << 16


def write_archive(path: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Replace a zip file whole; raises `DataError` if it cannot be written."""
    with whole(path) as place, zipfile.ZipFile(place, "w") as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = _FILE
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, compresslevel=9)
