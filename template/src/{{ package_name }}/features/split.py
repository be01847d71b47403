"""Cutting the examples by time: what is learnt comes before what is judged, as in service."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ..errors import DataError
from .build import DEPARTURE


@dataclass(frozen=True)
class TimeSplit:
    """Earlier examples to learn from, and later ones for the final judgement."""

    train: pl.DataFrame
    holdout: pl.DataFrame


def split_by_time(examples: pl.DataFrame, holdout_share: float) -> TimeSplit:
    """Keep about the latest `holdout_share` of the rows apart, cut at midnight UTC so that no day is on both sides.

    Raises:
        DataError: nothing is left to learn from.
    """
    ordered = examples.sort(DEPARTURE, maintain_order=True)
    first = ordered[DEPARTURE][int(len(ordered) * (1 - holdout_share))]
    before = pl.col(DEPARTURE) < pl.lit(first).dt.truncate("1d")
    split = TimeSplit(train=ordered.filter(before), holdout=ordered.filter(~before))
    if split.train.is_empty():
        raise DataError(
            "All flights are on the same day, so none are left to learn from.", "Add flights of earlier days."
        )
    return split
