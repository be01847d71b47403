"""Tests of shares of rows: those without a value, and those outside the range that was learnt from."""

from __future__ import annotations

import math

from ..distributions import as_many, normal
from ..summary import ColumnSummary, NumberSummary
from .base import FEWEST_ROWS, DriftTest, Statistic

_FEWEST_EXPECTED = 5


def of_shares(found_before: int, rows_before: int, found: int, rows: int, *, more: bool = False) -> Statistic | None:
    """Two shares: z of their difference, or exactly where few are found; `more`: a smaller share is of no interest."""
    if min(rows_before, rows) < FEWEST_ROWS:
        return None
    difference = found / rows - found_before / rows_before
    if more and difference <= 0:
        return Statistic(difference, 1.0, 0.0)
    together = (found + found_before) / (rows + rows_before)
    if min(rows, rows_before) * min(together, 1 - together) < _FEWEST_EXPECTED:
        return Statistic(difference, as_many(found, rows, found_before, rows_before), abs(difference))
    error = math.sqrt(together * (1 - together) * (1 / rows + 1 / rows_before))
    return Statistic(difference, normal(difference / error), abs(difference))


def _missing(reference: ColumnSummary, window: ColumnSummary) -> Statistic | None:
    before, now = (each.present + each.missing for each in (reference, window))
    return of_shares(reference.missing, before, window.missing, now)


def _outside(reference: NumberSummary, window: NumberSummary) -> Statistic | None:
    """Of n like those learnt from, the next one is smaller or larger than all with a chance of 2 in n + 1."""
    found = window.below + window.above
    return of_shares(2, reference.present + 1, found, window.present, more=True)


MISSING = DriftTest(
    name="missing",
    kinds=("number", "category", "text", "presence"),
    says="change of the share without a value",
    least=0.02,
    run=_missing,
)
OUTSIDE = DriftTest(
    name="out_of_range", kinds=("number",), says="share outside the range learnt from", least=0.02, run=_outside
)
