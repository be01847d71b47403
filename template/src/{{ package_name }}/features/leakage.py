"""The alarm for features that tell too much: a copy of the outcome under an innocent name."""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.metrics import roc_auc_score

from ..errors import LeakageError
from ..settings import Task
from .build import TARGET
from .contract import COLUMNS


def single_feature_strength(train: pl.DataFrame, name: str, task: Task) -> float:
    """How much one feature tells by itself, 0 to 1.

    Classification: ROC AUC, turned so that it is at least one half. Regression: absolute rank correlation (Spearman).
    Categories are ranked by the mean of the target, which flatters rare ones. Rows without the feature are left out.
    """
    known = train.filter(pl.col(name).is_not_null() & (pl.col(name).cast(pl.String) != ""))
    target = known[TARGET].to_numpy()
    feature = known[name] if known[name].dtype.is_numeric() else known.select(pl.col(TARGET).mean().over(name))[TARGET]
    values = feature.to_numpy()
    if min(len(np.unique(values)), len(np.unique(target))) <= 1:
        return 0.0
    if task == "classification":
        score = float(roc_auc_score(target, values))
        return max(score, 1 - score)
    ranks = pl.DataFrame({"feature": values, "target": target})
    return abs(float(ranks.select(pl.corr("feature", "target", method="spearman")).item()))


def forbid_copies_of_target(train: pl.DataFrame, task: Task, bound: float) -> None:
    """Refuse features that alone tell more than `bound`.

    Raises:
        LeakageError: names the features and what they tell.
    """
    strengths = {column.name: single_feature_strength(train, column.name, task) for column in COLUMNS}
    found = {name: strength for name, strength in strengths.items() if strength > bound}
    if found:
        listed = ", ".join(f"`{name}` ({strength:.3f})" for name, strength in found.items())
        raise LeakageError(
            f"Too good to be true: {listed} alone tells more than {bound:g} about the outcome.",
            "Find out when the value is known; if it truly is before the prediction, "
            "raise acceptance.too_good_single_feature in params.yaml.",
        )
