"""The model is worse than it was on its hold-out: windows whose outcomes are known say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ..situation import Scored, Situation
from .base import Rule, Wish


class Degradation(Rule):
    """Some of the newest windows with outcomes, the newest among them, are worse than the hold-out for sure."""

    kind: Literal["degradation"]
    worse: Annotated[
        int, Field(ge=1, le=100, description="In so many windows with outcomes, the newest among them,")
    ] = 2
    of: Annotated[int, Field(ge=1, le=100, description="of so many newest ones.")] = 3

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.worse > self.of:
            raise ValueError("more windows than there are: `worse` is at most `of`")
        return self

    def wish(self, situation: Situation, now: datetime) -> Wish | None:  # noqa: ARG002 - the clock is not asked
        """For as long as it is worse."""
        newest = situation.scored[-self.of :]
        worse = [scored for scored in newest if scored.is_worse]
        if not newest or not newest[-1].is_worse or len(worse) < self.worse:
            return None
        last = newest[-1]
        value, low, high = last.value
        said = (
            f"{last.metric} {value:.3f} ({low:.3f} to {high:.3f}) on {last.rows} rows of window {last.index}, "
            f"where the hold-out promised {last.expected[1]:.3f} to {last.expected[2]:.3f}"
        )
        return Wish(said, 0.9, self._first(situation.scored).begin)

    def _first(self, scored: Sequence[Scored]) -> Scored:
        """The first window that is worse, going back over no more good ones than there may be among the newest."""
        first, good = scored[-1], 0
        for window in reversed(scored):
            good = 0 if window.is_worse else good + 1
            if good > self.of - self.worse:
                break
            first = window if window.is_worse else first
        return first
