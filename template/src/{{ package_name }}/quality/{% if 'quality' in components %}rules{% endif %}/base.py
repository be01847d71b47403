"""What every kind of configured check offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import polars as pl
from pydantic import Field

from ...contract.types import Name, Section
from ...errors import SettingsError
from ...problems import Problem, listed

#: The name under which checks find the rows of the contract, after joins; all others are sources.
ROWS = "rows"
QUALITY = "configs/quality.yaml"

Columns = Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]
Tables = Mapping[str, pl.LazyFrame]


class Check(Section, ABC):
    """What every check says; what else it says depends on its kind."""

    check: Annotated[str, Field(description="The kind of check.")]
    table: Annotated[Name, Field(description="A source, or `rows` for the rows of the contract, after joins.")]
    severity: Annotated[
        Literal["stop", "warn"], Field(description="Whether nothing is learnt, or it is only said.")
    ] = "stop"
    says: Annotated[str, Field(description="Why it matters, in a person's words.", max_length=500)] = ""

    @abstractmethod
    def find(self, table: pl.LazyFrame, tables: Tables) -> Iterator[Problem]:
        """What is wrong in its table; all tables are there to compare. Raises `SettingsError`."""


def known(table: pl.LazyFrame, columns: tuple[str, ...], name: str) -> None:
    """Refuse a check about a column that is not there.

    Raises:
        SettingsError: names it, and the columns that there are.
    """
    there = table.collect_schema().names()
    if absent := [column for column in columns if column not in there]:
        raise SettingsError(
            f"the table `{name}` has no column `{absent[0]}`; it has {listed(there)}.",
            f"Mend {QUALITY}, or the source.",
        )


def complete(columns: tuple[str, ...]) -> pl.Expr:
    """Of each row, whether it has a value in all of some columns."""
    return pl.all_horizontal(pl.col(name).is_not_null() for name in columns)


def quoted(columns: tuple[str, ...]) -> str:
    """Names for a sentence."""
    return ", ".join(f"`{name}`" for name in columns)
