"""What must agree: rows about the same thing, and rows with those of another table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import polars as pl
from pydantic import Field, model_validator

from ...contract.types import Name
from ...errors import SettingsError
from ...problems import Problem
from ..base import where
from .base import QUALITY, Check, Columns, Tables, complete, known, quoted

#: What a row is told of the others; a name with no-break spaces cannot be a column of the contract.
_TOLD = "told\u00a0of\u00a0others"


class Consistent(Check):
    """Rows that have the same values in some columns have the same in others: one plane has one maker."""

    check: Literal["consistent"]
    columns: Columns
    gives: Annotated[Columns, Field(description="Columns that the others decide.")]

    def find(self, table: pl.LazyFrame, tables: Tables) -> Iterator[Problem]:  # noqa: ARG002
        """See `Check.find`."""
        known(table, (*self.columns, *self.gives), self.table)
        for name in self.gives:
            several = (
                table.filter(complete((*self.columns, name)))
                .group_by(self.columns)
                .agg(pl.col(name).n_unique().alias(_TOLD))
                .filter(pl.col(_TOLD) > 1)
            )
            told = table.join(several, on=self.columns, how="left", maintain_order="left")
            says = f"rows with the same {quoted(self.columns)} have several values"
            yield from where(told, {Problem(column=name, says=says): pl.col(_TOLD).is_not_null()})


class Referential(Check):
    """Each value is that of a row of another table; rows that lack one are not judged."""

    check: Literal["referential"]
    columns: Columns
    of: Annotated[Name, Field(description="The table that must have them.")]
    its: Annotated[
        tuple[Name, ...], Field(strict=False, description="What they are called there, if not the same.")
    ] = ()

    @model_validator(mode="after")
    def _as_many(self) -> Referential:
        if self.its and len(self.its) != len(self.columns):
            raise ValueError("`its` names as many columns as `columns`")
        return self

    def find(self, table: pl.LazyFrame, tables: Tables) -> Iterator[Problem]:
        """See `Check.find`."""
        if self.of not in tables:
            raise SettingsError(
                f"there is no table `{self.of}`; there are {', '.join(sorted(tables))}.", f"Mend {QUALITY}."
            )
        its = self.its or self.columns
        known(table, self.columns, self.table)
        known(tables[self.of], its, self.of)
        there = tables[self.of].select(its).unique().with_columns(pl.lit(value=True).alias(_TOLD))
        try:
            told = table.join(there, left_on=self.columns, right_on=its, how="left", maintain_order="left")
            lost = pl.col(_TOLD).is_null() & complete(self.columns)
            yield from where(told, {Problem(says=f"no row of {self.of} has this {quoted(self.columns)}"): lost})
        except pl.exceptions.SchemaError as error:
            kinds = f"{quoted(self.columns)} and {quoted(its)} of {self.of} are of two kinds"
            raise SettingsError(f"{kinds}: {error}", "Give both one kind, in configs/sources.yaml.") from None
