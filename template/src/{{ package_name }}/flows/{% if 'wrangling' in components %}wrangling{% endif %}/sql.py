"""Expressions in SQL, as configs/wrangling.yaml says them."""

from __future__ import annotations

import re
from typing import Annotated

import polars as pl
from pydantic import Field

from ...contract import conditions
from ...contract.conditions import checked

#: They look at other rows, and would have another value in each part of a table, or learn from rows to judge by.
_OF_ROWS = (
    "ARRAY_AGG|AVG|CORR|COUNT|COVAR\\w*|CUM\\w*|DENSE_RANK|EXPLODE|FIRST\\w*|LAG|LAST\\w*|LEAD|MAX|MEAN|MEDIAN|MIN|QUANTILE\\w*|"
    "RANK|ROW_NUMBER|STD\\w*|STRING_AGG|SUM|UNNEST|VAR\\w*|OVER"
)
_QUOTED = r"'[^']*'|\"[^\"]*\"|`[^`]*`"
FUNCTIONS = {
    "avg": pl.Expr.mean,
    "count": pl.Expr.count,
    "last": lambda values: values.drop_nulls().last(),
    "max": pl.Expr.max,
    "min": pl.Expr.min,
    "stddev": pl.Expr.std,
    "sum": pl.Expr.sum,
}


def expression(text: str) -> pl.Expr:
    """SQL about one row alone; raises ValueError if it is none."""
    made = conditions.expression(text)
    if found := re.search(rf"\b({_OF_ROWS})\s*\(", re.sub(_QUOTED, "''", text), re.IGNORECASE):
        raise ValueError(
            f"`{found[1]}` looks at other rows: aggregates stand under `aggregates`, and what is learnt from many rows under "
            "`features` in params.yaml"
        )
    return made


def aggregate(text: str) -> tuple[pl.Expr, str]:
    """What is aggregated, of one row, and by which function; raises ValueError if it is none."""
    found = re.fullmatch(r"\s*(\w+)\s*\((.*)\)\s*", text, re.DOTALL)
    if not found or found[1].lower() not in FUNCTIONS:
        raise ValueError(f"one aggregate is expected, sum(price): there are {', '.join(FUNCTIONS)}")
    inner = "1" if (found[1].lower(), found[2].strip()) == ("count", "*") else found[2]
    return expression(inner), found[1].lower()


Condition = Annotated[str, checked(expression), Field(max_length=2000, description="SQL; rows where it is true stay.")]
Expression = Annotated[str, checked(expression), Field(max_length=2000, description="SQL, of the columns of one row.")]
Aggregate = Annotated[
    str, checked(aggregate), Field(max_length=2000, description="A function of SQL of one row: sum(price), count(*).")
]
