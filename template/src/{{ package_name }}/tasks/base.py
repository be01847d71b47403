"""What a task decides. The rest of the code asks the task, and never which task it is."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Literal, Protocol, Self

import numpy as np

from ..contract.types import Contract, TaskName


class Task(Protocol):
    """One kind of prediction.

    Targets are [N]: class indices int64 in the contract's order, or values float64. Predictions are float64: probabilities
    [N, classes], or values [N]. Weights are [N] or None.
    """

    name: TaskName
    #: Whether models are classifiers.
    classifies: bool
    #: The loss that candidates are chosen by, a mean over rows; lower is better.
    primary: str
    #: Scores by name: True where higher is better.
    metrics: Mapping[str, bool]
    #: The metric on which "too good" is judged unless the contract says otherwise.
    headline: str
    #: What the mean target of a category is, where it has an exact form in the graph.
    mean: Literal["binary", "continuous"] | None

    def of(self, contract: Contract) -> Self:
        """The task as a contract says it: which label is positive."""

    def target(self, values: Any, contract: Contract) -> np.ndarray:
        """The target column (polars Series, [N]) as the model learns it."""

    def baseline(self) -> Any:
        """An untrained scikit-learn estimator that ignores the features."""

    def predict(self, model: Any, features: Any, classes: int) -> np.ndarray:
        """Predictions of a fitted model; a class that the model never saw has probability 0."""

    def losses(self, target: np.ndarray, prediction: np.ndarray) -> np.ndarray:
        """The primary loss of each row, [N]."""

    def primary_of(self, mean: float) -> float:
        """The primary metric, of the mean of the losses."""

    def score(self, target: np.ndarray, prediction: np.ndarray, weight: np.ndarray | None = None) -> dict[str, float]:
        """All metrics; one that is not defined on these rows (one class only) is left out."""

    def strength(self, prediction: np.ndarray, target: np.ndarray) -> float:
        """How much a prediction tells, 0 to 1: ROC AUC (macro, one against the rest), or absolute rank correlation."""

    def events(self, target: np.ndarray) -> int:
        """Rows outside of the largest class; for values, the number of rows."""


def task_of(contract: Contract) -> Task:
    """The task of a contract: `TASK` of the module of its name."""
    task: Task = import_module(f".{contract.task}", __package__).TASK
    return task.of(contract)
