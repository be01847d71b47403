"""What every flow offers: something that is done to tables before dataset.py, and to the rows that it makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from ..contract.types import Contract

Tables = Mapping[str, pl.LazyFrame]


class Shaping(Protocol):
    """A flow as it is set for a project."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns of dataset.py's rows that it needs, besides those that it makes."""

    def before(self, tables: Tables) -> Tables:
        """The tables for dataset.py; raises `SettingsError`."""

    def after(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Some of dataset.py's rows [N] to those of the contract [at most N]: each for itself, as they come in parts."""

    def notes(self) -> list[str]:
        """What was done, in words, once all rows have gone through."""


@dataclass(frozen=True)
class Flow:
    """What a file of this folder offers.

    Args:
        name: what it is called.
        of: the project's folder and the contract to what is to be done; raises `SettingsError`.
    """

    name: str
    of: Callable[[Path, Contract], Shaping]
