"""Tuning: who is searched for, what was found, and what it is worth on rows that no search has seen.

Two questions, and a search for each answer. Which settings? A search on all folds says. What do they gain? The best of many
trials flatters itself; so the same search is made again inside of each fold, on the rows that it learns from, and what it finds
is judged by the rows of the fold (S. Varma and R. Simon 2006). The gain over the defaults is that of these predictions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..discovery import discover
from ..evaluation.uncertainty import Blocks, Interval, blocks_of, jackknife
from ..features.split import Part, folds
from ..models.bench import Bench
from ..models.candidate import Candidate
from ..models.choice import Result, worse
from ..models.space import Space
from ..models.starting import bench_of, learnable, parts_of
from ..steps import Project
from .base import Crew, Engine, Fit, Hands, Question, Search, prediction
from .running import Run, run_all
from .settings import chosen, load_tune

#: That the true gain lies above the lower bound; and as much, that it lies below the upper one: 95 % between them.
CONFIDENCE = 0.975


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is done.

    Args:
        trials: a candidate.
        seconds: after which nothing new is tried.
        nested: whether the gain is estimated, which takes several times as long.
        crew: processes.
        engine: what they run on, by name.
    """

    trials: int
    seconds: float
    nested: bool
    crew: Crew
    engine: str


@dataclass(frozen=True, kw_only=True)
class Nested:
    """What the searches inside of the folds are worth on the rows of the folds.

    Args:
        untuned: the loss with the defaults.
        tuned: with what was found.
        gain: the difference, with its interval of 95 %; none if there are too few blocks of rows.
        rows: that were judged, in so many folds.
    """

    untuned: float
    tuned: float
    gain: Interval | None
    rows: int
    folds: int


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """One candidate.

    Args:
        space: of the settings that were free.
        run: the search on all folds.
        nested: what such searches gain; none if that was not asked for, or no fold has folds.
        taken: whether the settings are used.
    """

    name: str
    space: Space
    run: Run
    nested: Nested | None
    taken: bool


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """All of it; `in_time` says whether every trial was made."""

    candidates: Sequence[Tuned]
    in_time: bool
    primary: str


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """What the questions are asked about: rows in folds, the free settings of those who take part, and a digest of it all."""

    bench: Bench
    parts: Sequence[Part]
    inside: Mapping[int, Sequence[Part]]
    spaces: Mapping[str, Space]
    options: Mapping[str, Any]
    blocks: Blocks
    seed: int
    search: Search
    trials: int
    together: int
    digest: str
    file: Path


def tune(project: Project, rows: pl.DataFrame, effort: Effort, digest: str, file: Path) -> Tuning:
    """Search for better settings of the leading candidates.

    Args:
        project: where configuration comes from.
        rows: of the contract, to learn from.
        effort: how much is done.
        digest: of all that losses depend on.
        file: where searches keep what they were told.

    Raises:
        DataError: too few folds can be learnt from and judged.
        SettingsError: params.yaml is wrong, or the engine cannot be had.
    """
    settings = load_tune(project)
    engine = chosen(project, Engine, "engine", effort.engine)
    place = workplace(project, rows, effort, digest, file)
    primary = place.bench.task.primary
    if not place.spaces:
        return Tuning(candidates=(), in_time=True, primary=primary)
    with engine.start(place.bench, effort.crew) as hands:
        results = _with_defaults(place, hands)
        ranked = sorted(results, key=lambda name: results[name].values(primary).mean())
        leaders = ranked[: settings.leading]
        runs = {(name, fold): _run(place, name, fold) for name in leaders for fold in (None, *place.inside)}
        in_time = run_all(list(runs.values()), hands, effort.seconds)
        candidates = [_tuned(place, name, results[name], runs, hands) for name in leaders]
    return Tuning(candidates=candidates, in_time=in_time, primary=primary)


def workplace(project: Project, rows: pl.DataFrame, effort: Effort, digest: str, file: Path) -> Workplace:
    """With the folds inside of each fold that has two or more, if they are wanted."""
    candidates, contract, seed = discover("models", Candidate), project.contract, project.settings.seed
    settings = load_tune(project)
    bench, options = bench_of(project, candidates, rows, {})
    parts, _ = parts_of(project, rows, bench)
    spaces = {
        name: {key: space for key, space in candidates[name].space.items() if key not in options[name].model_fields_set}
        for name in bench.recipes
    }
    inside: dict[int, Sequence[Part]] = {}
    for place, part in enumerate(parts if effort.nested else ()):
        own = [
            Part(part.learn[fold.learn], part.learn[fold.judge])
            for fold in folds(rows[part.learn], contract, settings.inner_folds, seed)
        ]
        if len(own := learnable(own, bench)) > 1:
            inside[place] = own
    return Workplace(
        bench=bench,
        parts=parts,
        inside=inside,
        spaces={name: space for name, space in spaces.items() if space},
        options={name: bench.recipes[name].options for name in spaces},
        blocks=blocks_of(rows, contract),
        seed=seed,
        search=chosen(project, Search, "search", settings.search),
        trials=effort.trials,
        together=settings.together,
        digest=digest,
        file=file,
    )


def _with_defaults(place: Workplace, hands: Hands) -> dict[str, Result]:
    """Every candidate that can be searched for, on the folds, with the settings that it has."""
    fits = [Fit(candidate=name, settings={}, part=part) for name in place.spaces for part in place.parts]
    predictions = iter(hands.spread(prediction, fits))
    candidates = discover("models", Candidate)
    return {
        name: place.bench.scored(candidates[name], place.parts, [next(predictions) for _ in place.parts])
        for name in place.spaces
    }


def _run(place: Workplace, name: str, fold: int | None) -> Run:
    """The search for a candidate on all folds, or inside of one."""
    called = f"{name} on all folds" if fold is None else f"{name} inside of fold {fold + 1}"
    space, options = place.spaces[name], place.options[name]
    seed = place.seed + 1_000_003 * (0 if fold is None else fold + 1)
    return Run(
        candidate=name,
        defaults={key: getattr(options, key) for key in space},
        parts=place.parts if fold is None else place.inside[fold],
        searcher=place.search.start(
            Question(name=called, space=space, seed=seed, digest=place.digest, file=place.file)
        ),
        trials=place.trials,
        together=place.together,
    )


def _tuned(
    place: Workplace, name: str, untuned: Result, runs: Mapping[tuple[str, int | None], Run], hands: Hands
) -> Tuned:
    """What came of a candidate; it is taken if the folds show a gain by more than chance, and those inside of them show one."""
    run, task = runs[name, None], place.bench.task
    inner = {fold: runs[name, fold] for fold in place.inside}
    nested = _nested(place, name, untuned, inner, hands) if inner else None
    found = Result(
        candidate=untuned.candidate, scores=[{task.primary: value} for value in run.best().losses], predictions=()
    )
    better = len(found.scores) == len(place.parts) and worse(untuned, found, task)
    return Tuned(
        name=name,
        space=place.spaces[name],
        run=run,
        nested=nested,
        taken=better and (nested is None or nested.tuned < nested.untuned),
    )


def _nested(place: Workplace, name: str, untuned: Result, inner: Mapping[int, Run], hands: Hands) -> Nested:
    """Defaults and what was found inside of each fold, both judged by the rows of the fold."""
    bench, task = place.bench, place.bench.task
    fits = [Fit(candidate=name, settings=run.best().settings, part=place.parts[fold]) for fold, run in inner.items()]
    tuned = np.concatenate(hands.spread(prediction, fits))
    before = np.concatenate([untuned.predictions[fold] for fold in inner])
    judged = np.concatenate([place.parts[fold].judge for fold in inner])
    target, weight = bench.target[judged], None if bench.weight is None else bench.weight[judged]

    def losses(rows: np.ndarray) -> dict[str, float]:
        counts = None if weight is None else weight[rows]
        both = [task.score(target[rows], each[rows], counts)[task.primary] for each in (before, tuned)]
        return {"untuned": both[0], "tuned": both[1], "gain": both[0] - both[1]}

    everywhere = losses(np.arange(len(judged)))
    return Nested(
        untuned=everywhere["untuned"],
        tuned=everywhere["tuned"],
        gain=jackknife(losses, place.blocks.index[judged], CONFIDENCE).get("gain"),
        rows=len(judged),
        folds=len(inner),
    )
