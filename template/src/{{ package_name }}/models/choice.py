"""Comparing candidates on folds of the training rows, and choosing one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..tasks.base import Task

#: Share of the loss below which a difference is the solver's, not the model's.
NO_DIFFERENCE = 1e-4


class Entrant(Protocol):
    """What is compared: a candidate, or what is made of candidates."""

    @property
    def name(self) -> str:
        """As reports call it."""

    @property
    def complexity(self) -> int:
        """Of two that are no different, the one with less is taken."""

    @property
    def is_baseline(self) -> bool:
        """Whether it is compared, and never chosen."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """One candidate, or what is made of several, on the folds.

    Args:
        candidate: which one.
        scores: by metric, one dictionary a fold, in the order of the folds.
        predictions: of the rows that were judged, a fold each.
    """

    candidate: Entrant
    scores: Sequence[Mapping[str, float]]
    predictions: Sequence[np.ndarray]

    def values(self, metric: str) -> np.ndarray:
        """Of the folds on which the metric is defined, [folds]."""
        return np.array([fold[metric] for fold in self.scores if metric in fold])


@dataclass(frozen=True)
class Choice:
    """The chosen result and why, in a sentence."""

    result: Result
    note: str


def choose(results: Sequence[Result], task: Task) -> Choice:
    """The simplest candidate whose loss is within one standard error of the best one's (L. Breiman et al. 1984, section 3.4.3).

    The error is that of the differences between the two on the same folds. One that a simpler one beats on average is not
    taken, however widely it scatters, nor one that the baseline beats if another is better than it; the baseline is never
    chosen.
    """
    models = sorted((item for item in results if not item.candidate.is_baseline), key=lambda item: _mean(item, task))
    best = models[0]
    close = [item for item in models if not (worse(item, best, task) or _is_beaten(item, results, task))] or [best]
    chosen = min(close, key=lambda item: (item.candidate.complexity, _mean(item, task)))
    note = f"{chosen.candidate.name} has {task.primary} {_mean(chosen, task):.4g} over {len(chosen.scores)} folds"
    if chosen is not best:
        note += f"; no difference to {best.candidate.name} ({_mean(best, task):.4g}), so the simpler one is taken"
    elif len(close) > 1:
        equal = ", ".join(f"{item.candidate.name} ({_mean(item, task):.4g})" for item in close if item is not chosen)
        note += f"; no difference to {equal}, none of which is simpler"
    for baseline in (item for item in results if item.candidate.is_baseline):
        if not worse(baseline, chosen, task):
            note += f"; the baseline ({_mean(baseline, task):.4g}) is no worse by more than chance: maybe nothing was learnt"
    return Choice(chosen, note)


def _mean(result: Result, task: Task) -> float:
    return float(result.values(task.primary).mean())


def _is_beaten(one: Result, others: Sequence[Result], task: Task) -> bool:
    """Whether a simpler one has no higher mean loss."""
    return any(
        other.candidate.complexity < one.candidate.complexity and _mean(other, task) <= _mean(one, task)
        for other in others
    )


def worse(one: Result, other: Result, task: Task) -> bool:
    """Whether the loss of one lies more than one standard error of the paired differences above that of the other."""
    differences = one.values(task.primary) - other.values(task.primary)
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    return bool(differences.mean() > max(error, NO_DIFFERENCE * abs(_mean(other, task))))


def best_threshold(
    happened: np.ndarray, probability: np.ndarray, costs: tuple[float, float], weight: np.ndarray
) -> float:
    """The probability from which to say "positive" so that these rows [N] cost least, between two that occur.

    Args:
        happened: whether the row is positive.
        probability: that it is.
        costs: of a false and of a missed positive.
        weight: of the row.
    """
    order = np.argsort(-probability, kind="stable")
    truth, ordered = happened[order], probability[order]
    # With the first k rows called positive, k = 0 … N, less what it costs to call none so.
    cost = np.concatenate([[0.0], (np.where(truth, -costs[1], costs[0]) * weight[order]).cumsum()])
    limits = np.concatenate([[(1 + ordered[0]) / 2], (ordered[1:] + ordered[:-1]) / 2, [ordered[-1] / 2]])
    # Rows of one probability are called the same, also in float32, in which the graph computes.
    apart = np.diff(ordered.astype(np.float32)) < 0
    possible = np.concatenate([[np.float32(ordered[0]) < 1], apart, [True]])
    return float(np.float32(limits[possible][cost[possible].argmin()]))
