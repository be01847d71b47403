"""What waits to be written: runs as they are, bounded by what they take, and the one thread that makes and writes lines.

Where an answer is made a run is only put aside, in about a microsecond. The thread makes lines of some runs at a time, and
rests evenly in between, so that answers never wait for more than these, and few do; and writing does not hold up Python: a
disk that is slow, full or gone costs the service the memory that is set, and nothing else.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Protocol

from ...counts import counted

# What waits is looked at so often, and as long its lines are made: twice that a record is only in memory, which a killed
# process can lose.
_SECONDS = 0.125
# A disk that fails is asked again after so long.
_PAUSE_SECONDS = 1.0
# So many records are written at a time, and made between two rests: within about a fifth of a millisecond. Rests are long
# where little waits: each time answers, which need Python too, are held up.
_WRITTEN_RECORDS, _MADE_RECORDS = 1024, 64

logger = logging.getLogger(__name__)

#: Writes the first of some lines, and says how many; raises `OSError` where it could write none yet, and `RefusedError` for
#: those that it never can.
Write = Callable[[Sequence[bytes]], int]


class RefusedError(Exception):
    """The first of some lines were not all taken, and would not be if they were written again.

    Args:
        reason: in the words of whoever refused.
        written: so many of the first lines were taken.
        refused: so many of them were not.
    """

    def __init__(self, reason: str, *, written: int, refused: int) -> None:
        super().__init__(reason)
        self.written = written
        self.refused = refused


class Waits(Protocol):
    """Something that becomes lines."""

    @property
    def records(self) -> int:
        """How many lines."""

    @property
    def size(self) -> int:
        """What it takes in memory, in bytes."""

    def lines(self) -> Sequence[bytes]:
        """Make them."""


@dataclass(kw_only=True)
class Tally:
    """Records so far."""

    written: int = 0
    dropped: int = 0


class Queue:
    """Records on their way to the disk, or to a collector.

    Args:
        write: called by the thread.
        most_bytes: what does not fit is dropped.
        what: is written, in messages.
    """

    def __init__(self, write: Write, most_bytes: int, what: str = "prediction log") -> None:
        self.tally = Tally()
        self._what = what
        self._write = write
        self._most_bytes = most_bytes
        self._waiting: deque[Waits] = deque()
        # Made, and what they took before; only the thread changes them.
        self._lines: Sequence[bytes] = ()
        self._made_bytes = 0
        self._bytes = 0
        self._lock = Lock()
        self._wake, self._closing = Event(), Event()
        self._fault: OSError | None = None
        self._is_refused = False
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin to write."""
        self._closing.clear()
        self._thread = Thread(target=self._run, name="prediction-log", daemon=True)
        self._thread.start()

    def put(self, waits: Waits) -> None:
        """Let records wait, or drop them where too much waits already; it never waits itself."""
        with self._lock:
            if self._closing.is_set() or self._bytes + waits.size > self._most_bytes:
                self.tally.dropped += waits.records
                return
            self._waiting.append(waits)
            self._bytes += waits.size
            is_much = 2 * self._bytes > self._most_bytes
        if is_much:
            self._wake.set()

    def stop(self) -> None:
        """Take no more, and write what waits; it does not wait for that."""
        self._closing.set()
        self._wake.set()

    def close(self, seconds: float) -> bool:
        """Write what waits, for at most so long; the rest is dropped, and said. Whether the thread has ended."""
        self.stop()
        if self._thread is not None:
            self._thread.join(seconds)
        with self._lock:
            left = len(self._lines) + sum(waits.records for waits in self._waiting)
            self._waiting.clear()
            self._lines, self._bytes, self._made_bytes = (), 0, 0
            self.tally.dropped += left
        if left:
            logger.warning("%s of the %s could not be written before the end", counted(left, "record"), self._what)
        return self._thread is None or not self._thread.is_alive()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            self._wake.wait(_SECONDS)
            self._wake.clear()
            is_last = self._closing.is_set()
            if not self._empty():
                # However much comes meanwhile: what does not fit is dropped.
                self._closing.wait(_PAUSE_SECONDS)

    def _empty(self) -> bool:
        """Write all that waits; says whether that was possible."""
        while self._lines or self._make():
            try:
                written, refused = self._write(self._lines), 0
            except OSError as error:
                self._say(error)
                return False
            except RefusedError as error:
                written, refused = error.written, error.refused
                self._say_refused(error)
            except Exception:
                # The thread goes on, and later lines are others.
                logger.exception("Lines of the %s could not be written", self._what)
                written, refused = 0, len(self._lines)
            with self._lock:
                self._lines = self._lines[written + refused :]
                self.tally.written += written
                self.tally.dropped += refused
                if not self._lines:
                    self._bytes -= self._made_bytes
                    self._made_bytes = 0
        self._say(None)
        return True

    def _make(self) -> bool:
        """Make lines of what has waited longest; says whether there are any."""
        lines: list[bytes] = []
        until_rest, rested, waited = _MADE_RECORDS, 0, max(1, self._bytes)
        for _ in range(len(self._waiting)):
            if len(lines) >= _WRITTEN_RECORDS or (waits := self._next()) is None:
                break
            try:
                lines += waits.lines()
                self._made_bytes += waits.size
            except Exception:
                logger.exception("Records of the prediction log could not be made")
                with self._lock:
                    self.tally.dropped += waits.records
                    self._bytes -= waits.size
            if len(lines) >= until_rest:
                until_rest = len(lines) + _MADE_RECORDS
                self._closing.wait(_SECONDS * (self._made_bytes - rested) / waited)
                rested = self._made_bytes
        self._lines = lines
        return bool(lines)

    def _next(self) -> Waits | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def _say(self, fault: OSError | None) -> None:
        """Say once that writing fails, and once that it does no longer."""
        if fault is not None and self._fault is None:
            logger.warning(
                "The %s cannot be written (%s). Answers go on; records wait, and what does not fit into memory "
                "is dropped and counted. This is said once",
                self._what,
                fault,
            )
        elif fault is None and self._fault is not None:
            dropped = counted(self.tally.dropped, "record was", "records were")
            logger.warning("The %s is written again; %s dropped", self._what, dropped)
        self._fault = fault

    def _say_refused(self, refusal: RefusedError) -> None:
        """Say once that records are refused."""
        if not self._is_refused:
            logger.warning(
                "The %s: refused and dropped, and counted, %s (%s). This is said once",
                self._what,
                counted(refusal.refused, "record"),
                refusal,
            )
        self._is_refused = True
