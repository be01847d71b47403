"""How sure a score is: bounds by the delete-a-group jackknife, and the chance that predictions which know nothing do as well.

Rows are put into blocks that can be taken as independent. Each block is left out once; how much a score changes says how
much it would change with other rows. Source: Kott, "The Delete-a-Group Jackknife", Journal of Official Statistics 17
(2001), 521-526; for blocks of unequal size Busing, Meijer, van der Leeden, "Delete-m jackknife for unequal m", Statistics
and Computing 9 (1999), 3-8. Equal rows give equal bounds, whatever their order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import stdtr, stdtrit

from ..contract.digests import row_digests
from ..contract.types import Contract
from ..tasks.base import Task

#: Blocks that rows are put into, and how many groups or periods there must be to be the blocks.
BLOCKS = 40
FEWEST_WHOLE = 20
#: With fewer blocks there are no bounds.
FEWEST = 5
#: That the true score lies above the lower bound; and as much, that it lies below the upper one.
CONFIDENCE = 0.95
#: The same for the gain over the naive baseline; that it is no chance is judged by itself, see `chance`.
GAIN_CONFIDENCE = 0.8
#: Shuffles where their number is the answer, and where they give a mean only; and rows from which that is exact enough.
SHUFFLES = 1999
FEW_SHUFFLES = 50
MANY_ROWS = 20_000
#: Draws of the bootstrap.
RESAMPLES = 2000


@dataclass(frozen=True)
class Interval:
    """A score, and its lower and upper bound."""

    value: float
    low: float
    high: float

    def rounded(self) -> dict[str, float]:
        """For a report."""
        return {"value": round(self.value, 6), "low": round(self.low, 6), "high": round(self.high, 6)}


@dataclass(frozen=True)
class Blocks:
    """The block of each row, int64 [N], and what they are made of, in words."""

    index: np.ndarray
    of: str


def blocks_of(rows: pl.DataFrame, contract: Contract) -> Blocks:
    """Blocks for rows [N] of a contract: whole groups, else whole periods in order, else rows by digest."""
    if contract.group and (found := _whole(rows[contract.group])):
        return Blocks(_merged(*found), "groups")
    if contract.time and (found := _whole(rows[contract.time].dt.truncate(contract.period))):
        return Blocks(_merged(*found), "periods")
    order = np.argsort(row_digests(rows, contract), kind="stable")
    return Blocks(_merged(np.argsort(order, kind="stable"), len(rows)), "rows")


def _whole(values: pl.Series) -> tuple[np.ndarray, int] | None:
    """The rank of each value among the distinct ones and how many there are, if there are enough."""
    ranks = np.asarray(values.rank("dense").fill_null(0), dtype=np.int64)
    distinct, index = np.unique(ranks, return_inverse=True)
    return (index, len(distinct)) if len(distinct) >= FEWEST_WHOLE else None


def _merged(index: np.ndarray, found: int) -> np.ndarray:
    """At most `BLOCKS` blocks, of neighbours."""
    return index.astype(np.int64) * min(BLOCKS, found) // max(found, 1)


def jackknife(
    scores: Callable[[np.ndarray], Mapping[str, float]], blocks: np.ndarray, confidence: float = CONFIDENCE
) -> dict[str, Interval]:
    """The interval of each score, by leaving out each block once.

    Args:
        scores: of the rows whose indices are given, int64 [n]; one that is not defined on them is left out.
        blocks: the block of each row, int64 [N].
        confidence: of each bound.

    Returns:
        Those that are defined on all rows, and without each of the blocks; none if there are too few blocks.
    """
    rows, sizes = np.arange(len(blocks)), np.bincount(blocks)
    used = np.flatnonzero(sizes)
    if len(used) < FEWEST:
        return {}
    everywhere, without = scores(rows), [scores(rows[blocks != block]) for block in used]
    parts = len(rows) / sizes[used]
    intervals = {}
    for name, value in everywhere.items():
        if all(np.isfinite(part.get(name, np.nan)) for part in [everywhere, *without]):
            pseudo = parts * value - (parts - 1) * np.array([part[name] for part in without])
            error = float(np.sqrt(np.mean((pseudo - pseudo.mean()) ** 2 / (parts - 1))))
            reach = float(stdtrit(len(used) - 1, confidence)) * error
            intervals[name] = Interval(value, value - reach, value + reach)
    return intervals


def mean_interval(
    values: np.ndarray, blocks: np.ndarray, weight: np.ndarray | None, confidence: float = CONFIDENCE
) -> Interval | None:
    """The interval of the mean of values [N] with weights [N]; None if there are too few blocks."""
    shares = np.ones(len(values)) if weight is None else weight

    def mean(rows: np.ndarray) -> dict[str, float]:
        return {"mean": float(np.average(values[rows], weights=shares[rows]))}

    return jackknife(mean, blocks, confidence).get("mean")


def resampled_means(values: np.ndarray, blocks: np.ndarray, weight: np.ndarray | None) -> np.ndarray | None:
    """Means of values [N] with weights [N] over blocks drawn with replacement, [RESAMPLES]; None if there are too few blocks.

    The draws are the same every time. Source: Davison and Hinkley, "Bootstrap Methods and their Application" (1997), 3.8.
    """
    shares = np.ones(len(values)) if weight is None else weight
    weights = np.bincount(blocks, shares)
    used = weights > 0
    if used.sum() < FEWEST:
        return None
    sums, weights = np.bincount(blocks, shares * values)[used], weights[used]
    draws = np.random.default_rng(0).multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=RESAMPLES)
    return np.asarray(draws @ sums / (draws @ weights))


def chance(
    task: Task, target: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None, blocks: Blocks
) -> float | None:
    """The chance that predictions which know nothing have as low a primary loss: a p-value. None with too few blocks.

    Outcomes are shuffled, the same way every time. If single rows are independent, it is how often shuffled outcomes fit as
    well, which is exact for any number of rows and any distribution, where the jackknife is not. Source: Fisher, "The
    Design of Experiments" (1935); one is added to both counts: Phipson and Smyth, "Permutation p-values should never be
    zero", Statistical Applications in Genetics and Molecular Biology 9 (2010). If whole groups or periods are, or there are
    more rows than `MANY_ROWS`, the advantage over shuffled outcomes is compared with its error by the jackknife.
    """
    exact = blocks.of == "rows" and len(target) <= MANY_ROWS
    random, shuffles = np.random.default_rng(0), SHUFFLES if exact else FEW_SHUFFLES
    losses = task.losses(target, prediction)
    # Rounding must not make a shuffle that changes nothing look worse than it is.
    found = np.average(losses, weights=weight) * (1 + 1e-12)
    as_good, advantage = 0, -losses
    for _ in range(shuffles):
        shuffled = task.losses(random.permutation(target), prediction)
        as_good += int(np.average(shuffled, weights=weight) <= found)
        advantage += shuffled / shuffles
    if exact:
        return (1 + as_good) / (1 + shuffles)
    bounds, count = mean_interval(advantage, blocks.index, weight), len(np.unique(blocks.index))
    if bounds is None:
        return None
    reach = max(bounds.high - bounds.value, 1e-300)
    return float(stdtr(count - 1, -bounds.value / reach * stdtrit(count - 1, CONFIDENCE)))
