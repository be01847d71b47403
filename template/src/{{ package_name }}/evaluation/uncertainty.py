"""How sure a score is: confidence intervals by the delete-a-group jackknife, which draws nothing at random.

Rows are put into blocks that can be taken as independent. Each block is left out once; how much the score changes says how
much it would change with other rows. Source: Kott, "The Delete-a-Group Jackknife", Journal of Official Statistics 17
(2001), 521-526; for blocks of unequal size Busing, Meijer, van der Leeden, "Delete-m jackknife for unequal m", Statistics
and Computing 9 (1999), 3-8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.stats import t

from ..contract.types import Contract
from .digests import row_digests

#: Blocks that rows are put into, where neither groups nor periods make at least `FEWEST`.
BLOCKS = 40
FEWEST = 20
#: One-sided: a model of noise passes a bound with at most the rest.
CONFIDENCE = 0.99

#: A statistic of the rows whose indices are given, [n] int64; None or NaN where it is not defined on them.
Statistic = Callable[[np.ndarray], float | None]


@dataclass(frozen=True)
class Interval:
    """A score and where it lies with confidence `CONFIDENCE`, at either end."""

    value: float
    low: float
    high: float

    def rounded(self) -> dict[str, float]:
        """For a report."""
        return {"value": round(self.value, 6), "low": round(self.low, 6), "high": round(self.high, 6)}


@dataclass(frozen=True)
class Blocks:
    """The block of each row, int64 [N], and what one block is, in words."""

    index: np.ndarray
    what: str


def blocks_of(rows: pl.DataFrame, contract: Contract) -> Blocks:
    """Blocks for rows of a contract: whole groups, else whole periods, else rows by digest, whatever their order."""
    if contract.group and (found := rows[contract.group].n_unique()) >= FEWEST:
        return Blocks(_merged(rows[contract.group].fill_null("").rank("dense").to_numpy() - 1, found), "groups")
    if contract.time:
        periods = rows[contract.time].dt.truncate(contract.period)
        if (found := periods.n_unique()) >= FEWEST:
            return Blocks(_merged(periods.rank("dense").fill_null(0).to_numpy(), found), "periods")
    order = np.argsort(np.argsort(row_digests(rows, contract), kind="stable"), kind="stable")
    return Blocks(_merged(order, len(rows)), "rows")


def _merged(index: np.ndarray, found: int) -> np.ndarray:
    """At most `BLOCKS` blocks of neighbours."""
    return index.astype(np.int64) * min(BLOCKS, found) // max(found, 1)


def jackknife(statistic: Statistic, blocks: np.ndarray) -> Interval | None:
    """The interval of a statistic, by leaving out each block once.

    Args:
        statistic: of chosen rows.
        blocks: the block of each row, int64 [N].

    Returns:
        None if the statistic is not defined on all rows, or without one of the blocks, or if there are fewer than 5.
    """
    everything = np.arange(len(blocks))
    total = statistic(everything)
    counts = np.bincount(blocks)
    used = np.flatnonzero(counts)
    if total is None or not np.isfinite(total) or len(used) < 5:  # noqa: PLR2004
        return None
    without = [statistic(everything[blocks != block]) for block in used]
    if any(value is None or not np.isfinite(value) for value in without):
        return None
    parts = len(blocks) / counts[used]
    pseudo = parts * total - (parts - 1) * np.array(without, dtype=np.float64)
    error = float(np.sqrt(np.mean((pseudo - pseudo.mean()) ** 2 / (parts - 1))))
    reach = float(t.ppf(CONFIDENCE, len(used) - 1)) * error
    return Interval(float(total), float(total) - reach, float(total) + reach)


def mean_interval(values: np.ndarray, blocks: np.ndarray, weight: np.ndarray | None = None) -> Interval | None:
    """The interval of a mean over rows: `values` and `weight` are float64 [N]."""
    weights = np.ones(len(values)) if weight is None else weight
    return jackknife(lambda rows: float(np.average(values[rows], weights=weights[rows])), blocks)
