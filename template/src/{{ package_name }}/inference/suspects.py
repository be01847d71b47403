"""What is suspicious in a table: columns that know the outcome, and how good a quick model is already."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import polars as pl

from ..contract.types import Contract, TooGood
from ..discovery import discover
from ..features.frame import model_frame
from ..features.leakage import strengths
from ..models.candidate import Candidate, Recipe, as_set
from ..predictor.encoding import layout_of
from ..quality.later import named_after
from ..settings import Settings
from ..tasks.base import task_of
from ..threads import limited

#: What one column may tell before the alarm goes off, unless it is named.
SINGLE_COLUMN = 0.9
PROBE_ROWS, FOLDS = 5_000, 3
#: Quick means: not more than this many candidates, the simplest ones.
CANDIDATES = 3
#: Above it there is no room for a bound between a good model and a leak.
NEARLY_PERFECT = 0.98
#: Errors fall with more rows, at most about by this power (J. Hestness et al. 2017, arXiv:1712.00409).
LEARNING_EXPONENT = 0.35
_ONE_VALUE = re.compile("where it is (?!missing,|filled,)")
READ_IT = "an easy table or a leak: find out when it is known"


def find_suspects(rows: pl.DataFrame, contract: Contract, settings: Settings) -> tuple[dict[str, str], dict[str, str]]:
    """Features that can only be known later, and others that tell much alone; each with the reason.

    A value whose rows all have one outcome (a smell that all poisonous ones have) is found in honest tables, too; a column
    that is only filled for one outcome, a copy, or an aggregate of the outcome is not.

    Args:
        rows: with a target each; they have other columns than features, too, of which a feature may be an aggregate.
        contract: a draft.
        settings: whose seed the pipeline will use.
    """
    target = task_of(contract).target(rows[contract.target.column], contract)
    kinds = {name: column.kind for name, column in contract.columns.items()}
    personal = frozenset(name for name, column in contract.columns.items() if column.pii)
    found = strengths(rows, target, kinds, classes=len(contract.labels), seed=settings.seed, personal=personal)
    marks = {item.column: item.structure for item in found if item.structure}
    later = {name: mark for name, mark in marks.items() if not _ONE_VALUE.match(mark)}
    # The alarm goes by names, too: what is called after a forbidden column is forbidden.
    for name in kinds.keys() - later.keys():
        if after := [column for column in marks if column in later and named_after(name, column)]:
            later[name] = f"it is called after `{after[0]}`"
    strong = sorted((item for item in found if item.low > SINGLE_COLUMN), key=lambda item: -item.strength)
    told = {item.column: f"tells {item.strength:.3f} alone" for item in strong} | marks
    return later, {name: f"{what}; {READ_IT}" for name, what in told.items() if name not in later}


def alarms_for(
    rows: pl.DataFrame, contract: Contract, settings: Settings, columns: dict[str, str]
) -> tuple[TooGood, str]:
    """Alarms above what the table gives easily, with the reason where one is off; and what a quick model reaches.

    Args:
        rows: with a target each.
        contract: a draft without what is known later.
        settings: of the encoders, and the seed.
        columns: which ones may tell much alone, each with the reason.
    """
    task, reached = task_of(contract), probe(rows, contract, settings)
    headline, chance = task.headline, 0.5 if task.classifies else 0.0
    if reached is None:
        return TooGood(columns=columns, reason="no quick model could be fitted, so nothing says where a bound lies"), ""
    said = f"A quick model reaches {headline} {reached:.3f} on {min(len(rows), PROBE_ROWS):,} rows."
    error = (1 - max(reached, chance)) * min(1.0, PROBE_ROWS / len(rows)) ** LEARNING_EXPONENT
    if error < 1 - NEARLY_PERFECT:
        reason = f"a quick model reaches {headline} {reached:.3f}, too near to 1 for a bound; {READ_IT}"
        return TooGood(columns=columns, reason=reason), said
    return TooGood(
        metrics={headline: round(1 - error / 2, 3)}, columns=columns
    ), f"{said} The bound lies between that and 1."


def probe(rows: pl.DataFrame, contract: Contract, settings: Settings) -> float | None:
    """The headline metric that a quick model reaches on at most 5,000 rows, in three folds; None if none can be fitted."""
    task = task_of(contract)
    if len(rows) > PROBE_ROWS:
        rows = rows.sample(PROBE_ROWS, seed=settings.seed, shuffle=True)
    frame, target = model_frame(contract, rows), task.target(rows[contract.target.column], contract)
    offered = sorted(discover("models", Candidate).values(), key=lambda candidate: candidate.complexity)
    scores = []
    # One that adapts itself to a project is about the contract that is there, which is another, or not there yet.
    for candidate in [item for item in offered if not item.is_baseline and item.adapt is as_set][:CANDIDATES]:
        recipe: Recipe[Any] = Recipe(
            task=task,
            layout=layout_of(contract),
            options=candidate.settings(),
            # What is set for columns is about those of another contract.
            features=settings.features.model_copy(update={"columns": {}, "all": ()}),
            seed=settings.seed,
        )
        with limited(settings.threads):
            scores.append(_cross_validated(candidate, recipe, frame, target))
    return max((score for score in scores if score is not None), default=None)


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
