"""Tests of numbers, from the counts between quantiles of what was learnt from, and from moments."""

from __future__ import annotations

import math

import numpy as np

from ..distributions import kolmogorov, normal, student
from ..moments import Moments
from ..summary import NumberSummary
from .base import FEWEST_ROWS, DriftTest, Statistic

_FEW_BINS = 10


def counts_of(summary: NumberSummary) -> np.ndarray:
    """[bins], with what lies outside in the first and the last."""
    counts = np.array(summary.counts, dtype=np.float64)
    if len(counts):
        counts[0] += summary.below
        counts[-1] += summary.above
    return counts


def enough(*summaries: NumberSummary) -> bool:
    """Whether there is enough to say something."""
    return all(summary.present >= FEWEST_ROWS for summary in summaries)


def few_bins(known: np.ndarray, there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Neighbouring bins together, so that each holds about a tenth of what was learnt from."""
    ends = np.cumsum(known) / known.sum()
    groups = np.minimum(np.ceil(np.round(ends * _FEW_BINS, 9)).astype(np.int64) - 1, _FEW_BINS - 1).clip(0)
    return np.bincount(groups, known, _FEW_BINS), np.bincount(groups, there, _FEW_BINS)


def _ks(reference: NumberSummary, window: NumberSummary) -> Statistic | None:
    """Kolmogorov and Smirnov: the largest distance at the bins' edges, which is at most the largest of all."""
    if not enough(reference, window):
        return None
    known, there = (np.cumsum([summary.below, *summary.counts]) / summary.present for summary in (reference, window))
    distance = float(np.abs(known - there).max())
    rows = reference.present * window.present / (reference.present + window.present)
    return Statistic(distance, kolmogorov(math.sqrt(rows) * distance), distance)


def of_means(known: Moments, there: Moments) -> Statistic | None:
    """Welch's t; the effect is in standard deviations of what was learnt from."""
    errors = [moments.variance / moments.rows for moments in (known, there)]
    scale = known.deviation or there.deviation
    if not scale:
        return None
    t = (there.mean - known.mean) / math.sqrt(sum(errors))
    parts = sum(error**2 / (moments.rows - 1) for error, moments in zip(errors, (known, there), strict=True))
    return Statistic(t, student(t, sum(errors) ** 2 / parts), abs(there.mean - known.mean) / scale)


def _mean(reference: NumberSummary, window: NumberSummary) -> Statistic | None:
    return of_means(reference.moments, window.moments) if enough(reference, window) else None


def _spread(reference: NumberSummary, window: NumberSummary) -> Statistic | None:
    """Mood's test: how far ranks lie from the middle one, on average. No far value can carry it, as it can a variance."""
    if not enough(reference, window):
        return None
    known, there = (
        np.array([summary.below, *summary.counts, summary.above], dtype=np.float64) for summary in (reference, window)
    )
    ties = known + there
    rows, before, after = ties.sum(), known.sum(), there.sum()
    ranks = np.cumsum(ties) - (ties - 1) / 2
    # The mean over the ranks that are shared, each squared.
    scores = (ranks - (rows + 1) / 2) ** 2 + (ties**2 - 1).clip(0) / 12
    middle = float(scores @ ties / rows)
    variance = float((scores - middle) ** 2 @ ties) * before * after / (rows * (rows - 1))
    if variance <= 0:
        return None
    z = (float(scores @ there) - after * middle) / math.sqrt(variance)
    return Statistic(z, normal(z), abs(float(scores @ there / after) / float(scores @ known / before) - 1))


KS = DriftTest(name="ks", kinds=("number",), says="largest distance of the distributions", least=0.1, run=_ks)
MEAN = DriftTest(name="mean", kinds=("number",), says="shift in standard deviations", least=0.2, run=_mean)
SPREAD = DriftTest(name="spread", kinds=("number",), says="change of the spread of ranks", least=0.2, run=_spread)
