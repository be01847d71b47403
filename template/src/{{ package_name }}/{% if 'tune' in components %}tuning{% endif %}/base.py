"""What a search and an engine must offer: files of this folder that define one can be named in params.yaml."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from ..discovery import discover
from ..features.split import Part
from ..models.bench import Bench
from ..models.candidate import Candidate
from ..models.choice import Result
from ..models.space import Space
from ..models.starting import with_settings

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Settings that were tried.

    Args:
        settings: those that a space has; the others are as they were.
        losses: by fold; fewer if it was given up.
        complete: whether it was judged by all folds.
    """

    settings: Mapping[str, Any]
    losses: tuple[float, ...]
    complete: bool

    @property
    def loss(self) -> float:
        """The mean over its folds."""
        return float(np.mean(self.losses))


class Searcher(Protocol):
    """One search over one space. What is asked next follows from the seed and from what was told, and from nothing else."""

    def told(self) -> Sequence[Trial]:
        """All trials so far, those of an earlier run that was stopped included, in their order."""

    def ask(self) -> tuple[int, dict[str, Any]]:
        """What to try next, and its number."""

    def hopeless(self, number: int, losses: Sequence[float]) -> bool:
        """Whether a trial with these losses in the first folds need not be judged by the others."""

    def tell(self, number: int, trial: Trial) -> None:
        """What came of it."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is searched for.

    Args:
        name: unique among the searches of a run.
        space: of the settings that are free.
        seed: of every random draw.
        digest: of all that losses depend on: what was told for another one is worth nothing.
        file: where a search can keep what it was told.
    """

    name: str
    space: Space
    seed: int
    digest: str
    file: Path


@dataclass(frozen=True)
class Search:
    """A way to search, by its name in params.yaml (`tune.search`)."""

    name: str
    start: Callable[[Question], Searcher]


@dataclass(frozen=True, kw_only=True)
class Fit:
    """One candidate with these settings on one fold: the smallest piece of work; by another recipe than its own, if one is named."""

    candidate: str
    settings: Mapping[str, Any]
    part: Part
    recipe: str = ""


class Spread(Protocol):
    """Does work on many fits at once."""

    def __call__(self, work: Callable[[Bench, Fit], Found], fits: Sequence[Fit]) -> list[Found]:
        """What comes of each, in their order."""


@dataclass(frozen=True)
class Hands:
    """What does the work, and how many fits it can do at once."""

    spread: Spread
    width: int


@dataclass(frozen=True, kw_only=True)
class Crew:
    """How many processes work, with how many threads each; or the address of those that are there already."""

    workers: int
    threads: int
    address: str | None = None


@dataclass(frozen=True)
class Engine:
    """What trials run on, by its name in params.yaml (`tune.engine`). It gives the bench to all who work.

    `start` raises `SettingsError` if it cannot be had.
    """

    name: str
    start: Callable[[Bench, Crew], AbstractContextManager[Hands]]


def judged(bench: Bench, fit: Fit) -> Result:
    """What a fit says of the rows that its fold judges, and how good that is."""
    recipe = bench.recipes[fit.recipe or fit.candidate]
    changed = replace(recipe, options=with_settings(recipe.options, fit.settings))
    own = replace(bench, recipes={**bench.recipes, fit.candidate: changed})
    (result,) = own.judge([discover("models", Candidate)[fit.candidate]], [fit.part])
    return result


def loss(bench: Bench, fit: Fit) -> float:
    """The loss of a fit, infinite if its settings make a model impossible."""
    try:
        value = judged(bench, fit).scores[0].get(bench.task.primary, np.inf)
    except (ValueError, ArithmeticError):
        return float("inf")
    return float(value) if np.isfinite(value) else float("inf")


def prediction(bench: Bench, fit: Fit) -> np.ndarray:
    """Predictions [n, classes] or [n] of a fit."""
    return judged(bench, fit).predictions[0]
