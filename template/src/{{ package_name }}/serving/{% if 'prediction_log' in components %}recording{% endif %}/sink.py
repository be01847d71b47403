"""Where records go: a file in `sinks/` with a `Sink` takes part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .queue import Write

#: Where the sinks are.
FOLDER = "serving/recording/sinks"


def _nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class Outlet:
    """One place that takes records, each in a thread of its own.

    Args:
        name: in metrics and messages.
        write: called by the thread; it may take its time.
        most_bytes: so much waits in memory while it does; what does not fit is dropped and counted.
        close: called when the thread has ended.
    """

    name: str
    write: Write
    most_bytes: int
    close: Callable[[], None] = _nothing


@dataclass(frozen=True, kw_only=True)
class Sink:
    """A kind of outlets: `open` gives those that the configuration asks for; it raises `SettingsError`."""

    name: str
    open: Callable[[], Iterable[Outlet]]


def first_of(pieces: Sequence[bytes], most_bytes: int) -> Sequence[bytes]:
    """The first of some pieces: as many as fit, but one at least."""
    count, size = 1, len(pieces[0])
    while count < len(pieces) and size + len(pieces[count]) <= most_bytes:
        size += len(pieces[count])
        count += 1
    return pieces[:count]
