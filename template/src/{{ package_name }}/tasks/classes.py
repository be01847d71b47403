"""What binary and multiclass tasks share: predictions are probabilities [N, classes] in the contract's order of labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from ..contract.types import Contract

#: The smallest probability that a loss sees: models compute in float32, whose steps below 1 are about this wide.
FLOOR = 1e-7


class Classification(ABC):
    """One of several classes."""

    classifies = True
    primary = "log_loss"
    headline = "roc_auc"

    def of(self, contract: Contract) -> Self:  # noqa: ARG002
        """The same for every contract."""
        return self

    def target(self, values: Any, contract: Contract) -> np.ndarray:
        """Labels (polars Series of String, [N]) as indices int64 [N] into `contract.labels`."""
        positions = {label: index for index, label in enumerate(contract.labels)}
        return np.array([positions[value] for value in values], dtype=np.int64)

    def baseline(self) -> Any:
        """The share of each class."""
        from sklearn.dummy import DummyClassifier

        return DummyClassifier(strategy="prior")

    def predict(self, model: Any, features: Any, classes: int) -> np.ndarray:
        """Probabilities float64 [N, classes]; a class that the model never saw has probability 0."""
        found = np.asarray(model.predict_proba(features), dtype=np.float64)
        placed = np.zeros((len(found), classes))
        placed[:, model.classes_] = found
        return placed

    def losses(self, target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
        """Minus the logarithm of the probability of what happened, [N]; at most 16.1 (C. M. Bishop 2006, section 4.3)."""
        happened = prediction[np.arange(len(target)), target]
        return np.asarray(-np.log(np.clip(happened, FLOOR, 1.0)))

    def primary_of(self, mean: float) -> float:
        """It is the mean."""
        return mean

    def score(self, target: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> dict[str, float]:
        """All metrics that are defined on these rows, the primary loss first."""
        named = self._scores(target, prediction, weight)
        loss = float(np.average(self.losses(target, prediction), weights=weight))
        return {"log_loss": loss} | {name: float(value) for name, value in named.items()}

    @abstractmethod
    def _scores(self, target: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None) -> Mapping[str, Any]:
        """The metrics of the task, by name, beside the loss."""

    def strength(self, prediction: np.ndarray, target: np.ndarray) -> float:
        """ROC AUC, of several classes the mean of each against the rest; 0 where there is one class only."""
        return self.score(target, prediction).get("roc_auc", 0.0)

    def events(self, target: np.ndarray) -> int:
        """Rows [N] outside of the largest class."""
        return len(target) - int(np.bincount(target).max(initial=0))
