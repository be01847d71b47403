"""What every check offers, and how all are asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from ..contract.cells import CANONICAL, kinds_of
from ..contract.types import Contract
from ..discovery import discover
from ..settings import Validation

Find = Callable[[pl.DataFrame, Contract], Iterator[str]]
FindInTable = Callable[[pl.DataFrame, Contract, Validation], Iterator[str]]


@dataclass(frozen=True)
class ValueCheck:
    """A check of single values: the same for rows to learn from and rows to predict.

    Args:
        name: what is checked.
        find: a table in canonical types, with some or all columns of the contract, to one sentence a problem.
    """

    name: str
    find: Find


@dataclass(frozen=True)
class TableCheck:
    """A check of what only a table to learn from must be; `find` is also told what params.yaml says under `validation`."""

    name: str
    find: FindInTable


def find_wrong_values(table: pl.DataFrame, contract: Contract) -> list[str]:
    """What is wrong with single values, one sentence a column and kind of problem, each with its lines."""
    known = _canonical(table, contract)
    return [problem for check in discover("quality", ValueCheck).values() for problem in check.find(known, contract)]


def find_problems(table: pl.DataFrame, contract: Contract, limits: Validation) -> list[str]:
    """All that is wrong with a table to learn from, one sentence each; nothing else is said of one that is empty."""
    if table.is_empty():
        return ["there are no rows"]
    known = _canonical(table, contract)
    checks = discover("quality", TableCheck).values()
    return [
        *(said for check in checks for said in check.find(known, contract, limits)),
        *find_wrong_values(table, contract),
    ]


def _canonical(table: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Without columns that are called as one of the contract, but are raw material of another kind."""
    kinds = kinds_of(contract)
    return table.drop(
        name for name, kind in kinds.items() if name in table.columns and table[name].dtype != CANONICAL[kind]
    )
