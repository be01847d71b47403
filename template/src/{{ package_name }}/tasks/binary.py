"""Two classes, one of which is called positive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from ..contract.types import Contract, TaskName
from .classes import Classification

METRICS = {"log_loss": False, "roc_auc": True, "average_precision": True, "brier": False}


class Binary(Classification):
    """Definitions as in scikit-learn's user guide, section 3.4.

    Args:
        positive: index of the positive label.
    """

    name: TaskName = "binary"
    metrics: Mapping[str, bool] = METRICS
    mean: Literal["binary", "continuous"] | None = "binary"

    def __init__(self, positive: int = 1) -> None:
        self.positive = positive

    def of(self, contract: Contract) -> Binary:
        """The task with the positive label of a contract."""
        return Binary(contract.labels.index(contract.target.positive or ""))

    def _scores(self, target: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None) -> Mapping[str, Any]:
        """ROC AUC and average precision judge the order and need both classes; the Brier score judges the probability."""
        from sklearn import metrics

        happened, probability = target == self.positive, prediction[:, self.positive]
        brier = {"brier": np.average((probability - happened) ** 2, weights=weight)}
        if len(np.unique(target)) == 1:
            return brier
        return {
            "roc_auc": metrics.roc_auc_score(happened, probability, sample_weight=weight),
            "average_precision": metrics.average_precision_score(happened, probability, sample_weight=weight),
        } | brier


TASK = Binary()
