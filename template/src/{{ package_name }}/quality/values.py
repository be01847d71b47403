"""Missing where it must not be, out of range, not allowed, not exact in a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from ..contract.types import (
    LARGEST_EXACT,
    CategoryColumn,
    Column,
    Contract,
    DatetimeColumn,
    IntegerColumn,
    NumberColumn,
)
from ..data_loaders.base import places
from ..predictor.encoding import local
from .base import ValueCheck


def _features(table: pl.DataFrame, contract: Contract) -> Iterator[tuple[str, Column, pl.Series]]:
    return ((name, column, table[name]) for name, column in contract.columns.items() if name in table.columns)


def _said(table: pl.DataFrame, name: str, problem: str, wrong: pl.Series) -> Iterator[str]:
    wrong = wrong.fill_null(value=False)
    if wrong.any():
        yield f"column `{name}`: {problem} {places(table, wrong)}"


def _missing(table: pl.DataFrame, contract: Contract) -> Iterator[str]:
    roles = {name for name in (*contract.key, contract.time, contract.group, contract.weight) if name}
    required = [name for name, column in contract.columns.items() if not column.missing]
    for name in dict.fromkeys([*required, *sorted(roles)]):
        # A column without any value is said by another check.
        if name in table.columns and table[name].count():
            yield from _said(table, name, "missing", table[name].is_null())


def _outside(table: pl.DataFrame, contract: Contract) -> Iterator[str]:
    for name, column, values in _features(table, contract):
        if isinstance(column, NumberColumn | IntegerColumn | DatetimeColumn) and values.count():
            low, high = _bound(column.minimum, contract), _bound(column.maximum, contract)
            inside = values.is_between(values.min() if low is None else low, values.max() if high is None else high)
            yield from _said(table, name, f"outside {_range(low, high)}", ~inside)
    if contract.weight in table.columns:
        yield from _said(table, contract.weight, "a weight is above 0, not so", table[contract.weight] <= 0)


def _bound(bound: Any, contract: Contract) -> Any:
    """A bound as a value of the column has it: a moment in the place's own time."""
    return local(bound, contract.time_zone) if hasattr(bound, "tzinfo") else bound


def _range(low: Any, high: Any) -> str:
    words = [f"{bound:.10g}" if isinstance(bound, float) else str(bound) for bound in (low, high) if bound is not None]
    if low is None:
        return f"what is at most {words[-1]}" if words else "no bounds"
    return " to ".join(words) if high is not None else f"what is at least {words[0]}"


def _not_allowed(table: pl.DataFrame, contract: Contract) -> Iterator[str]:
    for name, column, values in _features(table, contract):
        if isinstance(column, CategoryColumn) and column.allowed is not None:
            yield from _said(table, name, "none of the allowed words", ~values.is_in(column.allowed))


def _inexact(table: pl.DataFrame, contract: Contract) -> Iterator[str]:
    """Whole numbers that a model, which computes in float32, would take for their neighbours."""
    for name, column, values in _features(table, contract):
        if isinstance(column, IntegerColumn):
            said = f"beyond {LARGEST_EXACT}, where a model cannot tell whole numbers apart (a category can)"
            yield from _said(table, name, said, values.abs() > LARGEST_EXACT)
        elif isinstance(column, NumberColumn) and (values.abs() > LARGEST_EXACT).any():
            exact = values.to_numpy().astype(np.float64)
            with np.errstate(over="ignore"):
                lost = (
                    (np.abs(exact) > LARGEST_EXACT) & (exact.astype(np.float32) != exact) & (exact == np.floor(exact))
                )
            if not column.rounded:
                said = f"whole numbers beyond {LARGEST_EXACT} that a model would round (`rounded: true` allows it)"
                yield from _said(table, name, said, pl.Series(lost))
        if isinstance(column, NumberColumn):
            yield from _said(
                table, name, "too large for a model (float32)", values.abs() > float(np.finfo(np.float32).max)
            )


MISSING = ValueCheck("missing", _missing)
OUTSIDE = ValueCheck("outside", _outside)
NOT_ALLOWED = ValueCheck("not_allowed", _not_allowed)
INEXACT = ValueCheck("inexact", _inexact)
