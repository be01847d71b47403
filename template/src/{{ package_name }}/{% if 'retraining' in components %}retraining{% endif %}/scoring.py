"""How good the model is on the newest windows whose outcomes are known, beside what its hold-out promised."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import polars as pl

from ..evaluation.champion import answers_of
from ..evaluation.uncertainty import mean_interval
from ..monitoring.judging import Judged
from ..monitoring.reference import Reference
from ..predictor.predictor import Predictor
from ..tasks.base import task_of
from .served import MOMENT
from .situation import Scored

#: So many of the newest windows are looked at.
LOOKED_AT = 24
#: Of a window, this share of its rows must have an outcome, and so many rows: what becomes known first may be special.
LEAST_SHARE, LEAST_ROWS = 0.5, 50
_BLOCKS = 20


def newest_scored(
    model: Predictor, reference: Reference | None, windows: Sequence[Judged], rows: pl.DataFrame
) -> tuple[tuple[Scored, ...], int]:
    """The newest windows with outcomes, and how many rows of the newest window have none yet.

    Args:
        model: the champion, which is asked again: some rows were answered by others.
        reference: what it promised; None if it does not say.
        windows: in their order.
        rows: served ones with an outcome, with `MOMENT`.
    """
    found, late = [], 0
    for window in windows[-LOOKED_AT:]:
        within = rows.filter(
            pl.col(MOMENT).is_between(datetime.fromisoformat(window.begin), datetime.fromisoformat(window.end))
        )
        late = window.rows - len(within)
        if reference is not None and len(within) >= max(LEAST_ROWS, LEAST_SHARE * window.rows):
            scored = _scored(model, reference, window, within)
            found += [scored] if scored is not None else []
    return tuple(found), max(0, late)


def _scored(model: Predictor, reference: Reference, window: Judged, rows: pl.DataFrame) -> Scored | None:
    """By the loss that models are chosen by: it counts probabilities that say too much, too."""
    task = task_of(model.contract)
    promised = reference.scores.get(task.primary)
    target = task.target(rows[model.contract.target.column], model.contract)
    blocks = np.arange(len(rows)) * _BLOCKS // len(rows)
    value = mean_interval(task.losses(target, answers_of(model, rows)), blocks, None)
    if value is None or promised is None:
        return None
    mean, low, high = map(task.primary_of, (value.value, value.low, value.high))
    return Scored(
        index=window.index,
        begin=datetime.fromisoformat(window.begin),
        rows=len(rows),
        metric=task.primary,
        value=(mean, low, high),
        expected=(promised.value, promised.low, promised.high),
        is_worse=low > promised.high,
    )
