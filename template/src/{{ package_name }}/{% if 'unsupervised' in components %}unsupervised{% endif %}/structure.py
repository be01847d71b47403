"""What was learnt of rows: the centres of their clusters, and a forest that tells how soon a row stands alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest

from ..models.ensemble.thresholds import largest_float32_not_above

#: A number counts as at most so many deviations from its mean: for clusters, and for the forest.
NEAR, FAR = 4.0, 100.0
TREES = 100
#: More rows are not better, as unusual ones then hide each other.
ROWS_OF_A_TREE = 256
MOST_ROWS = 50_000


class Structure(BaseEstimator):  # type: ignore[misc]
    """Squared distances to the centres of k-means, then how unusual a row is: an isolation forest (F. T. Liu et al. 2008).

    Args:
        clusters: how many; with 1 the centre is the mean.
        seed: of every draw.
    """

    def __init__(self, clusters: int, seed: int) -> None:
        self.clusters = clusters
        self.seed = seed

    def fit(self, features: np.ndarray, target: object = None) -> Structure:  # noqa: ARG002
        """Learn from features [N, n], of at most `MOST_ROWS` rows."""
        some = np.random.default_rng(self.seed).permutation(len(features))[:MOST_ROWS]
        means = KMeans(self.clusters, n_init=10, random_state=self.seed).fit(near(features[some]))
        # The largest cluster is the first.
        order = np.argsort(-np.bincount(means.labels_, minlength=self.clusters), kind="stable")
        self.centres_ = means.cluster_centers_[order].astype(np.float32)
        self.forest_ = IsolationForest(
            n_estimators=TREES, max_samples=min(ROWS_OF_A_TREE, len(some)), random_state=self.seed
        ).fit(far(features[some]))
        for tree in self.forest_.estimators_:
            tree.tree_.threshold[:] = largest_float32_not_above(tree.tree_.threshold)
        self.width_ = self.clusters + 1
        return self

    def transform(self, features: np.ndarray) -> np.ndarray:
        """Squared distances and how unusual it is, 0 to 1, [N, clusters + 1]."""
        between = near(features)[:, None, :] - self.centres_[None].astype(np.float64)
        return np.column_stack([(between**2).sum(axis=2), -self.forest_.score_samples(far(features))])


def near(features: Any) -> np.ndarray:
    """Features as clusters see them."""
    return np.clip(np.asarray(features, dtype=np.float64), -NEAR, NEAR)


def far(features: Any) -> np.ndarray:
    """Features as the forest sees them."""
    return np.clip(np.asarray(features, dtype=np.float64), -FAR, FAR).astype(np.float32)
