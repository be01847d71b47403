"""Whether scores on the hold-out are good enough, and not too good to be true."""

from __future__ import annotations

from ...settings import Acceptance
from .scores import ClassificationScores, RegressionScores, Scores


def find_objections(model: Scores, baseline: Scores, bounds: Acceptance) -> list[str]:
    """Why the model cannot be accepted, one sentence each; empty if it can."""
    match model, baseline:
        case ClassificationScores(), ClassificationScores():
            limits = bounds.classification
            return [
                *_too_low("ROC AUC", model.roc_auc, limits.minimum_roc_auc),
                *_too_low("gain in log loss", baseline.log_loss - model.log_loss, limits.minimum_log_loss_gain),
                *_too_high("ROC AUC", model.roc_auc, limits.too_good_roc_auc),
            ]
        case RegressionScores(), RegressionScores():
            targets = bounds.regression
            return [
                *_too_low("R²", model.r2, targets.minimum_r2),
                *_too_low("gain in RMSE", baseline.rmse - model.rmse, targets.minimum_rmse_gain),
                *_too_high("R²", model.r2, targets.too_good_r2),
            ]
    raise TypeError("the scores of a classifier and of a regression cannot be compared")


def _too_low(name: str, value: float, bound: float) -> list[str]:
    return [f"{name} is {value:.4f}, at least {bound:g} is needed"] if not value >= bound else []


def _too_high(name: str, value: float, bound: float) -> list[str]:
    return [f"{name} is {value:.4f}, above {bound:g} is too good to be true: look for a leak"] if value > bound else []
