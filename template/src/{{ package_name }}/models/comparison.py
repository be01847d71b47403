"""Judging the candidates on folds of the training rows, choosing one, and fitting it on all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import polars as pl
from pydantic import create_model

from ..configuration import load
from ..contract.types import Contract, Section
from ..discovery import discover
from ..errors import DataError
from ..features.chains import load_features
from ..features.encoders import frequent_words
from ..features.frame import model_frame
from ..features.split import Part, folds, how
from ..predictor.encoding import layout_of
from ..steps import Project
from ..tasks.base import Task, task_of
from .candidate import Candidate, Folded, Recipe, Trained, weights
from .choice import Result, best_threshold, choose
from .lesson import Lesson, RowStep, Sample

FEWEST_FOLDS = 2
#: Words of a column that a trained model remembers, to count those that are new.
MOST_WORDS = 1000


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The training rows [N], the same as models see them, and what candidates are made by."""

    contract: Contract
    task: Task
    rows: pl.DataFrame
    frame: pl.DataFrame
    target: np.ndarray
    weight: np.ndarray | None
    recipes: Mapping[str, Recipe[Any]]
    steps: Sequence[Callable[[Sample], Sample]]

    def plain(self, learn: np.ndarray) -> Lesson:
        """Some rows as they are, by index."""
        weight = None if self.weight is None else self.weight[learn]
        sample = Sample(rows=self.rows[learn], weight=weight)
        return Lesson(sample=sample, frame=self.frame[learn], target=self.target[learn])

    def taught(self, plain: Lesson) -> Lesson:
        """What the steps make of rows to learn from; the rows themselves if there are no steps."""
        if not self.steps:
            return plain
        sample = reduce(lambda sample, step: step(sample), self.steps, plain.sample)
        target = self.task.target(sample.rows[self.contract.target.column], self.contract)
        return Lesson(sample=sample, frame=model_frame(self.contract, sample.rows), target=target)

    def fit(self, candidate: Candidate[Any], plain: Lesson, taught: Lesson) -> Any:
        """A candidate that learnt what it was taught; the baseline knows the rows as they are, so that nothing beats it cheaply."""
        lesson = plain if candidate.is_baseline else taught
        return candidate.fit(self.recipes[candidate.name], lesson.frame, lesson.target, lesson.sample.weight)

    def judge(self, candidates: Sequence[Candidate[Any]], parts: Sequence[Part]) -> list[Result]:
        """All candidates on all folds, encoders included: each is predicted by a model that saw none of it."""
        scores: list[list[dict[str, float]]] = [[] for _ in candidates]
        predictions: list[list[np.ndarray]] = [[] for _ in candidates]
        for part in parts:
            plain = self.plain(part.learn)
            taught, judged = self.taught(plain), self.plain(part.judge)
            for place, candidate in enumerate(candidates):
                model = self.fit(candidate, plain, taught)
                prediction = self.task.predict(model, judged.frame, len(self.contract.labels))
                predictions[place].append(prediction)
                scores[place].append(self.task.score(judged.target, prediction, judged.sample.weight))
        return [
            Result(candidate=candidate, scores=scores[place], predictions=predictions[place])
            for place, candidate in enumerate(candidates)
        ]


def compare(project: Project, rows: pl.DataFrame) -> tuple[Trained, pl.DataFrame]:
    """The chosen model, fitted on all training rows or on what steps make of them, and the scores of every candidate over the folds.

    Raises:
        DataError: too few folds can be learnt from and judged.
        SettingsError: params.yaml sets what no candidate has, or a step's configuration is wrong.
    """
    candidates, contract = discover("models", Candidate), project.contract
    bench = _bench(project, candidates, rows)
    parts, left_out = _parts(project, rows, bench)
    results = bench.judge(list(candidates.values()), parts)
    choice = choose(results, bench.task)
    chosen, plain = choice.result.candidate, bench.plain(np.arange(len(rows)))
    taught = bench.taught(plain)
    folded = Folded(
        rows=np.concatenate([part.judge for part in parts]), prediction=np.concatenate(choice.result.predictions)
    )
    baseline = next(candidate for candidate in candidates.values() if candidate.is_baseline)
    trained = Trained(
        name=chosen.name,
        model=bench.fit(chosen, plain, taught),
        baseline=bench.fit(baseline, plain, taught),
        layout=layout_of(contract),
        threshold=_threshold(bench, folded),
        vocabularies=_vocabularies(taught.sample.rows, contract),
        out_of_fold=float(choice.result.values(bench.task.primary).mean()),
        folded=folded,
        note="; ".join([choice.note + left_out, *taught.sample.says]),
    )
    return trained, _table(results, bench.task)


def _bench(project: Project, candidates: Mapping[str, Candidate[Any]], rows: pl.DataFrame) -> Bench:
    contract, settings = project.contract, project.settings
    task, layout = task_of(contract), layout_of(contract)
    sections: dict[str, Any] = {name: (item.settings, item.settings()) for name, item in candidates.items()}
    options = load(project.root / project.params, create_model("Models", __base__=Section, **sections), at=("models",))
    features = load_features(project.root / project.params, contract, layout)
    recipes = {
        name: Recipe(task=task, layout=layout, options=getattr(options, name), features=features, seed=settings.seed)
        for name in candidates
    }
    return Bench(
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


def _parts(project: Project, rows: pl.DataFrame, bench: Bench) -> tuple[list[Part], str]:
    """The folds that can be learnt from and judged, and what was left out, in words."""
    contract, wanted = project.contract, project.settings.split.folds
    parts = folds(rows, contract, wanted, project.settings.seed)
    if contract.labels:
        parts = [part for part in parts if _classes(bench.target, part) > 1]
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


def _classes(target: np.ndarray, part: Part) -> int:
    """The number of classes on the side that has fewer."""
    return min(len(np.unique(target[part.learn])), len(np.unique(target[part.judge])))


def _threshold(bench: Bench, folded: Folded) -> float | None:
    """From which probability a row is called positive, by out-of-fold predictions; fixed if the contract says so."""
    target = bench.contract.target
    if target.positive is None or target.threshold is not None:
        return target.threshold
    positive = bench.contract.labels.index(target.positive)
    happened, probability = bench.target[folded.rows] == positive, folded.prediction[:, positive]
    weight = np.ones(len(folded.rows)) if bench.weight is None else bench.weight[folded.rows]
    if target.costs is not None:
        costs = target.costs.false_positive, target.costs.false_negative
    else:
        # Balanced accuracy: a wrong row costs as much as its class is rare.
        costs = 1 / weight[~happened].sum(), 1 / weight[happened].sum()
    return best_threshold(happened, probability, costs, weight)


def _vocabularies(rows: pl.DataFrame, contract: Contract) -> dict[str, list[str]]:
    names = [name for name, column in contract.columns.items() if column.kind == "category"]
    return {name: frequent_words(rows[name].drop_nulls(), MOST_WORDS, fewest=1) for name in names}


def _table(results: Sequence[Result], task: Task) -> pl.DataFrame:
    """Mean and sample standard deviation of each metric over the folds on which it is defined."""
    columns = ["candidate", "metric", "mean", "std", "folds"]
    return pl.DataFrame(
        [
            (result.candidate.name, metric, round(float(values.mean()), 6), _deviation(values), len(values))
            for metric in task.metrics
            for result in results
            if len(values := result.values(metric))
        ],
        schema=columns,
        orient="row",
    )


def _deviation(values: np.ndarray) -> float | None:
    return round(float(values.std(ddof=1)), 6) if len(values) > 1 else None
