"""How far a long step is: its rows and seconds on a terminal, and nothing where there is none, as in CI."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Part = TypeVar("Part", bound=Sized)

#: What is said, and the share of the work that is done if it is known.
_SAY: ContextVar[Callable[[str, float | None], None]] = ContextVar("_SAY", default=lambda _, __: None)


@contextmanager
def shown(step: str) -> Iterator[None]:
    """Show that a step is at work, and what it says of how far it is, for as long as the block lasts."""
    if not sys.stderr.isatty() or os.environ.get("CI"):
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<9}"),
        BarColumn(20),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(step, total=None, said="")

        def say(said: str, share: float | None) -> None:
            progress.update(task, said=said, total=share and 1.0, completed=share)

        token = _SAY.set(say)
        try:
            yield
        finally:
            _SAY.reset(token)


def followed(parts: Iterable[Part]) -> Iterator[Part]:
    """Parts of a table as they are; their rows are shown while they pass."""
    rows, say = 0, _SAY.get()
    for part in parts:
        rows += len(part)
        say(f"{rows:,} rows", None)
        yield part


def done(said: str, share: float) -> None:
    """Show how far the work is, in words and as a share of it."""
    _SAY.get()(said, share)
