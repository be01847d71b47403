"""What every loader promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

#: Number of the line in the source on which a row stands, so that a problem can be found by hand.
LINE = "line"


@dataclass(frozen=True)
class TableSchema:
    """The columns that a source must have, with their types. Text that stands for "missing" becomes null."""

    columns: Mapping[str, type[pl.DataType] | pl.DataType]
    missing: tuple[str, ...] = ("", "NA")


class Loader(ABC):
    """Loads one table."""

    @abstractmethod
    def load(self, schema: TableSchema) -> pl.DataFrame:
        """The table: exactly the schema's columns and types, in its order, and `LINE`.

        Raises:
            DataError: the source is missing, empty or unreadable, or does not have the schema; says where.
        """
