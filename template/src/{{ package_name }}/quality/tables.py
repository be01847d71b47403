"""Columns without values, rows that are there twice, outcomes that nothing can be learnt from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from ..contract.types import Contract
from ..data_loaders.base import places
from ..settings import Validation
from .base import TableCheck

#: Models answer in float32.
LARGEST = float(np.finfo(np.float32).max)


def _mostly_missing(table: pl.DataFrame, contract: Contract, limits: Validation) -> Iterator[str]:
    required = {name for name in (*contract.key, contract.time, contract.group, contract.weight) if name}
    for name in (*contract.columns, *sorted(required - contract.columns.keys())):
        if name not in table.columns:
            continue
        share = table[name].null_count() / len(table)
        if share == 1:
            yield (
                f"column `{name}`: every value is missing, so that nothing can be learnt from it; "
                "a join that matches nothing leaves such columns"
            )
        elif share > limits.maximum_missing_share and name not in required:
            yield (
                f"column `{name}`: {share:.1%} of the values are missing, at most {limits.maximum_missing_share:.0%} "
                "may be (validation.maximum_missing_share)"
            )


def _duplicated(table: pl.DataFrame, contract: Contract, limits: Validation) -> Iterator[str]:  # noqa: ARG001
    """Rows with a key that an earlier row has; one that is missing wholly or in part is not judged."""
    key = contract.key
    if not key or not set(key) <= set(table.columns):
        return
    complete = pl.all_horizontal(pl.col(name).is_not_null() for name in key)
    repeated = table.select(~pl.struct(key).is_first_distinct() & complete).to_series()
    if repeated.any():
        yield f"the same {', '.join(f'`{name}`' for name in key)} as an earlier row {places(table, repeated)}"


def _outcomes(table: pl.DataFrame, contract: Contract, limits: Validation) -> Iterator[str]:  # noqa: ARG001
    name = contract.target.column
    if name not in table.columns:
        return
    values = table[name].drop_nulls()
    if values.is_empty():
        yield f"column `{name}`: no row has an outcome, so that nothing can be learnt"
        return
    if contract.labels:
        wrong = table[name].is_not_null() & ~table[name].is_in(contract.labels)
        if wrong.any():
            yield f"column `{name}`: none of the labels {', '.join(contract.labels)} {places(table, wrong)}"
            return
    elif (large := table[name].abs() > LARGEST).any():
        yield f"column `{name}`: beyond {LARGEST:g}, more than a model computes with {places(table, large)}"
        return
    if values.n_unique() == 1:
        yield f"column `{name}`: all rows have the same outcome, so that there is nothing to tell apart"


MOSTLY_MISSING = TableCheck("mostly_missing", _mostly_missing)
DUPLICATED = TableCheck("duplicated", _duplicated)
OUTCOMES = TableCheck("outcomes", _outcomes)
