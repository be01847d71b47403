"""How well predictions fit, by task. Definitions as in scikit-learn's user guide, section 3.4."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from sklearn import metrics

from ...settings import Task


@dataclass(frozen=True)
class ClassificationScores:
    """Of probabilities. ROC AUC and average precision judge the order, log loss and Brier score the probabilities."""

    roc_auc: float
    average_precision: float
    log_loss: float
    brier: float


@dataclass(frozen=True)
class RegressionScores:
    """Errors in minutes; R² is the share of variance explained."""

    mae: float
    rmse: float
    r2: float


Scores = ClassificationScores | RegressionScores

#: The score that candidates are chosen by: the one that each model is trained for. Lower is better for both.
PRIMARY: dict[Task, str] = {"classification": "log_loss", "regression": "rmse"}


def score(target: np.ndarray, prediction: np.ndarray, task: Task) -> Scores:
    """Scores of predictions [rows] against the target [rows]."""
    if task == "classification":
        return ClassificationScores(
            roc_auc=float(metrics.roc_auc_score(target, prediction)),
            average_precision=float(metrics.average_precision_score(target, prediction)),
            log_loss=float(metrics.log_loss(target, prediction, labels=[0, 1])),
            brier=float(metrics.brier_score_loss(target, prediction)),
        )
    return RegressionScores(
        mae=float(metrics.mean_absolute_error(target, prediction)),
        rmse=float(metrics.root_mean_squared_error(target, prediction)),
        r2=float(metrics.r2_score(target, prediction)),
    )


def as_numbers(scores: Scores) -> dict[str, float]:
    """The scores by name, for reports."""
    return {name: float(value) for name, value in asdict(scores).items()}
