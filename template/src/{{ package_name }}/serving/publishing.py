"""Published as data: a model that replaces another is served without a restart, and without losing a request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ..predictor.loading import ModelFileError, UnreachableError
from .answering import Answering
from .sources import Mark, Source

#: How often somebody looks whether there is another model.
RELOAD_SECONDS = 2.0

logger = logging.getLogger(__name__)


class Follower:
    """Looks at a model's place again and again, and publishes what comes there once it has proved itself.

    Whatever cannot be served is logged, once, and what is served stays.
    """

    def __init__(self, source: Source, mark: Mark | None, publish: Callable[[Answering], None]) -> None:
        """Of the source whose present model had this mark when it was loaded; None if there was none."""
        self._source = source
        self._publish = publish
        self._served = self._changed = mark
        self._said = ""

    async def follow(self, seconds: float) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.look()
            except Exception:
                # Nobody else looks.
                logger.exception("Looking for another model failed; what is served stays")

    async def look(self) -> None:
        """Publish the model that has come, if there is one that is there as a whole."""
        mark = await self._mark()
        if mark is None or mark == self._served:
            return
        if mark != self._changed:
            # It may still be written: two looks have to see the same.
            self._changed = mark
            return
        before, self._served = self._served, mark
        try:
            answering = await asyncio.to_thread(lambda: self._source.load().answering())
        except UnreachableError as error:
            self._served = before  # it is tried again
            self._say_once(error)
            return
        except ModelFileError as error:
            logger.warning("%s What is served stays.", error)
            return
        if await self._mark() == mark:
            self._publish(answering)
        else:
            self._served = None  # what was read is gone already

    async def _mark(self) -> Mark | None:
        try:
            mark = await asyncio.to_thread(self._source.mark)
        except ModelFileError as error:
            self._say_once(error)
            return None
        return mark

    def _say_once(self, error: ModelFileError) -> None:
        """Say what may last."""
        if str(error) != self._said:
            self._said = str(error)
            logger.warning("%s What is served stays.", error)
