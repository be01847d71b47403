"""Whether a new model may take the place of the one that is served: they are compared on rows that neither learnt from."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from ..contract.digests import row_digests
from ..contract.types import Contract, DatetimeColumn
from ..models.candidate import weights
from ..predictor.predictor import Predictor
from ..tasks.base import task_of
from .uncertainty import CONFIDENCE, Interval, blocks_of, mean_interval, resampled_means

__all__ = ["Verdict", "answers_of", "incomparable", "judge", "row_digests", "unseen_by"]

#: With fewer rows a difference says nothing.
FEWEST_ROWS = 50


Outcome = Literal["promote", "keep"]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether the new model takes the alias (`promote`) or the champion stays (`keep`), and why, in a sentence.

    Args:
        rows: how many both were asked about.
        difference: mean primary loss of the new one less that of the champion: below 0 if the new one is better; None if
            they were not compared.
        low, high: its bounds, by the jackknife over blocks.
        bootstrap_low, bootstrap_high: the same by the bootstrap over blocks.
        worse: the share of resamples in which the new one is worse.
    """

    decision: Outcome
    sentence: str
    rows: int = 0
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    bootstrap_low: float | None = None
    bootstrap_high: float | None = None
    worse: float | None = None

    @property
    def takes_alias(self) -> bool:
        """Whether the new model is served from now on."""
        return self.decision == "promote"


def judge(contract: Contract, rows: pl.DataFrame, new: np.ndarray, champion: np.ndarray) -> Verdict:
    """Compare two models; one that is worse never takes the alias, one that is no worse does.

    The losses of a row are paired, so that rows which are hard for both do not count. Whether the difference may be chance
    is asked of whole blocks, by jackknife and by bootstrap. McNemar's test is not used: it takes rows for independent, and
    counts labels at a threshold, where models are chosen by the loss of their probabilities.

    Args:
        contract: of the new model.
        rows: with the target, [N]; neither model learnt from them (see `row_digests`).
        new: the new model's predictions of them: [N, classes] in the contract's order, or [N] values.
        champion: the champion's, in the same order of classes.
    """
    task, count = task_of(contract), len(rows)
    target = task.target(rows[contract.target.column], contract)
    if count < FEWEST_ROWS or task.events(target) < contract.acceptance.minimum_events:
        sentence = f"the champion stays: {count} rows are new to both models, too few (or too few events) to compare by"
        return Verdict(decision="keep", sentence=sentence, rows=count)
    losses = task.losses(target, new) - task.losses(target, champion)
    blocks, weight = blocks_of(rows, contract).index, weights(rows, contract.weight)
    found, resamples = mean_interval(losses, blocks, weight), resampled_means(losses, blocks, weight)
    if found is None or resamples is None or not np.isfinite(found.value):
        sentence = "the champion stays: the losses of the two cannot be compared"
        return Verdict(decision="keep", sentence=sentence, rows=count)
    low, high = np.quantile(resamples, [1 - CONFIDENCE, CONFIDENCE])
    sure = not min(found.low, low) <= 0 <= max(found.high, high)
    return Verdict(
        decision="promote" if found.value <= 0 else "keep",
        sentence=_sentence(found, count, sure=sure),
        rows=count,
        difference=round(found.value, 9),
        low=round(found.low, 9),
        high=round(found.high, 9),
        bootstrap_low=round(float(low), 9),
        bootstrap_high=round(float(high), 9),
        worse=round(float((resamples > 0).mean()), 6),
    )


def _sentence(found: Interval, rows: int, *, sure: bool) -> str:
    bounds = f"{found.value:+.4g}, {found.low:+.4g} to {found.high:+.4g}, on {rows} rows new to both"
    outcome = "the new model takes the alias" if found.value <= 0 else "the champion stays"
    if not sure:
        return f"{outcome}; no difference beyond chance (mean loss {bounds})"
    better = "better than the champion" if found.value < 0 else "worse"
    return f"{outcome}: the new model is {better} (mean loss {bounds})"


def incomparable(old: Contract, new: Contract) -> str | None:
    """Why the champion's predictions of the present rows would not be comparable, or None."""
    if (old.task, old.target.column) != (new.task, new.target.column):
        return f"it predicts {old.target.column} ({old.task})"
    if set(old.labels) != set(new.labels) or old.target.unit != new.target.unit:
        return "its target has other labels or another unit"
    for name, column in old.columns.items():
        now = new.columns.get(name)
        if now is None or now.kind != column.kind or getattr(now, "unit", None) != getattr(column, "unit", None):
            return f"its column `{name}` is gone, or of another kind or unit"
        if isinstance(column, DatetimeColumn) and old.time_zone != new.time_zone:
            return f"its column `{name}` is in another time zone"
    return None


def unseen_by(rows: pl.DataFrame, old: Contract, learnt: bytes | None) -> np.ndarray | None:
    """Which rows the champion did not learn from, bool [N]; None if that cannot be known."""
    named = old.key or (*old.columns, *old.roles, old.target.column)
    if learnt is None or not set(named) <= set(rows.columns):
        return None
    try:
        digests = pl.read_parquet(io.BytesIO(learnt)).to_series().to_numpy()
    except (pl.exceptions.PolarsError, OSError):
        return None
    return ~np.isin(row_digests(rows, old), digests)


def answers_of(model: Predictor, rows: pl.DataFrame) -> np.ndarray:
    """Probabilities [N, labels] in the order of the model's contract, or values [N]; float64."""
    if rows.is_empty():
        return np.empty((0, len(model.contract.labels)))
    columns = {
        name: rows[name].to_list() if rows[name].dtype == pl.String else rows[name].to_numpy()
        for name in model.contract.columns
    }
    found = model.predict(columns)
    return (found.values if found.probabilities is None else found.probabilities).astype(np.float64)
