"""Which settings of a candidate are worth trying: its search space, by the name of a setting."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Choice:
    """One of several values."""

    values: tuple[Any, ...]

    def draw(self, random: np.random.Generator) -> Any:
        """One of them, each as likely."""
        return self.values[int(random.integers(len(self.values)))]


@dataclass(frozen=True)
class Range:
    """A number between two, both included; whole if both are.

    Args:
        low: the smallest.
        high: the largest.
        log: whether each order of magnitude is as likely.
    """

    low: float
    high: float
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def draw(self, random: np.random.Generator) -> float:
        """One of them by chance."""
        # Whole numbers have half a step more at both ends, so that all of a step are as likely.
        half = 0.5 if self.whole else 0.0
        low, high = self.low - half, self.high + half
        value = math.exp(random.uniform(math.log(low), math.log(high))) if self.log else random.uniform(low, high)
        return min(max(round(value) if self.whole else value, self.low), self.high)


#: By the name of a setting.
Space = Mapping[str, Choice | Range]
