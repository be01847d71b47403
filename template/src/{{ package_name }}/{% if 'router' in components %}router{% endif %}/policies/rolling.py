"""Rolling: part after part of the traffic moves, by the clock."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..evidence import CHAMPION, State
from ..splitting import place_of
from .base import CHALLENGER, Asked, Choice, Count, Failures, Other, Policy, Sureness, withdraw


class Rolling(Policy):
    """As if of so many replicas one after the other had the challenger; it stops and goes back if the challenger fails."""

    kind: Literal["rolling"]
    challenger: Other = CHALLENGER
    parts: Annotated[Count, Field(le=1000, description="The traffic moves in so many parts.")] = 10
    seconds: Annotated[float, Field(gt=0, description="From one part to the next; the first moves at once.")] = 30.0
    failures: Failures = 0.01
    sureness: Sureness = 0.99

    @property
    def others(self) -> tuple[str, ...]:
        """The challenger."""
        return (self.challenger,)

    def choose(self, asked: Asked, moment: float, state: State) -> Choice:
        """The challenger, if the request's part has moved."""
        part = int(place_of("rolling", asked.request) * self.parts)
        return Choice(model=self.challenger if part < self._moved(state, moment) else CHAMPION)

    def judge(self, state: State, moment: float) -> State:
        """Back if it fails; over, when every part has moved."""
        after = withdraw(state, self.challenger, self.failures, 1 - self.sureness, moment)
        if after.settled is None and self._moved(after, moment) > self.parts:
            return after.settle(self.challenger, f"all {self.parts} parts have moved", moment)
        return after

    def _moved(self, state: State, moment: float) -> int:
        return 1 + int(max(moment - state.began, 0.0) // self.seconds)
