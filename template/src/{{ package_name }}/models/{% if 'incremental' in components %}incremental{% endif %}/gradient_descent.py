"""A linear model that learns by stochastic gradient descent, a block of rows at a time (L. Bottou 2010; average: W. Xu 2011)."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import polars as pl
from pydantic import Field
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.pipeline import Pipeline

from ...contract.types import Section
from ...features.encoders import for_linear_models
from ..candidate import Candidate, Recipe
from ..fitting import fit_pipeline
from ..space import Range

#: So many rows are gone through at least: small tables more often than large ones.
FEWEST_STEPS = 20_000
#: A number counts as at most so many deviations from its mean: a single row must not throw the model off its way.
FARTHEST = 6.0
#: Beyond these log odds float32, in which the graph computes, no longer tells probabilities apart.
SUREST = 30.0
#: The first step at most; it is shorter where rows are long, so that none overshoots.
LARGEST_STEP = 0.05


class IncrementalSettings(Section):
    """`models.incremental` in params.yaml."""

    penalty: Annotated[float, Field(gt=0, description="Larger is stronger.")] = 1e-4
    epochs: Annotated[int, Field(gt=0, le=1000, description="Through all rows; more often if they are few.")] = 5
    block: Annotated[int, Field(gt=0, description="Rows that are learnt from at once.")] = 1000


SPACE = {"penalty": Range(1e-6, 1e-1, log=True), "epochs": Range(3, 30, log=True)}


class Incremental(BaseEstimator):  # type: ignore[misc]
    """Log odds of each class against the others, or a value: sums of bounded features, in float32 as the graph has them.

    Args:
        options: of params.yaml.
        seed: of the order of rows.
        classifies: whether targets are classes.
    """

    def __init__(self, options: IncrementalSettings, seed: int, *, classifies: bool) -> None:
        self.penalty = options.penalty
        self.epochs = options.epochs
        self.block = options.block
        self.seed = seed
        self.classifies = classifies

    def fit(self, features: Any, target: np.ndarray, sample_weight: np.ndarray | None = None) -> Incremental:
        """Learn from features [N, n], dense or sparse, the target [N] and weights."""
        if self.classifies:
            self.classes_ = np.unique(target)
            if len(self.classes_) == 1:
                raise ValueError("one class only")
        middle, spread = (0.0, 1.0) if self.classifies else (target.mean(), target.std() or 1.0)
        weight = None if sample_weight is None else sample_weight / sample_weight.mean()
        learner = self._learnt(features, target if self.classifies else (target - middle) / spread, weight)
        self.coefficients_ = np.atleast_2d(learner.coef_ * spread).T.astype(np.float32)
        self.intercepts_ = np.atleast_1d(learner.intercept_ * spread + middle).astype(np.float32)
        self.width_ = len(self.classes_) if self.classifies else 1
        return self

    def _learnt(self, features: Any, target: np.ndarray, weight: np.ndarray | None) -> Any:
        """What scikit-learn learns of blocks in an order of chance, anew in each epoch; later epochs are averaged."""
        count = len(target)
        epochs = max(self.epochs, -(-FEWEST_STEPS // count))
        blocks = range(0, count, self.block)
        longest = max(float((bounded(features[at : at + self.block]) ** 2).sum(axis=1).max()) for at in blocks)
        learner = (SGDClassifier if self.classifies else SGDRegressor)(
            loss="log_loss" if self.classifies else "squared_error",
            alpha=self.penalty,
            learning_rate="invscaling",
            # The log loss bends a quarter as much.
            eta0=min(LARGEST_STEP, 1 / (1 + longest)) * (4 if self.classifies else 1),
            power_t=0.25,
            average=count * (epochs // 2) + 1,
            random_state=self.seed,
        )
        known = {"classes": self.classes_} if self.classifies else {}
        for epoch in range(epochs):
            order = np.random.default_rng([self.seed, epoch]).permutation(count)
            for at in blocks:
                rows = order[at : at + self.block]
                counts = None if weight is None else weight[rows]
                learner.partial_fit(bounded(features[rows]), target[rows], sample_weight=counts, **known)
        return learner

    def scores(self, features: Any) -> np.ndarray:
        """Log odds [N, classes], of two classes those of the second alone; or values [N, 1]."""
        parts = range(0, features.shape[0], self.block)
        products = [bounded(features[at : at + self.block]) @ self.coefficients_ for at in parts]
        scores: np.ndarray = np.concatenate(products) + self.intercepts_
        return scores

    def predict_proba(self, features: Any) -> np.ndarray:
        """Probabilities [N, classes_]; of several classes they are those of each against the others, made 1 together."""
        odds = np.clip(self.scores(features), -SUREST, SUREST)
        each = expit(np.hstack([-odds, odds]) if self.width_ == 2 else odds)  # noqa: PLR2004
        return np.asarray(each / each.sum(axis=1, keepdims=True))

    def predict(self, features: Any) -> np.ndarray:
        """Values [N]."""
        return self.scores(features)[:, 0]


def bounded(features: Any) -> np.ndarray:
    """Some rows, dense, with numbers that are not too far away."""
    dense = features.toarray() if hasattr(features, "toarray") else features
    return np.clip(np.asarray(dense, dtype=np.float64), -FARTHEST, FARTHEST)


def fit(
    recipe: Recipe[IncrementalSettings], frame: pl.DataFrame, target: np.ndarray, weight: np.ndarray | None
) -> Pipeline:
    """Such a model with its encoders."""
    model = Incremental(recipe.options, recipe.seed, classifies=recipe.task.classifies)
    encoders = for_linear_models(frame, recipe.layout, recipe.features, recipe.task)
    return fit_pipeline(encoders, model, frame, target, weight)


CANDIDATE = Candidate(name="incremental", settings=IncrementalSettings, fit=fit, complexity=3, space=SPACE)
