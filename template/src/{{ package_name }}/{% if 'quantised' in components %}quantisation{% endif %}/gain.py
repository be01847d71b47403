"""What the smaller graph is worth: how large the file is, and how long a prediction takes, measured on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

from ..features.frame import columns_of
from ..predictor.encoding import encode
from ..predictor.predictor import Predictor
from .gates import Pair
from .settings import CONFIG, QuantisedSettings

#: Both are timed in turns, so that whatever else the machine does falls on both; each time so many single rows.
ROUNDS, ROWS = 41, 25


@dataclass(frozen=True, kw_only=True)
class Gain:
    """What is smaller or faster.

    Args:
        size: bytes of the smaller graph as a share of those of the exported one.
        microseconds: that the exported graph takes for a row, median over rounds.
        time: of the smaller graph, as a share of that: quartiles over rounds, the median in the middle.
    """

    size: float
    microseconds: float
    time: tuple[float, float, float]


def measured(pair: Pair, rows: pl.DataFrame) -> Gain:
    """Size and time of both, for single rows."""
    singles = [encode(pair.exported.contract, columns_of(pair.exported.contract, row)) for row in _singles(rows)]
    before, after = timed([partial(_run, each, singles) for each in (pair.exported, pair.quantised)])
    low, middle, high = (float(share) for share in np.quantile(after / before, [0.25, 0.5, 0.75]))
    return Gain(
        size=pair.quantised.size / pair.exported.size,
        microseconds=float(np.median(before)) / len(singles) * 1e6,
        time=(low, middle, high),
    )


def timed(works: Sequence[Callable[[], object]], clock: Callable[[], float] = perf_counter) -> np.ndarray:
    """Seconds of each work in each round, [works, ROUNDS], after one round that does not count; in turns, forth and back."""
    seconds = np.zeros((len(works), ROUNDS + 1))
    for number in range(ROUNDS + 1):
        order = range(len(works)) if number % 2 else reversed(range(len(works)))
        for place in order:
            started = clock()
            works[place]()
            seconds[place, number] = clock() - started
    return seconds[:, 1:]


def not_worth(gain: Gain, integers: int, bounds: QuantisedSettings) -> str | None:
    """Why it is not worth keeping, in a sentence; None if it is. Faster is only what three rounds out of four say.

    Args:
        gain: as measured.
        integers: operators that have them.
        bounds: of configs/quantised.yaml.
    """
    _, usual, slow = gain.time
    found = f"the file is {gain.size:.2f} times as large, and a prediction takes {usual:.2f} times as long"
    if not integers:
        return f"no gain: the graph has no matrix product that could have integers; {found}"
    if gain.size > 1 - bounds.gain and slow > 1 - bounds.gain:
        return f"no gain: {found}; one of the two must be at most {1 - bounds.gain:.2f} (gain in {CONFIG})"
    if max(gain.size, usual) > 1 + bounds.cost:
        return f"it costs too much: {found}; neither may be above {1 + bounds.cost:.2f} (cost in {CONFIG})"
    return None


def _singles(rows: pl.DataFrame) -> list[pl.DataFrame]:
    return list(rows.head(ROWS).iter_slices(1))


def _run(model: Predictor, singles: Sequence[Mapping[str, Any]]) -> None:
    for feeds in singles:
        model.session.run(None, dict(feeds))
