"""Linear models: logistic regression (multinomial) for classes, ridge regression for numbers."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import polars as pl
from pydantic import Field
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline

from ...contract.types import Section
from ...features.encoders import for_linear_models
from ..candidate import Candidate, Recipe
from ..fitting import fit_pipeline
from ..space import Range

Positive = Annotated[float, Field(gt=0)]


class LinearSettings(Section):
    """`models.linear` in params.yaml."""

    inverse_penalty: Annotated[Positive, Field(description="Of classes: smaller is a stronger penalty.")] = 1.0
    penalty: Annotated[Positive, Field(description="Of numbers: larger is a stronger penalty.")] = 1.0


def fit(recipe: Recipe[LinearSettings], frame: pl.DataFrame, target: np.ndarray, weight: np.ndarray | None) -> Pipeline:
    """A linear model with its encoders."""
    if recipe.task.classifies:
        model = LogisticRegression(C=recipe.options.inverse_penalty, max_iter=300)
    else:
        model = Ridge(alpha=recipe.options.penalty, random_state=recipe.seed)
    encoders = for_linear_models(frame, recipe.layout, recipe.features, recipe.task)
    return fit_pipeline(encoders, model, frame, target, weight)


SPACE = {"inverse_penalty": Range(1e-3, 1e2, log=True), "penalty": Range(1e-2, 1e4, log=True)}
CANDIDATE = Candidate(name="linear", settings=LinearSettings, fit=fit, complexity=2, space=SPACE)
