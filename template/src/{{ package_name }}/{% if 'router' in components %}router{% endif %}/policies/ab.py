"""A/B: two models share the traffic for good, and outcomes say which one is better."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from ..evidence import CHAMPION, State
from ..sequential import Difference, difference
from ..splitting import place_of
from .base import CHALLENGER, Asked, Choice, Count, Failures, Other, Part, Policy, Sureness, withdraw


class AB(Policy):
    """Whoever is on a side stays there. One may look at the result at any time, and stop when it is sure."""

    kind: Literal["ab"]
    challenger: Other = CHALLENGER
    share: Annotated[Part, Field(description="Of the keys whose requests the challenger answers.")] = 0.5
    by: Annotated[
        str | None, Field(description="The column whose value decides, such as a customer's; else the request's id.")
    ] = None
    salt: Annotated[str, Field(description="Another word divides anew.")] = "ab"
    effect: Annotated[
        Part, Field(description="The difference of mean scores that is worth knowing; found soonest about there.")
    ] = 0.02
    outcomes: Annotated[Count, Field(ge=50, description="Of each model, before anything is believed.")] = 200
    then: Annotated[
        Literal["report", "switch"],
        Field(description="When it is sure: say so, or give all traffic to the better one."),
    ] = "report"
    failures: Failures = 0.01
    sureness: Sureness = 0.95

    @property
    def others(self) -> tuple[str, ...]:
        """The challenger."""
        return (self.challenger,)

    @property
    def column(self) -> str | None:
        """What sides follow from."""
        return self.by

    @property
    def learns(self) -> bool:
        """By outcomes."""
        return True

    def choose(self, asked: Asked, moment: float, state: State) -> Choice:  # noqa: ARG002 - a side is for good
        """By the key's place under the salt."""
        place = place_of(self.salt, asked.request if asked.key is None else asked.key)
        return Choice(model=self.challenger if place < self.share else CHAMPION)

    def judge(self, state: State, moment: float) -> State:
        """Back if the challenger fails; settled or said, when one is better."""
        after = withdraw(state, self.challenger, self.failures, (1 - self.sureness) / 2, moment)
        if after.settled is not None or after.reason or not (better := self.better(after)):
            return after
        found = self.found(after)
        reason = f"{better} is better: when that was sure, the challenger's mean score was higher by {found.low:.4f} to {found.high:.4f}"
        if self.then == "switch":
            return after.settle(better, reason, moment)
        return replace(after, reason=reason)

    def found(self, state: State) -> Difference:
        """The challenger's mean score less the champion's; the whole range before there are outcomes enough."""
        scores = state.of(CHAMPION).scores, state.of(self.challenger).scores
        known = difference(*scores, self.effect, 1 - self.sureness)
        enough = min(each.count for each in scores) >= self.outcomes
        return known if known and enough else Difference(value=0.0, low=-1.0, high=1.0)

    def better(self, state: State) -> str | None:
        """The better model, if that is sure."""
        found = self.found(state)
        return self.challenger if found.low > 0 else CHAMPION if found.high < 0 else None
