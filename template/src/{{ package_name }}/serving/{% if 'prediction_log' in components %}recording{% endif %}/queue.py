"""What waits to be written: lines, bounded by the memory they take, and the one thread that writes them.

Where an answer is made its lines are only put aside. The thread wakes some times a second, and writing does not hold up
Python: a disk that is slow, full or gone costs the service the memory that is set, and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Event, Lock, Thread

from ...counts import counted

# What waits is written so often: as long a record is only in memory, which a killed process can lose.
_SECONDS = 0.125
# A disk that fails is asked again after so long.
_PAUSE_SECONDS = 1.0
# Of what one run leaves: a request of many rows and columns is larger.
_PIECE_BYTES = 256 * 1024

logger = logging.getLogger(__name__)

#: Writes the first of some pieces, each of whole lines, and says how many; raises `OSError` where it could write none yet, and
#: `RefusedError` for those that it never can.
Write = Callable[[Sequence[bytes]], int]


class RefusedError(Exception):
    """The first of some pieces were not all taken, and would not be if they were written again.

    Args:
        reason: in the words of whoever refused.
        pieces: so many of the first were tried.
        refused: so many of their lines were not taken.
    """

    def __init__(self, reason: str, *, pieces: int, refused: int) -> None:
        super().__init__(reason)
        self.pieces = pieces
        self.refused = refused


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
        self._waiting: list[bytes] = []
        # Taken from there; only the thread changes them.
        self._pieces: list[bytes] = []
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

    def put(self, lines: bytes) -> None:
        """Let whole lines wait, or drop them where too much waits already; it never waits itself."""
        for piece in (lines,) if len(lines) <= _PIECE_BYTES else _pieces(lines):
            self._put(piece)

    def lose(self, records: int) -> None:
        """Count records of which there are no lines."""
        with self._lock:
            self.tally.dropped += records

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
            left = _records(self._pieces) + _records(self._waiting)
            self._pieces, self._waiting, self._bytes = [], [], 0
            self.tally.dropped += left
        if left:
            logger.warning("%s of the %s could not be written before the end", counted(left, "record"), self._what)
        return self._thread is None or not self._thread.is_alive()

    def _put(self, piece: bytes) -> None:
        with self._lock:
            if self._closing.is_set() or self._bytes + len(piece) > self._most_bytes:
                self.tally.dropped += _records([piece])
                return
            self._waiting.append(piece)
            self._bytes += len(piece)
            is_much = 2 * self._bytes > self._most_bytes
        if is_much:
            self._wake.set()

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
        """Write all that waits by now; says whether that was possible."""
        with self._lock:
            self._pieces += self._waiting
            self._waiting = []
        while self._pieces:
            refused = 0
            try:
                count = self._write(self._pieces)
            except OSError as error:
                self._say(error)
                return False
            except RefusedError as error:
                count, refused = error.pieces, error.refused
                self._say_refused(error)
            except Exception:
                # The thread goes on, and later lines are others.
                logger.exception("Lines of the %s could not be written", self._what)
                count, refused = 1, _records(self._pieces[:1])
            with self._lock:
                done, self._pieces = self._pieces[:count], self._pieces[count:]
                self._bytes -= sum(map(len, done))
                # Of what `close` has given up nothing is there any more.
                records = _records(done)
                self.tally.written += max(0, records - refused)
                self.tally.dropped += min(records, refused)
        self._say(None)
        return True

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


def _pieces(lines: bytes) -> Iterator[bytes]:
    """Lines in parts that a collector takes, each of whole lines; a line that is longer by itself is one."""
    begin = 0
    while begin < len(lines):
        end = lines.rfind(b"\n", begin, begin + _PIECE_BYTES) + 1 or lines.index(b"\n", begin) + 1
        yield lines[begin:end]
        begin = end


def _records(pieces: Sequence[bytes]) -> int:
    return sum(piece.count(b"\n") for piece in pieces)
