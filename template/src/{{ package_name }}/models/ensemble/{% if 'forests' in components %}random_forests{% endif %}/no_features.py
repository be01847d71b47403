"""A random forest of the columns of the contract alone: what `features` in params.yaml derives shows its worth against it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from sklearn.pipeline import Pipeline

from ....contract.types import Contract
from ....features.chains import chain, chained, exact
from ...candidate import Candidate, Recipe
from .forest import SPACE, ForestSettings
from .forest import fit as fit_forest


def fit(recipe: Recipe[ForestSettings], frame: pl.DataFrame, target: np.ndarray, weight: np.ndarray | None) -> Pipeline:
    """A forest with its encoders, without transformers."""
    return fit_forest(recipe, recipe.features.model_copy(update={"columns": {}, "all": ()}), frame, target, weight)


def adapt(
    recipe: Recipe[ForestSettings],
    contract: Contract,  # noqa: ARG001
    root: Path,  # noqa: ARG001
) -> Recipe[ForestSettings] | None:
    """Only where trees have a transformer: else it is the other forest."""
    chains = [links for links, _ in chained(recipe.layout, recipe.features)] + [chain(recipe.features.all, "all")]
    return recipe if any(exact(links) for links in chains) else None


CANDIDATE = Candidate(
    name="forest_no_features", settings=ForestSettings, fit=fit, complexity=5, space=SPACE, adapt=adapt
)
