"""How good predictions were, and how sure that is: all metrics of a task at once, for many weightings of the rows.

A row has a weight for each class that it may be of. Outcomes that are known, rows drawn again for an interval, and outcomes
drawn by probabilities are such weights, so one set of sums answers all three. Definitions are those of `tasks`, whose scores
of the hold-out these are compared with: those of scikit-learn, which a service does not have.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from ..contract.types import Contract
from ..predictor.predictor import Predictions
from ..tasks.classes import FLOOR
from .reference import Score

#: That a score lies above its lower bound; and as much, that it lies below the upper one. As of the hold-out.
CONFIDENCE = 0.95
#: How far that is, in standard errors.
REACH = NormalDist().inv_cdf(CONFIDENCE)
#: Metrics of which less is better; they have no upper end.
LOSSES = frozenset({"log_loss", "brier", "rmse", "mae"})
_FARTHEST = 50.0
#: Draws for an interval, fewer of many rows.
_MOST_DRAWS, _FEWEST_DRAWS = 400, 100
#: Numbers in memory at once, and rows that an interval is found on.
_NUMBERS, _MOST_ROWS = 1_000_000, 5_000

#: Metrics by name, each [B]; NaN where one is not defined.
Scores = dict[str, np.ndarray]


class Measured(Score):
    """A score, its bounds, and on how many rows it stands."""

    rows: int


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


def measured(said: Said, outcomes: np.ndarray) -> dict[str, Measured]:
    """The scores of rows [N] that are defined, with their bounds; the same rows give the same, whenever they are asked.

    Shares of rows have bounds by Wilson (1927), all others by the bootstrap's standard error. Rows count as independent.
    """
    value = {name: float(found[0]) for name, found in scores_of(said, outcomes, np.ones((1, len(said)))).items()}
    errors = _errors(said, outcomes)
    bases = _bases(said, outcomes)
    found = {}
    for name, score in value.items():
        if not math.isfinite(score) or name not in errors:
            continue
        rows = bases.get(name)
        low, high = _bounds(name, score, errors[name]) if rows is None else wilson(score, rows)
        found[name] = Measured(value=score, low=low, high=high, rows=len(said) if rows is None else rows)
    return found


def _bounds(name: str, score: float, error: float) -> tuple[float, float]:
    """Bounds on a scale without an end: what a score of few rows can be is not as far on both sides of it."""
    if name in LOSSES:
        return _of_loss(score, error)
    if name == "r2":
        low, high = _of_loss(1 - score, error)
        return 1 - high, 1 - low
    if not 0 < score < 1:
        return score, score
    odds, reach = math.log(score / (1 - score)), REACH * error / (score * (1 - score))
    return 1 / (1 + math.exp(min(_FARTHEST, reach - odds))), 1 / (1 + math.exp(-reach - odds))


def _of_loss(loss: float, error: float) -> tuple[float, float]:
    factor = math.exp(min(_FARTHEST, REACH * error / loss)) if loss > 0 else 1.0
    return loss / factor, loss * factor


def wilson(share: float, rows: int) -> tuple[float, float]:
    """Bounds of a share of rows (E. B. Wilson 1927)."""
    square = REACH**2
    middle = (share + square / 2 / rows) / (1 + square / rows)
    reach = REACH * math.sqrt(share * (1 - share) / rows + square / 4 / rows**2) / (1 + square / rows)
    return max(0.0, min(share, middle - reach)), min(1.0, max(share, middle + reach))


def _bases(said: Said, outcomes: np.ndarray) -> Mapping[str, int]:
    """By metric that is a share of rows, how many these are."""
    if said.labels is None:
        return {}
    everything = {"accuracy": len(said)}
    if said.positive is None:
        return everything
    called, happened = int((said.labels == said.positive).sum()), int((outcomes == said.positive).sum())
    return {**everything, "precision": called, "recall": happened}


def _errors(said: Said, outcomes: np.ndarray) -> dict[str, float]:
    """The standard error of each metric that is defined in most draws. Of very many rows some tell it for all."""
    step = -(-len(said) // _MOST_ROWS)
    rows = np.arange(0, len(said), step)
    few, known = said.of(rows), outcomes[rows]
    random, count = np.random.default_rng(0), len(rows)

    def draw(draws: int) -> Scores:
        picked = random.integers(count, size=(draws, count)) + np.arange(draws)[:, None] * count
        weights = np.bincount(picked.ravel(), minlength=draws * count).reshape(draws, count).astype(np.float64)
        return scores_of(few, known, weights)

    drawn = in_pieces(few, draw)
    scale = math.sqrt(count / len(said))
    return {
        name: float(np.nanstd(values)) * scale for name, values in drawn.items() if np.isfinite(values).mean() > 1 / 2
    }


def in_pieces(said: Said, draw: Callable[[int], Scores]) -> Scores:
    """Many draws, a few at a time: as many as fit in memory."""
    size = len(said) * (1 if said.probabilities is None else said.probabilities.shape[1])
    draws = max(_FEWEST_DRAWS, min(_MOST_DRAWS, 10 * _NUMBERS // max(1, size)))
    parts = [draw(piece) for piece in _pieces(draws, max(1, _NUMBERS // max(1, size)))]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _pieces(draws: int, at_once: int) -> Iterator[int]:
    for begin in range(0, draws, at_once):
        yield min(at_once, draws - begin)
