"""Into how many clusters rows fall, if they do: k-means (S. Lloyd 1982), judged by silhouettes (P. Rousseeuw 1987)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

from .alike import look_alike

#: Rows that are looked at; more say nothing new about how many clusters there are.
MOST_ROWS = 500
MOST_CLUSTERS = 8
#: What holds a smaller share of the rows is no cluster, but some unusual rows.
SMALLEST = 0.02
#: From how many halves of the rows clusters are learnt anew.
SEEDS = 5
#: Tables without clusters; to beat all of them happens by chance once in so many and one.
REFERENCES = 19
#: Clusters of other halves agree at least so well (adjusted Rand index, L. Hubert and P. Arabie 1985).
STABLE = 0.7

Encode = Callable[[pl.DataFrame], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A number of clusters: silhouettes of all rows, one a seed; how well seeds agree; and the share of the smallest cluster."""

    clusters: int
    silhouettes: tuple[float, ...]
    stability: float
    smallest: float


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What was chosen.

    Args:
        clusters: how many; 1 if there is no sign of several.
        tried: each number that was.
        silhouette: the best.
        by_chance: the best of each table without clusters.
    """

    clusters: int
    tried: tuple[Tried, ...]
    silhouette: float
    by_chance: tuple[float, ...]


def choose(frame: pl.DataFrame, encode: Encode, seed: int) -> Chosen:
    """The number of clusters with the best silhouette, if that is better than chance makes it, and seeds agree on them.

    Args:
        frame: [N, n]; at most `MOST_ROWS` are looked at.
        encode: rows of the frame to features [N, m].
        seed: of all draws.
    """
    random = np.random.default_rng(seed)
    frame = frame[np.sort(random.permutation(len(frame))[:MOST_ROWS])]
    features = encode(frame)
    tried = tuple(_tried(features, count, seed) for count in _counts(features))
    fitting = [each for each in tried if each.smallest >= SMALLEST]
    silhouette = _best(features, seed)
    by_chance = tuple(_best(encode(look_alike(frame, random)), seed) for _ in range(REFERENCES)) if fitting else ()
    best = max(fitting, key=lambda each: np.mean(each.silhouettes), default=None)
    found = best is not None and best.stability >= STABLE and silhouette > max(by_chance)
    return Chosen(
        clusters=best.clusters if found and best else 1, tried=tried, silhouette=silhouette, by_chance=by_chance
    )


def _counts(features: np.ndarray) -> range:
    """Of clusters there are no more than kinds of rows, and each has ten rows if they are even."""
    kinds = len(np.unique(features, axis=0))
    return range(2, min(MOST_CLUSTERS, kinds - 1, len(features) // 10) + 1)


def _tried(features: np.ndarray, count: int, seed: int) -> Tried:
    labels = []
    for number in range(SEEDS):
        half = np.random.default_rng([seed, number]).permutation(len(features))[: len(features) // 2]
        labels.append(KMeans(count, n_init=3, random_state=number).fit(features[half]).predict(features))
    return Tried(
        clusters=count,
        silhouettes=tuple(_silhouette(features, each) for each in labels),
        stability=float(np.mean([adjusted_rand_score(*pair) for pair in combinations(labels, 2)])),
        smallest=float(np.median([np.bincount(each, minlength=count).min() for each in labels]) / len(features)),
    )


def _best(features: np.ndarray, seed: int) -> float:
    """The best silhouette of any number of clusters that are large enough; -1 if none are."""
    silhouettes = [-1.0]
    for count in _counts(features):
        labels = KMeans(count, n_init=1, random_state=seed).fit_predict(features)
        if np.bincount(labels, minlength=count).min() >= SMALLEST * len(features):
            silhouettes.append(_silhouette(features, labels))
    return max(silhouettes)


def _silhouette(features: np.ndarray, labels: np.ndarray) -> float:
    return float(silhouette_score(features, labels)) if len(np.unique(labels)) > 1 else -1.0
