"""Checks of values at the border: missing, range, duplicates, enough to learn from. Each problem names its lines.

Written with plain polars expressions: three kinds of check do not need a validation framework, and every message must
carry the line of the csv file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from .data_loaders.base import LINE
from .data_loaders.csv import describe
from .settings import Range


@dataclass(frozen=True)
class Rules:
    """What must hold for one table.

    Args:
        required: columns that are never missing.
        unique: columns that together name a row.
        ranges: lowest and highest value of a column; a missing value has none.
        maximum_missing_share: the largest share of missing values in any column.
        minimum_rows: the fewest rows.
    """

    required: Sequence[str]
    unique: Sequence[str]
    ranges: Mapping[str, Range]
    maximum_missing_share: float
    minimum_rows: int


def find_problems(table: pl.DataFrame, rules: Rules) -> list[str]:
    """All that is wrong with a table that a loader has read, one sentence each; empty if nothing is."""
    if len(table) < rules.minimum_rows:
        return [f"{len(table)} rows, at least {rules.minimum_rows} are needed"]
    return [
        *_mostly_missing(table, rules),
        *find_wrong_values(table, rules.required, rules.ranges),
        *_duplicated(table, rules),
    ]


def find_wrong_values(table: pl.DataFrame, required: Sequence[str], ranges: Mapping[str, Range]) -> list[str]:
    """What is wrong with single values, one sentence a column: missing where required, or outside its range."""
    return [*_missing(table, required), *_out_of_range(table, ranges)]


def _mostly_missing(table: pl.DataFrame, rules: Rules) -> Iterator[str]:
    for name in table.columns:
        share = table[name].null_count() / len(table)
        if share == 1:
            yield f"column `{name}`: every value is missing"
        elif share > rules.maximum_missing_share and name not in rules.required:
            yield f"column `{name}`: {share:.0%} missing, at most {rules.maximum_missing_share:.0%} is allowed"


def _missing(table: pl.DataFrame, required: Sequence[str]) -> Iterator[str]:
    for name in required:
        empty = table.filter(pl.col(name).is_null())[LINE]
        if len(empty):
            yield describe(empty, f"column `{name}`: missing")


def _out_of_range(table: pl.DataFrame, ranges: Mapping[str, Range]) -> Iterator[str]:
    for name, allowed in ranges.items():
        if name not in table.columns:
            continue
        outside = table.filter(~pl.col(name).is_between(allowed.minimum, allowed.maximum))[LINE]
        if len(outside):
            yield describe(outside, f"column `{name}`: outside {allowed.minimum:g} to {allowed.maximum:g}")


def _duplicated(table: pl.DataFrame, rules: Rules) -> Iterator[str]:
    repeated = table.filter(~pl.struct(rules.unique).is_first_distinct())[LINE]
    if len(repeated):
        yield describe(repeated, f"the same {', '.join(rules.unique)} as an earlier line")
