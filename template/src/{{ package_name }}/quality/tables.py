"""Columns without values, rows that are there twice, outcomes that nothing can be learnt from."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from ..contract.types import Contract
from ..problems import Problem
from ..settings import Validation
from .base import LARGEST, TableCheck, ask, where
from .repeated import repeated_keys


def _mostly_missing(table: pl.LazyFrame, contract: Contract, limits: Validation) -> Iterator[Problem]:
    required = {name for name in (*contract.key, contract.time, contract.group, contract.weight) if name}
    schema = table.collect_schema()
    names = [name for name in (*contract.columns, *sorted(required - contract.columns.keys())) if name in schema]
    counts = table.select(pl.len(), pl.col(names).null_count().name.prefix("of ")).collect(engine="streaming").row(0)
    for name, missing in zip(names, counts[1:], strict=True):
        if missing == counts[0]:
            said = (
                "every value is missing, so that nothing can be learnt from it; "
                "a join that matches nothing leaves such columns"
            )
            yield Problem(column=name, says=said)
        elif (share := missing / counts[0]) > limits.maximum_missing_share and name not in required:
            said = (
                f"{share:.1%} of the values are missing, at most {limits.maximum_missing_share:.0%} "
                "may be (validation.maximum_missing_share)"
            )
            yield Problem(column=name, says=said)


def _duplicated(table: pl.LazyFrame, contract: Contract, limits: Validation) -> Iterator[Problem]:  # noqa: ARG001
    """Rows with a key that an earlier row has; one that is missing wholly or in part is not judged."""
    if contract.key and set(contract.key) <= set(table.collect_schema()):
        yield from repeated_keys(table, contract.key)


def _outcomes(table: pl.LazyFrame, contract: Contract, limits: Validation) -> Iterator[Problem]:  # noqa: ARG001
    name = contract.target.column
    if name not in table.collect_schema():
        return
    values = pl.col(name)
    seen = ask(table, known=values.count(), least=values.min(), most=values.max())
    if not seen["known"]:
        yield Problem(column=name, says="no row has an outcome, so that nothing can be learnt")
        return
    if contract.labels:
        says = f"none of the labels {', '.join(contract.labels)}"
        wrong = values.is_not_null() & ~values.is_in(contract.labels)
    else:
        says, wrong = f"beyond {LARGEST:g}, more than a model computes with", values.abs() > LARGEST
    found = list(where(table, {Problem(column=name, says=says): wrong}))
    yield from found
    if not found and seen["least"] == seen["most"]:
        says = "all rows have the same outcome, so that there is nothing to tell apart"
        yield Problem(column=name, says=says)


MOSTLY_MISSING = TableCheck("mostly_missing", _mostly_missing)
DUPLICATED = TableCheck("duplicated", _duplicated)
OUTCOMES = TableCheck("outcomes", _outcomes)
