"""Tails of the distributions that tests need: a service has no scipy. The project's tests compare them with it.

Sources: W. H. Press et al., Numerical Recipes, 3rd edition, sections 6.2 (incomplete gamma), 6.4 (incomplete beta) and 6.14.
"""

from __future__ import annotations

import math
from collections.abc import Callable

_STEPS = 300
_EXACT = 1e-15
_TINY = 1e-300


def normal(z: float) -> float:
    """That a normal number is as far from 0 on either side."""
    return math.erfc(abs(z) / math.sqrt(2))


def chi_square(value: float, freedom: int) -> float:
    """That a sum of so many squares of normal numbers is as large."""
    a, x = freedom / 2, value / 2
    if x <= 0:
        return 1.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        for step in range(1, _STEPS):
            term *= x / (a + step)
            total += term
            if term < total * _EXACT:
                break
        return max(0.0, 1 - front * total)
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    product = d
    for step in range(1, _STEPS):
        factor = -step * (step - a)
        b += 2
        d = 1 / _not_zero(factor * d + b)
        c = _not_zero(b + factor / c)
        product *= c * d
        if abs(c * d - 1) < _EXACT:
            break
    return front * product


def student(t: float, freedom: float) -> float:
    """That a number of Student's distribution is as far from 0 on either side."""
    return _beta(freedom / 2, 0.5, freedom / (freedom + t * t))


def kolmogorov(value: float) -> float:
    """That the largest distance of two distribution functions, times the root of the rows, is as large; of many rows."""
    if value < 0.2:  # noqa: PLR2004 - 1 to fifteen digits
        return 1.0
    terms = ((-1) ** (step - 1) * math.exp(-2 * (step * value) ** 2) for step in range(1, 101))
    return min(1.0, max(0.0, 2 * math.fsum(terms)))


def as_many(found: int, rows: int, found_before: int, rows_before: int) -> float:
    """That of all that were found, so few or so many are among the newer rows by chance: Fisher's test, the smaller tail twice."""
    total, everything = found + found_before, rows + rows_before
    most, least = min(rows, total), max(0, total - rows_before)
    whole = _ways(everything, total)

    def chance(k: int) -> float:
        return math.exp(_ways(rows, k) + _ways(rows_before, total - k) - whole)

    tails = (_tail(chance, range(found, most + 1)), _tail(chance, range(found, least - 1, -1)))
    return min(1.0, 2 * min(tails))


def _tail(chance: Callable[[int], float], counts: range) -> float:
    total = 0.0
    for k in counts:
        part = chance(k)
        total += part
        if part < total * _EXACT:
            break
    return total


def _ways(rows: int, chosen: int) -> float:
    """The logarithm of the number of ways to choose."""
    return math.lgamma(rows + 1) - math.lgamma(chosen + 1) - math.lgamma(rows - chosen + 1)


def _beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function."""
    if x <= 0 or x >= 1:
        return min(1.0, max(0.0, x))
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    product = d
    for step in range(1, _STEPS):
        for factor in (
            step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step)),
            -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1)),
        ):
            d = 1 / _not_zero(1 + factor * d)
            c = _not_zero(1 + factor / c)
            product *= c * d
        if abs(c * d - 1) < _EXACT:
            break
    return product


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
