"""All columns together: whether a model can tell the rows of a window from those that were learnt from.

A logistic regression on numbers, their products, and frequent words learns on one half and is judged on the other, and the other
way round. If both come from the same it is right as often as wrong: the area under its curve is one half. It finds what no column
shows alone, such as two that no longer go together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from ..threads import limited
from .readings import Reading
from .summary import CategorySummary, NumberSummary, Summary
from .tests.base import Statistic

#: Rows of each side that are looked at, and from how many on something is said.
MOST_ROWS, FEWEST_ROWS = 2000, 100
_MOST_WORDS, _MOST_PAIRED = 10, 10
_FAR, _SURE = 4.0, 1.96
_STEPS, _CLOSE = 12, 1e-6


class Rows(NamedTuple):
    """So many rows: readings of their columns, of which those count that have a value a row."""

    readings: tuple[Reading, ...]
    rows: int


@dataclass(frozen=True, kw_only=True)
class Told:
    """How well the two can be told apart.

    Args:
        auc: the area under the curve; 0.5 if they are alike.
        low: of the interval in which it lies with 95 %.
        p: that it is as large by chance.
    """

    auc: float
    low: float
    high: float
    p: float

    @property
    def statistic(self) -> Statistic:
        """As a test says it; the effect is 0 if they are alike, 1 if no row could be of both."""
        return Statistic(self.auc, self.p, max(0.0, 2 * self.auc - 1))


def told_apart(reference: Summary, learnt: Rows, window: Rows, seed: int = 0) -> Told | None:
    """Compare rows of a window with rows learnt from; None of too few, or of columns that are all texts.

    Args:
        reference: says which columns there are, and what is far.
        learnt: rows learnt from.
        window: rows of the window.
        seed: of what is drawn, and of the halves.
    """
    if min(learnt.rows, window.rows) < FEWEST_ROWS:
        return None
    random = np.random.default_rng(seed)
    whole = [{each.name for each in side.readings if len(each.values) == side.rows} for side in (learnt, window)]
    names = [name for name in reference.columns if name in whole[0] & whole[1]]
    old, new = (_features(reference, names, _some(side, random)) for side in (learnt, window))
    if old.shape[1] == 1:
        return None
    features = np.concatenate([old, new])
    is_new = np.repeat([0.0, 1.0], [len(old), len(new)])
    half = np.concatenate([random.permutation(len(side)) % 2 for side in (old, new)])
    areas = []
    # Of so little work threads cost more than they do.
    with limited(1):
        for fold in (0, 1):
            learns = half != fold
            found = features[~learns] @ _fit(features[learns], is_new[learns])
            areas.append(_area(found[is_new[~learns] == 1], found[is_new[~learns] == 0]))
    # The halves are not independent: each has learnt from the other. So the error is that of one half.
    auc, error = sum(area for area, _ in areas) / 2, max(error for _, error in areas)
    # If both are alike, it is that of ranks (Mann and Whitney).
    rows = len(new) / 2, len(old) / 2
    by_chance = math.sqrt((sum(rows) + 1) / (12 * rows[0] * rows[1]))
    p = math.erfc((auc - 0.5) / by_chance / math.sqrt(2)) / 2
    return Told(auc=auc, low=max(0.0, auc - _SURE * error), high=min(1.0, auc + _SURE * error), p=p)


def _some(side: Rows, random: np.random.Generator) -> Rows:
    """At most so many, drawn by chance."""
    if side.rows <= MOST_ROWS:
        return side
    drawn = random.choice(side.rows, MOST_ROWS, replace=False).tolist()
    whole = (each for each in side.readings if len(each.values) == side.rows)
    return Rows(tuple(each._replace(values=[each.values[row] for row in drawn]) for each in whole), MOST_ROWS)


def _features(reference: Summary, names: Sequence[str], side: Rows) -> np.ndarray:
    """[rows, features]: one, scaled numbers, their squares and products, what is missing, frequent words."""
    values = {each.name: each.values for each in side.readings}
    numbers: list[np.ndarray] = []
    others: list[np.ndarray] = []
    for name in names:
        shape = reference.columns[name]
        if isinstance(shape, NumberSummary):
            column = np.asarray(values[name], dtype=np.float64)
            scaled = (column - shape.moments.mean) / (shape.moments.deviation or 1.0)
            numbers.append(np.nan_to_num(scaled.clip(-_FAR, _FAR)))
            others.append(np.isnan(column).astype(np.float64))
        elif isinstance(shape, CategorySummary):
            words = list(shape.words)[:_MOST_WORDS]
            others += [np.array([word == each for each in values[name]], dtype=np.float64) for word in (*words, None)]
    pairs = [one * other for one, other in combinations(numbers[:_MOST_PAIRED], 2)]
    squares = [number * number for number in numbers]
    return np.column_stack([np.ones(side.rows), *numbers, *squares, *pairs, *others])


def _fit(features: np.ndarray, is_new: np.ndarray) -> np.ndarray:
    """Weights of a logistic regression with a small penalty, by Newton's steps; both sides count the same."""
    share = is_new.mean()
    weight = np.where(is_new == 1, 0.5 / share, 0.5 / (1 - share))
    penalty = np.full(features.shape[1], math.sqrt(len(features)))
    penalty[0] = 1e-6
    weights = np.zeros(features.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-(features @ weights).clip(-30, 30)))
        slope = features.T @ (weight * (is_new - chance)) - penalty * weights
        curve = (features * (weight * chance * (1 - chance))[:, None]).T @ features + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        weights = weights + step
        if np.abs(step).max() < _CLOSE:
            break
    return weights


def _area(new: np.ndarray, old: np.ndarray) -> tuple[float, float]:
    """The area under the curve, and its standard error: DeLong, DeLong, Clarke-Pearson 1988."""
    above = _places(old, new) / len(old)
    below = 1 - _places(new, old) / len(new)
    variance = above.var(ddof=1) / len(new) + below.var(ddof=1) / len(old)
    return float(above.mean()), math.sqrt(float(variance))


def _places(among: np.ndarray, values: np.ndarray) -> np.ndarray:
    """How many of some numbers are smaller than each value, those that are equal by half."""
    ordered = np.sort(among)
    return (ordered.searchsorted(values) + ordered.searchsorted(values, side="right")) / 2
