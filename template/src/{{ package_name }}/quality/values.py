"""Missing where it must not be, out of range, not allowed, not exact in a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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
from ..predictor.encoding import local
from ..problems import Problem
from .base import LARGEST, ValueCheck, rows_of, where


def _features(table: pl.LazyFrame, contract: Contract) -> Iterator[tuple[str, Column]]:
    schema = table.collect_schema()
    return ((name, column) for name, column in contract.columns.items() if name in schema)


def _missing(table: pl.LazyFrame, contract: Contract) -> Iterator[Problem]:
    roles = {name for name in (*contract.key, contract.time, contract.group, contract.weight) if name}
    required = [name for name, column in contract.columns.items() if not column.missing]
    names = [name for name in dict.fromkeys([*required, *sorted(roles)]) if name in table.collect_schema()]
    for problem in where(table, {Problem(column=name, says="missing"): pl.col(name).is_null() for name in names}):
        # A column without any value is said by another check.
        if problem.count < rows_of(table):
            yield problem


def _outside(table: pl.LazyFrame, contract: Contract) -> Iterator[Problem]:
    wrong = {}
    for name, column in _features(table, contract):
        if isinstance(column, NumberColumn | IntegerColumn | DatetimeColumn):
            low, high = _bound(column.minimum, contract), _bound(column.maximum, contract)
            outside = [pl.col(name) < low] if low is not None else []
            outside += [pl.col(name) > high] if high is not None else []
            if outside:
                wrong[Problem(column=name, says=f"outside {_range(low, high)}")] = pl.any_horizontal(outside)
    if contract.weight and contract.weight in table.collect_schema():
        wrong[Problem(column=contract.weight, says="a weight is above 0, not so")] = pl.col(contract.weight) <= 0
    return where(table, wrong)


def _bound(bound: Any, contract: Contract) -> Any:
    """A bound as a value of the column has it: a moment in the place's own time."""
    return local(bound, contract.time_zone) if hasattr(bound, "tzinfo") else bound


def _range(low: Any, high: Any) -> str:
    words = [f"{bound:.10g}" if isinstance(bound, float) else str(bound) for bound in (low, high) if bound is not None]
    if low is None:
        return f"what is at most {words[-1]}"
    return " to ".join(words) if high is not None else f"what is at least {words[0]}"


def _not_allowed(table: pl.LazyFrame, contract: Contract) -> Iterator[Problem]:
    wrong = {
        Problem(column=name, says="none of the allowed words"): ~pl.col(name).is_in(column.allowed)
        for name, column in _features(table, contract)
        if isinstance(column, CategoryColumn) and column.allowed is not None
    }
    return where(table, wrong)


def _inexact(table: pl.LazyFrame, contract: Contract) -> Iterator[Problem]:
    """Whole numbers that a model, which computes in float32, would take for their neighbours."""
    wrong = {}
    for name, column in _features(table, contract):
        values = pl.col(name)
        far = values.abs() > LARGEST_EXACT
        if isinstance(column, IntegerColumn):
            says = f"beyond {LARGEST_EXACT}, where a model cannot tell whole numbers apart (a category can)"
            wrong[Problem(column=name, says=says)] = far
        elif isinstance(column, NumberColumn):
            if not column.rounded:
                says = f"whole numbers beyond {LARGEST_EXACT} that a model would round (`rounded: true` allows it)"
                lost = far & (values.cast(pl.Float32).cast(pl.Float64) != values) & (values == values.floor())
                wrong[Problem(column=name, says=says)] = lost
            wrong[Problem(column=name, says="too large for a model (float32)")] = values.abs() > LARGEST
    return where(table, wrong)


MISSING = ValueCheck("missing", _missing)
OUTSIDE = ValueCheck("outside", _outside)
NOT_ALLOWED = ValueCheck("not_allowed", _not_allowed)
INEXACT = ValueCheck("inexact", _inexact)
