"""How far a long step is: its rows and seconds on a terminal, and nothing where there is none, as in CI."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Part = TypeVar("Part", bound=Sized)

_SAY: ContextVar[Callable[[int], None]] = ContextVar("_SAY", default=lambda _: None)


@contextmanager
def shown(step: str) -> Iterator[None]:
    """Show that a step is at work, and the rows that pass `counted`, for as long as the block lasts."""
    if not sys.stderr.isatty() or os.environ.get("CI"):
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description:<9} {task.fields[said]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(step, total=None, said="")
        token = _SAY.set(lambda rows: progress.update(task, said=f"{rows:,} rows"))
        try:
            yield
        finally:
            _SAY.reset(token)


def counted(parts: Iterable[Part]) -> Iterator[Part]:
    """Parts of a table as they are; their rows are shown while they pass."""
    rows, say = 0, _SAY.get()
    for part in parts:
        rows += len(part)
        say(rows)
        yield part
