"""What a model must offer to take part in the comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import polars as pl

from ...settings import Settings, Task


class Estimator(Protocol):
    """The part of scikit-learn's interface that is used here."""

    def fit(self, features: pl.DataFrame, target: np.ndarray) -> Self:
        """Learn from features [rows, columns of the contract] and target [rows]."""

    def predict(self, features: pl.DataFrame) -> np.ndarray:
        """Values [rows]."""


@dataclass(frozen=True)
class Candidate:
    """A named recipe for an untrained model. The baseline is compared but never chosen."""

    name: str
    build: Callable[[Settings], Estimator]
    is_baseline: bool = False


def predict_values(model: Estimator, features: pl.DataFrame, task: Task) -> np.ndarray:
    """Predictions float64 [rows]: probability of being late, or minutes of delay."""
    if task == "classification":
        return np.asarray(model.predict_proba(features)[:, 1], dtype=np.float64)  # type: ignore[attr-defined]
    return np.asarray(model.predict(features), dtype=np.float64)
