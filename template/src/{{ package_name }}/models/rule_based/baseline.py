"""The naive baseline: every flight gets the average of the past, whatever its features."""

from __future__ import annotations

from sklearn.dummy import DummyClassifier, DummyRegressor

from ...settings import Settings
from ..common.candidate import Candidate, Estimator


def build(settings: Settings) -> Estimator:
    """The share of late flights, or the mean delay, in the training data."""
    classify = settings.task == "classification"
    baseline: Estimator = DummyClassifier(strategy="prior") if classify else DummyRegressor(strategy="mean")
    return baseline


BASELINE = Candidate("naive_baseline", build, is_baseline=True)
