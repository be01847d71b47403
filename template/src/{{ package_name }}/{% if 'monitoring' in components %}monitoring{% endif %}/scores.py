"""How good predictions were: all metrics of a task at once, for many weightings of the rows.

A row has a weight for each class that it may be of. Outcomes that are known, rows drawn again for an interval, and outcomes
drawn by probabilities are such weights, so one set of sums answers all three. Definitions are those of `tasks`, whose scores
of the hold-out these are compared with: those of scikit-learn, which a service does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..contract.types import Contract
from ..predictor.predictor import Predictions
from ..tasks.classes import FLOOR

#: Metrics by name, each [B]; NaN where one is not defined.
Scores = dict[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a model said of N rows.

    Args:
        values: float64 [N], the numbers; of labels the probability of the positive or of the chosen one.
        labels: int64 [N], the places of the chosen labels in the contract's order; None for numbers.
        probabilities: float64 [N, labels]; None for numbers.
        positive: the place of the positive label, of two.
    """

    values: np.ndarray
    labels: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    positive: int | None = None

    def __len__(self) -> int:
        return len(self.values)

    def of(self, rows: np.ndarray) -> Said:
        """Some of the rows: bool [N] or places [n]."""
        return Said(
            values=self.values[rows],
            labels=None if self.labels is None else self.labels[rows],
            probabilities=None if self.probabilities is None else self.probabilities[rows],
            positive=self.positive,
        )


def positive_of(contract: Contract) -> int | None:
    """The place of the positive label; None where there is none."""
    return None if contract.target.positive is None else contract.labels.index(contract.target.positive)


def said_by(predictions: Predictions, positive: int | None) -> Said:
    """Predictions of a graph, as they are scored."""
    shares = predictions.probabilities
    return Said(
        values=predictions.values.astype(np.float64),
        labels=predictions.labels,
        probabilities=None if shares is None else shares.astype(np.float64),
        positive=positive,
    )


def said_in_log(contract: Contract, predictions: Sequence[Any]) -> Said:
    """What the log has under `prediction` of N rows."""
    if not contract.labels:
        return Said(values=np.asarray(predictions, dtype=np.float64))
    positive = positive_of(contract)
    labels = np.array([contract.labels.index(each["label"]) for each in predictions], dtype=np.int64)
    if positive is None:
        shares = [[each["probabilities"][label] for label in contract.labels] for each in predictions]
        probabilities = np.array(shares, dtype=np.float64).reshape(len(labels), len(contract.labels))
        return Said(values=probabilities.max(axis=1, initial=0), labels=labels, probabilities=probabilities)
    values = np.array([each["probability"] for each in predictions], dtype=np.float64)
    pair = (1 - values, values) if positive == 1 else (values, 1 - values)
    return Said(values=values, labels=labels, probabilities=np.stack(pair, axis=1), positive=positive)


def scores_of(said: Said, outcomes: np.ndarray, weights: np.ndarray) -> Scores:
    """Of rows whose outcomes are known, places of labels int64 [N] or numbers float64 [N], by weights [B, N]."""
    if said.probabilities is None:
        return _of_numbers(said.values, outcomes, weights)
    return scores_by_class(said, weights[:, :, None] * np.eye(said.probabilities.shape[1])[outcomes])


def scores_by_class(said: Said, weights: np.ndarray) -> Scores:
    """Of labels, where each row has a weight for each label that may have happened, [B, N, labels]."""
    assert said.labels is not None
    assert said.probabilities is not None
    surprise = -np.log(np.clip(said.probabilities, FLOOR, 1.0))
    total = weights.sum(axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        loss = np.einsum("bnc,nc->b", weights, surprise) / total
        more = _of_two(said, weights) if said.positive is not None else _of_several(said, weights)
    return {"log_loss": loss, **more}


def _of_two(said: Said, weights: np.ndarray) -> Scores:
    assert said.positive is not None
    assert said.probabilities is not None
    happened, other = weights[:, :, said.positive], weights[:, :, 1 - said.positive]
    share, called = said.probabilities[:, said.positive], said.labels == said.positive
    area, precision = _ranked(share, happened, other)
    right, wrong = happened[:, called].sum(axis=1), other[:, called].sum(axis=1)
    positives, all_rows = happened.sum(axis=1), weights.sum(axis=(1, 2))
    return {
        "roc_auc": area,
        "average_precision": precision,
        "brier": (happened @ (1 - share) ** 2 + other @ share**2) / all_rows,
        "accuracy": (right + other.sum(axis=1) - wrong) / all_rows,
        "precision": right / (right + wrong),
        "recall": right / positives,
    }


def _of_several(said: Said, weights: np.ndarray) -> Scores:
    assert said.labels is not None
    assert said.probabilities is not None
    classes = said.probabilities.shape[1]
    # By draw, what was said, what happened.
    cells = np.stack([weights[:, said.labels == one].sum(axis=1) for one in range(classes)], axis=1)
    happened, called = cells.sum(axis=1), cells.sum(axis=2)
    right = np.diagonal(cells, axis1=1, axis2=2)
    rows = weights.sum(axis=2)
    areas = [
        _ranked(said.probabilities[:, one], weights[:, :, one], rows - weights[:, :, one])[0] for one in range(classes)
    ]
    is_there = happened > 0
    present = is_there.sum(axis=1)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray(np.where(is_there, values, 0.0).sum(axis=1) / present)

    return {
        "roc_auc": np.where(present > 1, mean(np.stack(areas, axis=1)), np.nan),
        "accuracy": right.sum(axis=1) / happened.sum(axis=1),
        "balanced_accuracy": mean(right / happened),
        "f1_macro": mean(2 * right / (happened + called)),
    }


def _of_numbers(values: np.ndarray, outcomes: np.ndarray, weights: np.ndarray) -> Scores:
    total, error = weights.sum(axis=1), outcomes - values
    squares = weights @ error**2 / total
    # From the middle: of far numbers with a small spread the sums would cancel.
    centred = outcomes - outcomes.mean()
    spread = weights @ centred**2 / total - (weights @ centred / total) ** 2
    varies = np.ptp(outcomes) > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        explained = np.where((spread > 0) & varies, 1 - squares / spread, np.nan)
    return {"rmse": np.sqrt(squares), "mae": weights @ np.abs(error) / total, "r2": explained}


def _ranked(share: np.ndarray, happened: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Area under the ROC curve and average precision, each [B], of shares [N] by weights [B, N]; equal shares are one step."""
    order = np.argsort(-share, kind="stable")
    falling = share[order]
    starts = np.flatnonzero(np.r_[True, falling[1:] != falling[:-1]])
    right = np.add.reduceat(happened[:, order], starts, axis=1)
    wrong = np.add.reduceat(other[:, order], starts, axis=1)
    above, below = right.cumsum(axis=1), wrong.cumsum(axis=1)
    positives, negatives = above[:, -1], below[:, -1]
    area = (wrong * (above - right / 2)).sum(axis=1) / (positives * negatives)
    called = above + below
    precision = (right * np.divide(above, called, out=np.zeros_like(above), where=called > 0)).sum(axis=1) / positives
    both = (positives > 0) & (negatives > 0)
    return np.where(both, area, np.nan), np.where(both, precision, np.nan)
