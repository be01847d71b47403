"""Work that answers never wait for: a bounded queue and a thread of its own; what does not fit is dropped, and counted."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from queue import Empty, Full, Queue
from typing import Generic, TypeVar

Work = TypeVar("Work")

_TICK_SECONDS = 0.5
_STOP_SECONDS = 5.0
_PAUSE_SECONDS = 0.02

logger = logging.getLogger(__name__)


class Aside(Generic[Work]):
    """One thread that does what is handed to it, in order; what it raises harms nothing that comes later."""

    def __init__(
        self, name: str, do: Callable[[list[Work]], None], most: int, rest: Callable[[], None] | None = None
    ) -> None:
        """Do `do` of all that waits, at most so much; and `rest` whenever there is nothing, about twice a second."""
        self._name, self._do, self._rest = name, do, rest
        self._queue: Queue[Work | None] = Queue(most)
        self._thread: threading.Thread | None = None
        #: What was not done, because too much waited.
        self.dropped = 0
        #: What was begun, and failed.
        self.failed = 0

    def start(self) -> None:
        """Begin; what was handed over before is done now."""
        self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
        self._thread.start()

    def hand(self, work: Work) -> None:
        """Have something done, if there is room; never waits."""
        try:
            self._queue.put_nowait(work)
        except Full:
            self.dropped += 1

    def stop(self) -> None:
        """Do what waits, and end; a thread that is stuck is left behind, and ends with the process."""
        if self._thread is not None:
            with suppress(Full):
                self._queue.put(None, timeout=_STOP_SECONDS)
            self._thread.join(_STOP_SECONDS)
            self._thread = None

    def _work(self) -> None:
        while True:
            try:
                work = self._queue.get(timeout=_TICK_SECONDS)
            except Empty:
                self._safely(self._rest)
                continue
            waiting = [work, *self._more()]
            if todo := [each for each in waiting if each is not None]:
                self._safely(partial(self._do, todo))
            if None in waiting:
                return
            # What comes meanwhile is done at once: each turn costs the others a little of Python's lock.
            time.sleep(_PAUSE_SECONDS)

    def _more(self) -> Iterator[Work | None]:
        with suppress(Empty):
            while True:
                yield self._queue.get_nowait()

    def _safely(self, do: Callable[[], None] | None) -> None:
        try:
            if do:
                do()
        except Exception:
            self.failed += 1
            logger.exception("%s failed", self._name)
