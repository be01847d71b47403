"""The training rows as candidates see them, and every candidate judged on rows that it has not seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import polars as pl

from ..contract.types import Contract
from ..features.frame import model_frame
from ..features.split import Part
from ..tasks.base import Task
from .candidate import Candidate, Recipe
from .choice import Result
from .lesson import Lesson, Sample


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
        recipe = self.recipes[candidate.name]
        if recipe.beside is not None:
            recipe = replace(recipe, beside=recipe.beside.within(plain.sample.rows, self.rows))
        return candidate.fit(recipe, lesson.frame, lesson.target, lesson.sample.weight)

    def judge(self, candidates: Sequence[Candidate[Any]], parts: Sequence[Part]) -> list[Result]:
        """All candidates on all folds, encoders included: each is predicted by a model that saw none of it."""
        predictions: list[list[np.ndarray]] = [[] for _ in candidates]
        for part in parts:
            plain = self.plain(part.learn)
            taught, frame = self.taught(plain), self.frame[part.judge]
            for place, candidate in enumerate(candidates):
                model = self.fit(candidate, plain, taught)
                predictions[place].append(self.task.predict(model, frame, len(self.contract.labels)))
        return [
            self.scored(candidate, parts, predicted)
            for candidate, predicted in zip(candidates, predictions, strict=True)
        ]

    def scored(self, candidate: Any, parts: Sequence[Part], predictions: Sequence[np.ndarray]) -> Result:
        """The result of predictions for the rows that each fold judges."""
        scores = [
            self.task.score(
                self.target[part.judge], prediction, None if self.weight is None else self.weight[part.judge]
            )
            for part, prediction in zip(parts, predictions, strict=True)
        ]
        return Result(candidate=candidate, scores=scores, predictions=predictions)
