"""How predictions are compared: with their outcomes, and with each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..contract.types import Contract
from ..predictor.predictor import Predictions


def outputs_of(predictions: Predictions) -> np.ndarray:
    """Each prediction as one number, float64 [N]: of several labels the label's index and the probability, as one order."""
    values = predictions.values.astype(float)
    several = predictions.probabilities is not None and predictions.probabilities.shape[1] > 2  # noqa: PLR2004
    return predictions.labels + values / 2 if several and predictions.labels is not None else values


def said_of(contract: Contract, predictions: Predictions) -> list[Any]:
    """The label, or the number, that each row got."""
    if predictions.labels is None:
        values: list[Any] = predictions.values.tolist()
        return values
    return [contract.labels[index] for index in predictions.labels.tolist()]


def apart(one: Predictions, other: Predictions) -> np.ndarray:
    """How far predictions of the same rows lie apart, from 0 to 1, [N]: another label, or a difference as a share of both."""
    if one.labels is not None and other.labels is not None:
        return np.asarray(one.labels != other.labels, dtype=float)
    size = np.maximum(np.maximum(np.abs(one.values), np.abs(other.values)), np.finfo(np.float32).tiny)
    return np.asarray(np.minimum(np.abs(one.values - other.values) / size, 1.0), dtype=float)


def score_of(contract: Contract, predicted: Any, outcome: Any, scale: float | None) -> float | None:
    """How good a prediction was, from 0 to 1; None if that cannot be said.

    Args:
        contract: says which of the two it is.
        predicted: the label, or the number.
        outcome: what happened.
        scale: of numbers, the error that is worth nothing.
    """
    if contract.labels:
        return float(predicted == outcome)
    return None if scale is None else float(max(0.0, 1 - abs(predicted - outcome) / scale))
