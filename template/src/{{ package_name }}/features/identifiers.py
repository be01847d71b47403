"""Columns that name rows, or what rows belong to, rather than telling something about them."""

from __future__ import annotations

import re

import polars as pl

from ..contract.types import Kind

#: With fewer rows nothing can be told from values that never repeat.
FEW_ROWS = 20
#: A column with a greater share of different values names rows.
DIFFERENT = 0.95
#: So a reason begins by which a column is left out that could be a feature, if there were no other.
NAMES = "names rows"
BELONG = f"{NAMES} that belong together"
#: How often the rows of one thing come at most, such as the visits of a patient, and how many things there are at least.
REPEATS, THINGS = 50, 30
_ID = re.compile(r"(?:^|[^a-z])(?:id|uuid|guid|key|no|nr)\W*$|[a-z]I[dD]$")
_ROW_NUMBER = re.compile(r"(?i)unnamed: ?\d+|column_1|_c0|x|index|level_0|row(?:id|names?|_?no|_?nr|_?number)?")


def names_rows(values: pl.Series, kind: Kind, *, different: int | None = None, rows: int | None = None) -> str | None:
    """Why a column names rows, or what they belong to; None if it does not.

    Args:
        values: the column in its kind, in the order of its rows; all of it, or a sample.
        kind: of the column.
        different: of a sample, how many different values all rows have.
        rows: of a sample, how many rows have a value.
    """
    known = values.drop_nulls()
    whole = different is None
    different, rows = different or known.n_unique(), rows or len(known)
    if kind not in {"integer", "number", "category"} or rows < FEW_ROWS or known.dtype == pl.Float64:
        return None
    said = f"{different:,} different values in {rows + values.null_count() * whole:,} rows"
    called = _ID.search(values.name) is not None
    if different < DIFFERENT * rows:
        repeated = called and different >= THINGS and rows / different <= REPEATS
        return f"{BELONG}: {said}" if repeated else None
    if kind == "category" or called or _ROW_NUMBER.fullmatch(values.name):
        return f"{NAMES}: {said}"
    steps = values.diff().drop_nulls()
    one_by_one = whole and len(known) == len(values) and ((steps == 1).all() or (steps == -1).all())
    return f"{NAMES}, one by one" if one_by_one else None
