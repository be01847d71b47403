"""Rows in groups by a column: words, ranges of numbers, yes or no. Which groups there are is learnt from training rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from ..contract.types import Contract

#: Words of a column that are told apart, and ranges that its numbers are cut into.
MOST_WORDS = 10
RANGES = 5
MISSING, OTHERS = "(missing)", "(others)"


@dataclass(frozen=True)
class Groups:
    """The name of each group, and the group of each row, int64 [N]."""

    names: tuple[str, ...]
    index: np.ndarray


def can_be_grouped(contract: Contract, name: str, rows: pl.DataFrame) -> bool:
    """Whether a column has groups: no text and no moment."""
    column = contract.columns.get(name)
    if name not in rows.columns or (column is not None and column.kind == "text"):
        return False
    return rows[name].dtype.is_numeric() or rows[name].dtype in {pl.String, pl.Boolean}


def groups_of(contract: Contract, name: str, learnt: pl.DataFrame, rows: pl.DataFrame) -> Groups:
    """Groups of rows [N] by a column, as training rows say; those of personal data have numbers for names."""
    known, values = learnt[name].drop_nulls(), rows[name]
    numbers = known.dtype.is_numeric() and known.n_unique() > MOST_WORDS
    groups = _ranges(known, values) if numbers else _words(known.cast(pl.String), values.cast(pl.String))
    if name in contract.columns and contract.columns[name].pii:
        return Groups(tuple(f"group {place}" for place in range(1, len(groups.names) + 1)), groups.index)
    return groups


def _words(known: pl.Series, values: pl.Series) -> Groups:
    """The most frequent words, and two groups for all else."""
    counts = known.alias("word").value_counts(sort=True).sort(["count", "word"], descending=[True, False])
    frequent = sorted(counts["word"].head(MOST_WORDS).to_list())
    places = {word: place for place, word in enumerate(frequent)}
    others, missing = len(frequent), len(frequent) + 1
    index = [missing if word is None else places.get(word, others) for word in values]
    return Groups((*frequent, OTHERS, MISSING), np.array(index, dtype=np.int64))


def _ranges(known: pl.Series, values: pl.Series) -> Groups:
    """Ranges of about as many training rows each."""
    numbers = known.cast(pl.Float64).drop_nans()
    cuts = np.unique(np.quantile(numbers.to_numpy(), np.arange(1, RANGES) / RANGES))
    shown = [f"{cut:.6g}" for cut in cuts]
    named = (
        f"up to {shown[0]}",
        *(f"above {low} to {high}" for low, high in pairwise(shown)),
        f"above {shown[-1]}",
        MISSING,
    )
    asked = values.cast(pl.Float64).fill_null(np.nan).to_numpy()
    index = np.searchsorted(cuts, asked, side="left")
    return Groups(named, np.where(np.isnan(asked), len(named) - 1, index).astype(np.int64))
