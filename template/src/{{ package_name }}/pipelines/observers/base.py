"""What is told of a step that was run, and to whom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ...discovery import discover
from ...steps import Project, Step

#: Where the observers are.
FOLDER = "pipelines/observers"


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A step that was run.

    Args:
        seconds: how long it took.
        error: why it did not do what it should; None if it did.
    """

    project: Project
    step: Step
    seconds: float
    error: Exception | None = None

    @property
    def succeeded(self) -> bool:
        """Whether it did what it should."""
        return self.error is None


@dataclass(frozen=True, kw_only=True)
class Observer:
    """Told of each step behind its end; what it raises would be the step's, so it says what is wrong by itself."""

    name: str
    tell: Callable[[Ran], None]


@contextmanager
def observed(project: Project, step: Step) -> Iterator[None]:
    """Tell all observers of the step that the block runs; nothing of one that is stopped by hand."""
    began = time.perf_counter()
    try:
        yield
    except Exception as error:
        _tell(Ran(project=project, step=step, seconds=time.perf_counter() - began, error=error))
        raise
    _tell(Ran(project=project, step=step, seconds=time.perf_counter() - began))


def _tell(ran: Ran) -> None:
    for observer in discover(FOLDER, Observer).values():
        observer.tell(ran)
