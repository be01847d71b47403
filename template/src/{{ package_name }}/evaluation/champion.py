"""Whether a new model may take the place of the one that is served: they are compared on rows that neither learnt from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ..contract.types import Contract
from ..tasks.base import task_of
from .digests import row_digests
from .uncertainty import blocks_of, mean_interval

__all__ = ["Verdict", "judge", "row_digests"]

#: With fewer rows, or events among them, a difference says nothing.
FEWEST_ROWS = 50


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether the new model takes the alias, and why, in a sentence.

    Args:
        rows: how many rows neither learnt from.
        difference: mean primary loss, new less champion, below 0 if the new one is better; None if not compared.
        low, high: its interval.
    """

    takes_alias: bool
    sentence: str
    rows: int = 0
    difference: float | None = None
    low: float | None = None
    high: float | None = None


def judge(contract: Contract, rows: pl.DataFrame, new: np.ndarray, champion: np.ndarray, learnt: np.ndarray) -> Verdict:
    """Compare two models on the hold-out rows of the new one that the champion did not learn from either.

    Args:
        contract: of the new model.
        rows: hold-out of the new model, with the target.
        new: its predictions for `rows`: [N, classes] in the contract's order, or [N] values.
        champion: the champion's, in the same order of classes.
        learnt: `row_digests` of the champion's training rows, uint64 [M].
    """
    task = task_of(contract)
    unseen = ~np.isin(row_digests(rows, contract), learnt)
    fresh = rows.filter(pl.Series(unseen))
    target = task.target(fresh[contract.target.column], contract)
    found = len(fresh)
    needed = min(contract.acceptance.minimum_events, FEWEST_ROWS)
    if found < FEWEST_ROWS or task.events(target) < needed:
        return Verdict(
            takes_alias=False,
            sentence=f"only {found} rows are new to both models: too few to compare, so the champion keeps its place",
            rows=found,
        )
    difference = task.losses(target, new[unseen]) - task.losses(target, champion[unseen])
    weight = None if contract.weight is None else fresh[contract.weight].to_numpy().astype(np.float64)
    interval = mean_interval(difference, blocks_of(fresh, contract).index, weight)
    if interval is None:
        raise ValueError("losses of a task are finite numbers")
    how = f"{task.primary} on {found} rows new to both: {interval.value:+.6f} ({interval.low:+.6f} to {interval.high:+.6f})"
    chance = "; no difference beyond chance" if interval.low <= 0 <= interval.high else ""
    takes = interval.value <= 0
    outcome = "the new model takes the place of the champion" if takes else "the champion keeps its place"
    return Verdict(
        takes_alias=takes,
        sentence=f"{outcome}: {how}{chance}",
        rows=found,
        difference=interval.value,
        low=interval.low,
        high=interval.high,
    )
