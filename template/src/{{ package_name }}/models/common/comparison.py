"""Comparing candidates on the training data alone, by time-ordered folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from sklearn.model_selection import TimeSeriesSplit

from ...errors import DataError
from ...features.build import TARGET
from ...features.contract import COLUMNS
from ...settings import Settings
from .candidate import Candidate, predict_values
from .scores import PRIMARY, as_numbers, score


@dataclass(frozen=True)
class Result:
    """One score of one candidate over the folds."""

    candidate: str
    metric: str
    mean: float
    std: float
    is_baseline: bool


def features_of(table: pl.DataFrame) -> pl.DataFrame:
    """The contract's columns, in its order."""
    return table.select(column.name for column in COLUMNS)


def compare(candidates: Sequence[Candidate], train: pl.DataFrame, settings: Settings) -> list[Result]:
    """Mean and sample standard deviation of each score over the folds.

    Each fold is predicted by a model, preprocessing included, that was fitted only on the folds before it.

    Raises:
        DataError: a fold holds one class only, so that it cannot be learnt from or judged.
    """
    features, target = features_of(train), train[TARGET].to_numpy()
    results = []
    for candidate in candidates:
        folds = []
        for earlier, later in TimeSeriesSplit(n_splits=settings.split.folds).split(target):
            _require_both_classes(target[earlier], target[later], settings)
            model = candidate.build(settings).fit(features[earlier], target[earlier])
            prediction = predict_values(model, features[later], settings.task)
            folds.append(as_numbers(score(target[later], prediction, settings.task)))
        for metric in folds[0]:
            values = np.array([fold[metric] for fold in folds])
            results.append(
                Result(candidate.name, metric, float(values.mean()), float(values.std(ddof=1)), candidate.is_baseline)
            )
    return results


def _require_both_classes(earlier: np.ndarray, later: np.ndarray, settings: Settings) -> None:
    if settings.task == "classification" and min(len(np.unique(earlier)), len(np.unique(later))) <= 1:
        raise DataError(
            "A fold of the training data holds only late flights, or none.",
            "Take fewer folds (split.folds in params.yaml) or more flights.",
        )


def choose(results: Sequence[Result], settings: Settings) -> str:
    """The name of the candidate with the best mean of the primary score; the baseline cannot be chosen."""
    primary = [item for item in results if item.metric == PRIMARY[settings.task] and not item.is_baseline]
    return min(primary, key=lambda item: item.mean).candidate
