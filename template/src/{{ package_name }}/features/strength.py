"""How much one column alone tells about the outcome, on rows that were not learnt from, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from scipy.stats import norm, rankdata

#: Cross-fitting: each fold is predicted by the means of the others.
FOLDS = 5
#: Rows of the overall mean that each level's mean is mixed with, so that rare levels tell little.
SMOOTHING = 5.0
#: At most so many classes are looked at, the most frequent ones.
MOST_CLASSES = 20
#: Chance that honest columns, all together, pass a bound.
ERROR = 0.01


def numbers_of(values: pl.Series) -> np.ndarray:
    """A column of numbers, truth values or moments as float64 [N]; missing is NaN."""
    numbers = values.to_physical() if values.dtype.is_temporal() else values
    return np.asarray(numbers.cast(pl.Float64).fill_null(np.nan))


def levels_of(values: pl.Series) -> np.ndarray:
    """Each value's number among the distinct values, int64 [N]; missing is 0."""
    return np.asarray(values.rank("dense").fill_null(0)).astype(np.int64)


def outcomes_of(target: np.ndarray, classes: int) -> np.ndarray:
    """What is to be told, float64 [N, m]: an indicator for each class that occurs, one for two classes; or the values."""
    if not classes:
        return target[:, None]
    frequent = np.sort(np.argsort(-np.bincount(target, minlength=classes), kind="stable")[:MOST_CLASSES])
    indicators = (target[:, None] == frequent).astype(np.float64)
    told = indicators[:, np.ptp(indicators, axis=0) > 0]
    return np.asarray(told[:, -1:] if classes == 2 else told)  # noqa: PLR2004 - the other one says the same


def aggregated_of(target: np.ndarray, classes: int) -> np.ndarray:
    """Outcomes of which there can be sums and means, float64 [N, m]: of ratings also their number, from 0 or from 1 on."""
    told = outcomes_of(target, classes)
    number = target[:, None].astype(np.float64)
    return np.hstack([told, number, number + 1]) if classes > 2 else told  # noqa: PLR2004


def strength_of(
    values: pl.Series, outcomes: np.ndarray, folds: np.ndarray, *, classes: int, tests: int
) -> tuple[float, float]:
    """Strength and its lower bound: those of the way of reading the column that tells most for sure.

    Numbers are read by rank, in bins of equal size (so that what tells at both ends is seen), and value by value;
    words value by value. Missing is a value. Learnt from are smoothed means of the other folds (target encoding:
    Micci-Barreca, SIGKDD Explorations 3 (2001), 27-32), so that a column of many values tells nothing by itself.

    Args:
        values: the column.
        outcomes: `outcomes_of` the target, [N, m]; of values their ranks, so that none outweighs all.
        folds: of each row, 0 to `FOLDS` - 1.
        classes: how many there are; 0 for values.
        tests: columns that are looked at.
    """
    z = float(norm.ppf(1 - ERROR / (4 * tests)))
    measure = _areas if classes else _correlation
    found = [measure(score, outcomes, z) for score in _readings(values, outcomes, folds)]
    return max(found, key=lambda item: item[1])


def _readings(values: pl.Series, outcomes: np.ndarray, folds: np.ndarray) -> Iterator[np.ndarray]:
    """Scores [N, m] that a column gives, larger where more of the outcome is expected."""
    rows = len(values)
    if values.dtype == pl.String:
        yield _cross_fitted(levels_of(values), outcomes, folds)
        return
    numbers = numbers_of(values)
    known = np.isfinite(numbers)
    ranks = rankdata(np.where(known, numbers, -np.inf))
    yield ranks[:, None] * _directions(ranks, outcomes)
    distinct = values.n_unique()
    if distinct <= rows / 4:
        yield _cross_fitted(levels_of(values), outcomes, folds)
    if distinct > rows / 40:
        bins = max(2, min(50, rows // 20))
        yield _cross_fitted(np.where(known, 1 + (ranks - 1) * bins // rows, 0).astype(np.int64), outcomes, folds)


def _directions(ranks: np.ndarray, outcomes: np.ndarray) -> np.ndarray:
    """1 or -1 for each outcome: whether it grows with the rank, [m]."""
    return np.where((ranks - ranks.mean()) @ (outcomes - outcomes.mean(axis=0)) < 0, -1.0, 1.0)


def _cross_fitted(levels: np.ndarray, outcomes: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """For each row how far the mean of its level in the other folds lies above the mean of all rows there, [N, m]."""
    cell, size = levels * FOLDS + folds, (int(levels.max()) + 1, FOLDS)
    count = np.bincount(cell, minlength=size[0] * FOLDS).reshape(size)
    others = count.sum(axis=1, keepdims=True) - count
    scores = np.empty(outcomes.shape)
    for column, outcome in enumerate(outcomes.T):
        total = np.bincount(cell, outcome, minlength=size[0] * FOLDS).reshape(size)
        elsewhere = total.sum(axis=1, keepdims=True) - total
        overall = elsewhere.sum(axis=0) / others.sum(axis=0)
        scores[:, column] = ((elsewhere + SMOOTHING * overall) / (others + SMOOTHING) - overall).ravel()[cell]
    return scores


def _areas(scores: np.ndarray, outcomes: np.ndarray, z: float) -> tuple[float, float]:
    """Mean ROC AUC over the classes, and mean of their lower bounds."""
    found = [_area(score, outcome, z) for score, outcome in zip(scores.T, outcomes.T, strict=True)]
    area, low = np.mean(found, axis=0)
    return float(area), float(low)


def _area(score: np.ndarray, outcome: np.ndarray, z: float) -> tuple[float, float]:
    """ROC AUC of a score, and its lower bound; for an area of 1, too.

    Source: Newcombe, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic. Part 2",
    Statistics in Medicine 25 (2006), 559-573, method 5.
    """
    yes = int(outcome.sum())
    no = len(outcome) - yes
    # Rounded, as sums in another order differ in the last place, and equal scores are to be ties.
    area = (rankdata(np.round(score, 12))[outcome > 0].sum() - yes * (yes + 1) / 2) / (yes * no)
    low, high, middle = 0.0, area, (yes + no) / 2 - 1
    for _ in range(30):
        guess = (low + high) / 2
        spread = guess * (1 - guess) * (1 + middle * (1 - guess) / (2 - guess) + middle * guess / (1 + guess))
        if area - guess > z * np.sqrt(spread / (yes * no)):
            low = guess
        else:
            high = guess
    return float(area), low


def _correlation(scores: np.ndarray, outcomes: np.ndarray, z: float) -> tuple[float, float]:
    """Rank correlation, and its lower bound.

    Source: Fieller, Hartley, Pearson, "Tests for rank correlation coefficients. I", Biometrika 44 (1957), 470-481.
    """
    ranks = rankdata(np.round(scores[:, 0], 12))
    if np.ptp(ranks) == 0 or np.ptp(outcomes) == 0:
        return 0.0, 0.0
    rank = float(np.corrcoef(ranks, outcomes[:, 0])[0, 1])
    bounded = min(max(rank, -1 + 1e-9), 1 - 1e-9)
    low = np.tanh(np.arctanh(bounded) - z * 1.03 / np.sqrt(max(len(ranks) - 3, 1)))
    return max(rank, 0.0), max(float(low), 0.0)
