"""What an analysis is, and what it is told: the rows that are judged, and what the chosen model says of them.

Nothing is learnt from the hold-out or chosen by it: limits of ranges, words that are told apart and what is looked for come from
training rows, judged out of fold. An analysis describes, and may object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import polars as pl

from ..artifacts import HOLDOUT, TRAIN, TRAINED
from ..configuration import load
from ..contract.types import Contract, Section
from ..evaluation.uncertainty import Blocks, blocks_of
from ..features.frame import model_frame
from ..models.candidate import Trained, weights
from ..steps import Project
from ..tasks.base import Task, task_of

#: Rows of either side that are looked at; of more, a sample.
MOST_ROWS = 100_000
#: Labels of several that have numbers of their own.
MOST_LABELS = 20
Settings = TypeVar("Settings", bound=Section)


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Rows of the contract and what is predicted of them, all [N].

    Args:
        rows: with target and roles.
        target: as `Task.target` gives it.
        prediction: probabilities [N, classes] or values.
        weight: of each row, or None.
        blocks: of rows that are not independent.
        losses: the primary loss of each.
    """

    rows: pl.DataFrame
    target: np.ndarray
    prediction: np.ndarray
    weight: np.ndarray | None
    blocks: Blocks
    losses: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """How much each row counts, [N]."""
        return np.ones(len(self.target)) if self.weight is None else self.weight


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The chosen model on rows that it has never seen.

    Args:
        root: the project's folder.
        places: the place of each row in data/processed/holdout.parquet, int64 [N]; not all, if there are more than `MOST_ROWS`.
        holdout: the final judgement, [N].
        folded: the same of training rows, each predicted by a model that did not learn from it.
        learnt: all training rows.
    """

    root: Path
    seed: int
    contract: Contract
    task: Task
    trained: Trained
    learnt: pl.DataFrame
    places: np.ndarray
    holdout: Answers
    folded: Answers

    @property
    def labels(self) -> dict[str, int]:
        """The index of each label that has numbers of its own: of two the positive one, of several the most frequent."""
        named, positive = self.contract.labels, self.contract.target.positive
        if positive is not None:
            return {positive: named.index(positive)}
        counts = self.learnt[self.contract.target.column].value_counts() if named else None
        frequent = {} if counts is None else dict(counts.iter_rows())
        most = sorted(range(len(named)), key=lambda place: -frequent.get(named[place], 0))[:MOST_LABELS]
        return {named[place]: place for place in sorted(most)}

    def ask(self, frame: pl.DataFrame) -> np.ndarray:
        """Predictions of rows as models see them (features.frame): probabilities [N, classes] or values [N]."""
        return self.task.predict(self.trained.model, frame, len(self.contract.labels))

    def says(self, prediction: np.ndarray) -> np.ndarray:
        """Of probabilities [n, classes] the label by index, as the graph says it: by the threshold, or the likeliest."""
        likeliest, threshold = np.asarray(prediction.argmax(axis=1)), self.trained.threshold
        if threshold is None or self.contract.target.positive is None:
            return likeliest
        positive = self.contract.labels.index(self.contract.target.positive)
        called = prediction[:, positive].astype(np.float32) >= np.float32(threshold)
        return np.asarray(np.where(called, positive, 1 - positive))

    def sample(self, most: int) -> np.ndarray:
        """Some rows of the hold-out by index, ascending: all, or `most` by chance, the same every time."""
        return sampled(len(self.holdout.target), most, self.seed)


def sampled(count: int, most: int, seed: int) -> np.ndarray:
    """Of so many rows all, or `most` by chance, by index in ascending order."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


@dataclass(frozen=True)
class Analysis:
    """What a file of analysis/ finds.

    Args:
        name: its key in reports/analysis.json.
        run: the numbers that it finds: what JSON can hold. `objections` in it are sentences: why the model is refused;
            `notes` what a reader should know.
        config: the file of configs/ that it reads, if any.
    """

    name: str
    run: Callable[[Judged], Mapping[str, Any]]
    config: str | None = None


def judged(project: Project) -> Judged:
    """Ask the model about the hold-out, once, and bring together what is known out of fold."""
    contract, seed = project.contract, project.settings.seed
    trained: Trained = project.read(TRAINED)
    learnt, holdout = project.read(TRAIN), project.read(HOLDOUT)
    task, places = task_of(contract), sampled(len(holdout), MOST_ROWS, seed)
    kept, rows = sampled(len(trained.folded.rows), MOST_ROWS, seed), holdout[places]
    prediction = task.predict(trained.model, model_frame(contract, rows), len(contract.labels))
    return Judged(
        root=project.root,
        seed=seed,
        contract=contract,
        task=task,
        trained=trained,
        learnt=learnt,
        places=places,
        holdout=answers(contract, rows, prediction),
        folded=answers(contract, learnt[trained.folded.rows[kept]], trained.folded.prediction[kept]),
    )


def answers(contract: Contract, rows: pl.DataFrame, prediction: np.ndarray) -> Answers:
    """Rows [N] with their predictions."""
    task = task_of(contract)
    target = task.target(rows[contract.target.column], contract)
    return Answers(
        rows=rows,
        target=target,
        prediction=prediction,
        weight=weights(rows, contract.weight),
        blocks=blocks_of(rows, contract),
        losses=task.losses(target, prediction),
    )


def configured(root: Path, name: str, settings: type[Settings]) -> Settings:
    """A file of configs/, or what holds without one; raises `SettingsError`."""
    path = root / name
    return load(path, settings) if path.is_file() else settings.model_validate({"format": 1})


def plain(value: Any) -> Any:
    """Numbers as JSON holds them, rounded; what is not finite is null."""
    match value:
        case Mapping():
            return {str(name): plain(item) for name, item in value.items()}
        case list() | tuple() | np.ndarray():
            return [plain(item) for item in value]
        case bool() | np.bool_():
            return bool(value)
        case int() | np.integer():
            return int(value)
        case float() | np.floating():
            return round(float(value), 6) if np.isfinite(value) else None
        case _:
            return value
