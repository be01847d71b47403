"""What waits to be written: lines, bounded by their bytes, and the one thread that hands them to the disk.

A line is made where the answer is made, in microseconds. The thread only writes, for which it does not hold up Python: a disk
that is slow, full or gone costs the service the memory that is set, and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Lock, Thread

# So long a record is only in memory: what a killed process can lose.
_SECONDS = 0.25
# A disk that fails is asked again after so long.
_PAUSE_SECONDS = 1.0

logger = logging.getLogger(__name__)

#: Writes the first of some lines, and says how many; raises nothing but `OSError`, where it could write none.
Write = Callable[[Sequence[bytes]], int]


@dataclass(kw_only=True)
class Tally:
    """Records so far."""

    written: int = 0
    dropped: int = 0


class Queue:
    """Lines on their way to the disk.

    Args:
        write: called by the thread.
        most_bytes: what does not fit is dropped.
    """

    def __init__(self, write: Write, most_bytes: int) -> None:
        self.tally = Tally()
        self._write = write
        self._most_bytes = most_bytes
        self._lines: list[bytes] = []
        self._bytes = 0
        self._lock = Lock()
        self._wake, self._closing = Event(), Event()
        self._fault: OSError | None = None
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin to write."""
        self._closing.clear()
        self._thread = Thread(target=self._run, name="prediction-log", daemon=True)
        self._thread.start()

    @property
    def is_full(self) -> bool:
        """Whether lines that are yet to be made would be dropped."""
        return self._bytes >= self._most_bytes

    def put(self, lines: Sequence[bytes]) -> None:
        """Let lines wait, or drop them where too much waits already; it never waits itself."""
        size = sum(map(len, lines))
        with self._lock:
            if self._closing.is_set() or self._bytes + size > self._most_bytes:
                self.tally.dropped += len(lines)
                return
            self._lines.extend(lines)
            self._bytes += size
            is_much = 2 * self._bytes > self._most_bytes
        if is_much:
            self._wake.set()

    def drop(self, records: int) -> None:
        """Count records that were not even made."""
        with self._lock:
            self.tally.dropped += records

    def close(self, seconds: float) -> bool:
        """Write what waits, for at most so long; the rest is dropped, and said. Whether the thread has ended."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(seconds)
        with self._lock:
            left, self._lines, self._bytes = len(self._lines), [], 0
            self.tally.dropped += left
        if left:
            logger.warning("%d records of the prediction log could not be written before the end", left)
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
        while True:
            with self._lock:
                lines = self._lines[:]
            if not lines:
                self._say(None)
                return True
            try:
                count = self._write(lines)
            except OSError as error:
                self._say(error)
                return False
            with self._lock:
                del self._lines[:count]
                self._bytes -= sum(map(len, lines[:count]))
                self.tally.written += count

    def _say(self, fault: OSError | None) -> None:
        """Say once that writing fails, and once that it does no longer."""
        if fault is not None and self._fault is None:
            logger.warning(
                "The prediction log cannot be written (%s). Answers go on; records wait, and what does not fit into memory "
                "is dropped and counted. This is said once",
                fault,
            )
        elif fault is None and self._fault is not None:
            logger.warning("The prediction log is written again; %d records were dropped", self.tally.dropped)
        self._fault = fault
