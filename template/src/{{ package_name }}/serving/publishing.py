"""Published as data: a model file that is replaced is served without a restart, and without losing a request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from ..predictor.loading import ModelFileError
from .answering import Answering
from .models import Models

#: The model of a folder.
FILE = "model.onnx"
#: How often somebody looks whether there is another model.
RELOAD_SECONDS = 2.0

#: What tells a file from the one that was there before: its inode, size and time.
Mark = tuple[int, int, int]

logger = logging.getLogger(__name__)


def file_of(path: Path) -> Path:
    """The model file that a setting names: itself, or in a folder the one of the usual name."""
    return path / FILE if path.is_dir() else path


def mark_of(path: Path) -> Mark | None:
    """What tells this file from another at its place; None while there is none. Links are followed."""
    try:
        status = file_of(path).stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


class Follower:
    """Looks at a model's place again and again, and publishes what comes there once it has proved itself.

    Whatever cannot be served is logged, once, and the model that is served stays.
    """

    def __init__(self, models: Models, path: Path, mark: Mark | None, load: Callable[[Path], Answering]) -> None:
        """Of the model at `path`, which had this mark when it was loaded."""
        self._models = models
        self._path = path
        self._load = load
        self._served = self._changed = mark

    async def follow(self, seconds: float) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.look()
            except Exception:
                # Nobody else looks.
                logger.exception("Looking for another model failed; the model stays")

    async def look(self) -> None:
        """Publish the model that has come, if there is one that is there as a whole."""
        mark = mark_of(self._path)
        if mark is None or mark == self._served:
            return
        if mark != self._changed:
            # It may still be written: two looks have to see the same.
            self._changed = mark
            return
        self._served = mark
        try:
            answering = await asyncio.to_thread(self._load, file_of(self._path))
        except ModelFileError as error:
            kept = self._models.current.model
            logger.warning("%s %s %s is served as before.", error, kept.name, kept.version)
            return
        if mark_of(self._path) == mark:
            self._publish(answering)
        else:
            self._served = None  # what was read is gone already

    def _publish(self, answering: Answering) -> None:
        before, now = self._models.current.model.contract, answering.model.contract
        if (now.columns, now.target) != (before.columns, before.target):
            logger.warning("The new model has another contract: requests are read, and answers written, as it says.")
        self._models.publish(answering)
