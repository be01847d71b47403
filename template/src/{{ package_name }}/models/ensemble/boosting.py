"""Gradient boosting: trees that each mend the errors of those before (histogram-based, as in LightGBM)."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

from ...settings import Settings
from ..common.candidate import Candidate, Estimator
from ..common.preprocessing import for_trees


class Float32Pipeline(Pipeline):  # type: ignore[misc]
    """A pipeline whose trees compare in float32, as the exported graph does."""

    def fit(self, features: pl.DataFrame, target: np.ndarray, **options: Any) -> Self:
        """Fit, then move each threshold down to the next float32.

        A float32 value is at or below a threshold exactly if it is at or below the largest float32 that does not
        exceed it. So no prediction changes, and the graph, which stores thresholds as float32, sends no row down
        another branch.
        """
        super().fit(features, target, **options)
        # There is no public way to the thresholds; the parity gate would show it if this one changed.
        for trees in self.named_steps["model"]._predictors:  # noqa: SLF001
            for tree in trees:
                tree.nodes["num_threshold"] = _largest_float32_not_above(tree.nodes["num_threshold"])
        return self


def _largest_float32_not_above(values: np.ndarray) -> np.ndarray:
    """Float64 [n] to the float32 values at or just below, as float64 [n]."""
    nearest = values.astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf))
    return np.asarray(np.where(nearest.astype(np.float64) > values, below, nearest), dtype=np.float64)


def build(settings: Settings) -> Estimator:
    """An untrained boosting model with its preprocessing."""
    boosting = settings.models.boosting
    options: dict[str, Any] = {
        "max_iter": boosting.trees,
        "learning_rate": boosting.learning_rate,
        "max_leaf_nodes": boosting.leaves,
        "min_samples_leaf": boosting.rows_per_leaf,
        "l2_regularization": boosting.penalty,
        "early_stopping": False,
        "random_state": settings.seed,
    }
    classify = settings.task == "classification"
    model = HistGradientBoostingClassifier(**options) if classify else HistGradientBoostingRegressor(**options)
    return Float32Pipeline([("preprocess", for_trees()), ("model", model)])


BOOSTING = Candidate("gradient_boosting", build)
