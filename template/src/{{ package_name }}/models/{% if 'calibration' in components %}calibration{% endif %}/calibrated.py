"""Calibration of the chosen classifier by predictions for rows that it had not seen, inside the model and its graph.

The logarithms of the probabilities are stretched and shifted, and made probabilities again. Of two classes that is Platt's
scaling of log odds (J. Platt 1999); of several, temperature scaling with a shift a class (C. Guo et al. 2017, section 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from ...contract.types import Section
from ...tasks.base import Task
from ..hindsight import Corrector, Hindsight

#: More rows than this say nothing new about a few numbers.
MOST_ROWS = 200_000
#: Of smaller probabilities float32, in which the graph computes, does not know the logarithm well enough.
FLOOR = 1e-5
#: How far they are stretched and shifted at most: order is kept, and the graph agrees.
SLOPES, SHIFTS = (0.3, 5.0), (-5.0, 5.0)
#: What shifts cost, as if so many rows had said that there is none.
PRIOR_ROWS = 1.0


class CalibrationSettings(Section):
    """`models.calibration` in params.yaml."""

    minimum_rows: Annotated[
        int, Field(ge=20, description="Fewer rows of any class that occurs, and nothing is calibrated.")
    ] = 20


@dataclass(frozen=True)
class Scaling:
    """What was learnt: a slope, and a shift of each label of the contract, [labels]."""

    slope: float
    shifts: np.ndarray

    def apply(self, prediction: np.ndarray) -> np.ndarray:
        """Probabilities [N, labels], calibrated; a class that no row may be of, as the model never saw it, stays so."""
        scaled = np.where(prediction.any(axis=0), softmax(scores(prediction, self.slope, self.shifts), axis=1), 0.0)
        return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))

    def behind(self, model: Any) -> Calibrated:
        """The model whose probabilities are calibrated."""
        return Calibrated(model, self.slope, self.shifts[model.classes_])


class Calibrated:
    """A classifier whose probabilities are stretched and shifted.

    Args:
        model: a fitted classifier.
        slope: of the logarithms of its probabilities.
        shifts: of each of its classes, [classes_].
    """

    def __init__(self, model: Any, slope: float, shifts: np.ndarray) -> None:
        self.model = model
        self.classes_ = model.classes_
        self.slope = float(np.float32(slope))
        self.shifts = np.asarray(shifts, dtype=np.float32).astype(np.float64)

    def predict_proba(self, frame: Any) -> np.ndarray:
        """Probabilities [N, classes_]."""
        return np.asarray(softmax(scores(self.model.predict_proba(frame), self.slope, self.shifts), axis=1))


def scores(probabilities: np.ndarray, slope: float, shifts: np.ndarray) -> np.ndarray:
    """Stretched and shifted logarithms [N, classes]."""
    return np.asarray(slope * np.log(np.maximum(probabilities, FLOOR)) + shifts)


def learn(options: CalibrationSettings, task: Task, known: Hindsight) -> Scaling | None:
    """Slope and shifts of least loss; None for numbers, or if there are too few rows of a class."""
    if not task.classifies or not len(known.target):
        return None
    ((_, prediction),) = known.predictions.items()
    counts = np.bincount(known.target, minlength=prediction.shape[1])
    if (counts > 0).sum() < 2 or counts[counts > 0].min() < options.minimum_rows:  # noqa: PLR2004
        return None
    rows = np.linspace(0, len(known.target) - 1, min(len(known.target), MOST_ROWS)).astype(int)
    target, weight = known.target[rows], np.ones(len(rows)) if known.weight is None else known.weight[rows]
    logarithms, weight = np.log(np.maximum(prediction[rows], FLOOR)), weight / weight.sum()
    places = np.arange(len(rows))

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        slope, shifts = values[0], values[1:]
        logs = log_softmax(slope * logarithms + shifts, axis=1)
        error = np.exp(logs)
        error[places, target] -= 1
        error *= weight[:, None]
        size = PRIOR_ROWS / len(rows)
        value = -float(weight @ logs[places, target]) + size * float(shifts @ shifts)
        return value, np.concatenate([[np.sum(error * logarithms)], error.sum(axis=0) + 2 * size * shifts])

    classes = prediction.shape[1]
    start, bounds = np.concatenate([[1.0], np.zeros(classes)]), [SLOPES, *[SHIFTS] * classes]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return Scaling(float(found[0]), found[1:]) if np.isfinite(found).all() else None


CORRECTOR = Corrector(name="calibration", settings=CalibrationSettings, learn=learn)
