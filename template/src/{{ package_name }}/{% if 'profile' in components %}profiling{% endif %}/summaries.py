"""The numbers of each column over all rows, by queries that stream: memory does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import polars as pl
from polars import selectors

from ..contract.types import Kind

#: About so many cells are in memory at once, whole columns of them.
MOST_CELLS = 20_000_000
#: With more rows, different values are counted by HyperLogLog, which is off by about 1 % (P. Flajolet et al. 2007).
EXACT_ROWS = 500_000
ORDERED = ("number", "integer", "datetime")


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One column over all rows.

    Args:
        rows: how many there are.
        missing: rows without a value.
        distinct: different values, about so many if `about`.
        low, mean, median, high: of numbers and moments; of truth values the mean alone, as the share of yes.
        usual: the most frequent value of words; `usual_rows` have it.
    """

    rows: int
    missing: int
    distinct: int
    about: bool
    low: Any = None
    mean: Any = None
    median: Any = None
    high: Any = None
    usual: str | None = None
    usual_rows: int = 0

    @property
    def known(self) -> int:
        """Rows with a value."""
        return self.rows - self.missing


def count(rows: pl.LazyFrame) -> int:
    """How many rows there are."""
    return int(rows.select(pl.len()).collect(engine="streaming").item())


def summarise(rows: pl.LazyFrame, kinds: Mapping[str, Kind], hidden: Iterable[str]) -> dict[str, Summary]:
    """The summary of each column of `kinds`; of hidden ones only what is counted."""
    total, found = count(rows), {}
    about = total > EXACT_ROWS
    for batch in _batches(kinds, total):
        asked = {
            (name, what): measure
            for name in batch
            for what, measure in _measures(name, None if name in hidden else kinds[name], about=about)
        }
        query = [measure.alias(str(place)) for place, measure in enumerate(asked.values())]
        answers = dict(zip(asked, rows.select(query).collect(engine="streaming").row(0), strict=True))
        for name in batch:
            told = {what: value for (column, what), value in answers.items() if column == name}
            found[name] = Summary(rows=total, about=about, **told)
    return found


def _measures(name: str, kind: Kind | None, *, about: bool) -> Iterator[tuple[str, pl.Expr]]:
    column = selectors.by_name(name)  # a name can look like a pattern
    known = column.drop_nulls()
    yield "missing", column.null_count()
    yield "distinct", known.approx_n_unique() if about else known.n_unique()
    if kind in ORDERED:
        yield from {"low": column.min(), "median": column.median(), "high": column.max()}.items()
    if kind in ORDERED or kind == "boolean":
        yield "mean", column.mean()
    elif kind == "category":
        usual = known.mode().min()
        yield from {"usual": usual, "usual_rows": (column == usual).sum()}.items()


def drawn(rows: pl.LazyFrame, most: int, seed: int) -> pl.DataFrame:
    """At most so many rows, drawn by the seed, in the order of all."""
    total = count(rows)
    if total <= most:
        return rows.collect()
    chosen = np.random.default_rng(seed).choice(total, most, replace=False)
    place = "\u00a0place"  # no column of a contract begins with a blank
    kept = rows.with_row_index(place).filter(pl.col(place).is_in(chosen.astype(np.uint32).tolist()))
    parts = [
        kept.select(selectors.by_name(place, *names)).collect(engine="streaming").sort(place).drop(place)
        for names in _batches(rows.collect_schema().names(), total)
    ]
    return pl.concat(parts, how="horizontal")


def _batches(names: Iterable[str], rows: int) -> Iterator[list[str]]:
    """Names of so many columns as may be in memory at once."""
    remaining = iter(names)
    while batch := list(islice(remaining, max(1, MOST_CELLS // max(rows, 1)))):
        yield batch
