"""How rows are divided: what is judged is never learnt from, and is as far from it as it will be in service.

By time if the contract has one: whole periods, later ones are judged. Else by group: no group is on both sides. Else at
random, each class in its share. Where a row goes is decided by its content and the seed: not by its place in the file, and
rows that are added later move few of the old ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl

from ..artifacts import parts_of
from ..contract.digests import row_digests
from ..contract.types import Contract
from ..errors import DataError

How = Literal["time", "group", "random"]
FLATTERS: dict[How, str] = {
    "time": "Nothing is flattered: the rows that are judged are later than those learnt from, as in service.",
    "group": "Flatters if the world changes: without `time` in the contract, rows of all times are on both sides.",
    "random": "Flatters if rows resemble each other in time or in groups: neither `time` nor `group` is in the contract.",
}
EMBARGO = "their outcome was not known yet at the cut (embargo)"
JUDGED_GROUP = "their group is among those judged"


Rows = pl.DataFrame | pl.LazyFrame


@dataclass(frozen=True)
class Part:
    """Rows to learn from and rows to judge, as indices [n] in ascending order; `left_out` counts the others, by reason."""

    learn: np.ndarray
    judge: np.ndarray
    left_out: dict[str, int] = field(default_factory=dict)


def how(contract: Contract) -> How:
    """What rows are divided by."""
    return "time" if contract.time else "group" if contract.group else "random"


def rows_at(rows: Rows, places: np.ndarray) -> Iterator[pl.DataFrame]:
    """The rows at indices [n] in ascending order, in parts."""
    before = 0
    for part in parts_of(rows):
        first, behind = np.searchsorted(places, [before, before + len(part)])
        yield part[places[first:behind] - before]
        before += len(part)


def holdout(rows: Rows, contract: Contract, share: float, seed: int) -> Part:
    """About `share` of the rows to judge, the latest if there is a time.

    Raises:
        DataError: a side would be empty; says what to change.
    """
    advice = "Lower split.holdout_share in params.yaml, or add rows."
    if contract.time is None:
        places = _places(rows, contract, seed)
        judged = places < share
        if not judged.any() and len(places):
            # All units are larger than the share: the one at the front.
            judged = places == places.min()
        part = Part(np.flatnonzero(~judged), np.flatnonzero(judged))
        advice = f"Take another column as `group` than `{contract.group}`, or add rows." if contract.group else advice
    else:
        times, groups = _times(rows, contract), _groups(rows, contract)
        starts = _periods(times, contract)
        begins, counts = np.unique(starts, return_counts=True)
        if len(begins) < 2:  # noqa: PLR2004
            raise DataError(
                f"All rows are of one period ({contract.period}), so none is left to judge.",
                "Make `period` shorter in configs/contract.yaml, or add rows of other times.",
            )
        later = counts[::-1].cumsum()[::-1] / counts.sum()
        cut = begins[1 + int(np.abs(later[1:] - share).argmin())]
        part = _before(times, groups, contract, cut, starts >= cut)
        advice = "Lower split.holdout_share in params.yaml, or `embargo` in configs/contract.yaml, or add rows of other times."
        if part.left_out.get(JUDGED_GROUP):
            advice = f"All groups (`{contract.group}`) occur on both sides: leave `group` out of configs/contract.yaml."
    if not min(len(part.learn), len(part.judge)):
        side = "judge" if len(part.learn) else "learn from"
        count = len(part.learn) + len(part.judge) + sum(part.left_out.values())
        raise DataError(f"{count} rows cannot be divided by {how(contract)}: none is left to {side}.", advice)
    return part


def folds(rows: Rows, contract: Contract, count: int, seed: int) -> list[Part]:
    """Training rows divided several times by the same principle; by time, the rows learnt from grow.

    Fewer than `count` where there are fewer periods or groups; parts of which a side is empty are left out.
    """
    if contract.time is None:
        dealt = np.minimum((_places(rows, contract, seed) * count).astype(int), count - 1)
        parts = [Part(np.flatnonzero(dealt != fold), np.flatnonzero(dealt == fold)) for fold in range(count)]
    else:
        parts = list(_windows(rows, contract, count))
    return [part for part in parts if min(len(part.learn), len(part.judge))]


def _windows(rows: Rows, contract: Contract, count: int) -> Iterator[Part]:
    """Blocks of whole periods with about equally many rows; each but the first is judged by those before it."""
    times, groups = _times(rows, contract), _groups(rows, contract)
    starts = _periods(times, contract)
    begins, counts = np.unique(starts, return_counts=True)
    # The block of a period is that of its middle row.
    blocks = np.floor((counts.cumsum() - counts / 2) / counts.sum() * (count + 1)).astype(int)
    block = blocks[np.searchsorted(begins, starts)]
    for number in np.unique(block)[1:]:
        yield _before(times, groups, contract, starts[block == number].min(), block == number)


def _before(
    times: pl.Series, groups: pl.Series | None, contract: Contract, cut: np.datetime64, judged: np.ndarray
) -> Part:
    """Learn from what ended an embargo before the cut, without groups that are judged."""
    known = (times < pl.Series(np.array([cut])).dt.offset_by(f"-{contract.embargo}")[0]).to_numpy()
    # Whole periods lie before the cut, or behind it.
    early = (times < pl.Series(np.array([cut]))[0]).to_numpy() & ~known
    shared = np.zeros(len(times), dtype=bool)
    if groups is not None:
        shared = groups.is_in(groups.filter(judged).unique().implode()).to_numpy() & known
    left_out = {EMBARGO: int(early.sum()), JUDGED_GROUP: int(shared.sum())}
    return Part(np.flatnonzero(known & ~shared), np.flatnonzero(judged), {why: n for why, n in left_out.items() if n})


def _periods(times: pl.Series, contract: Contract) -> np.ndarray:
    """When the period of each row began, datetime64[us] [N]; days and weeks are those of the place, weeks begin on Monday."""
    return times.dt.truncate(contract.period).to_numpy()


def _times(rows: Rows, contract: Contract) -> pl.Series:
    return rows.lazy().select(str(contract.time)).collect(engine="streaming").to_series()


def _groups(rows: Rows, contract: Contract) -> pl.Series | None:
    """What tells the group of each row from others, [N]."""
    if contract.group is None:
        return None
    return pl.Series(row_digests(rows, contract.model_copy(update={"key": (contract.group,)})))


def _places(rows: Rows, contract: Contract, seed: int) -> np.ndarray:
    """A place between 0 and 1 for each row, [N]: by chance, evenly spread in each class, and one for all rows of a group.

    A group counts for the rarest class that it has.
    """
    key, factor = (int(value) | 1 for value in np.random.default_rng(seed).integers(0, 2**64, 2, dtype=np.uint64))
    if (groups := _groups(rows, contract)) is not None:
        units = groups.to_numpy()
    else:
        units = row_digests(rows, contract)
        # Equal rows are told apart by their number, so that it does not matter which of them comes first.
        units = units + _numbers(units) * np.uint64(key)
    units = (units ^ np.uint64(key)) * np.uint64(factor)
    # Of large tables these are the largest arrays there are: whole numbers of 32 bits where they do.
    order = np.argsort(units).astype(np.int32 if len(units) < 2**31 else np.int64)
    units = units[order]
    starts = np.flatnonzero(np.concatenate(([True], units[1:] != units[:-1]))).astype(order.dtype)[: len(units)]
    del units
    sizes = np.diff(starts, append=order.dtype.type(len(order)))
    strata = _rarity(rows, contract)[order] if contract.labels else np.zeros(len(order), dtype=np.uint8)
    strata = np.minimum.reduceat(strata, starts) if len(starts) else strata
    places = np.empty(len(starts))
    for stratum in np.unique(strata):
        own = strata == stratum
        behind = sizes[own].cumsum(dtype=np.int64)
        # As polars divides, so that rows stay where they were put before.
        places[own] = (behind - sizes[own] / 2) * (1 / behind[-1])
    found = np.empty(len(order))
    found[order] = np.repeat(places, sizes)
    return found


def _numbers(digests: np.ndarray) -> np.ndarray:
    """Of rows with equal digests the first is 0, the next 1, …, uint64 [N]."""
    numbers = np.zeros(len(digests), dtype=np.uint64)
    ordered = np.sort(digests)
    several = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    del ordered
    if len(several):
        rows = np.flatnonzero(pl.Series(digests).is_in(pl.Series(several).implode()).to_numpy())
        alike = pl.DataFrame({"digest": digests[rows]})
        numbers[rows] = alike.select(pl.int_range(pl.len(), dtype=pl.UInt64).over("digest")).to_series().to_numpy()
    return numbers


def _rarity(rows: Rows, contract: Contract) -> np.ndarray:
    """The number of each row's class, the rarest first, [N]."""
    labels = contract.labels
    code = pl.col(contract.target.column).cast(pl.Enum(labels)).to_physical()
    codes = rows.lazy().select(code).collect(engine="streaming").to_series().to_numpy()
    counts = np.bincount(codes, minlength=len(labels))
    rarest = sorted(range(len(labels)), key=lambda number: (counts[number], labels[number]))
    return np.asarray(np.argsort(rarest).astype(np.uint16)[codes])
