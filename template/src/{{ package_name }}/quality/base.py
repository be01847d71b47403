"""What every check offers, and how all are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from ..contract.cells import CANONICAL, kinds_of
from ..contract.types import Contract
from ..data_loaders.base import LINE
from ..discovery import discover
from ..errors import DataError
from ..problems import SHOWN_LINES, Problem
from ..settings import Validation

#: Models compute and answer in float32.
LARGEST = float(np.finfo(np.float32).max)


class ProblemsError(DataError):
    """Tables hold what they must not hold.

    Args:
        problems: by table.
    """

    def __init__(self, message: str, advice: str, problems: Mapping[str, Sequence[Problem]]) -> None:
        super().__init__(message, advice)
        self.problems = problems


Find = Callable[[pl.LazyFrame, Contract], Iterator[Problem]]
FindInTable = Callable[[pl.LazyFrame, Contract, Validation], Iterator[Problem]]


@dataclass(frozen=True)
class ValueCheck:
    """A check of single values: the same for rows to learn from and rows to predict.

    Args:
        name: what is checked.
        find: a table in canonical types, with some or all columns of the contract, to problems.
    """

    name: str
    find: Find


@dataclass(frozen=True)
class TableCheck:
    """A check of what only a table to learn from must be; `find` is also told what params.yaml says under `validation`."""

    name: str
    find: FindInTable


def find_wrong_values(table: pl.LazyFrame, contract: Contract) -> list[Problem]:
    """What is wrong with single values, one a column and kind of problem, each with its lines."""
    return _found(ValueCheck, table, contract)


def find_problems(table: pl.LazyFrame, contract: Contract, limits: Validation) -> list[Problem]:
    """All that is wrong with a table to learn from; nothing else is said of one that is empty."""
    if not rows_of(table):
        return [Problem(says="there are no rows")]
    return _found(TableCheck, table, contract, limits) + find_wrong_values(table, contract)


def _found(kind: type[Any], table: pl.LazyFrame, contract: Contract, *limits: Validation) -> list[Problem]:
    """What all checks of a kind find, each problem with the name of its check."""
    known = _canonical(table, contract)
    return [
        replace(problem, check=problem.check or check.name)
        for check in discover("quality", kind).values()
        for problem in check.find(known, contract, *limits)
    ]


def rows_of(table: pl.LazyFrame) -> int:
    """How many there are."""
    return int(ask(table, rows=pl.len())["rows"])


def ask(table: pl.LazyFrame, **aggregates: pl.Expr) -> dict[str, Any]:
    """Aggregates of a table by name, in one pass over it."""
    return table.select(**aggregates).collect(engine="streaming").row(0, named=True)


def where(table: pl.LazyFrame, wrong: Mapping[Problem, pl.Expr]) -> Iterator[Problem]:
    """Problems that there are, each with its first lines, in one pass over the table and one to the lines of each.

    Args:
        table: with `LINE` or without.
        wrong: of each row whether it has the problem; null is no.
    """
    if not wrong:
        return
    counts = ask(table, **{str(place): expression.sum() for place, expression in enumerate(wrong.values())})
    for problem, (expression, count) in zip(wrong, zip(wrong.values(), counts.values(), strict=True), strict=True):
        if count:
            lines = _lines(table, expression)
            called = "line" if LINE in table.collect_schema() else "row"
            yield replace(problem, called=called, lines=lines, count=int(count))


def _lines(table: pl.LazyFrame, wrong: pl.Expr) -> tuple[int | None, ...]:
    if LINE not in table.collect_schema():
        table = table.with_row_index(LINE, offset=1)
    found = table.filter(wrong).select(LINE).head(SHOWN_LINES).collect(engine="streaming")
    return tuple(found.to_series())


def _canonical(table: pl.LazyFrame, contract: Contract) -> pl.LazyFrame:
    """Without columns that are called as one of the contract, but are raw material of another kind."""
    kinds, schema = kinds_of(contract), table.collect_schema()
    return table.drop(name for name, kind in kinds.items() if name in schema and schema[name] != CANONICAL[kind])
