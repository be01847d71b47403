"""Big bang: from a moment on, one model answers everything."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BeforeValidator, Field

from ..evidence import CHAMPION, State
from .base import CHALLENGER, Asked, Choice, Other, Policy


def _no_number(value: Any) -> Any:
    """A text or, of YAML, a moment: seconds since 1970 would be read, too, and be a mistake."""
    if isinstance(value, datetime) or (isinstance(value, str) and ":" in value):
        return value
    raise ValueError("Write a date and a time with its offset, such as 2026-03-01T02:00+01:00")


class BigBang(Policy):
    """The challenger replaces the champion at once, at a moment that may lie ahead."""

    kind: Literal["big_bang"]
    challenger: Other = CHALLENGER
    at: Annotated[
        Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_no_number)] | None,
        Field(description="From when on, with its offset: 2026-03-01T02:00+01:00; else at once."),
    ] = None

    @property
    def others(self) -> tuple[str, ...]:
        """The challenger."""
        return (self.challenger,)

    def choose(self, asked: Asked, moment: float, state: State) -> Choice:  # noqa: ARG002 - all are treated alike
        """By the clock."""
        return Choice(model=CHAMPION if self.at and moment < self.at.timestamp() else self.challenger)
