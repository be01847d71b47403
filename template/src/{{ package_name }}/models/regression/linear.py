"""Linear models: logistic regression for late or not, ridge regression for minutes."""

from __future__ import annotations

from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline

from ...settings import Settings
from ..common.candidate import Candidate, Estimator
from ..common.preprocessing import for_linear_model


def build(settings: Settings) -> Estimator:
    """An untrained linear model with its preprocessing."""
    linear = settings.models.linear
    if settings.task == "classification":
        model = LogisticRegression(C=linear.inverse_penalty, max_iter=1000, random_state=settings.seed)
    else:
        model = Ridge(alpha=linear.penalty, random_state=settings.seed)
    pipeline: Estimator = Pipeline([("preprocess", for_linear_model()), ("model", model)])
    return pipeline


LINEAR = Candidate("linear", build)
