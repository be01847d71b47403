"""How much two columns say of each other: -1 to 1 between two that have an order, else 0 to 1. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from scipy.stats import rankdata
from scipy.stats.contingency import association, crosstab

from ..contract.types import Kind
from ..features.strength import levels_of, numbers_of

#: Of more levels the rarest are one.
MOST_LEVELS = 50
#: With fewer rows that have both values, nothing is said.
FEWEST = 10


def associations(rows: pl.DataFrame, kinds: Mapping[str, Kind]) -> np.ndarray:
    """A symmetric matrix [k, k] over the columns of `kinds`, on rows that have both values; NaN where nothing can be said.

    Numbers, moments and truth values: rank correlation (Spearman 1904). Words: Cramér's V less its bias. Words and numbers:
    the correlation ratio of the ranks, less its bias.
    """
    words = [kind == "category" for kind in kinds.values()]
    values = [_levels(rows[name]) if word else numbers_of(rows[name]) for name, word in zip(kinds, words, strict=True)]
    found = np.eye(len(values))
    for one, other in zip(*np.tril_indices(len(values), -1), strict=True):
        first, second = (one, other) if words[one] or not words[other] else (other, one)
        known = np.isfinite(values[first]) & np.isfinite(values[second])
        a, b = values[first][known], values[second][known]
        if len(a) < FEWEST or np.ptp(a) == 0 or np.ptp(b) == 0:
            strength = np.nan
        elif words[first]:
            strength = cramer(a.astype(int), b.astype(int)) if words[second] else ratio(a.astype(int), rankdata(b))
        else:
            strength = float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])
        found[one, other] = found[other, one] = strength
    return found


def _levels(values: pl.Series) -> np.ndarray:
    """The number of each word, the most frequent first, float64 [n]; missing is NaN."""
    level = levels_of(values)
    order = np.argsort(np.argsort(-np.bincount(level)[1:], kind="stable"), kind="stable")
    return np.where(level > 0, np.minimum(order[level - 1], MOST_LEVELS), np.nan)


def cramer(first: np.ndarray, second: np.ndarray) -> float:
    """Cramér's V of two columns of levels [n].

    Source: Bergsma, "A bias-correction for Cramér's V and Tschuprow's T", J. Korean Statistical Society 42 (2013), 323-328.
    """
    table, spare = crosstab(first, second).count, len(first) - 1
    degrees = np.array(table.shape) - 1
    phi = association(table) ** 2 * degrees.min() - degrees.prod() / spare
    least = (degrees - degrees**2 / spare).min()
    return min(1.0, float(np.sqrt(max(phi, 0.0) / least))) if least > 0 else 0.0


def ratio(levels: np.ndarray, numbers: np.ndarray) -> float:
    """The correlation ratio of numbers by levels [n]: the root of the share of their variance that levels explain.

    Source: Kelley, "An unbiased correlation ratio measure", PNAS 21 (1935), 554-559.
    """
    _, level, count = np.unique(levels, return_inverse=True, return_counts=True)
    within = float(((numbers - (np.bincount(level, numbers) / count)[level]) ** 2).sum())
    spare = len(numbers) - len(count)
    if spare <= 0:
        return 0.0
    return float(np.sqrt(max(0.0, 1 - within / spare / numbers.var(ddof=1))))
