"""Rules of the business, and how old the newest row may be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import polars as pl
from pydantic import AfterValidator, Field

from ...contract.conditions import Condition
from ...contract.durations import span_of
from ...contract.types import Duration, Name
from ...errors import SettingsError
from ...problems import Problem, reason
from ..base import ask, where
from .base import QUALITY, Check, Tables, known


def _place(text: str) -> str:
    if "." not in text:
        raise ValueError("a table and a column are expected: orders.placed_at")
    return text


class Rule(Check):
    """A condition that every row keeps; a row for which it cannot be told, as a value is missing, keeps it."""

    check: Literal["rule"]
    keep: Annotated[Condition, Field(description="In SQL, of the columns of a row: `paid <= total AND total > 0`.")]

    def find(self, table: pl.LazyFrame, tables: Tables) -> Iterator[Problem]:  # noqa: ARG002
        """See `Check.find`."""
        keeps = pl.sql_expr(self.keep)
        known(table, tuple(keeps.meta.root_names()), self.table)
        try:
            yield from where(table, {Problem(says=f"not so: {self.keep}"): ~keeps})
        except pl.exceptions.PolarsError as error:
            raise SettingsError(
                f"`{self.keep}` is no condition on a row: {reason(error)}",
                f"Mend {QUALITY}, or say the kind of its columns in configs/sources.yaml: without one they are text.",
            ) from None


class Freshness(Check):
    """The newest row is young enough."""

    check: Literal["freshness"]
    column: Annotated[Name, Field(description="A date and time.")]
    at_most: Annotated[Duration, Field(description="12h, 1d, 2w.")]
    than: Annotated[
        str,
        AfterValidator(lambda text: text and _place(text)),
        Field(description="Older than the newest of this (`table.column`), instead of now in UTC."),
    ] = ""

    def find(self, table: pl.LazyFrame, tables: Tables) -> Iterator[Problem]:
        """See `Check.find`."""
        newest = _newest(table, self.column, self.table)
        if newest is None:
            yield Problem(column=self.column, says="has no value that says how old the rows are")
            return
        limit = span_of(self.at_most)
        if self.than:
            name, _, column = self.than.partition(".")
            if name not in tables:
                raise SettingsError(f"there is no table `{name}`, which `than` names.", f"Mend {QUALITY}.")
            now, called = _newest(tables[name], column, name), f"the newest `{self.than}`"
        else:
            now, called = datetime.now(UTC).replace(tzinfo=None), "now"
        if now is not None and now - newest > limit:
            says = f"the newest value is {_age(now - newest)} older than {called}, at most {self.at_most} are allowed"
            yield Problem(column=self.column, says=says)


def _newest(table: pl.LazyFrame, column: str, name: str) -> datetime | None:
    known(table, (column,), name)
    newest = ask(table, newest=pl.col(column).max())["newest"]
    if newest is not None and not isinstance(newest, datetime):
        raise SettingsError(
            f"`{column}` of `{name}` is no date and time.",
            "Say its kind (datetime) in configs/sources.yaml or the contract.",
        )
    return newest


def _age(age: timedelta) -> str:
    return f"{age.days} days" if age.days > 1 else f"{age.total_seconds() / 3600:.1f} hours"
