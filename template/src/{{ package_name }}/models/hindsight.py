"""What is learnt of the folds' predictions rather than of the rows: models made of others, and what stands behind the chosen one.

Each is judged as candidates are. For a fold it learns of predictions for those rows that the fold may learn from, and that
another fold has judged: none of the rows that it is judged by, and by time only earlier ones, whose outcome was known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol

import numpy as np

from ..features.split import Part
from ..tasks.base import Task
from .bench import Bench
from .candidate import Options
from .choice import Result


@dataclass(frozen=True, kw_only=True)
class Hindsight:
    """Predictions of models that had not seen the rows, and what happened.

    Args:
        target: [N].
        weight: [N], or None.
        predictions: by candidate, [N, classes] or [N].
    """

    target: np.ndarray
    weight: np.ndarray | None
    predictions: Mapping[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Combiner(Generic[Options]):
    """A model made of candidates: a file of models/ that defines one takes part.

    Args:
        name: its name in params.yaml (`models.NAME`), reports and the registry.
        settings: its settings, with defaults.
        complexity: as a candidate's.
        mix: how much each candidate counts; those that count are not below 0 and 1 together. Without rows it says what it
            would do if it knew nothing.
        build: the model, of the fitted candidates that count and of how much each does.
    """

    name: str
    settings: type[Options]
    complexity: int
    mix: Callable[[Options, Task, Hindsight], Mapping[str, float]]
    build: Callable[[Sequence[Any], Sequence[float]], Any]
    is_baseline: bool = False


class Correction(Protocol):
    """What was learnt to stand behind a model."""

    def apply(self, prediction: np.ndarray) -> np.ndarray:
        """A model's predictions [N, classes] or [N], corrected."""

    def behind(self, model: Any) -> Any:
        """The model with it."""


@dataclass(frozen=True, kw_only=True)
class Corrector(Generic[Options]):
    """What may stand behind the chosen model: a file of models/ that defines one is tried, and taken if folds show a gain.

    Args:
        name: its name in params.yaml (`models.NAME`) and in reports.
        settings: its settings, with defaults.
        learn: what it learns of the chosen model's predictions, `Hindsight.predictions` of one candidate; None if it cannot.
    """

    name: str
    settings: type[Options]
    learn: Callable[[Options, Task, Hindsight], Correction | None]
    complexity: int = 0
    is_baseline: bool = False


@dataclass(frozen=True)
class Archive:
    """The predictions of all folds."""

    bench: Bench
    parts: Sequence[Part]
    results: Sequence[Result]

    def before(self, part: Part | None) -> Hindsight:
        """What may be known when the rows of a fold are judged; of no fold, everything."""
        bench, places = self.bench, np.full(len(self.bench.target), -1)
        judged = np.concatenate([each.judge for each in self.parts])
        places[judged] = np.arange(len(judged))
        rows = judged if part is None else part.learn[places[part.learn] >= 0]
        predictions = {
            result.candidate.name: np.concatenate(list(result.predictions))[places[rows]] for result in self.results
        }
        weight = None if bench.weight is None else bench.weight[rows]
        return Hindsight(target=bench.target[rows], weight=weight, predictions=predictions)

    def combined(self, combiner: Combiner[Any], options: Any) -> Result:
        """What a combiner would have predicted in each fold, of the models that were fitted there."""
        predictions = []
        for place, part in enumerate(self.parts):
            mix = combiner.mix(options, self.bench.task, self.before(part))
            by_name = {result.candidate.name: result.predictions[place] for result in self.results}
            predictions.append(np.sum([share * by_name[name] for name, share in mix.items()], axis=0))
        return self.bench.scored(combiner, self.parts, predictions)

    def corrected(self, corrector: Corrector[Any], options: Any) -> tuple[Correction | None, Result | None]:
        """What is learnt of the only result, and how well what could be learnt for each fold would have corrected it."""
        (result,) = self.results
        if (learnt := corrector.learn(options, self.bench.task, self.before(None))) is None:
            return None, None
        predictions = []
        for part, prediction in zip(self.parts, result.predictions, strict=True):
            correction = corrector.learn(options, self.bench.task, self.before(part))
            predictions.append(prediction if correction is None else correction.apply(prediction))
        return learnt, self.bench.scored(corrector, self.parts, predictions)
