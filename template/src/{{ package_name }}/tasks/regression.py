"""A number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np

from ..contract.types import Contract, TaskName

METRICS = {"rmse": False, "mae": False, "r2": True}


class Regression:
    """Definitions as in scikit-learn's user guide, section 3.4; errors are in the unit of the target."""

    name: TaskName = "regression"
    classifies = False
    primary = "rmse"
    metrics: Mapping[str, bool] = METRICS
    headline = "r2"
    mean: Literal["binary", "continuous"] | None = "continuous"

    def of(self, contract: Contract) -> Self:  # noqa: ARG002
        """The same for every contract."""
        return self

    def target(self, values: Any, contract: Contract) -> np.ndarray:  # noqa: ARG002
        """Values float64 [N]."""
        return np.asarray(values, dtype=np.float64)

    def baseline(self) -> Any:
        """The mean."""
        from sklearn.dummy import DummyRegressor

        return DummyRegressor(strategy="mean")

    def predict(self, model: Any, features: Any, classes: int) -> np.ndarray:  # noqa: ARG002
        """Values float64 [N]."""
        return np.asarray(model.predict(features), dtype=np.float64).reshape(-1)

    def losses(self, target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
        """Squared error of each row, [N]; `rmse` is the root of its mean."""
        return np.asarray((target - prediction) ** 2)

    def primary_of(self, mean: float) -> float:
        """Its root; a bound below zero is none."""
        return float(np.sqrt(max(mean, 0.0)))

    def score(self, target: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> dict[str, float]:
        """R² is the share of variance explained, of values that are not all equal."""
        error = np.average(self.losses(target, prediction), weights=weight)
        scores = {"rmse": np.sqrt(error), "mae": np.average(np.abs(target - prediction), weights=weight)}
        if np.ptp(target) > 0:
            spread = np.average((target - np.average(target, weights=weight)) ** 2, weights=weight)
            scores["r2"] = 1 - error / spread
        return {name: float(value) for name, value in scores.items()}

    def strength(self, prediction: np.ndarray, target: np.ndarray) -> float:
        """Absolute rank correlation (Spearman); 0 where one of the two is constant."""
        from scipy.stats import rankdata

        ranks = [rankdata(values) for values in (prediction, target)]
        return abs(float(np.corrcoef(ranks)[0, 1])) if all(np.ptp(rank) > 0 for rank in ranks) else 0.0

    def events(self, target: np.ndarray) -> int:
        """The number of rows."""
        return len(target)


TASK = Regression()
