"""A line that says what is going on, which makes way for questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

if TYPE_CHECKING:
    from rich.status import Status

    from .screen import Screen

__all__ = ["Progress"]

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Progress:
    """A spinner with the name of the present step; silent where there is no terminal."""

    def __init__(self, console: Screen) -> None:
        self._console = console
        self._status: Status | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pause()

    def step(self, name: str) -> None:
        """Show the name of a step that begins."""
        if not self._console.is_terminal:
            return
        from .screen import line

        if self._status is None:
            self._status = self._console.status(line(name))
            self._status.start()
        self._status.update(line(f"{name} …"))

    def pause(self) -> None:
        """Clear the line, until the next step."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def pausing(self, function: Callable[_P, _T] | None) -> Callable[_P, _T] | None:
        """The same function, with the line cleared while it talks to a person."""
        if function is None:
            return None

        def talk(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            self.pause()
            return function(*args, **kwargs)

        return talk
