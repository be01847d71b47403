"""Many searches at once: each says what it wants to know next, and all of that is done together."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..features.split import Part
from ..progress import done
from .base import Fit, Hands, Searcher, Trial, loss

#: Fits for each process that are handed out at once: the clock is looked at between.
AT_ONCE = 4


@dataclass
class Run:
    """One search: for a candidate, judged by folds of some rows.

    Args:
        candidate: its name.
        defaults: its settings as they are, of those that are free.
        parts: the folds.
        searcher: draws trials.
        trials: how many there shall be.
        together: how many are drawn at once.
        untuned: losses with the defaults, of folds that are judged already.
        recipe: another than the candidate's own.
    """

    candidate: str
    defaults: Mapping[str, Any]
    parts: Sequence[Part]
    searcher: Searcher
    trials: int
    together: int
    untuned: list[float] = field(default_factory=list)
    recipe: str = ""

    def best(self) -> Trial:
        """The complete trial of the least loss; the defaults if none is better, or they are not judged yet."""
        default = Trial(settings=self.defaults, losses=tuple(self.untuned), complete=True)
        complete = [trial for trial in self.told() if trial.complete]
        if len(self.untuned) < len(self.parts) or not complete:
            return default
        return min([default, *complete], key=lambda trial: trial.loss)

    def told(self) -> Sequence[Trial]:
        """Trials that have ended, as many as there shall be."""
        return self.searcher.told()[: self.trials]

    def made(self) -> int:
        """Trials that have ended; one less than none before the defaults are judged."""
        return len(self.told()) if len(self.untuned) == len(self.parts) else -1

    def steps(self) -> Generator[list[Fit], list[float], None]:
        """What it wants to know, one fold after the other; it is sent the losses."""
        for part in self.parts[len(self.untuned) :]:
            self.untuned += yield [self._fit(self.defaults, part)]
        while (made := len(self.searcher.told())) < self.trials:
            yield from self._round(min(self.together, self.trials - made))

    def _round(self, count: int) -> Generator[list[Fit], list[float], None]:
        asked = dict(self.searcher.ask() for _ in range(count))
        losses: dict[int, list[float]] = {number: [] for number in asked}
        alive = list(asked)
        for place, part in enumerate(self.parts):
            fits = [self._fit(asked[number], part) for number in alive]
            for number, found in zip(alive, (yield fits), strict=True):
                losses[number].append(found)
            if place == len(self.parts) - 1:
                break
            alive = [number for number in alive if self._goes_on(number, losses[number])]
            if not alive:
                break
        for number, settings in asked.items():
            finite = [value for value in losses[number] if np.isfinite(value)]
            complete = len(finite) == len(self.parts)
            self.searcher.tell(number, Trial(settings=settings, losses=tuple(finite), complete=complete))

    def _fit(self, settings: Mapping[str, Any], part: Part) -> Fit:
        return Fit(candidate=self.candidate, settings=settings, part=part, recipe=self.recipe)

    def _goes_on(self, number: int, losses: Sequence[float]) -> bool:
        return bool(np.isfinite(losses[-1])) and not self.searcher.hopeless(number, losses)


def run_all(runs: Sequence[Run], hands: Hands, seconds: float) -> bool:
    """All searches in step with each other, so that time, if it ends them, leaves each as many trials; whether it was enough."""
    until = time.monotonic() + seconds
    steps = {place: run.steps() for place, run in enumerate(runs)}
    wanted = {place: next(step, []) for place, step in steps.items()}
    while wanted := {place: fits for place, fits in wanted.items() if fits}:
        behind = min(runs[place].made() for place in wanted)
        now = {place: fits for place, fits in wanted.items() if runs[place].made() == behind}
        fits = [fit for each in now.values() for fit in each]
        found: list[float] = []
        width = AT_ONCE * hands.width
        for first in range(0, len(fits), width):
            if time.monotonic() > until:
                least = min(len(run.told()) for run in runs)
                for run in runs:
                    run.trials = least
                return False
            found += hands.spread(loss, fits[first : first + width])
        losses = iter(found)
        wanted |= {place: _sent(steps[place], [next(losses) for _ in each]) for place, each in now.items()}
        told, total = (sum(counts) for counts in zip(*((len(run.told()), run.trials) for run in runs), strict=True))
        done(f"{told} of {total} trials", told / max(1, total))
    return True


def _sent(steps: Generator[list[Fit], list[float], None], losses: list[float]) -> list[Fit]:
    """What a search wants next; nothing if it has ended."""
    try:
        return steps.send(losses)
    except StopIteration:
        return []
