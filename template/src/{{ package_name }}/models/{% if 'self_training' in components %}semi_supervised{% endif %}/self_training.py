"""Self-training (D. Yarowsky 1995): a model labels rows without an outcome where it is sure, and learns from these labels, too."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
import polars as pl
from pydantic import Field
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.semi_supervised import SelfTrainingClassifier

from ...contract.types import Contract, Section
from ...features.encoders import for_linear_models
from ...features.frame import model_frame
from ..candidate import Candidate, Recipe
from ..configs import UNLABELLED
from ..fitting import encoded
from ..space import Range

#: More rows without an outcome than this are not worth their time.
MOST_ROWS = 20_000


class SelfTrainingSettings(Section):
    """`models.self_training` in params.yaml."""

    unlabelled: Annotated[bool, Field(description="Whether rows without an outcome are kept for it.")] = False
    sure: Annotated[float, Field(gt=0.5, lt=1, description="The probability from which a label is believed.")] = 0.9
    rounds: Annotated[int, Field(gt=0, le=100, description="Of labelling and learning anew.")] = 10
    inverse_penalty: Annotated[float, Field(gt=0, description="Smaller is a stronger penalty.")] = 1.0


SPACE = {"sure": Range(0.7, 0.99), "inverse_penalty": Range(1e-3, 1e2, log=True)}


@dataclass(frozen=True, kw_only=True)
class Unlabelled:
    """Rows without an outcome, of the contract and as models see them, [N]."""

    contract: Contract
    rows: pl.DataFrame
    frame: pl.DataFrame

    def within(self, learn: pl.DataFrame, every: pl.DataFrame) -> Self:
        """Those that may be known when some training rows are learnt from: none later than all of them, none of a group that is not."""
        known, contract = np.ones(len(self.rows), dtype=bool), self.contract
        if contract.time is not None:
            known &= (self.rows[contract.time] <= learn[contract.time].max()).to_numpy()
        if contract.group is not None:
            groups = every[contract.group].unique()
            others = groups.filter(~groups.is_in(learn[contract.group].implode()))
            known &= ~self.rows[contract.group].is_in(others.implode()).to_numpy()
        return replace(self, rows=self.rows.filter(known), frame=self.frame.filter(known))


def fit(
    recipe: Recipe[SelfTrainingSettings], frame: pl.DataFrame, target: np.ndarray, weight: np.ndarray | None
) -> Pipeline:
    """A logistic regression with its encoders, which know the labelled rows alone; what labelled the others is not kept."""
    model = LogisticRegression(C=recipe.options.inverse_penalty, max_iter=300)
    encoders = for_linear_models(frame, recipe.layout, recipe.features, recipe.task)
    features = encoded(encoders, frame, target)
    beside = recipe.beside.frame if isinstance(recipe.beside, Unlabelled) else frame.clear()
    if len(beside):
        more = encoders.transform(beside)
        features = sparse.vstack([features, more]).tocsr() if sparse.issparse(features) else np.vstack([features, more])
        start = np.concatenate([target, np.full(len(beside), -1)])
        rule = SelfTrainingClassifier(model, threshold=recipe.options.sure, max_iter=recipe.options.rounds)
        with warnings.catch_warnings():
            # Perhaps no label is sure, or all are.
            warnings.filterwarnings("ignore", category=UserWarning, module="sklearn")
            labels = rule.fit(features, start).transduction_
        known = labels >= 0
        features, target = features[known], labels[known]
        # A label that was only believed counts as a usual row.
        counts = None if weight is None else np.concatenate([weight, np.full(len(beside), weight.mean())])
        weight = None if counts is None else counts[known]
    model.fit(features, target, sample_weight=weight)
    return Pipeline([("prepare", encoders), ("model", model)])


def adapt(recipe: Recipe[Any], contract: Contract, root: Path) -> Recipe[Any] | None:
    """Only where rows without an outcome were asked for and are there, and outcomes are classes."""
    file = root / UNLABELLED.path
    if not (recipe.options.unlabelled and contract.labels and file.exists()):
        return None
    rows = UNLABELLED.read(file)
    if len(rows) > MOST_ROWS:
        rows = rows.sample(MOST_ROWS, seed=recipe.seed)
    if rows.is_empty():
        return None
    return replace(recipe, beside=Unlabelled(contract=contract, rows=rows, frame=model_frame(contract, rows)))


CANDIDATE = Candidate(
    name="self_training", settings=SelfTrainingSettings, fit=fit, complexity=3, space=SPACE, adapt=adapt
)
