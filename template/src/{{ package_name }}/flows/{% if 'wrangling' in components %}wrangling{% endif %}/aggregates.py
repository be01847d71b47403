"""Columns of a table that are computed from the rows of another with the same key, as far as they were known in time."""

from __future__ import annotations

import polars as pl

from ...contract.durations import span_of
from .file import Aggregated
from .sql import FUNCTIONS, aggregate

#: Longer than any table goes back.
_EVER = "36500d"
#: A name that no column has.
_MOMENT = "moment\u00a0of\u00a0aggregates"


def added(table: pl.LazyFrame, other: pl.LazyFrame, said: Aggregated) -> pl.LazyFrame:
    """A table [N, n] with a new column for each aggregate, [N, n + columns]; its rows stay as they are.

    Without a row that counts, `count` is 0 and all others are missing. A row that came up at the very moment is not counted,
    since it can be the row itself, or what it led to. The columns that this needs are in memory, the others are not.
    """
    key, parsed = list(said.key), {name: aggregate(text) for name, text in said.columns.items()}
    values = other.select(
        *(pl.col(its).alias(name) for name, its in zip(key, said.its or key, strict=True)),
        *([] if said.at is None else [_moment(said)]),
        **{name: _number(inner, function) for name, (inner, function) in parsed.items()},
    ).drop_nulls([*key, *([] if said.at is None else [_MOMENT])])
    made = {name: _of_known(name, function) for name, (_, function) in parsed.items()}
    counts = [name for name, (_, function) in parsed.items() if function == "count"]
    if said.before is None:
        found = table.join(values.group_by(key).agg(**made), on=key, how="left", maintain_order="left")
        return found.with_columns(pl.col(counts).fill_null(0))
    asked = table.select(*key, pl.col(said.before).cast(pl.Datetime("us")).alias(_MOMENT)).unique().drop_nulls()
    # Moments that are asked about stand among the rows with no values, which no function counts.
    both = pl.concat([values, asked], how="diagonal").sort(*key, _MOMENT)
    window = both.rolling(_MOMENT, period=said.within or _EVER, closed="left", group_by=key)
    found = window.agg(**made).unique([*key, _MOMENT], keep="any")
    left = table.with_columns(pl.col(said.before).cast(pl.Datetime("us")).alias(_MOMENT))
    joined = left.join(found, on=[*key, _MOMENT], how="left", maintain_order="left").drop(_MOMENT)
    return joined.with_columns(pl.col(counts).fill_null(0))


def _moment(said: Aggregated) -> pl.Expr:
    return (pl.col(said.at or "").cast(pl.Datetime("us")) + span_of(said.known_after)).alias(_MOMENT)


def _number(inner: pl.Expr, function: str) -> pl.Expr:
    """What is summed and averaged is a number, conditions among it; what is counted is where there is a value."""
    match function:
        case "sum" | "avg" | "stddev":
            return inner.cast(pl.Float64)
        case "count":
            return pl.when(inner.is_not_null()).then(pl.lit(1, pl.Int64))
        case _:
            return inner


def _of_known(name: str, function: str) -> pl.Expr:
    made = FUNCTIONS[function](pl.col(name))
    # A sum of nothing is no sum, as in SQL.
    return pl.when(pl.col(name).count() > 0).then(made) if function == "sum" else made
