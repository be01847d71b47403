"""Whether a model is good enough on the hold-out, and not too good to be true. A sentence for each reason against it.

Noise does not pass: it must hardly ever happen that shuffled outcomes are predicted as well; and at its lower bound the gain
over the naive baseline must be above the contract's. docs/models/trust.md says how often noise passes, and how weak a signal does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..contract.types import Acceptance, Contract
from ..tasks.base import Task
from .decision import Decision, decide
from .uncertainty import CONFIDENCE, GAIN_CONFIDENCE, Blocks, Interval, chance, jackknife, mean_interval

#: A model passes if the chance to be as good without knowing anything is at most this.
ERROR = 0.005


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """What is judged: predictions of model and baseline ([N, classes] or [N]) of the same rows.

    Args:
        target: what happened, [N].
        weight: of each row, [N], or None.
        blocks: of rows that are not independent.
        threshold: from which probability on a row is called positive; None if not binary.
    """

    target: np.ndarray
    model: np.ndarray
    baseline: np.ndarray
    weight: np.ndarray | None
    blocks: Blocks
    threshold: float | None


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What was measured.

    Args:
        metrics: of the model, by name; one that is not defined on these rows, or has no bounds, is left out.
        baseline: the same of the naive baseline.
        gain: primary loss of the baseline less that of the model, a mean over rows; None if it has no bounds.
        chance: to be as good without knowing anything; None if it cannot be known.
        events: rows outside of the largest class; for values, rows.
    """

    metrics: Mapping[str, Interval]
    baseline: Mapping[str, float]
    gain: Interval | None
    chance: float | None
    events: int
    rows: int
    blocks: Blocks
    decision: Decision | None


def measure(task: Task, contract: Contract, found: Predictions) -> Scores:
    """Score model and baseline."""

    def scores(rows: np.ndarray) -> dict[str, float]:
        return task.score(found.target[rows], found.model[rows], None if found.weight is None else found.weight[rows])

    losses = task.losses(found.target, found.baseline) - task.losses(found.target, found.model)
    return Scores(
        metrics=jackknife(scores, found.blocks.index),
        baseline=task.score(found.target, found.baseline, found.weight),
        gain=mean_interval(losses, found.blocks.index, found.weight, GAIN_CONFIDENCE),
        chance=chance(task, found.target, found.model, found.weight, found.blocks),
        events=task.events(found.target),
        rows=len(found.target),
        blocks=found.blocks,
        decision=decide(contract, found.target, found.model, found.weight, found.threshold),
    )


def find_objections(scores: Scores, task: Task, contract: Contract) -> list[str]:
    """Why the model cannot be accepted and what can be done, one sentence each; empty if it can."""
    bounds = contract.acceptance
    return [
        *_too_few(scores, task, bounds),
        *_no_gain(scores, task, bounds),
        *_not_as_required(scores, task, bounds),
        *_too_good(scores, task, bounds),
        *(scores.decision.objections() if scores.decision else ()),
    ]


def _too_few(scores: Scores, task: Task, bounds: Acceptance) -> Iterator[str]:
    if scores.events < bounds.minimum_events:
        what = "rows outside of the largest class" if task.classifies else "rows"
        yield (
            f"the hold-out has {scores.events} {what}, and nothing can be judged by fewer than {bounds.minimum_events}: "
            "add rows, or hold out a larger share (split.holdout_share in params.yaml)"
        )


def _no_gain(scores: Scores, task: Task, bounds: Acceptance) -> Iterator[str]:
    gain, name = scores.gain, _loss(task)
    if gain is None or scores.chance is None:
        yield f"{scores.rows} rows in the hold-out are too few to know the gain over the naive baseline: add rows"
        return
    if gain.low <= bounds.gain:
        yield (
            f"the gain in {name} over the naive baseline is {gain.value:.4g}, and for sure only {gain.low:.4g}: it must be "
            f"above {bounds.gain:g}; better features or more rows can help"
        )
    if scores.chance > ERROR:
        yield (
            f"a model that knows nothing would be as good with a chance of {scores.chance:.1%}, at most {ERROR:.1%} are "
            "allowed; better features or more rows can help"
        )


def _not_as_required(scores: Scores, task: Task, bounds: Acceptance) -> Iterator[str]:
    for name, bound in bounds.required.items():
        found, higher = scores.metrics.get(name), task.metrics.get(name, True)
        if found is None:
            yield f"acceptance.required: {_undefined(name, task)}"
        elif higher and found.low < bound:
            yield f"{name} is {found.value:.4g}, and for sure only {found.low:.4g}; at least {bound:g} is required"
        elif not higher and found.high > bound:
            yield f"{name} is {found.value:.4g}, and for sure only below {found.high:.4g}; at most {bound:g} is allowed"


def _too_good(scores: Scores, task: Task, bounds: Acceptance) -> Iterator[str]:
    for name, bound in bounds.too_good.metrics.items():
        found, higher = scores.metrics.get(name), task.metrics.get(name, True)
        if name not in task.metrics:
            yield f"acceptance.too_good.metrics: {_undefined(name, task)}"
        elif found and (found.low > bound if higher else found.high < bound):
            sure = f"at least {found.low:.4g}" if higher else f"at most {found.high:.4g}"
            yield (
                f"{name} is {found.value:.4g}, {sure} for sure: beyond {bound:g} it is too good to be true. Look for a column "
                "that is known only later; if there is none, move acceptance.too_good.metrics and say why in `reason`"
            )


def _undefined(name: str, task: Task) -> str:
    if name not in task.metrics:
        return f"`{name}` is no metric of a {task.name} task; there are: {', '.join(task.metrics)}"
    return (
        f"{name} cannot be known on this hold-out (too few rows of a class, or values that are all the same): add rows"
    )


def _loss(task: Task) -> str:
    """What a mean over rows of the primary loss is called."""
    return task.primary if task.classifies else "mean squared error"


def _possible(interval: Interval, task: Task, name: str) -> Interval:
    """A score within what it can be: none that is better when higher exceeds 1, and no error is below 0."""
    if task.metrics[name]:
        return replace(interval, high=min(interval.high, max(1.0, interval.value)))
    return replace(interval, low=max(interval.low, min(0.0, interval.value)))


def as_report(scores: Scores, task: Task) -> dict[str, Any]:
    """For reports/metrics.json: finite numbers, or null."""
    return {
        "rows": scores.rows,
        "events": scores.events,
        "holdout": {name: _possible(interval, task, name).rounded() for name, interval in scores.metrics.items()},
        "baseline": {name: round(value, 6) for name, value in scores.baseline.items()},
        "gain": None if scores.gain is None else {"in": _loss(task), **scores.gain.rounded()},
        "chance": None if scores.chance is None else round(scores.chance, 6),
        "confidence": {"bounds": CONFIDENCE, "gain": GAIN_CONFIDENCE, "blocks_of": scores.blocks.of},
        "decision": scores.decision.as_report() if scores.decision else None,
        "not_defined": [name for name in task.metrics if name not in scores.metrics],
    }
