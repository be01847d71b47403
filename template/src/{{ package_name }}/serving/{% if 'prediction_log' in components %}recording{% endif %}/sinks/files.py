"""Rotated files on this machine, which all that learns of predictions reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from ..files import Files
from ..settings import load_prediction_log
from ..sink import Outlet, Sink

_MEBIBYTE = 1024 * 1024
#: Of its one outlet; no name of a collector has spaces.
NAME = "the files"


def _open() -> Iterator[Outlet]:
    settings = load_prediction_log()
    files = Files(
        Path(settings.folder),
        settings.file_mebibytes * _MEBIBYTE,
        timedelta(days=settings.keep_days),
        settings.keep_mebibytes * _MEBIBYTE,
    )
    yield Outlet(name=NAME, write=files.write, most_bytes=settings.waiting_mebibytes * _MEBIBYTE, close=files.close)


FILES = Sink(name="files", open=_open)
