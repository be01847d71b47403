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


@dataclass(frozen=True)
class Part:
    """Rows to learn from and rows to judge, as indices [n] in ascending order; `left_out` counts the others, by reason."""

    learn: np.ndarray
    judge: np.ndarray
    left_out: dict[str, int] = field(default_factory=dict)


def how(contract: Contract) -> How:
    """What rows are divided by."""
    return "time" if contract.time else "group" if contract.group else "random"


def holdout(rows: pl.DataFrame, contract: Contract, share: float, seed: int) -> Part:
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
        starts = _periods(rows, contract)
        begins, counts = np.unique(starts, return_counts=True)
        if len(begins) < 2:  # noqa: PLR2004
            raise DataError(
                f"All rows are of one period ({contract.period}), so none is left to judge.",
                "Make `period` shorter in configs/contract.yaml, or add rows of other times.",
            )
        later = counts[::-1].cumsum()[::-1] / counts.sum()
        cut = begins[1 + int(np.abs(later[1:] - share).argmin())]
        part = _before(rows, contract, starts, cut, starts >= cut)
        advice = "Lower split.holdout_share in params.yaml, or `embargo` in configs/contract.yaml, or add rows of other times."
        if part.left_out.get(JUDGED_GROUP):
            advice = f"All groups (`{contract.group}`) occur on both sides: leave `group` out of configs/contract.yaml."
    if not min(len(part.learn), len(part.judge)):
        side = "judge" if len(part.learn) else "learn from"
        raise DataError(f"{len(rows)} rows cannot be divided by {how(contract)}: none is left to {side}.", advice)
    return part


def folds(rows: pl.DataFrame, contract: Contract, count: int, seed: int) -> list[Part]:
    """Training rows divided several times by the same principle; by time, the rows learnt from grow.

    Fewer than `count` where there are fewer periods or groups; parts of which a side is empty are left out.
    """
    if contract.time is None:
        dealt = np.minimum((_places(rows, contract, seed) * count).astype(int), count - 1)
        parts = [Part(np.flatnonzero(dealt != fold), np.flatnonzero(dealt == fold)) for fold in range(count)]
    else:
        parts = list(_windows(rows, contract, count))
    return [part for part in parts if min(len(part.learn), len(part.judge))]


def _windows(rows: pl.DataFrame, contract: Contract, count: int) -> Iterator[Part]:
    """Blocks of whole periods with about equally many rows; each but the first is judged by those before it."""
    starts = _periods(rows, contract)
    begins, counts = np.unique(starts, return_counts=True)
    # The block of a period is that of its middle row.
    blocks = np.floor((counts.cumsum() - counts / 2) / counts.sum() * (count + 1)).astype(int)
    block = blocks[np.searchsorted(begins, starts)]
    for number in np.unique(block)[1:]:
        yield _before(rows, contract, starts, starts[block == number].min(), block == number)


def _before(rows: pl.DataFrame, contract: Contract, starts: np.ndarray, cut: np.datetime64, judged: np.ndarray) -> Part:
    """Learn from what ended an embargo before the cut, without groups that are judged."""
    known = (_times(rows, contract) < pl.Series(np.array([cut])).dt.offset_by(f"-{contract.embargo}")[0]).to_numpy()
    early = (starts < cut) & ~known
    shared = np.zeros(len(rows), dtype=bool)
    if contract.group:
        groups = rows[contract.group]
        shared = groups.is_in(groups.filter(judged).unique().implode()).to_numpy() & known
    left_out = {EMBARGO: int(early.sum()), JUDGED_GROUP: int(shared.sum())}
    return Part(np.flatnonzero(known & ~shared), np.flatnonzero(judged), {why: n for why, n in left_out.items() if n})


def _periods(rows: pl.DataFrame, contract: Contract) -> np.ndarray:
    """When the period of each row began, datetime64[us] [N]; days and weeks are those of the place, weeks begin on Monday."""
    return _times(rows, contract).dt.truncate(contract.period).to_numpy()


def _times(rows: pl.DataFrame, contract: Contract) -> pl.Series:
    assert contract.time is not None
    return rows[contract.time]


def _places(rows: pl.DataFrame, contract: Contract, seed: int) -> np.ndarray:
    """A place between 0 and 1 for each row, [N]: by chance, evenly spread in each class, and one for all rows of a group.

    A group counts for the rarest class that it has.
    """
    key, factor = (int(value) | 1 for value in np.random.default_rng(seed).integers(0, 2**64, 2, dtype=np.uint64))
    if contract.group:
        units = row_digests(rows, contract.model_copy(update={"key": (contract.group,)}))
    else:
        # Equal rows are told apart by their number, so that it does not matter which of them comes first.
        digests = pl.Series("digest", row_digests(rows, contract)).to_frame()
        number = digests.select(pl.int_range(pl.len(), dtype=pl.UInt64).over("digest")).to_series().to_numpy()
        units = digests["digest"].to_numpy() + number * np.uint64(key)
    table = pl.DataFrame({"unit": (units ^ np.uint64(key)) * np.uint64(factor), "label": rows[contract.target.column]})
    rarity = pl.len().over("label") if contract.labels else pl.lit(0)
    places = (
        table.with_columns(rarity=rarity)
        .group_by("unit")
        .agg(pl.col("label").sort_by("rarity", "label").first(), pl.len().alias("rows"))
        .with_columns(stratum=pl.col("label") if contract.labels else pl.lit(""))
        .sort("stratum", "unit")
        .with_columns(place=((pl.col("rows").cum_sum() - pl.col("rows") / 2) / pl.col("rows").sum()).over("stratum"))
    )
    return table.join(places, on="unit", how="left", maintain_order="left")["place"].to_numpy()
