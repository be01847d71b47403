"""What a model must offer to take part in the comparison, and what is left of it when it is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import polars as pl

from ..contract.types import Contract, Section
from ..predictor.encoding import Layout
from ..settings import Features
from ..tasks.base import Task
from .lesson import Beside
from .space import Space


class NoSettings(Section):
    """For a candidate that has none."""


Options = TypeVar("Options", bound=Section)


@dataclass(frozen=True, kw_only=True)
class Recipe(Generic[Options]):
    """What a candidate is made by.

    Args:
        task: decides between classifier and regressor.
        layout: the columns of the arrays.
        options: the candidate's own settings.
        features: bounds of encoders.
        seed: of every random draw.
        beside: what else it learns from, of which each fold gets what may be known there.
    """

    task: Task
    layout: Layout
    options: Options
    features: Features
    seed: int
    beside: Beside | None = None


def as_set(recipe: Recipe[Options], contract: Contract, root: Path) -> Recipe[Options] | None:  # noqa: ARG001
    """The recipe as it is, in every project."""
    return recipe


@dataclass(frozen=True, kw_only=True)
class Candidate(Generic[Options]):
    """A model family. A file of models/ that defines one takes part; nothing lists it.

    Args:
        name: its name in params.yaml (`models.NAME`), reports and the registry.
        settings: its settings, with defaults.
        fit: a fitted scikit-learn Pipeline of `prepare` and `model`, from a frame [N, columns of the layout], the target
            [N] and weights ([N] or None); models.fitting.fit_pipeline does the most of it.
        complexity: of two candidates that are no different, the one with less is taken.
        is_baseline: compared, and never chosen.
        space: which of its settings are worth trying, and between which bounds; others keep their defaults.
        adapt: its recipe in a project, of the contract and the project's folder; None where it has no part to take. Raises
            `SettingsError` for what is wrongly configured.
    """

    name: str
    settings: type[Options]
    fit: Callable[[Recipe[Options], pl.DataFrame, np.ndarray, np.ndarray | None], Any]
    complexity: int
    is_baseline: bool = False
    space: Space = field(default_factory=dict)
    adapt: Callable[[Recipe[Options], Contract, Path], Recipe[Options] | None] = as_set


@dataclass(frozen=True, kw_only=True)
class Folded:
    """What the chosen candidate says of training rows that it did not learn from, fold by fold.

    Args:
        rows: which training rows, int64 [n]; by time, the earliest are in no fold that is judged.
        prediction: of them, [n, classes] or [n], as the final model says it.
    """

    rows: np.ndarray
    prediction: np.ndarray


NOT_FOLDED = Folded(rows=np.empty(0, dtype=np.int64), prediction=np.empty(0))


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The chosen model and the baseline, both fitted on all training rows (a model perhaps on what steps make of them).

    It is what models/artifacts/trained.joblib holds.

    Args:
        name: of the candidate.
        threshold: the probability of the positive class from which a row is called positive; None if not binary.
        vocabularies: by category column, the words of the rows learnt from, most frequent first, bounded.
        out_of_fold: mean primary loss of the chosen candidate over the folds.
        note: how the choice was made, in a sentence.
        folded: the chosen candidate's predictions over the folds.
    """

    name: str
    model: Any
    baseline: Any
    layout: Layout
    threshold: float | None
    vocabularies: dict[str, list[str]]
    out_of_fold: float
    note: str
    folded: Folded = NOT_FOLDED


def weights(rows: Any, name: str | None) -> np.ndarray | None:
    """The weight column of rows, float64 [N], or None if the contract has none."""
    return None if name is None else rows[name].to_numpy().astype(np.float64)
