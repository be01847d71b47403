"""A random forest of the columns of the contract and of what `features` in params.yaml derives from them."""

from __future__ import annotations

import numpy as np
import polars as pl
from sklearn.pipeline import Pipeline

from ...candidate import Candidate, Recipe
from .forest import SPACE, ForestSettings
from .forest import fit as fit_forest


def fit(recipe: Recipe[ForestSettings], frame: pl.DataFrame, target: np.ndarray, weight: np.ndarray | None) -> Pipeline:
    """A forest with its encoders."""
    return fit_forest(recipe, recipe.features, frame, target, weight)


CANDIDATE = Candidate(name="forest_all_features", settings=ForestSettings, fit=fit, complexity=6, space=SPACE)
