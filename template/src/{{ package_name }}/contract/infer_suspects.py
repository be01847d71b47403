"""What is suspicious in a table: columns that know the outcome, and how good a quick model is already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ..discovery import discover
from ..features.frame import model_frame
from ..features.leakage import strengths
from ..models.candidate import Candidate, Recipe
from ..predictor.encoding import layout_of
from ..quality.later import named_after
from ..settings import Settings
from ..tasks.base import task_of
from .types import Contract, TooGood

#: What one column may tell before the alarm goes off, unless it is seen to tell more.
SINGLE_COLUMN = 0.9
PROBE_ROWS = 5_000
FOLDS = 3
#: Quick means: not more than this many candidates, the simplest ones.
CANDIDATES = 3
#: Above it there is no room for a bound between a good model and a leak.
ALL_BUT_PERFECT = 0.98
#: Errors fall with more rows, at most about by this power (J. Hestness et al. 2017, arXiv:1712.00409).
LEARNING_EXPONENT = 0.35


@dataclass(frozen=True)
class Suspects:
    """What was found.

    Args:
        known_later: columns that can only be known after the outcome, each with the reason.
        strong: what other columns tell alone, if it is much, the strongest first.
    """

    known_later: dict[str, str]
    strong: dict[str, float]


@dataclass(frozen=True)
class Bounds:
    """Alarms of a contract, and where the bound on the metric comes from."""

    alarms: TooGood
    why: str


def find_suspects(rows: pl.DataFrame, contract: Contract, settings: Settings) -> Suspects:
    """Look at each feature of a contract alone.

    Args:
        rows: with a target each; other columns than the features are there, too, of which a feature may be an aggregate.
        contract: a draft.
        settings: whose seed the pipeline will use.
    """
    target = task_of(contract).target(rows[contract.target.column], contract)
    kinds = {name: column.kind for name, column in contract.columns.items()}
    found = strengths(rows, target, kinds, classes=len(contract.labels), seed=settings.seed)
    later = {item.column: item.structure for item in found if item.structure}
    for name in kinds:
        sources = [column for column in later if column != name and named_after(name, column)]
        if sources and name not in later:
            later[name] = f"it is named after `{sources[0]}`"
    strong = sorted((item for item in found if item.column not in later), key=lambda item: -item.strength)
    return Suspects(later, {item.column: item.strength for item in strong if item.strength > SINGLE_COLUMN})


def too_good(rows: pl.DataFrame, contract: Contract, settings: Settings, strong: Mapping[str, float]) -> Bounds:
    """Alarms above what the table gives easily, with the reason where they are wider than usual.

    Args:
        rows: with a target each.
        contract: a draft without the columns that are known later.
        settings: of the encoders, and the seed.
        strong: what columns tell alone, if it is much.
    """
    headline = task_of(contract).headline
    easy = "an easy table or a leak: read what it is"
    columns = {name: f"tells {strength:.3f} alone, {easy}" for name, strength in strong.items()}
    reached = probe(rows, contract, settings)
    if reached is None:
        return Bounds(TooGood(columns=columns, reason="no quick model could be fitted, so there is no bound"), "")
    known = f"a quick model reaches {headline} {reached:.3f} on {min(len(rows), PROBE_ROWS):,} rows"
    error = (1 - max(reached, 0.0)) * min(1.0, PROBE_ROWS / len(rows)) ** LEARNING_EXPONENT
    if error < 1 - ALL_BUT_PERFECT:
        return Bounds(TooGood(columns=columns, reason=f"{known}, too near to 1 for a bound; {easy}"), "")
    return Bounds(
        TooGood(metrics={headline: round(1 - error / 2, 3)}, columns=columns), f"{known}; halfway from there to 1"
    )


def probe(rows: pl.DataFrame, contract: Contract, settings: Settings) -> float | None:
    """The headline metric that a quick model reaches on at most 5,000 rows, in three folds; None if none can be fitted."""
    task = task_of(contract)
    if len(rows) > PROBE_ROWS:
        rows = rows.sample(PROBE_ROWS, seed=settings.seed, shuffle=True)
    frame, target = model_frame(contract, rows), task.target(rows[contract.target.column], contract)
    offered = sorted(discover("models", Candidate).values(), key=lambda candidate: candidate.complexity)
    scores = [
        _cross_validated(candidate, _recipe(contract, candidate, settings), frame, target)
        for candidate in [candidate for candidate in offered if not candidate.is_baseline][:CANDIDATES]
    ]
    return max((score for score in scores if score is not None), default=None)


def _recipe(contract: Contract, candidate: Candidate[Any], settings: Settings) -> Recipe[Any]:
    return Recipe(
        task=task_of(contract),
        layout=layout_of(contract),
        options=candidate.settings(),
        features=settings.features,
        seed=settings.seed,
    )


def _cross_validated(
    candidate: Candidate[Any], recipe: Recipe[Any], frame: pl.DataFrame, target: np.ndarray
) -> float | None:
    from sklearn.model_selection import KFold

    task = recipe.task
    classes = int(target.max()) + 1 if task.classifies else 0
    predicted = np.zeros((len(target), classes) if classes else len(target))
    for learn, judge in KFold(FOLDS, shuffle=True, random_state=recipe.seed).split(target):
        if len(np.unique(target[learn])) == 1:
            return None
        model = candidate.fit(recipe, frame[learn], target[learn], None)
        predicted[judge] = task.predict(model, frame[judge], classes)
    return task.score(target, predicted).get(task.headline)
