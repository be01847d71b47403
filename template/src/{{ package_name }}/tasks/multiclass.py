"""Several classes without an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from ..contract.types import TaskName
from .classes import Classification

METRICS = {"log_loss": False, "roc_auc": True, "accuracy": True, "balanced_accuracy": True, "f1_macro": True}


class Multiclass(Classification):
    """Definitions as in scikit-learn's user guide, section 3.4; the label is the class of the largest probability."""

    name: TaskName = "multiclass"
    metrics: Mapping[str, bool] = METRICS
    mean: Literal["binary", "continuous"] | None = None

    def _scores(self, target: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None) -> Mapping[str, Any]:
        """Means are over the classes that occur, each counting the same; ROC AUC needs two."""
        from sklearn import metrics

        label, present = prediction.argmax(axis=1), np.unique(target)
        _, recalls, f1, _ = metrics.precision_recall_fscore_support(
            target, label, labels=present, sample_weight=weight, zero_division=0.0
        )
        aucs = [
            metrics.roc_auc_score(target == one, prediction[:, one], sample_weight=weight)
            for one in present
            if len(present) > 1
        ]
        return ({"roc_auc": np.mean(aucs)} if aucs else {}) | {
            "accuracy": np.average(target == label, weights=weight),
            "balanced_accuracy": np.mean(recalls),
            "f1_macro": np.mean(f1),
        }


TASK = Multiclass()
