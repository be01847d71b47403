"""A small neural network: layers of weighted sums, each cut off at 0, learnt by steps against the error.

Sources: Rumelhart, Hinton, Williams, "Learning representations by back-propagating errors", Nature 323 (1986); Kingma, Ba, "Adam: A
Method for Stochastic Optimization", ICLR 2015, for the size of the steps.
"""

from __future__ import annotations

import warnings
from typing import Annotated, Any

import numpy as np
import polars as pl
from pydantic import Field
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline

from ...contract.types import Section
from ...features.encoders import for_linear_models
from ..candidate import Candidate, Recipe
from ..fitting import fit_pipeline
from ..space import Range

#: Rows in all epochs together: on large tables there are fewer epochs, and a fit takes seconds, not hours.
MOST_SEEN, FEWEST_EPOCHS = 2_000_000, 3


class PerceptronSettings(Section):
    """`models.perceptron` in params.yaml."""

    width: Annotated[int, Field(ge=1, le=512, description="Sums in each hidden layer.")] = 32
    layers: Annotated[int, Field(ge=1, le=4, description="Hidden ones.")] = 1
    penalty: Annotated[float, Field(ge=0, description="On large weights.")] = 1.0
    step: Annotated[float, Field(gt=0, le=1, description="How far each batch of rows moves the weights.")] = 0.003
    epochs: Annotated[
        int, Field(gt=0, le=1000, description="How often each row is learnt from; less if there are many.")
    ] = 60


def fit(
    recipe: Recipe[PerceptronSettings], frame: pl.DataFrame, target: np.ndarray, weight: np.ndarray | None
) -> Pipeline:
    """A network with its encoders. It never stops early: that would judge by rows of the same time or group."""
    options = recipe.options
    arguments: dict[str, Any] = {
        "hidden_layer_sizes": (options.width,) * options.layers,
        "alpha": options.penalty,
        "learning_rate_init": options.step,
        "max_iter": min(options.epochs, max(FEWEST_EPOCHS, MOST_SEEN // len(frame))),
        "n_iter_no_change": options.epochs,
        "random_state": recipe.seed,
    }
    encoders = for_linear_models(frame, recipe.layout, recipe.features, recipe.task)
    centre, spread = (0.0, 1.0) if recipe.task.classifies else (float(target.mean()), float(target.std()) or 1.0)
    kind = MLPClassifier if recipe.task.classifies else MLPRegressor
    learnt = target if recipe.task.classifies else (target - centre) / spread
    with warnings.catch_warnings():
        # It ends after its epochs, as it is told.
        warnings.filterwarnings("ignore", category=ConvergenceWarning)
        fitted = fit_pipeline(encoders, kind(**arguments), frame, learnt, weight)
    _finish(fitted["model"], centre, spread)
    return fitted


def _finish(model: Any, centre: float, spread: float) -> None:
    """Let the last layer answer in the unit of the target, and round all weights to the float32 that the graph will hold."""
    model.coefs_[-1] = model.coefs_[-1] * spread
    model.intercepts_[-1] = model.intercepts_[-1] * spread + centre
    model.coefs_ = [_rounded(layer) for layer in model.coefs_]
    model.intercepts_ = [_rounded(layer) for layer in model.intercepts_]


def _rounded(weights: np.ndarray) -> np.ndarray:
    return np.asarray(weights, dtype=np.float32).astype(np.float64)


SPACE = {
    "width": Range(8, 128, log=True),
    "layers": Range(1, 2),
    "penalty": Range(1e-3, 1e2, log=True),
    "step": Range(1e-3, 3e-2, log=True),
    "epochs": Range(20, 150, log=True),
}
CANDIDATE = Candidate(name="perceptron", settings=PerceptronSettings, fit=fit, complexity=7, space=SPACE)
