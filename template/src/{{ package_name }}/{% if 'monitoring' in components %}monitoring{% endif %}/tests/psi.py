"""The population stability index: of numbers on tenths of what was learnt from, of categories on words that are not seldom."""

from __future__ import annotations

import numpy as np

from ..distributions import chi_square
from ..summary import CategorySummary, NumberSummary
from .base import DriftTest, Statistic
from .numbers import counts_of, enough, few_bins
from .words import pooled


def _counts(
    reference: NumberSummary | CategorySummary, window: NumberSummary | CategorySummary
) -> tuple[np.ndarray, np.ndarray] | None:
    """Of both, [bins]; None of too few rows."""
    if isinstance(reference, CategorySummary):
        assert isinstance(window, CategorySummary)
        pair = pooled(reference, window)
        return None if pair is None else (pair[0], pair[1])
    assert isinstance(window, NumberSummary)
    return few_bins(counts_of(reference), counts_of(window)) if enough(reference, window) else None


def _psi(reference: NumberSummary | CategorySummary, window: NumberSummary | CategorySummary) -> Statistic | None:
    """With equal shares it is chi² times 1/n + 1/m: B. Yurdakul, Statistical Properties of Population Stability Index, 2018."""
    pair = _counts(reference, window)
    if pair is None:
        return None
    there = pair[0] + pair[1] > 0
    known, new = pair[0][there], pair[1][there]
    bins = len(known)
    if bins < 2:  # noqa: PLR2004 - one bin tells nothing
        return None
    # Half a row more in each: an empty bin has no logarithm.
    before, now = ((counts + 0.5) / (counts.sum() + 0.5 * bins) for counts in (known, new))
    psi = float(((now - before) * np.log(now / before)).sum())
    return Statistic(psi, chi_square(psi / (1 / known.sum() + 1 / new.sum()), bins - 1), psi)


PSI = DriftTest(name="psi", kinds=("number", "category"), says="population stability index", least=0.1, run=_psi)
