"""Statistics that stay valid however often one looks, and whenever one stops.

A test that is meant for one look finds a difference between equal models sooner or later, if it is asked after each
request. These bound by `alpha` the chance that they are *ever* wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: Beyond which an alternative is tried, as odds of the bound; the last is nearly certain failure.
_ALTERNATIVES = 12
_ALMOST = 0.999
#: The least pairs of values that are compared, and the factor between two looks.
_FIRST_LOOK, _BETWEEN_LOOKS = 64, 2
#: Of scores from 0 to 1, the largest variance: as if one such score came first, so that no early variance is zero.
_LARGEST_VARIANCE = 0.25


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Scores of a model, each from 0 to 1: how many, their sum, the sum of their squares."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def plus(self, scores: Sequence[float]) -> Scores:
        """With more of them."""
        total, squares = self.total + sum(scores), self.squares + sum(score * score for score in scores)
        return Scores(count=self.count + len(scores), total=total, squares=squares)

    @property
    def mean(self) -> float:
        """Their mean; 0 without any."""
        return self.total / self.count if self.count else 0.0


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A mean difference, and the interval that holds the true one at all times at once."""

    value: float
    low: float
    high: float


def is_beyond(events: int, trials: int, most: float, alpha: float) -> bool:
    """Whether more than a share `most` of trials ends in the event, whatever is seen later.

    The evidence is a mixture of likelihood ratios over greater shares. It is a supermartingale as long as the true share
    is at most `most`, so it ever reaches 1/alpha with probability alpha at most.

    Ville, J. (1939), *Étude critique de la notion de collectif*; Robbins, H. (1970), "Statistical Methods Related to the
    Law of the Iterated Logarithm", Annals of Mathematical Statistics 41(5).
    """
    return events > most * trials and float(log_evidence(events, trials, most)) >= -math.log(alpha)


def log_evidence(events: np.ndarray | int, trials: np.ndarray | int, most: float) -> np.ndarray:
    """The logarithm of the evidence that the share of an event is above `most`, for numbers or arrays [N]."""
    odds = np.geomspace(1.25 * most / (1 - most), _ALMOST / (1 - _ALMOST), _ALTERNATIVES)
    shares = odds / (1 + odds)
    seen, unseen = np.asarray(events, dtype=float), np.asarray(trials, dtype=float) - events
    ratios = seen[..., None] * np.log(shares / most) + unseen[..., None] * np.log((1 - shares) / (1 - most))
    return np.asarray(np.logaddexp.reduce(ratios, axis=-1) - math.log(_ALTERNATIVES))


def difference(champion: Scores, challenger: Scores, effect: float, alpha: float) -> Difference | None:
    """The challenger's mean score less the champion's, with its confidence sequence; None before both have two.

    It is the mixture sequential probability ratio test, turned into an interval. The mixture is normal with the
    standard deviation `effect`, so that differences of about that size are found soonest. Variances are estimated, and
    never as none: the caller waits for some scores of each model before it believes anything.

    Johari, R., Koomen, P., Pekelis, L., Walsh, D. (2022), "Always Valid Inference: Continuous Monitoring of A/B Tests",
    Operations Research 70(3).
    """
    if min(champion.count, challenger.count) < 2:  # noqa: PLR2004 - a variance needs two
        return None
    value = challenger.mean - champion.mean
    radius = float(radius_of(_variance(champion) + _variance(challenger), effect, alpha))
    return Difference(value=value, low=value - radius, high=value + radius)


def radius_of(variance: np.ndarray | float, effect: float, alpha: float) -> np.ndarray:
    """Half the width of the confidence sequence, for the variance of an estimate, or arrays [N] of them."""
    mixed = effect * effect
    whole = np.asarray(variance) + mixed
    return np.asarray(np.sqrt(2 * variance * whole / mixed * (np.log(1 / alpha) + np.log(whole / variance) / 2)))


def _variance(scores: Scores) -> float:
    """Of the mean."""
    spread = max(scores.squares - scores.total * scores.mean, 0.0)
    return (spread + _LARGEST_VARIANCE) / (scores.count + 1) / scores.count


def drifted(champion: Sequence[float], challenger: Sequence[float], most: float, alpha: float) -> float | None:
    """How far two distributions lie apart (the greatest distance of their cumulative shares), if that is more than `most`.

    They are compared when there are 64 values of each, 128, 256 and so on, and each look has half of the alpha that is left.

    Wei, F., Dudley, R. M. (2012), "Two-sample Dvoretzky-Kiefer-Wolfowitz inequalities", Statistics & Probability Letters
    82(3): for n values of each, P(distance > x) <= e * exp(-n * x * x).
    """
    looks = int(math.log(max(min(len(champion), len(challenger)), 1) / _FIRST_LOOK, _BETWEEN_LOOKS) + 1e-9)
    if min(len(champion), len(challenger)) < _FIRST_LOOK:
        return None
    pairs = _FIRST_LOOK * _BETWEEN_LOOKS**looks
    radius = math.sqrt((1 - math.log(alpha / 2 ** (looks + 1))) / pairs)
    apart = distance(np.asarray(champion[:pairs]), np.asarray(challenger[:pairs]))
    return apart if apart - radius > most else None


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """The greatest distance of the cumulative shares of two sets of values [N] and [M], as Kolmogorov and Smirnov have it."""
    points = np.concatenate([first, second])
    below = [np.searchsorted(np.sort(values), points, side="right") / len(values) for values in (first, second)]
    return float(np.abs(below[0] - below[1]).max())
