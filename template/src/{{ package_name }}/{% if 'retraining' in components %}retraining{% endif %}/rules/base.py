"""What a rule is: a look at the situation, and perhaps a wish for a new model."""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from typing import NamedTuple

from ...contract.types import Section
from ..situation import Situation

#: Where they are.
FOLDER = "retraining/rules"


class Wish(NamedTuple):
    """That a new model is wanted.

    Args:
        reason: why, in words.
        strength: how much, from 0 to 1; of several wishes the strongest is said first.
        since: the moment from which on the world may be another; None if it is not said to be.
    """

    reason: str
    strength: float
    since: datetime | None = None


class Rule(Section):
    """When a new model is wanted. What it says follows from its settings, the situation and the moment alone."""

    kind: str

    @abstractmethod
    def wish(self, situation: Situation, now: datetime) -> Wish | None:
        """A wish, or nothing."""
