"""Values that are missing, and rows that are there twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import polars as pl
from pydantic import Field

from ...problems import Problem
from ..base import ask, where
from ..repeated import repeated_keys
from .base import Check, Columns, Tables, known


class Missing(Check):
    """At most so many values are missing."""

    check: Literal["missing"]
    columns: Columns
    at_most: Annotated[float, Field(ge=0, lt=1, description="The share of rows without a value.")] = 0.0

    def find(self, table: pl.LazyFrame, tables: Tables) -> Iterator[Problem]:  # noqa: ARG002
        """See `Check.find`."""
        known(table, self.columns, self.table)
        rows, *lacking = ask(
            table, rows=pl.len(), **{name: pl.col(name).null_count() for name in self.columns}
        ).values()
        over = {name for name, count in zip(self.columns, lacking, strict=True) if rows and count / rows > self.at_most}
        says = f"missing, and at most {self.at_most:.1%} of the rows may lack it" if self.at_most else "missing"
        yield from where(table, {Problem(column=name, says=says): pl.col(name).is_null() for name in sorted(over)})


class Duplicates(Check):
    """No two rows have the same values in these columns; rows that lack one of them are not judged."""

    check: Literal["duplicates"]
    columns: Columns

    def find(self, table: pl.LazyFrame, tables: Tables) -> Iterator[Problem]:  # noqa: ARG002
        """See `Check.find`."""
        known(table, self.columns, self.table)
        return repeated_keys(table, self.columns)
