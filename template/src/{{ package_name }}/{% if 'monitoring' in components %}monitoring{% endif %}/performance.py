"""Whether a model is as good as it was on its hold-out: windows of the log whose outcomes are known, judged; and alarms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from ..contract.types import Section
from .distributions import kolmogorov, normal
from .history import History
from .intervals import REACH, Measured
from .judging import beyond_chance
from .reference import Score
from .settings import Monitoring

#: Of an entry of the history.
KIND = "performance"
# That rows with an outcome are others than those without: how sure, how different, and of how many rows it can be said.
_BY_CHANCE, _DIFFERENT, _FEWEST = 1e-3, 0.1, 30
_TINY = 1e-12


class PerformanceWindow(Section):
    """A window of the log, and how good the model was in it; the latest entry of a window is what is known of it.

    Args:
        index: of the window, as drift counts them.
        rows: that the model answered which is judged.
        labelled: those of them whose outcome is known.
        reference: the version of that model.
        scores: by metric; none as long as too few outcomes are known.
        expected: by metric, what the hold-out said.
        degraded: the metrics that are worse than on the hold-out, and not by chance.
        selective: how far predictions whose outcome is known differ from the others (0 to 1), where that is no chance.
        estimates: by estimator and metric, what scores are to be expected; where too few outcomes are known.
        outcomes: a digest of the outcomes that it stands on.
    """

    index: Annotated[int, Field(ge=0)]
    begin: str
    end: str
    rows: Annotated[int, Field(ge=0)]
    labelled: Annotated[int, Field(ge=0)]
    reference: str
    scores: dict[str, Measured]
    expected: dict[str, Score]
    degraded: tuple[str, ...]
    selective: float | None = None
    estimates: dict[str, dict[str, Measured]] = {}  # noqa: RUF012 - pydantic copies it
    outcomes: str = ""


class PerformanceAlarm(NamedTuple):
    """A metric that has been worse for long enough.

    Args:
        since: the first of the newest windows in which it was worse, by index.
        degraded: in how many of the newest windows.
        of: how many were looked at.
        rows: with an outcome, in all of these.
    """

    metric: str
    since: int
    degraded: int
    of: int
    rows: int


def performance_of(history: History) -> list[PerformanceWindow]:
    """What is known of each window, in their order; raises `DataError`."""
    latest = {window.index: window for window in history.entries(KIND, PerformanceWindow)}
    return [latest[index] for index in sorted(latest)]


def enough(rows: int, labelled: int, settings: Monitoring) -> bool:
    """Whether a window can be judged."""
    wanted = settings.performance
    return labelled >= max(wanted.rows, math.ceil(wanted.labelled * rows - _TINY))


def worse(
    found: Mapping[str, Measured], expected: Mapping[str, Score], higher: Mapping[str, bool], settings: Monitoring
) -> tuple[str, ...]:
    """The metrics that are worse than expected: more than counts, and no chance at the level, all metrics together.

    The error of a difference is that of both, each on the side of the other (G. Y. Zou and A. Donner, "Construction of
    confidence limits about effect measures", Statistics in Medicine 27 (2008), 1693-1702).
    """
    names = [name for name in found if name in expected]
    differences = [_difference(found[name], expected[name], is_better=higher.get(name, True)) for name in names]
    least = settings.performance.least
    is_sure = beyond_chance([difference.p for difference in differences], settings)
    return tuple(
        name
        for name, difference, certain in zip(names, differences, is_sure, strict=True)
        if certain and difference.effect >= least
    )


class _Difference(NamedTuple):
    effect: float
    p: float


def _difference(found: Measured, expected: Score, *, is_better: bool) -> _Difference:
    """How much worse: of scores up to 1 the difference, of losses the share by which they rose."""
    if is_better:
        by, reach = expected.value - found.value, math.hypot(expected.value - expected.low, found.high - found.value)
        effect = by
    else:
        by, reach = found.value - expected.value, math.hypot(expected.high - expected.value, found.value - found.low)
        effect = by / max(abs(expected.value), _TINY)
    tail = normal(by / max(reach / REACH, _TINY)) / 2
    return _Difference(effect, tail if by > 0 else 1 - tail)


def selective(values: np.ndarray, is_known: np.ndarray) -> float | None:
    """How far predictions [N] whose outcome is known differ from the others, if that is no chance (Kolmogorov, Smirnov)."""
    known, others = np.sort(values[is_known]), np.sort(values[~is_known])
    if min(len(known), len(others)) < _FEWEST:
        return None
    both = np.concatenate([known, others])
    shares = [np.searchsorted(some, both, side="right") / len(some) for some in (known, others)]
    distance = float(np.abs(shares[0] - shares[1]).max())
    rows = len(known) * len(others) / len(both)
    is_other = distance >= _DIFFERENT and kolmogorov(distance * math.sqrt(rows)) <= _BY_CHANCE
    return distance if is_other else None


def alarms(windows: Sequence[PerformanceWindow], settings: Monitoring) -> list[PerformanceAlarm]:
    """What is worse in the newest window that is judged, and in enough of the newest ones.

    Args:
        windows: in their order. Only those count that are of the same model as the newest.
        settings: how many it takes.
    """
    judged = [window for window in windows if window.scores and window.reference == windows[-1].reference]
    newest = judged[-settings.alarm.of :]
    found = []
    for metric in newest[-1].degraded if newest else ():
        among = [window.index for window in newest if metric in window.degraded]
        if len(among) >= settings.alarm.drifted:
            rows = sum(window.labelled for window in newest)
            found.append(PerformanceAlarm(metric, among[0], len(among), len(newest), rows))
    return found
