"""Conditions on a row, as a configuration file says them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import polars as pl
from pydantic import AfterValidator, Field

from ..problems import reason


def expression(text: str) -> pl.Expr:
    """SQL about one row; raises ValueError if it is none."""
    try:
        return pl.sql_expr(text)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise ValueError(f"no expression in SQL: {reason(error)}") from None


def checked(parse: Callable[[str], object]) -> AfterValidator:
    """A text that can be parsed, as it is."""
    return AfterValidator(lambda text: (parse(text), text)[1])


#: In SQL, of the columns of a row.
Condition = Annotated[str, checked(expression), Field(max_length=2000)]
