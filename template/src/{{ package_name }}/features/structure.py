"""Marks of a leak that do not depend on how much a column tells: levels of one class, aggregates of the outcome itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.stats import beta, chi2

from .strength import aggregated_of, levels_of

#: A level is looked at from so many rows on.
FEWEST = 10
#: How pure, how far from the other rows (odds ratio, lower bound), and which share of its class a level must hold to be
#: suspicious: whether a value is there at all, and which value it is. Honest rare levels lie below; see docs/models/trust.md.
PURE = 0.995
MISSING = (10.0, 0.1)
LEVEL = (50.0, 0.25)
#: Chance that an honest column looks like an aggregate of the outcome.
ERROR = 1e-6
EXACT = 0.999


def pure_level(values: pl.Series, target: np.ndarray, *, classes: int, tests: int, personal: bool) -> str | None:
    """A level (missing, filled, or a value) whose rows all have one outcome, though others have it seldom; in words.

    A personal value is not said.
    """
    missing = values.is_null().to_numpy()
    for level, name in ((missing, "missing"), (~missing, "filled")):
        if found := _tells(level, target, classes, tests, MISSING):
            return f"where it is {name}, {found}"
    numbers = levels_of(values)
    counts = np.bincount(numbers[~missing], minlength=1)
    frequent = np.flatnonzero(counts >= FEWEST)
    if values.dtype != pl.String:
        if len(frequent) == 0 or counts.max() < len(values) / 10:
            return None
        usual = numbers == counts.argmax()
        value = values.filter(pl.Series(usual))[0]
        said = "its usual value" if personal else f"{value}"
        for level, name in ((usual, said), (~usual & ~missing, f"other than {said}")):
            if found := _tells(level, target, classes, tests, LEVEL):
                return f"where it is {name}, {found}"
        return None
    for number in frequent:
        level = numbers == number
        if found := _tells(level, target, classes, tests * len(frequent), LEVEL):
            said = "one of its values" if personal else repr(values.filter(pl.Series(level))[0])
            return f"where it is {said}, {found}"
    return None


def _tells(level: np.ndarray, target: np.ndarray, classes: int, tests: int, limits: tuple[float, float]) -> str | None:
    rows = int(level.sum())
    if not FEWEST <= rows <= len(level) - FEWEST:
        return None
    return (_one_class if classes else _one_end)(level, target, tests, limits)


def _one_class(level: np.ndarray, target: np.ndarray, tests: int, limits: tuple[float, float]) -> str | None:
    """By the odds of the class in the level (lower bound by Clopper and Pearson, Biometrika 26 (1934), 404-413)."""
    inside, total = np.bincount(target[level], minlength=target.max() + 1), np.bincount(target)
    rows, hits, of_class = int(inside.sum()), int(inside.max()), int(total[inside.argmax()])
    if hits < PURE * rows:
        return None
    low = float(beta.ppf(0.05 / tests, hits, rows - hits + 1))
    outside = (of_class - hits + 0.5) / (len(target) - rows + 1)
    least_ratio, least_share = limits
    if low * (1 - outside) < least_ratio * outside * (1 - low) or hits < least_share * of_class:
        return None
    return f"all of {rows} rows have the same outcome ({outside:.1%} of the others have it)"


def _one_end(level: np.ndarray, target: np.ndarray, tests: int, limits: tuple[float, float]) -> str | None:
    """By how far the rows of the level lie at one end of all values, and fill it."""
    rows, everything = int(level.sum()), len(target)
    for beyond, end in ((target >= target[level].min(), "largest"), (target <= target[level].max(), "smallest")):
        share = beyond.mean()
        by_chance = tests * everything * share**rows
        if share <= 1 / 3 and rows >= max(limits[1], 0.2) * beyond.sum() and by_chance < 0.001:  # noqa: PLR2004
            return f"all of {rows} rows are among the {share:.0%} {end} outcomes"
    return None


def cut_of_values(values: pl.Series, target: np.ndarray) -> str | None:
    """Whether a column of few levels is the target cut into ranges; in words."""
    levels = levels_of(values)
    counts = np.bincount(levels)
    if not (np.ptp(levels) > 0 and counts.max() <= len(levels) - FEWEST and np.all((counts == 0) | (counts >= FEWEST))):
        return None
    means = np.bincount(levels, target) / np.maximum(counts, 1)
    place = np.argsort(np.argsort(means, kind="stable"), kind="stable")[levels]
    agree = np.sort(place) == place[np.lexsort((place, target))]
    rare = np.sort(place) != np.bincount(place).argmax()
    return "it is the outcome, cut into ranges" if agree[rare].mean() >= EXACT else None


def outcome_mean(numbers: np.ndarray, target: np.ndarray, classes: int, tests: int) -> str | None:
    """Whether rows of equal value have an outcome whose mean is that value, more exactly than chance would have it.

    The mean of an honest forecast differs from the outcomes' by their own spread; that of an aggregate of the same
    outcomes does not. The sum of squares is compared with the chi-squared distribution (Pearson 1900), lower tail.
    """
    known = np.isfinite(numbers)
    distinct, level, count = np.unique(numbers[known], return_inverse=True, return_counts=True)
    for outcome in aggregated_of(target, classes).T:
        mean = np.bincount(level, outcome[known]) / count
        within = float(np.sum((outcome[known] - mean[level]) ** 2))
        binary = bool(classes) and outcome.max() <= 1
        if is_mean(distinct, count, mean, within, rows=len(numbers), binary=binary, tests=tests):
            return "its values are means of the outcomes themselves"
    return None


def is_mean(  # noqa: PLR0913 - statistics of one column
    distinct: np.ndarray,
    count: np.ndarray,
    mean: np.ndarray,
    within: float,
    *,
    rows: float,
    binary: bool,
    tests: int,
) -> bool:
    """Whether values are the means of outcomes; see `outcome_mean`.

    Args:
        distinct: the values that there are, [n].
        count: of rows with each, [n].
        mean: of their outcomes, [n].
        within: sum of the squared distances of outcomes from these means.
        rows: how many were looked at, those without a value among them.
        binary: whether outcomes are 0 or 1.
        tests: columns that are looked at.
    """
    if binary:
        spread = distinct * (1 - distinct)
        usable = (count * distinct >= 2) & (count * (1 - distinct) >= 2)  # noqa: PLR2004
    else:
        spread = np.full(len(distinct), within / max(count.sum() - len(distinct), 1))
        usable = count >= 2  # noqa: PLR2004
    usable &= spread > 0
    if usable.sum() < 3 or count[usable].sum() < rows / 4:  # noqa: PLR2004
        return False
    squares = np.sum((count * (mean - distinct) ** 2 / np.where(spread > 0, spread, 1))[usable])
    return bool(chi2.cdf(squares, int(usable.sum())) < ERROR / tests)


@dataclass(frozen=True)
class Outcome:
    """An outcome in rows of groups [n]: itself, its sum in the group, its distance from the mean there, squares of that."""

    told: np.ndarray
    total: np.ndarray
    deviation: np.ndarray
    varies: np.ndarray


class Groups:
    """Rows by the values of one column, whole groups of them where there are many rows.

    Args:
        levels: of each row, int64 [N]; rows of level 0 are left out.
        most: about how many rows to look at.
    """

    def __init__(self, levels: np.ndarray, most: int) -> None:
        kept = max(FEWEST, int((levels.max() + 1) * most / len(levels)))
        # Spread over all levels, as neighbours may be alike.
        chosen = (levels * 2654435761 % 2**32) % max(1, (levels.max() + 1) // kept) == 0
        rows = np.flatnonzero(chosen & (levels > 0))
        #: Rows in order of group, and in each in their own order.
        self.rows = rows[np.argsort(levels[rows], kind="stable")]
        _, self.level, self.count = np.unique(levels[self.rows], return_inverse=True, return_counts=True)
        starts = np.cumsum(self.count) - self.count
        self.place = np.arange(len(self.rows)) - starts[self.level]
        self.sizes = self.count[self.level]

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sum in the group of each row."""
        return np.bincount(self.level, values)[self.level]

    def outcome(self, outcome: np.ndarray) -> Outcome:
        """What aggregates of an outcome [N] would be."""
        told = outcome[self.rows]
        total = self.sums(told)
        deviation = told - total / self.sizes
        return Outcome(told, total, deviation, self.sums(deviation**2))

    def aggregate(self, values: np.ndarray, outcome: Outcome) -> str | None:
        """Whether a column, in the order of `rows`, holds an aggregate of the outcome in these groups: which, in words."""
        if not np.isfinite(values).mean() >= EXACT or np.ptp(outcome.told) == 0:
            return None
        for made, name in ((outcome.total, "sum"), (outcome.total / self.sizes, "mean")):
            if np.ptp(made) > 0 and np.mean(np.abs(values - made) <= 1e-9 + 1e-6 * np.abs(made)) >= EXACT:
                return f"the {name} of the outcomes"
        if self._tells_own(values, outcome):
            return "made of the outcomes of the other rows, which together tell the row's own"
        later = self.place > 0
        for made in (values, values * (self.place + 1)):
            step = np.diff(made, prepend=0)[later]
            if later.sum() >= 3 * FEWEST and np.ptp(step) > 0 and _alike(step, outcome.told[later]):
                return "a running count of the outcomes that counts the row itself"
        return None

    def _tells_own(self, values: np.ndarray, outcome: Outcome) -> bool:
        """Whether in each group the value is a straight line of the outcome."""
        usable = (self.sizes >= 4) & (outcome.varies > 0)  # noqa: PLR2004 - a line through fewer fits by itself
        deviation = values - self.sums(values) / self.sizes
        varies = self.sums(deviation**2)
        if usable.sum() < 3 * FEWEST or not np.any(varies[usable] > 0):
            return False
        scale = np.maximum(values**2, 1.0) * 1e-20
        explained = np.where(usable, outcome.varies * np.maximum(varies, scale), 1)
        fit = self.sums(deviation * outcome.deviation) ** 2 / explained
        return bool(fit[usable].mean() >= EXACT)


def _alike(first: np.ndarray, second: np.ndarray) -> bool:
    return bool(np.ptp(second) > 0 and np.corrcoef(first, second)[0, 1] >= EXACT)


def grouping_columns(table: pl.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Columns whose values can be groups."""
    for name, values in zip(table.columns, table.iter_columns(), strict=True):
        if is_grouping(values.dtype, values.n_unique(), len(values)):
            yield name, levels_of(values)


def is_grouping(dtype: pl.DataType, distinct: int, rows: int) -> bool:
    """Whether so many values can be groups: not too few for an own outcome to count in their means, not nearly unique."""
    return (dtype == pl.String or dtype.is_integer()) and max(8, rows / 1000) <= distinct <= rows / 2
