"""Random search: each trial is drawn by itself (J. Bergstra and Y. Bengio 2012). It remembers nothing, and starts again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .base import Question, Search, Trial


@dataclass
class ByChance:
    """Trial k of a seed is always the same."""

    question: Question
    asked: int = 0
    trials: list[Trial] = field(default_factory=list)

    def told(self) -> Sequence[Trial]:
        """All trials so far."""
        return self.trials

    def ask(self) -> tuple[int, dict[str, Any]]:
        """A draw for each setting."""
        self.asked += 1
        random = np.random.default_rng([self.question.seed, self.asked])
        return self.asked, {name: space.draw(random) for name, space in self.question.space.items()}

    def hopeless(self, number: int, losses: Sequence[float]) -> bool:  # noqa: ARG002
        """No trial is."""
        return False

    def tell(self, number: int, trial: Trial) -> None:  # noqa: ARG002
        """Kept as it is."""
        self.trials.append(trial)


SEARCH = Search("random", ByChance)
