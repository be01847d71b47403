"""Champion and challenger on the same newest rows, of which neither has learnt; and later, on those that came since."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from ..evaluation.champion import Verdict, answers_of, incomparable, judge, unseen_by
from ..evaluation.uncertainty import mean_interval
from ..predictor.loading import ModelFileError
from ..predictor.predictor import Predictor
from ..tasks.base import task_of
from ..tracking import Champion

#: Blocks of rows that were served one after the other.
_BLOCKS = 20


def compare(new: Predictor, champion: Champion, rows: pl.DataFrame) -> Verdict:
    """Whether the new model takes the champion's place."""
    try:
        if champion.graph is None:
            return _unasked(champion, "its file is not kept any more")
        old = Predictor.from_bytes(champion.graph, Path("of the champion"))
        if reason := incomparable(old.contract, new.contract):
            return _unasked(champion, reason)
        unseen = unseen_by(rows, old.contract, champion.learnt)
        fresh = rows if unseen is None else rows.filter(pl.Series(unseen))
        return judge(new.contract, fresh, answers_of(new, fresh), _in_order(old, new, fresh))
    except ModelFileError as error:
        return _unasked(champion, str(error))


def worse_since(new: Predictor, old: Predictor, rows: pl.DataFrame, error: float) -> tuple[float, float, float] | None:
    """By how much the new model's mean loss is above the old one's on rows [N] in their order, with bounds.

    Args:
        new: that serves.
        old: that served before.
        rows: served since; neither learnt from them.
        error: how probable a bound may be wrong.
    """
    task = task_of(new.contract)
    target = task.target(rows[new.contract.target.column], new.contract)
    losses = task.losses(target, answers_of(new, rows)) - task.losses(target, _in_order(old, new, rows))
    blocks = np.arange(len(rows)) * _BLOCKS // max(1, len(rows))
    found = mean_interval(losses, blocks, None, 1 - error)
    return None if found is None else (found.value, found.low, found.high)


def _in_order(old: Predictor, new: Predictor, rows: pl.DataFrame) -> np.ndarray:
    """The old model's answers in the new one's order of labels."""
    answers = answers_of(old, rows)
    order = [old.contract.labels.index(label) for label in new.contract.labels]
    return answers[:, order] if order else answers


def _unasked(champion: Champion, reason: str) -> Verdict:
    sentence = f"the champion stays, as version {champion.version} cannot be compared with: {reason}"
    return Verdict(decision="keep", sentence=sentence.rstrip("."))
