"""Cutting the examples by time: what is learnt comes before what is judged, as in service."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ..errors import DataError, SettingsError
from .build import DEPARTURE


@dataclass(frozen=True)
class TimeSplit:
    """Earlier examples to learn from, and later ones for the final judgement."""

    train: pl.DataFrame
    holdout: pl.DataFrame


def split_by_time(examples: pl.DataFrame, holdout_share: float) -> TimeSplit:
    """Keep about the latest `holdout_share` of the rows apart, cut at midnight UTC so that no day is on both sides.

    Raises:
        DataError: all rows are of one day, so none are left to learn from.
        SettingsError: the share leaves none.
    """
    ordered = examples.sort(DEPARTURE, maintain_order=True)
    first = ordered[DEPARTURE][int(len(ordered) * (1 - holdout_share))]
    before = pl.col(DEPARTURE) < pl.lit(first).dt.truncate("1d")
    split = TimeSplit(train=ordered.filter(before), holdout=ordered.filter(~before))
    if not split.train.is_empty():
        return split
    days = ordered[DEPARTURE].dt.date()
    if days[0] == days[-1]:
        raise DataError(
            "All flights are on the same day, so none are left to learn from.", "Add flights of earlier days."
        )
    raise SettingsError(
        f"split.holdout_share: {holdout_share:g} holds out every day from {days[0]} to {days[-1]}: "
        "none is left to learn from.",
        "Lower split.holdout_share in params.yaml.",
    )
