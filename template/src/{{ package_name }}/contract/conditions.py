"""Conditions on a row, as a configuration file says them."""

from __future__ import annotations

from typing import Annotated

import polars as pl
from pydantic import AfterValidator, Field


def _expression(text: str) -> str:
    try:
        pl.sql_expr(text)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise ValueError(f"no condition in SQL: {error}") from None
    return text


#: In SQL, of the columns of a row.
Condition = Annotated[str, AfterValidator(_expression), Field(max_length=2000)]
