"""What judging candidates starts with: the rows as they see them, their settings, and the folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from pydantic import create_model

from ..configuration import load
from ..contract.types import Section
from ..discovery import discover
from ..errors import DataError
from ..features.chains import load_features
from ..features.frame import model_frame
from ..features.split import Part, folds, how
from ..predictor.encoding import layout_of
from ..steps import Project
from ..tasks.base import task_of
from .bench import Bench
from .candidate import Candidate, Recipe, weights
from .hindsight import Combiner, Corrector
from .lesson import RowStep

FEWEST_FOLDS = 2


def bench_of(
    project: Project,
    candidates: Mapping[str, Candidate[Any]],
    rows: pl.DataFrame,
    tuned: Mapping[str, Mapping[str, Any]],
) -> tuple[Bench, dict[str, Any]]:
    """The bench, with recipes of the candidates that take part; and the settings of everything that has some, by name.

    Settings are those of params.yaml, else those that were tuned, else the defaults.

    Raises:
        SettingsError: params.yaml sets what no candidate has, or a step's configuration is wrong.
    """
    contract, settings = project.contract, project.settings
    task, layout = task_of(contract), layout_of(contract)
    configurable: dict[str, Any] = {**candidates, **discover("models", Combiner), **discover("models", Corrector)}
    sections: dict[str, Any] = {name: (item.settings, item.settings()) for name, item in configurable.items()}
    options = dict(
        load(project.root / project.params, create_model("Models", __base__=Section, **sections), at=("models",))
    )
    options |= {name: with_tuned(options[name], tuned[name]) for name in candidates if name in tuned}
    features = load_features(project.root / project.params, contract, layout)
    recipes: dict[str, Recipe[Any]] = {}
    for name, candidate in candidates.items():
        recipe = Recipe(task=task, layout=layout, options=options[name], features=features, seed=settings.seed)
        if (adapted := candidate.adapt(recipe, contract, project.root)) is not None:
            recipes[name] = adapted
    bench = Bench(
        contract=contract,
        task=task,
        rows=rows,
        frame=model_frame(contract, rows),
        target=task.target(rows[contract.target.column], contract),
        weight=weights(rows, contract.weight),
        recipes=recipes,
        steps=[
            act
            for step in discover("models", RowStep).values()
            for act in step.of(project.root, contract, settings.seed)
        ],
    )
    return bench, options


def parts_of(project: Project, rows: pl.DataFrame, bench: Bench) -> tuple[list[Part], str]:
    """The folds that can be learnt from and judged, and what was left out, in words.

    Raises:
        DataError: there are too few.
    """
    contract, wanted = project.contract, project.settings.split.folds
    parts = learnable(folds(rows, contract, wanted, project.settings.seed), bench)
    if len(parts) < FEWEST_FOLDS:
        what = {"time": f"periods ({contract.period})", "group": f"groups (`{contract.group}`)", "random": "rows"}
        raise DataError(
            f"{len(rows)} training rows make {len(parts)} of {wanted} folds that can be learnt from and judged, and at "
            f"least {FEWEST_FOLDS} are needed: there are too few {what[how(contract)]}"
            + (", or one class only in the others." if contract.labels else "."),
            "Add rows, or change split.folds in params.yaml"
            + (", or `period` or `embargo` in configs/contract.yaml." if contract.time else "."),
        )
    missing = wanted - len(parts)
    return parts, f"; {missing} of {wanted} folds left out, empty or of one class" if missing else ""


def with_tuned(options: Any, tuned: Mapping[str, Any]) -> Any:
    """Settings of a candidate with those that were tuned, where a person has set none."""
    free = {name: value for name, value in tuned.items() if name not in options.model_fields_set}
    return with_settings(options, free)


def with_settings(options: Any, settings: Mapping[str, Any]) -> Any:
    """Settings of a candidate with some that are others, checked as if they were written."""
    return type(options).model_validate(options.model_dump() | dict(settings))


def learnable(parts: Sequence[Part], bench: Bench) -> list[Part]:
    """Those that can be learnt from and judged: of classes, both sides have more than one."""
    return [part for part in parts if not bench.contract.labels or _classes(bench.target, part) > 1]


def _classes(target: np.ndarray, part: Part) -> int:
    """The number of classes on the side that has fewer."""
    return min(len(np.unique(target[part.learn])), len(np.unique(target[part.judge])))
