"""A random forest that bounds itself: how long it learns, and how large its graph is, hardly depend on the rows."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import polars as pl
from pydantic import Field
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.pipeline import Pipeline

from ....contract.types import Section
from ....features.encoders import for_trees
from ....settings import Features
from ...candidate import Recipe
from ...fitting import fit_pipeline
from ...space import Range
from ..thresholds import largest_float32_not_above

#: A tree learns from at most so many rows, drawn by weight; the whole forest from so many times that.
MOST_ROWS, DIFFERENT = 20_000, 10
#: Numbers in the leaves of all trees: leaves are larger where there are many rows or classes, so that a graph stays small.
MOST_VALUES = 200_000


class ForestSettings(Section):
    """`models.forest_all_features` and `models.forest_no_features` in params.yaml."""

    trees: Annotated[int, Field(gt=0, le=1000)] = 100
    rows_per_leaf: Annotated[int, Field(gt=0, description="At least; more where there are many rows or classes.")] = 5
    share_of_columns: Annotated[
        float, Field(gt=0, le=1, description="Of which the best is looked for at each branch, by chance.")
    ] = 0.3


SPACE = {
    "trees": Range(50, 300, log=True),
    "rows_per_leaf": Range(1, 50, log=True),
    "share_of_columns": Range(0.05, 1.0, log=True),
}


class Forest(BaseEstimator):  # type: ignore[misc]
    """A forest of scikit-learn that computes in float32 as its graph does.

    Args:
        forest: untrained.
    """

    def __init__(self, forest: Any) -> None:
        self.forest = forest

    def fit(self, features: np.ndarray, target: np.ndarray, sample_weight: np.ndarray | None = None) -> Forest:
        """Learn from float32 [N, n], the target [N] and weights; which rows a tree draws does not depend on where they stand."""
        order = _own_order(features, target)
        if len(order) > DIFFERENT * MOST_ROWS:
            seed = self.forest.random_state
            order = order[np.sort(np.random.default_rng(seed).permutation(len(order))[: DIFFERENT * MOST_ROWS])]
        weight = None if sample_weight is None else sample_weight[order]
        self.forest.fit(features[order], target[order], weight)
        for tree in self.forest.estimators_:
            tree.tree_.threshold[:] = largest_float32_not_above(tree.tree_.threshold)
        classifies = hasattr(self.forest, "classes_")
        if classifies:
            self.classes_ = self.forest.classes_
        self.width_ = len(self.classes_) if classifies else 1
        return self

    def predict_proba(self, features: np.ndarray) -> np.ndarray:
        """Probabilities [N, classes_]."""
        return np.asarray(self.forest.predict_proba(features))

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Values [N]."""
        return np.asarray(self.forest.predict(features))


def _own_order(features: np.ndarray, target: np.ndarray) -> np.ndarray:
    """An order of rows [N] that follows from what they are."""
    direction = np.random.default_rng(0).normal(size=features.shape[1])
    return np.lexsort((target, np.nan_to_num(features, nan=-1.5) @ direction))


def fit(
    recipe: Recipe[ForestSettings],
    features: Features,
    frame: pl.DataFrame,
    target: np.ndarray,
    weight: np.ndarray | None,
) -> Pipeline:
    """A forest with its encoders.

    Args:
        recipe: of the candidate.
        features: which transformers it has.
        frame: [N, columns].
        target: [N].
        weight: [N], or None.
    """
    options, rows = recipe.options, min(len(frame), MOST_ROWS)
    classes = len(np.unique(target)) if recipe.task.classifies else 1
    # By the number of leaves that there can be.
    least = -(-rows * options.trees * classes // MOST_VALUES)
    kind = RandomForestClassifier if recipe.task.classifies else RandomForestRegressor
    forest = kind(
        n_estimators=options.trees,
        min_samples_leaf=max(options.rows_per_leaf, least),
        max_features=options.share_of_columns,
        max_samples=rows,
        random_state=recipe.seed,
    )
    encoders = for_trees(frame, recipe.layout, features, recipe.task)
    return fit_pipeline(encoders, Forest(forest), frame, target, weight)
