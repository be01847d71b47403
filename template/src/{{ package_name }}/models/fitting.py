"""Fitting encoders and a model as one pipeline."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import polars as pl
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline

from ..features.encoders import Encoders, as_float32


def fit_pipeline(
    prepare: Encoders, model: Any, frame: pl.DataFrame, target: np.ndarray, weight: np.ndarray | None
) -> Pipeline:
    """Fit untrained encoders, then the model on what they make; everything is learnt from these rows alone.

    Args:
        prepare: untrained encoders.
        model: an untrained estimator.
        frame: of features.frame, [N, columns].
        target: [N].
        weight: [N], or None.
    """
    features = encoded(prepare, frame, target)
    with warnings.catch_warnings():
        # A solver that stops at its limit shows in the scores.
        warnings.filterwarnings("ignore", category=ConvergenceWarning)
        # Not every model takes weights: one that does not serves tables without.
        model.fit(features, target, **({} if weight is None else {"sample_weight": weight}))
    return Pipeline([("prepare", prepare), ("model", model)])


def encoded(prepare: Encoders, frame: pl.DataFrame, target: np.ndarray) -> Any:
    """Fit untrained encoders to a frame [N, columns] and the target [N]; what they make of it, [N, n], dense or sparse."""
    with warnings.catch_warnings():
        # A class of few rows shows in the scores.
        warnings.filterwarnings("ignore", category=UserWarning, module="sklearn")
        features = prepare.fit_transform(frame, target)
        as_float32(prepare)
    return features
