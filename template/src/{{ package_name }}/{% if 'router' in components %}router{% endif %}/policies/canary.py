"""Canary: a small share of the traffic first, more when it has gone well, none when it has not."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from ..evidence import CHAMPION, Evidence, State
from ..sequential import drifted, is_beyond
from ..splitting import place_of
from .base import CHALLENGER, Asked, Choice, Count, Failures, Other, Part, Policy, Seconds, Sureness, failing, withdraw

#: Of the champion's answers, the share that is quicker than what counts as slow; of the challenger's as many may be slower,
#: and as many again for what a sample of the champion's does not know.
_QUICK = 0.95
_SLOW = 2 * (1 - _QUICK)
_LEAST_SECONDS = 100
#: Errors, latency and drift: each may be wrong about a third as often as all.
_REASONS = 3


class Canary(Policy):
    """Steps up after enough good answers; rolls back on failures, on slowness, or if the outputs are others.

    It is compared with a group of the champion's requests that is as large, and from the same time.
    """

    kind: Literal["canary"]
    challenger: Other = CHALLENGER
    steps: Annotated[
        tuple[Part, ...],
        Field(strict=False, min_length=1, description="Shares of the traffic; all comes after the last."),
    ] = (0.01, 0.05, 0.2, 0.5)
    requests: Annotated[Count, Field(description="A step lasts so many of the challenger's answers.")] = 300
    seconds: Annotated[Seconds, Field(description="And so long.")] = 60.0
    failures: Failures = 0.01
    slower: Annotated[
        float, Field(ge=1, description="An answer is slow beyond so many times what 95 % of the champion's take.")
    ] = 2.0
    drift: Annotated[
        float, Field(ge=0, lt=1, description="How far its outputs may be distributed from the champion's, from 0 to 1.")
    ] = 0.1
    sureness: Sureness = 0.99

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if list(self.steps) != sorted(set(self.steps)):
            raise ValueError("each of the steps has to be larger than the one before")
        return self

    @property
    def others(self) -> tuple[str, ...]:
        """The challenger."""
        return (self.challenger,)

    def choose(self, asked: Asked, moment: float, state: State) -> Choice:  # noqa: ARG002 - the clock is looked at in `judge`
        """The challenger for its share, and who had it keeps it in later steps; as many others are compared with it."""
        share = self.steps[min(state.stage, len(self.steps) - 1)]
        place = place_of("canary", asked.request)
        return Choice(model=self.challenger if place < share else CHAMPION, compared=place < 2 * share)

    def judge(self, state: State, moment: float) -> State:
        """Back, on, over, or as it was."""
        alpha = (1 - self.sureness) / _REASONS / (len(self.steps) + 1)
        if state.settled is not None:
            return withdraw(state, self.challenger, self.failures, alpha, moment)
        seen = state.of(self.challenger)
        if reason := self._against(state.of(CHAMPION), seen, alpha):
            step = f"step {state.stage + 1} of {len(self.steps)}"
            return state.settle(CHAMPION, f"{self.challenger} is rolled back in {step}: {reason}", moment)
        if len(seen.outputs) < self.requests or moment - state.entered < self.seconds:
            return state
        if state.stage + 1 < len(self.steps):
            return state.advance(moment)
        return state.settle(self.challenger, f"all {len(self.steps)} steps have gone well", moment)

    def _against(self, champion: Evidence, challenger: Evidence, alpha: float) -> str:
        """What speaks against the challenger; nothing if it is not sure."""
        if reason := failing(challenger, self.failures, alpha):
            return reason
        if min(len(champion.seconds), len(challenger.seconds)) >= _LEAST_SECONDS:
            bound = self.slower * float(np.quantile(champion.seconds, _QUICK))
            slow = int((np.asarray(challenger.seconds) > bound).sum())
            if is_beyond(slow, len(challenger.seconds), _SLOW, alpha):
                return f"{slow} of {len(challenger.seconds)} answers took more than {1000 * bound:.3g} ms"
        apart = drifted(champion.outputs, challenger.outputs, self.drift, alpha)
        return f"its outputs are distributed {apart:.2f} apart from the champion's" if apart else ""
