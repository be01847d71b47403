"""Aggregates of the outcomes themselves among the columns: means, sums and running counts, by whatever the rows are grouped.

They show only in whole groups. Of a table that is too large for the memory these are drawn, by a hash of what they are
grouped by; all rows of a group that is drawn are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
import polars as pl

from ..contract.types import Contract, Kind
from ..tasks.base import task_of
from .strength import MOST_CLASSES, aggregated_of, levels_of, numbers_of
from .structure import FEWEST, Groups, grouping_columns, is_grouping, is_mean, outcome_mean

#: About so many rows are looked at by each column that they may be grouped by.
MOST_ROWS = 20_000
#: Grouping columns that aggregates are looked for over.
MOST_GROUPINGS = 20
#: Of a large table: different values of a column whose means are taken, and rows of groups that are drawn, at most.
MOST_LEVELS = 200_000
MOST_DRAWN = 500_000


def aggregates(
    table: pl.DataFrame, target: np.ndarray, kinds: Mapping[str, Kind], classes: int
) -> Iterator[tuple[str, str]]:
    """Columns that are aggregates of the outcome, and of which kind; see `leakage.strengths`."""
    numeric = _numeric(kinds)
    for name in numeric:
        if found := outcome_mean(numbers_of(table[name]), target, classes, len(numeric)):
            yield name, found
    # A running count starts with the first row; 0 is left out.
    all_rows = ("", (np.arange(len(target)) < MOST_ROWS).astype(np.int64))
    for group, levels in [all_rows, *islice(grouping_columns(table), MOST_GROUPINGS)]:
        yield from _in_groups(table, target, numeric, classes, (group, Groups(levels, MOST_ROWS)))


def _numeric(kinds: Mapping[str, Kind]) -> list[str]:
    return [name for name, kind in kinds.items() if kind in {"number", "integer"}]


def _in_groups(
    table: pl.DataFrame, target: np.ndarray, numeric: Sequence[str], classes: int, by: tuple[str, Groups]
) -> Iterator[tuple[str, str]]:
    group, groups = by
    rows, outcomes = table[groups.rows], [groups.outcome(told) for told in aggregated_of(target, classes).T]
    for name in numeric:
        numbers = numbers_of(rows[name])
        for outcome in outcomes:
            if name != group and (found := groups.aggregate(numbers, outcome)):
                yield name, f"it is {found}, by `{group}`" if group else f"it is {found}"


def aggregates_of_large(rows: pl.LazyFrame, contract: Contract) -> Iterator[tuple[str, str]]:
    """The same of a table of any size, in passes over few columns."""
    numeric = _numeric({name: column.kind for name, column in contract.columns.items()})
    schema = rows.collect_schema()
    several = [name for name, dtype in schema.items() if name in numeric or dtype == pl.String or dtype.is_integer()]
    counted = rows.select(pl.len().alias(""), pl.col(several).approx_n_unique()).collect(engine="streaming")
    distinct: dict[str, int] = counted.row(0, named=True)
    count = distinct.pop("")
    yield from _means(rows, contract, {name: distinct[name] for name in numeric}, count)
    kept = list(dict.fromkeys([*numeric, contract.target.column, *([contract.time] if contract.time else [])]))
    for group, drawn in [("", _first(rows, contract.time)), *islice(_drawn(rows, distinct, count), MOST_GROUPINGS)]:
        table = drawn.select({*kept, group} - {""}).head(MOST_DRAWN).collect(engine="streaming")
        table = table.sort(contract.time, maintain_order=True) if contract.time else table
        table = table if group else table.head(MOST_ROWS)
        levels = levels_of(table[group]) if group else np.ones(len(table), dtype=np.int64)
        target = task_of(contract).target(table[contract.target.column], contract)
        if len(table):
            found = Groups(levels, len(table))
            yield from _in_groups(table, target, numeric, len(contract.labels), (group, found))


def _first(rows: pl.LazyFrame, time: str | None) -> pl.LazyFrame:
    """The first rows, `MOST_ROWS` at least if there are as many."""
    if time is None:
        return rows
    times = rows.select(time).collect(engine="streaming").to_series().to_numpy()
    last = np.partition(times, min(MOST_ROWS, len(times)) - 1)[min(MOST_ROWS, len(times)) - 1]
    return rows.filter(pl.col(time) <= pl.lit(last))


def _drawn(rows: pl.LazyFrame, distinct: Mapping[str, int], count: int) -> Iterator[tuple[str, pl.LazyFrame]]:
    """By each column that rows may be grouped by: whole groups of about `MOST_ROWS` rows."""
    schema = rows.collect_schema()
    for name, groups in distinct.items():
        if is_grouping(schema[name], groups, count):
            every = max(1, groups // max(FEWEST, groups * MOST_ROWS // count))
            yield name, rows.filter(pl.col(name).is_not_null() & (pl.col(name).hash() % every == 0))


def _means(
    rows: pl.LazyFrame, contract: Contract, distinct: Mapping[str, int], count: int
) -> Iterator[tuple[str, str]]:
    """Columns whose values are the means of the outcomes of the rows that have them."""
    outcomes = _outcomes(rows, contract)
    for name, levels in distinct.items():
        every = -(-levels // MOST_LEVELS)
        drawn = rows.filter(pl.col(name).is_not_null() & (pl.col(name).hash() % every == 0))
        sums = [told.sum().alias(f"sum {place}") for place, told in enumerate(outcomes)]
        squares = [(told * told).sum().alias(f"squares {place}") for place, told in enumerate(outcomes)]
        values = pl.col(name).cast(pl.Float64).alias("value")
        found = drawn.group_by(values).agg(pl.len().alias("rows"), *sums, *squares).collect(engine="streaming")
        value, size = found["value"].to_numpy(), found["rows"].to_numpy().astype(np.int64)
        for place in range(len(outcomes)):
            mean = found[f"sum {place}"].to_numpy() / size
            within = float((found[f"squares {place}"].to_numpy() - size * mean**2).sum())
            binary = bool(contract.labels) and place < len(outcomes) - 2 * (len(contract.labels) > 2)  # noqa: PLR2004
            if is_mean(value, size, mean, within, rows=count / every, binary=binary, tests=len(distinct)):
                yield name, "its values are means of the outcomes themselves"
                break


def _outcomes(rows: pl.LazyFrame, contract: Contract) -> list[pl.Expr]:
    """What `strength.aggregated_of` tells, as expressions."""
    target, labels = pl.col(contract.target.column), contract.labels
    if not labels:
        return [target.cast(pl.Float64)]
    counts = rows.select((target == label).sum().alias(label) for label in labels).collect(engine="streaming").row(0)
    frequent = sorted(np.argsort(-np.array(counts), kind="stable")[:MOST_CLASSES])
    told = [(target == labels[place]).cast(pl.Float64) for place in frequent if counts[place]]
    if len(labels) == 2:  # noqa: PLR2004 - the other one says the same
        return told[-1:]
    number = target.cast(pl.Enum(labels)).to_physical().cast(pl.Float64)
    return [*told, number, number + 1]
