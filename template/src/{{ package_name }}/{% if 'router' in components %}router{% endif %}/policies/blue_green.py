"""Blue-green: two models are ready, and a word says which one is live."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..evidence import CHAMPION, State
from .base import CHALLENGER, Asked, Choice, Other, Policy


class BlueGreen(Policy):
    """Blue is the champion, green the challenger; both are loaded, so that a change takes one request, there and back."""

    kind: Literal["blue_green"]
    green: Other = CHALLENGER
    live: Annotated[Literal["blue", "green"], Field(description="Who answers.")] = "blue"

    @property
    def others(self) -> tuple[str, ...]:
        """The green one."""
        return (self.green,)

    def choose(self, asked: Asked, moment: float, state: State) -> Choice:  # noqa: ARG002 - all are treated alike
        """Who is live."""
        return Choice(model=self.green if self.live == "green" else CHAMPION)
