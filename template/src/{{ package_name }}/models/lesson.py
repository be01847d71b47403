"""What candidates learn from, and what may become of it first. Rows that are judged never come here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import numpy as np
import polars as pl

from ..contract.types import Contract


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Rows to learn from.

    Args:
        rows: of the contract, with target and roles, [N].
        weight: how much each counts, float64 [N]; None if all count the same.
        says: what became of them, a sentence each.
    """

    rows: pl.DataFrame
    weight: np.ndarray | None
    says: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A sample, and the same as a candidate sees it: frame of features.frame and target, [N]."""

    sample: Sample
    frame: pl.DataFrame
    target: np.ndarray


class Beside(Protocol):
    """What a candidate learns from besides the training rows."""

    def within(self, learn: pl.DataFrame, every: pl.DataFrame) -> Self:
        """What of it may be known when some of the training rows are learnt from, all of which are `every`."""


@dataclass(frozen=True)
class RowStep:
    """What a file of models/ does to the rows to learn from: on the training part of each fold, and for the final fit.

    What it learns, it learns from the rows that it is given. The baseline learns from the rows as they are.

    Args:
        name: what it is called.
        of: the project's folder, the contract and the seed to what is done, one after the other; nothing if nothing is
            configured. Raises `SettingsError`.
    """

    name: str
    of: Callable[[Path, Contract, int], Sequence[Callable[[Sample], Sample]]]
