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
from .base import QUALITY, Check, CheckKind, Columns, Tables, complete, known, listed

#: What a row is told of the others; a name with no-break spaces cannot be a column of the contract.
_TOLD = "told\u00a0of\u00a0others"


class Consistent(Check):
    """Rows that have the same values in some columns have the same in others: one plane has one maker."""

    check: Literal["consistent"]
    columns: Columns
    gives: Annotated[Columns, Field(description="Columns that the others decide.")]


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


def _consistent(table: pl.LazyFrame, check: Consistent, tables: Tables) -> Iterator[Problem]:  # noqa: ARG001
    known(table, (*check.columns, *check.gives), check.table)
    for name in check.gives:
        several = (
            table.filter(complete((*check.columns, name)))
            .group_by(check.columns)
            .agg(pl.col(name).n_unique().alias(_TOLD))
            .filter(pl.col(_TOLD) > 1)
        )
        told = table.join(several, on=check.columns, how="left", maintain_order="left")
        says = f"rows with the same {listed(check.columns)} have several values"
        yield from where(told, {Problem(column=name, says=says): pl.col(_TOLD).is_not_null()})


def _referential(table: pl.LazyFrame, check: Referential, tables: Tables) -> Iterator[Problem]:
    if check.of not in tables:
        raise SettingsError(
            f"{QUALITY}: there is no table `{check.of}`; there are {', '.join(sorted(tables))}.", f"Mend {QUALITY}."
        )
    its = check.its or check.columns
    known(table, check.columns, check.table)
    known(tables[check.of], its, check.of)
    there = tables[check.of].select(its).unique().with_columns(pl.lit(value=True).alias(_TOLD))
    try:
        told = table.join(there, left_on=check.columns, right_on=its, how="left", maintain_order="left")
        lost = pl.col(_TOLD).is_null() & complete(check.columns)
        yield from where(told, {Problem(says=f"no row of {check.of} has this {listed(check.columns)}"): lost})
    except pl.exceptions.SchemaError as error:
        kinds = f"{listed(check.columns)} and {listed(its)} of {check.of} are of two kinds"
        raise SettingsError(f"{QUALITY}: {kinds}: {error}", "Give both one kind, in configs/sources.yaml.") from None


CONSISTENT = CheckKind("consistent", Consistent, _consistent)
REFERENTIAL = CheckKind("referential", Referential, _referential)
