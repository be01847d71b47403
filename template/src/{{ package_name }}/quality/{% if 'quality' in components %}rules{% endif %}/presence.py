"""Values that are missing, and rows that are there twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import polars as pl
from pydantic import Field

from ...problems import Problem
from ..base import ask, where
from .base import Check, CheckKind, Columns, Tables, complete, known, listed


class Missing(Check):
    """At most so many values are missing."""

    check: Literal["missing"]
    columns: Columns
    at_most: Annotated[float, Field(ge=0, lt=1, description="The share of rows without a value.")] = 0.0


class Duplicates(Check):
    """No two rows have the same values in these columns; rows that lack one of them are not judged."""

    check: Literal["duplicates"]
    columns: Columns


def _missing(table: pl.LazyFrame, check: Missing, tables: Tables) -> Iterator[Problem]:  # noqa: ARG001
    known(table, check.columns, check.table)
    rows, *lacking = ask(table, rows=pl.len(), **{name: pl.col(name).null_count() for name in check.columns}).values()
    over = {name for name, count in zip(check.columns, lacking, strict=True) if rows and count / rows > check.at_most}
    says = f"missing, and at most {check.at_most:.1%} of the rows may lack it" if check.at_most else "missing"
    yield from where(table, {Problem(column=name, says=says): pl.col(name).is_null() for name in sorted(over)})


def _duplicates(table: pl.LazyFrame, check: Duplicates, tables: Tables) -> Iterator[Problem]:  # noqa: ARG001
    known(table, check.columns, check.table)
    repeated = ~pl.struct(check.columns).is_first_distinct() & complete(check.columns)
    yield from where(table, {Problem(says=f"the same {listed(check.columns)} as an earlier row"): repeated})


MISSING = CheckKind("missing", Missing, _missing)
DUPLICATES = CheckKind("duplicates", Duplicates, _duplicates)
