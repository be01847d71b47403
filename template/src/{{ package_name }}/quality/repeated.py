"""Rows with a key that an earlier row has, in a table of any size: by 64-bit hashes, and only equal ones are compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from ..artifacts import parts_of
from ..data_loaders.base import LINE
from ..problems import SHOWN_LINES, Problem

#: So many rows are compared at once, about.
COMPARED = 2_000_000
#: Names with no-break spaces cannot be columns of the contract.
_ROW, _HASH = "row\u00a0of\u00a0table", "hash\u00a0of\u00a0key"


def repeated_keys(table: pl.LazyFrame, key: Sequence[str]) -> Iterator[Problem]:
    """A problem if there are rows with the key of an earlier one, with their lines; a key that is missing in part is not judged.

    Args:
        table: with `LINE` or without.
        key: columns that together name one row.
    """
    known = (
        table.with_row_index(_ROW)
        .filter(pl.all_horizontal(pl.col(name).is_not_null() for name in key))
        .with_columns(pl.struct(key).hash().alias(_HASH))
    )
    called, line = ("line", pl.col(LINE)) if LINE in table.collect_schema() else ("row", pl.col(_ROW) + 1)
    count, first = 0, pl.DataFrame(schema={_ROW: pl.UInt32, "line": pl.Int64})
    for hashes in _several(known):
        wanted = pl.LazyFrame({_HASH: hashes})
        alike = known.join(wanted, on=_HASH, how="semi", maintain_order="left")
        for again in _again(alike.select(_ROW, line.cast(pl.Int64).alias("line"), *_apart(key))):
            count += len(again)
            first = pl.concat([first, again], how="vertical_relaxed").sort(_ROW).head(SHOWN_LINES)
    if count:
        says = f"the same {', '.join(f'`{name}`' for name in key)} as an earlier row"
        yield Problem(says=says, called=called, lines=tuple(first["line"]), count=count)


def _again(rows: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """The rows whose key an earlier one has, without it, in parts; only different keys are held."""
    seen = pl.DataFrame(schema=rows.drop(_ROW, "line").collect_schema())
    for part in parts_of(rows):
        keys = part.drop(_ROW, "line")
        together = pl.concat([seen, keys])
        new = together.select(pl.struct(pl.all()).is_first_distinct()).to_series()
        yield part.filter(~new.slice(len(seen))).select(_ROW, "line")
        seen = together.filter(new)


def _apart(key: Sequence[str]) -> list[pl.Expr]:
    return [pl.col(name).alias(f"key {place}") for place, name in enumerate(key)]


def _several(known: pl.LazyFrame) -> Iterator[np.ndarray]:
    """Hashes that more than one row has, in parts for about `COMPARED` rows each."""
    hashes = np.sort(known.select(_HASH).collect(engine="streaming").to_series().to_numpy())
    again = hashes[1:][hashes[1:] == hashes[:-1]]
    del hashes
    distinct = np.unique(again)
    if len(distinct):
        parts = -(-(len(again) + len(distinct)) // COMPARED)
        yield from (part for part in np.array_split(distinct, parts) if len(part))
