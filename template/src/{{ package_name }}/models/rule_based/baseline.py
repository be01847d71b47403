"""The naive baseline: the average of the past for every row, whatever its features."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ..candidate import Candidate, NoSettings, Recipe


def fit(recipe: Recipe[NoSettings], frame: pl.DataFrame, target: np.ndarray, weight: np.ndarray | None) -> Any:
    """The share of each class, or the mean."""
    return recipe.task.baseline().fit(np.zeros((len(frame), 1)), target, sample_weight=weight)


CANDIDATE = Candidate(name="naive_baseline", settings=NoSettings, fit=fit, complexity=0, is_baseline=True)
