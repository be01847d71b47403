"""Big bang: from a moment on, one model answers everything."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from ..evidence import CHAMPION, State
from .base import CHALLENGER, Asked, Choice, Other, Policy


class BigBang(Policy):
    """The challenger replaces the champion at once, at a moment that may lie ahead."""

    kind: Literal["big_bang"]
    challenger: Other = CHALLENGER
    at: Annotated[
        AwareDatetime | None,
        Field(strict=False, description="From when on, with its offset: 2026-03-01T02:00+01:00; else at once."),
    ] = None

    @property
    def others(self) -> tuple[str, ...]:
        """The challenger."""
        return (self.challenger,)

    def choose(self, asked: Asked, moment: float, state: State) -> Choice:  # noqa: ARG002 - all are treated alike
        """By the clock."""
        return Choice(model=CHAMPION if self.at and moment < self.at.timestamp() else self.challenger)
