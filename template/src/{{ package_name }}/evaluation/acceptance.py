"""Whether a model is good enough on the hold-out, and not too good to be true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..contract.types import Contract
from ..tasks.base import Task
from .uncertainty import Blocks, Interval, jackknife, mean_interval


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What deciding by the threshold does on the hold-out, in rows (or their weight)."""

    threshold: float
    true_positives: float
    false_positives: float
    false_negatives: float
    true_negatives: float
    #: Mean cost of a row: of wrong decisions by `target.costs`, else 1 less balanced accuracy.
    cost: float
    constant_cost: float


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What was measured on the hold-out.

    Args:
        metrics: of the model, by name; one that is not defined on these rows is left out.
        baseline: the same of the naive baseline.
        gain: primary loss of the baseline less that of the model; None where it cannot be known.
        events: rows outside of the largest class; for values, rows.
    """

    metrics: Mapping[str, Interval]
    baseline: Mapping[str, float]
    gain: Interval | None
    events: int
    rows: int
    decision: Decision | None


def measure(  # noqa: PLR0913, PLR0917
    task: Task,
    contract: Contract,
    target: np.ndarray,
    model: np.ndarray,
    baseline: np.ndarray,
    blocks: Blocks,
    weight: np.ndarray | None,
    threshold: float | None,
) -> Scores:
    """Score predictions of model and baseline, [N, classes] or [N], against the target [N]."""

    def metric(name: str) -> Interval | None:
        return jackknife(
            lambda rows: task.score(target[rows], model[rows], None if weight is None else weight[rows]).get(name),
            blocks.index,
        )

    defined = task.score(target, model, weight)
    intervals = {name: found for name in defined if (found := metric(name)) is not None}
    gain = mean_interval(task.losses(target, baseline) - task.losses(target, model), blocks.index, weight)
    return Scores(
        metrics=intervals,
        baseline=task.score(target, baseline, weight),
        gain=gain,
        events=task.events(target),
        rows=len(target),
        decision=None,
    )


def find_objections(scores: Scores, task: Task, contract: Contract) -> list[str]:
    """Why the model cannot be accepted, one sentence each; empty if it can."""
    bounds = contract.acceptance
    objections: list[str] = []
    if scores.events < bounds.minimum_events:
        objections.append(
            f"{scores.events} events on the hold-out are too few to judge by; {bounds.minimum_events} are needed"
        )
    if scores.gain is None:
        objections.append("the gain over the naive baseline cannot be known from so few rows")
    elif scores.gain.low <= bounds.gain:
        objections.append(
            f"gain in {task.primary} is {scores.gain.value:.4f}, at least {scores.gain.low:.4f} with confidence"
        )
    return objections


def as_report(scores: Scores) -> dict[str, Any]:
    """For reports/metrics.json."""
    return {
        "rows": scores.rows,
        "events": scores.events,
        "holdout": {name: interval.rounded() for name, interval in scores.metrics.items()},
        "baseline": {name: round(value, 6) for name, value in scores.baseline.items()},
        "gain": None if scores.gain is None else scores.gain.rounded(),
    }
