"""Whether the smaller graph says the same, row by row, and is as right.

Answers are compared on the hold-out, whose outcomes are not looked at. Whether it is as right is judged by training rows, and the
hold-out is asked afterwards: nothing is chosen by it. On the rows that it learnt from the loss of a model is about as low as it gets,
so what rounding spoils shows there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from ..evaluation.uncertainty import Interval, blocks_of, mean_interval
from ..export.parity import hard_cases, shares_of_tolerance
from ..features.frame import columns_of
from ..models.candidate import weights
from ..predictor.predictor import Predictions, Predictor
from ..tasks.base import task_of
from .settings import CONFIG, QuantisedSettings

#: Rows that are asked together, and one by one.
MOST_ROWS, MOST_ALONE = 20_000, 500


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The exported graph, and the one with integers."""

    exported: Predictor
    quantised: Predictor


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far the answers of both lie apart.

    Args:
        rows: asked in batches, rows of the hold-out and hard cases made of them.
        alone: of those, rows that were asked one by one too.
        largest: difference of any output.
        share_of_allowed: the largest, as a share of what is allowed for its row.
        by_others: largest difference of the smaller graph's own answers to a row, alone and among others.
        changed_labels: the share of rows of the hold-out with another label; None for values.
    """

    rows: int
    alone: int
    largest: float
    share_of_allowed: float
    by_others: float
    changed_labels: float | None


def differences(pair: Pair, holdout: pl.DataFrame, allowed: float, seed: int) -> Difference:
    """Compare the answers to rows of the hold-out and hard cases, together and alone."""
    contract = pair.exported.contract
    rows = _some(holdout[list(contract.columns)], MOST_ROWS, seed)
    table = pl.concat([rows, hard_cases(contract, rows, seed)[0]]).sample(fraction=1, shuffle=True, seed=seed)
    expected, together = (outputs(_ask(each, table)) for each in (pair.exported, pair.quantised))
    few = table.head(MOST_ALONE)
    alone = np.concatenate([outputs(_ask(pair.quantised, row)) for row in few.iter_slices(1)])
    answers = np.concatenate([together, alone])
    twice = np.concatenate([expected, expected[: len(few)]])
    labels = [_ask(each, rows).labels for each in (pair.exported, pair.quantised)]
    changed = None if labels[0] is None or labels[1] is None else float(np.mean(labels[0] != labels[1]))
    return Difference(
        rows=len(table),
        alone=len(few),
        largest=float(np.abs(answers - twice).max()),
        share_of_allowed=float(shares_of_tolerance(twice, answers, allowed).max()),
        by_others=float(np.abs(alone - together[: len(few)]).max()),
        changed_labels=changed,
    )


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What the smaller graph costs on rows whose outcome is known: mean loss of the exported graph, and by how much it rises."""

    rows: int
    mean: float
    rise: Interval | None


def loss(pair: Pair, rows: pl.DataFrame, seed: int) -> Loss:
    """The primary loss of both on rows of the contract, paired."""
    contract, some = pair.exported.contract, _some(rows, MOST_ROWS, seed)
    task, weight = task_of(contract), weights(some, contract.weight)
    target = task.target(some[contract.target.column], contract)
    before, after = (task.losses(target, _prediction(_ask(each, some))) for each in (pair.exported, pair.quantised))
    return Loss(
        rows=len(some),
        mean=float(np.average(before, weights=weight)),
        rise=mean_interval(after - before, blocks_of(some, contract).index, weight),
    )


def scores(pair: Pair, rows: pl.DataFrame) -> dict[str, dict[str, float]]:
    """Each metric of both on the hold-out: shown, and nothing is decided by it."""
    contract = pair.exported.contract
    task, weight = task_of(contract), weights(rows, contract.weight)
    target = task.target(rows[contract.target.column], contract)
    before, after = (
        task.score(target, _prediction(_ask(each, rows)), weight) for each in (pair.exported, pair.quantised)
    )
    return {name: {"exported": before[name], "quantised": after[name]} for name in before if name in after}


def objections(difference: Difference, found: Loss, bounds: QuantisedSettings) -> Iterator[str]:
    """Why the smaller graph must not be used, a sentence each."""
    if not difference.share_of_allowed <= 1:
        yield (
            f"a prediction differs by {difference.largest:.4g}, which is {difference.share_of_allowed:.2g} times what is allowed "
            f"(largest_difference in {CONFIG})"
        )
    if difference.changed_labels is not None and difference.changed_labels > bounds.changed_labels:
        yield (
            f"{difference.changed_labels:.2%} of the rows get another label, at most {bounds.changed_labels:.2%} may "
            f"(changed_labels in {CONFIG})"
        )
    allowed = bounds.loss_rise * found.mean
    if found.rise is None:
        yield f"{found.rows} training rows are too few to know whether it is as right"
    elif found.rise.high > allowed:
        yield (
            f"the mean loss of training rows rises by {found.rise.value:.3g}, and maybe by {found.rise.high:.3g}: at most "
            f"{allowed:.3g} is allowed (loss_rise in {CONFIG})"
        )


def outputs(found: Predictions) -> np.ndarray:
    """Probabilities [N, labels], or values [N, 1]; float64."""
    values = found.values[:, None] if found.probabilities is None else found.probabilities
    return values.astype(np.float64)


def _prediction(found: Predictions) -> np.ndarray:
    """As a task takes it: probabilities [N, labels], or values [N]."""
    values = outputs(found)
    return values[:, 0] if found.probabilities is None else values


def _ask(model: Predictor, rows: pl.DataFrame) -> Predictions:
    return model.predict(columns_of(model.contract, rows))


def _some(rows: pl.DataFrame, most: int, seed: int) -> pl.DataFrame:
    return rows.sample(most, seed=seed) if len(rows) > most else rows
