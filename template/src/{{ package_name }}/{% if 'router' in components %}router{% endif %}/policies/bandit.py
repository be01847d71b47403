"""Multi-armed bandit: each model gets as much of the traffic as it is likely to be the best."""

from __future__ import annotations

from random import Random
from typing import Literal

from ..evidence import CHAMPION, State
from ..splitting import digest
from .base import CHALLENGER, Asked, Choice, Others, Policy


class Bandit(Policy):
    """Thompson sampling: draw what each model's mean score may be, and ask the one with the largest draw.

    Scores lie between 0 and 1, and each counts as that part of a success, so that a mean is Beta distributed; a failed
    request is a score of 0. What is drawn follows from the request's id: the same request gets the same model.

    Thompson, W. R. (1933), "On the likelihood that one unknown probability exceeds another", Biometrika 25; Agrawal, S.,
    Goyal, N. (2012), "Analysis of Thompson Sampling for the Multi-armed Bandit Problem", COLT.
    """

    kind: Literal["bandit"]
    arms: Others = (CHALLENGER,)

    @property
    def others(self) -> tuple[str, ...]:
        """All arms but the champion, which is one, too."""
        return self.arms

    @property
    def learns(self) -> bool:
        """By outcomes."""
        return True

    def choose(self, asked: Asked, moment: float, state: State) -> Choice:  # noqa: ARG002 - the clock does not matter
        """The model of the largest draw."""
        random = Random(digest("bandit", asked.request))  # noqa: S311 - nothing is secret here

        def draw(model: str) -> float:
            seen = state.of(model)
            lost = seen.scores.count - seen.scores.total + seen.failures
            return random.betavariate(1 + seen.scores.total, 1 + lost)

        return Choice(model=max((CHAMPION, *self.arms), key=draw))
