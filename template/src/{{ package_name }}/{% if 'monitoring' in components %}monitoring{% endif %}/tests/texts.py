"""Tests of texts: their length, and their words."""

from __future__ import annotations

import math

from ..distributions import normal
from ..summary import GROUPS, TextSummary
from .base import FEWEST_ROWS, DriftTest, Statistic
from .numbers import KS, of_means


def _length(reference: TextSummary, window: TextSummary) -> Statistic | None:
    found: Statistic | None = KS.run(reference.lengths, window.lengths)
    return found


def _vocabulary(reference: TextSummary, window: TextSummary) -> Statistic | None:
    """In how many texts there is a word of a group, of the group that differs most; words fall into groups by their hash.

    The chance is that of one group, times the number of groups (Bonferroni): texts are independent, their words are not.
    """
    before, now = reference.present, window.present
    if min(before, now) < FEWEST_ROWS:
        return None
    largest = effect = 0.0
    for known, there in zip(reference.groups, window.groups, strict=True):
        together, difference = (known + there) / (before + now), there / now - known / before
        if 0 < together < 1:
            error = math.sqrt(together * (1 - together) * (1 / before + 1 / now))
            largest, effect = max(largest, abs(difference) / error), max(effect, abs(difference))
    return Statistic(largest, min(1.0, normal(largest) * GROUPS), effect)


def _unknown(reference: TextSummary, window: TextSummary) -> Statistic | None:
    """The share of a text's words that were not learnt, by Welch's t; the effect is in shares."""
    known, there = reference.unknown, window.unknown
    if min(known.rows, there.rows) < FEWEST_ROWS:
        return None
    found = of_means(known, there)
    return None if found is None else Statistic(found.value, found.p, abs(there.mean - known.mean))


LENGTH = DriftTest(
    name="length", kinds=("text",), says="largest distance of the distributions of words a text", least=0.1, run=_length
)
VOCABULARY = DriftTest(
    name="vocabulary",
    kinds=("text",),
    says="largest change of the share of texts with some word",
    least=0.1,
    run=_vocabulary,
)
UNKNOWN = DriftTest(
    name="unknown_words", kinds=("text",), says="change of the share of words not learnt", least=0.05, run=_unknown
)
