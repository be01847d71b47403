"""Gradient boosting: trees that each mend the errors of those before (histogram-based, as in LightGBM; G. Ke et al. 2017)."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import polars as pl
from pydantic import Field
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

from ....contract.types import Section
from ....features.encoders import for_trees
from ...candidate import Candidate, Recipe
from ...fitting import fit_pipeline
from ...space import Range
from ..thresholds import largest_float32_not_above

#: Each class has its own trees, and each tree takes time.
MOST_TREES = 1000
#: A leaf holds at most this share of the rows, so that small tables have several.
LARGEST_LEAF = 1 / 20


class BoostingSettings(Section):
    """`models.gradient_boosting` in params.yaml."""

    trees: Annotated[int, Field(gt=0, le=MOST_TREES, description="A class; fewer if there are many.")] = 100
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.06
    leaves: Annotated[int, Field(ge=2, le=1000, description="Of a tree.")] = 15
    rows_per_leaf: Annotated[int, Field(gt=0, description="At least; fewer where there are few rows.")] = 20
    penalty: Annotated[float, Field(ge=0)] = 1.0


def fit(
    recipe: Recipe[BoostingSettings], frame: pl.DataFrame, target: np.ndarray, weight: np.ndarray | None
) -> Pipeline:
    """A boosting model with its encoders. It never stops early: that would judge by rows of the same time or group."""
    options = recipe.options
    classes = len(np.unique(target)) if recipe.task.classifies else 1
    arguments: dict[str, Any] = {
        "max_iter": min(options.trees, max(5, MOST_TREES // classes)),
        "learning_rate": options.learning_rate,
        "max_leaf_nodes": options.leaves,
        "min_samples_leaf": min(options.rows_per_leaf, max(2, int(len(frame) * LARGEST_LEAF))),
        "l2_regularization": options.penalty,
        "early_stopping": False,
        "random_state": recipe.seed,
    }
    kind = HistGradientBoostingClassifier if recipe.task.classifies else HistGradientBoostingRegressor
    encoders = for_trees(frame, recipe.layout, recipe.features, recipe.task)
    fitted = fit_pipeline(encoders, kind(**arguments), frame, target, weight)
    _compare_in_float32(fitted["model"])
    return fitted


def _compare_in_float32(model: Any) -> None:
    """Move each threshold down to the next float32, which changes no prediction."""
    # There is no public way to the thresholds; the parity gate would show it if this one changed.
    for trees in model._predictors:  # noqa: SLF001
        for tree in trees:
            tree.nodes["num_threshold"] = largest_float32_not_above(tree.nodes["num_threshold"])


SPACE = {
    "trees": Range(20, 500, log=True),
    "learning_rate": Range(0.01, 0.3, log=True),
    "leaves": Range(3, 63, log=True),
    "rows_per_leaf": Range(5, 200, log=True),
    "penalty": Range(1e-2, 1e2, log=True),
}
CANDIDATE = Candidate(name="gradient_boosting", settings=BoostingSettings, fit=fit, complexity=4, space=SPACE)
