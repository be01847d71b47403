"""How sure a score of a window is: bounds of shares of rows by Wilson, of all others by the bootstrap. A service has no scipy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from statistics import NormalDist

import numpy as np

from .reference import Score
from .scores import Said, Scores, scores_of

#: That a score lies above its lower bound; and as much, that it lies below the upper one. As of the hold-out.
CONFIDENCE = 0.95
#: How far that is, in standard errors.
REACH = NormalDist().inv_cdf(CONFIDENCE)
#: Metrics of which less is better; they have no upper end.
LOSSES = frozenset({"log_loss", "brier", "rmse", "mae"})
_FARTHEST = 50.0
#: Draws for an interval, fewer of many rows.
_MOST_DRAWS, _FEWEST_DRAWS = 400, 100
#: Numbers in memory at once, and rows that an interval is found on.
_NUMBERS, _MOST_ROWS = 1_000_000, 5_000


class Measured(Score):
    """A score, its bounds, and on how many rows it stands."""

    rows: int


def measured(said: Said, outcomes: np.ndarray) -> dict[str, Measured]:
    """The scores of rows [N] that are defined, with their bounds; the same rows give the same, whenever they are asked.

    Shares of rows have bounds by Wilson (1927), all others by the bootstrap's standard error. Rows count as independent.
    """
    value = {name: float(found[0]) for name, found in scores_of(said, outcomes, np.ones((1, len(said)))).items()}
    errors = _errors(said, outcomes)
    bases = _bases(said, outcomes)
    found = {}
    for name, score in value.items():
        if not math.isfinite(score) or name not in errors:
            continue
        rows = bases.get(name)
        low, high = _bounds(name, score, errors[name]) if rows is None else wilson(score, rows)
        found[name] = Measured(value=score, low=low, high=high, rows=len(said) if rows is None else rows)
    return found


def _bounds(name: str, score: float, error: float) -> tuple[float, float]:
    """Bounds on a scale without an end: what a score of few rows can be is not as far on both sides of it."""
    if name in LOSSES:
        return _of_loss(score, error)
    if name == "r2":
        low, high = _of_loss(1 - score, error)
        return 1 - high, 1 - low
    if not 0 < score < 1:
        return score, score
    odds, reach = math.log(score / (1 - score)), REACH * error / (score * (1 - score))
    return 1 / (1 + math.exp(min(_FARTHEST, reach - odds))), 1 / (1 + math.exp(-reach - odds))


def _of_loss(loss: float, error: float) -> tuple[float, float]:
    factor = math.exp(min(_FARTHEST, REACH * error / loss)) if loss > 0 else 1.0
    return loss / factor, loss * factor


def wilson(share: float, rows: int) -> tuple[float, float]:
    """Bounds of a share of rows (E. B. Wilson 1927)."""
    square = REACH**2
    middle = (share + square / 2 / rows) / (1 + square / rows)
    reach = REACH * math.sqrt(share * (1 - share) / rows + square / 4 / rows**2) / (1 + square / rows)
    return max(0.0, min(share, middle - reach)), min(1.0, max(share, middle + reach))


def _bases(said: Said, outcomes: np.ndarray) -> Mapping[str, int]:
    """By metric that is a share of rows, how many these are."""
    if said.labels is None:
        return {}
    everything = {"accuracy": len(said)}
    if said.positive is None:
        return everything
    called, happened = int((said.labels == said.positive).sum()), int((outcomes == said.positive).sum())
    return {**everything, "precision": called, "recall": happened}


def _errors(said: Said, outcomes: np.ndarray) -> dict[str, float]:
    """The standard error of each metric that is defined in most draws. Of very many rows some tell it for all."""
    step = -(-len(said) // _MOST_ROWS)
    rows = np.arange(0, len(said), step)
    few, known = said.of(rows), outcomes[rows]
    random, count = np.random.default_rng(0), len(rows)

    def draw(draws: int) -> Scores:
        picked = random.integers(count, size=(draws, count)) + np.arange(draws)[:, None] * count
        weights = np.bincount(picked.ravel(), minlength=draws * count).reshape(draws, count).astype(np.float64)
        return scores_of(few, known, weights)

    drawn = in_pieces(few, draw)
    scale = math.sqrt(count / len(said))
    return {
        name: float(np.nanstd(values)) * scale for name, values in drawn.items() if np.isfinite(values).mean() > 1 / 2
    }


def in_pieces(said: Said, draw: Callable[[int], Scores]) -> Scores:
    """Many draws, a few at a time: as many as fit in memory."""
    size = len(said) * (1 if said.probabilities is None else said.probabilities.shape[1])
    draws = max(_FEWEST_DRAWS, min(_MOST_DRAWS, 10 * _NUMBERS // max(1, size)))
    parts = [draw(piece) for piece in _pieces(draws, max(1, _NUMBERS // max(1, size)))]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _pieces(draws: int, at_once: int) -> Iterator[int]:
    for begin in range(0, draws, at_once):
        yield min(at_once, draws - begin)
