"""How far people agree beyond chance: Cohen's and Fleiss' kappa, Krippendorff's alpha, each with an interval.

Cohen, "A coefficient of agreement for nominal scales", 1960. Fleiss, "Measuring nominal scale agreement among many raters", 1971.
Krippendorff, "Content Analysis", 2004, ch. 11; for labels without an order, and for numbers by their squared difference.

Each is a function of sums over rows. So a bootstrap over rows (all labels of a row together) needs no more than these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .ratings import NONE, Ratings

#: From sums, along the last axis, to the measure; NaN where chance explains everything.
Formula = Callable[[np.ndarray], np.ndarray]

_SURE = 0.95
#: Numbers in one piece of the resampled weights.
_MOST_CELLS = 4_000_000
#: Of the resamples, so many must have the measure for an interval.
_LEAST_DEFINED = 0.95


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A measure of agreement.

    Args:
        name: of the measure.
        of: among whom; empty for all.
        sums: rows × summands.
        formula: what comes of their sums.
    """

    name: str
    of: tuple[str, ...]
    sums: np.ndarray
    formula: Formula

    @property
    def rows(self) -> int:
        """On how many rows it stands."""
        return len(self.sums)

    def estimate(self) -> float | None:
        """The measure; None if all labels are the same, or there are none: nobody could have disagreed."""
        value = float(self.formula(self.sums.sum(axis=0))) if self.rows else float("nan")
        return None if np.isnan(value) else value

    def interval(self, resamples: int, seed: int) -> tuple[float, float] | None:
        """Where it lies with 95 % certainty, by the percentiles of a bootstrap over rows; None if they do not say."""
        if not self.rows:
            return None
        random, size = np.random.default_rng(seed), max(1, _MOST_CELLS // self.rows)
        shares = np.full(self.rows, 1 / self.rows)
        values = np.concatenate(
            [
                self.formula(random.multinomial(self.rows, shares, size=min(size, resamples - first)) @ self.sums)
                for first in range(0, resamples, size)
            ]
        )
        defined = values[~np.isnan(values)]
        if len(defined) < _LEAST_DEFINED * resamples:
            return None
        low, high = np.quantile(defined, [(1 - _SURE) / 2, (1 + _SURE) / 2])
        return float(low), float(high)


def measures(ratings: Ratings) -> Iterator[Measure]:
    """Of labels: Krippendorff's alpha of all, Fleiss' kappa where it is defined, Cohen's kappa of each two who share a row."""
    counts = _counts(ratings.given, len(ratings.labels))
    yield krippendorff(counts)
    if len(ratings.labellers) > 1:
        yield fleiss(counts)
    for first, second in combinations(range(len(ratings.labellers)), 2):
        pair = ratings.given[:, [first, second]]
        both = pair[(pair != NONE).all(axis=1)]
        if len(both):
            yield cohen(both, len(ratings.labels), (ratings.labellers[first], ratings.labellers[second]))


def cohen(pairs: np.ndarray, labels: int, of: tuple[str, str]) -> Measure:
    """Cohen's kappa of two people (rows × 2)."""
    first, second = (_one_hot(pairs[:, side], labels) for side in (0, 1))
    agreed = (pairs[:, 0] == pairs[:, 1]).astype(float)[:, None]

    def formula(sums: np.ndarray) -> np.ndarray:
        rows = sums[..., -1]
        by_chance = (sums[..., :labels] * sums[..., labels:-2]).sum(axis=-1) / rows**2
        return _beyond_chance(sums[..., -2] / rows, by_chance)

    sums = np.hstack([first, second, agreed, np.ones_like(agreed)])
    return Measure(name="Cohen's kappa", of=of, sums=sums, formula=formula)


def fleiss(counts: np.ndarray) -> Measure:
    """Fleiss' kappa of rows × labels; of the rows with as many labels as most have, since it is defined for equal numbers."""
    people = counts.sum(axis=1)
    several = people[people > 1].astype(int)
    number = int(np.bincount(several).argmax()) if len(several) else 0
    kept = counts[people == number] if number else counts[:0]
    agreed = (kept * (kept - 1)).sum(axis=1, keepdims=True) / max(1, number * (number - 1))

    def formula(sums: np.ndarray) -> np.ndarray:
        rows = sums[..., -1]
        by_chance = ((sums[..., :-2] / (rows * number)[..., None]) ** 2).sum(axis=-1)
        return _beyond_chance(sums[..., -2] / rows, by_chance)

    sums = np.hstack([kept, agreed, np.ones_like(agreed)])
    return Measure(name=f"Fleiss' kappa of {number} labels a row", of=(), sums=sums, formula=formula)


def krippendorff(counts: np.ndarray) -> Measure:
    """Krippendorff's alpha for labels, of rows × labels; rows may have any number of them, those with one do not count."""
    kept = counts[counts.sum(axis=1) > 1]
    people = kept.sum(axis=1, keepdims=True)
    apart = (people**2 - (kept**2).sum(axis=1, keepdims=True)) / (people - 1)

    def formula(sums: np.ndarray) -> np.ndarray:
        totals = sums[..., :-1]
        all_labels = totals.sum(axis=-1)
        return _alpha(sums[..., -1], all_labels, all_labels**2 - (totals**2).sum(axis=-1))

    return Measure(name="Krippendorff's alpha", of=(), sums=np.hstack([kept, apart]), formula=formula)


def krippendorff_of_numbers(values: np.ndarray) -> Measure:
    """Krippendorff's alpha for numbers, of rows × labellers with NaN where somebody gave none."""
    given = ~np.isnan(values)
    kept = values[given.sum(axis=1) > 1]
    # Differences are what counts: large numbers in common would only cost digits.
    kept = kept - (np.nanmean(kept) if kept.size else 0.0)
    people = (~np.isnan(kept)).sum(axis=1).astype(float)
    total, squares = np.nansum(kept, axis=1), np.nansum(kept**2, axis=1)
    apart = 2 * (people * squares - total**2) / (people - 1)

    def formula(sums: np.ndarray) -> np.ndarray:
        number, total, squares, apart = (sums[..., place] for place in range(4))
        return _alpha(apart, number, 2 * (number * squares - total**2))

    sums = np.column_stack([people, total, squares, apart])
    return Measure(name="Krippendorff's alpha", of=(), sums=sums, formula=formula)


def _alpha(observed: np.ndarray, number: np.ndarray, expected: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        found = 1 - (number - 1) * observed / expected
    return np.where(expected > 1e-12 * np.maximum(1.0, number**2), found, np.nan)


def _beyond_chance(agreed: np.ndarray, by_chance: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(by_chance < 1 - 1e-12, (agreed - by_chance) / (1 - by_chance), np.nan)


def _counts(given: np.ndarray, labels: int) -> np.ndarray:
    """Rows × labels: by how many it was given each."""
    counts = np.zeros((len(given), labels))
    for column in given.T:
        there = np.flatnonzero(column != NONE)
        counts[there, column[there]] += 1
    return counts


def _one_hot(places: np.ndarray, labels: int) -> np.ndarray:
    hot: np.ndarray = np.eye(labels)[places]
    return hot
