"""Rows that could have been: copies with numbers a little off, and texts that lack some words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
import polars as pl
from pydantic import Field

from ...contract.types import LARGEST_EXACT, Contract, IntegerColumn, NumberColumn
from ..lesson import Sample
from .base import Columns, RowSettings, by_content, numeric

#: The largest number that a model takes.
_LARGEST = float(np.finfo(np.float32).max)


class Augment(RowSettings):
    """Copies of rows with other values in some columns; their outcome is that of the row."""

    kind: Literal["augment"]
    columns: Annotated[Columns, Field(description="Numbers, which move, and texts, which lose words.")]
    copies: Annotated[int, Field(ge=1, le=20, description="Of each row.")] = 1
    by: Annotated[float, Field(gt=0, le=1, description="How far numbers move, as a share of their deviation.")] = 0.1
    words: Annotated[float, Field(gt=0, lt=1, description="The share of words that texts lose.")] = 0.1

    def problems(self, contract: Contract) -> Iterator[str]:
        """Columns that are neither numbers nor texts."""
        texts = tuple(name for name, column in contract.columns.items() if column.kind == "text")
        yield from numeric(self.columns, contract, also=texts)

    def apply(self, sample: Sample, contract: Contract, random: np.random.Generator) -> Sample:
        """See `RowSettings.apply`."""
        order = by_content(sample, contract)
        ordered, back = sample.rows[order], np.argsort(order)
        copies = [
            ordered.with_columns(_varied(ordered[name], self, contract, random) for name in self.columns)[back]
            for _ in range(self.copies)
        ]
        weight = None if sample.weight is None else np.tile(sample.weight, 1 + self.copies)
        return replace(sample, rows=pl.concat([sample.rows, *copies]), weight=weight)


def _varied(values: pl.Series, step: Augment, contract: Contract, random: np.random.Generator) -> pl.Series:
    """Values [N] a little off; what is missing stays missing."""
    column = contract.columns[values.name]
    if not isinstance(column, NumberColumn | IntegerColumn):
        return pl.Series(values.name, [_shortened(text, step.words, random) for text in values], dtype=values.dtype)
    known = values.drop_nulls().to_numpy()
    deviation = float(np.std(known)) if len(known) else 0.0
    moved = values.cast(pl.Float64).to_numpy() + random.normal(scale=step.by * deviation, size=len(values))
    most = float(LARGEST_EXACT) if isinstance(column, IntegerColumn) else _LARGEST
    low = -most if column.minimum is None else column.minimum
    high = most if column.maximum is None else column.maximum
    if isinstance(column, IntegerColumn):
        moved, low, high = np.round(moved), np.ceil(low), np.floor(high)
    return pl.Series(values.name, moved.clip(low, high)).fill_nan(None).cast(values.dtype)


def _shortened(text: str | None, share: float, random: np.random.Generator) -> str | None:
    return text and " ".join(word for word in text.split() if random.random() >= share)
