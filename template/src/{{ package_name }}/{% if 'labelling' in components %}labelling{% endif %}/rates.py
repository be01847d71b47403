"""Whether labels become more or less frequent: each period against all before it, by chi² with Holm's correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .ratings import Ratings
from .settings import Rates

#: Chi² is wrong where fewer are expected: such labels are counted together.
_LEAST_EXPECTED = 5.0
_LETTERS = {"day": 10, "month": 7, "year": 4}


@dataclass(frozen=True, kw_only=True)
class Period:
    """One period.

    Args:
        name: 2026-05, for instance.
        rows: how many were labelled in it, each counted once, by its first label.
        rates: share of each label, in the order of the labels.
        label: whose share changed most.
        change: by how much, against all periods before; 0 for the first.
        p: of a change as large by chance, corrected; None where there are too few rows to say.
        drifted: whether it is sure, and large enough.
    """

    name: str
    rows: int
    rates: tuple[float, ...]
    label: str
    change: float
    p: float | None
    drifted: bool


def periods(ratings: Ratings, settings: Rates) -> list[Period]:
    """Every period in which something was labelled, in order; none if nobody says when."""
    if not ratings.moments:
        return []
    names = [moment.isoformat()[: _LETTERS[settings.period]] for moment in ratings.moments]
    order = sorted(set(names))
    at = {name: place for place, name in enumerate(order)}
    counts = np.zeros((len(order), len(ratings.labels)))
    for name, label in zip(names, ratings.first.tolist(), strict=True):
        counts[at[name], label] += 1
    before = np.cumsum(counts, axis=0) - counts
    found = [None, *(chi_squared(counts[place], before[place]) for place in range(1, len(order)))]
    corrected = holm(found)
    told = []
    for place, name in enumerate(order):
        rates = counts[place] / counts[place].sum()
        changes = rates - before[place] / before[place].sum() if place else np.zeros_like(rates)
        most, p = int(np.abs(changes).argmax()), corrected[place]
        is_large = abs(float(changes[most])) >= settings.least_change
        told.append(
            Period(
                name=name,
                rows=int(counts[place].sum()),
                rates=tuple(rates.tolist()),
                label=ratings.labels[most],
                change=float(changes[most]),
                p=p,
                drifted=is_large and p is not None and p < settings.level,
            )
        )
    return told


def chi_squared(one: np.ndarray, other: np.ndarray) -> float | None:
    """The p-value of two rows of counts having the same shares; None if too few are expected of all labels but one."""
    from scipy.stats import chi2

    table = np.vstack([one, other])
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    enough = expected.min(axis=0) >= _LEAST_EXPECTED
    cells, wanted = (np.column_stack([part[:, enough], part[:, ~enough].sum(axis=1)]) for part in (table, expected))
    # What is left over together counts only if it is enough by now.
    if wanted[:, -1].min() < _LEAST_EXPECTED:
        cells, wanted = cells[:, :-1], wanted[:, :-1]
    if cells.shape[1] < 2:  # noqa: PLR2004 - one label cannot change its share
        return None
    if not enough.all():
        # Shares are of what is compared.
        wanted = cells.sum(axis=1, keepdims=True) * cells.sum(axis=0) / cells.sum()
    statistic = float(((cells - wanted) ** 2 / wanted).sum())
    return float(chi2.sf(statistic, cells.shape[1] - 1))


def holm(found: Sequence[float | None]) -> list[float | None]:
    """The p-values, so corrected that all may be compared with one level; what is None stays so."""
    there = sorted((p, place) for place, p in enumerate(found) if p is not None)
    corrected: list[float | None] = [None] * len(found)
    least = 0.0
    for done, (p, place) in enumerate(there):
        least = max(least, min(1.0, p * (len(there) - done)))
        corrected[place] = least
    return corrected
