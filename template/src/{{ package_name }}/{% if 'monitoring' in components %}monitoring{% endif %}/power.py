"""How small a shift a window can show."""

from __future__ import annotations

import math
from statistics import NormalDist

#: How often such a shift is found.
POWER = 0.9


def smallest_shift(rows_before: int, rows: int, level: float, tests: int, least: float) -> float:
    """The shift of a mean, in standard deviations, that a window of so many rows shows nine times in ten.

    Args:
        rows_before: that were learnt from.
        rows: of the window.
        level: of all tests together.
        tests: how many there are.
        least: a smaller effect does not count.
    """
    if not rows or not rows_before:
        return math.inf
    normal = NormalDist()
    error = math.sqrt(1 / rows + 1 / rows_before)
    by_chance = -normal.inv_cdf(level / max(1, tests) / 2)
    found = normal.inv_cdf(POWER)
    return max(by_chance * error, least) + found * error
