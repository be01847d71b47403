"""Tables that look alike column by column and pair by pair, and hold no clusters: what chance alone makes is seen in them."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.stats import norm


def look_alike(frame: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """A frame [N, n] whose columns have the same values, and about the same rank correlations, as those of another.

    Ranks are drawn from a Gaussian copula (A. Sklar 1959), so that nothing goes together but pairs, and those evenly.
    """
    ranks = frame.select(pl.all().rank("average")).to_numpy()
    scores = norm.ppf((ranks - 0.5) / len(frame))
    scores -= scores.mean(axis=0)
    spread = scores.std(axis=0)
    scores /= np.where(spread > 0, spread, 1)
    size, directions = np.linalg.eigh(scores.T @ scores / len(frame))
    mixing = directions * np.sqrt(np.maximum(size, 0))
    drawn = random.normal(size=scores.shape) @ mixing.T
    places = drawn.argsort(axis=0).argsort(axis=0)
    return pl.DataFrame(
        {column.name: column.sort()[places[:, place]] for place, column in enumerate(frame.iter_columns())}
    )
