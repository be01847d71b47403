"""Tests of categories, from the counts of words."""

from __future__ import annotations

import math

import numpy as np

from ..distributions import chi_square
from ..summary import CategorySummary
from .base import FEWEST_ROWS, DriftTest, Statistic
from .shares import of_shares

_FEWEST_EXPECTED = 5


def pooled(reference: CategorySummary, window: CategorySummary) -> np.ndarray | None:
    """Counts [2, words]; words that are expected too seldom in a window for a test are one, together with all others."""
    if min(reference.present, window.present) < FEWEST_ROWS:
        return None
    pair = np.array([[*each.words.values(), each.other] for each in (reference, window)], dtype=np.float64)
    share = window.present / (reference.present + window.present)
    seldom = pair.sum(axis=0) * min(share, 1 - share) < _FEWEST_EXPECTED
    seldom[-1] = True
    counts = np.column_stack([pair[:, ~seldom], pair[:, seldom].sum(axis=1)])
    counts = counts[:, counts.sum(axis=0) > 0]
    return counts if counts.shape[1] > 1 else None


def _chi2(reference: CategorySummary, window: CategorySummary) -> Statistic | None:
    """Pearson's test; the effect is the share of rows that would have to have another word."""
    pair = pooled(reference, window)
    if pair is None:
        return None
    rows = pair.sum(axis=1, keepdims=True)
    expected = rows * pair.sum(axis=0) / pair.sum()
    value = float(((pair - expected) ** 2 / expected).sum())
    known, there = pair / rows
    return Statistic(value, chi_square(value, pair.shape[1] - 1), float(np.abs(known - there).sum() / 2))


def _js(reference: CategorySummary, window: CategorySummary) -> Statistic | None:
    """Jensen and Shannon: value and effect are the distance, 0 to 1; its weighted form is the likelihood ratio, which is chi²."""
    pair = pooled(reference, window)
    if pair is None:
        return None
    rows = pair.sum(axis=1, keepdims=True)
    known, there = pair / rows
    middle = (known + there) / 2
    distance = math.sqrt(max(0.0, (_apart(known, middle) + _apart(there, middle)) / 2 / math.log(2)))
    together = pair.sum(axis=0) / pair.sum()
    ratio = 2 * sum(float(n) * _apart(shares, together) for n, shares in zip(rows[:, 0], (known, there), strict=True))
    return Statistic(distance, chi_square(ratio, pair.shape[1] - 1), distance)


def _apart(shares: np.ndarray, others: np.ndarray) -> float:
    """Kullback and Leibler's divergence."""
    there = shares > 0
    return float((shares[there] * np.log(shares[there] / others[there])).sum())


def _unseen(reference: CategorySummary, window: CategorySummary) -> Statistic | None:
    """Words that were not learnt. Of rows like those learnt from as many are new as words came once: I. J. Good 1953."""
    return of_shares(reference.other + reference.once, reference.present, window.other, window.present, more=True)


CHI2 = DriftTest(name="chi2", kinds=("category",), says="share of rows with another word", least=0.1, run=_chi2)
JS = DriftTest(name="js", kinds=("category",), says="Jensen-Shannon distance", least=0.1, run=_js)
UNSEEN = DriftTest(name="unseen", kinds=("category",), says="more words that were not learnt", least=0.02, run=_unseen)
