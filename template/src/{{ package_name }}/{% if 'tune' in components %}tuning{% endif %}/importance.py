"""How much each setting mattered, by the trials of a search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from ..models.space import Choice, Space
from .base import Trial

#: With fewer complete trials nothing can be said.
FEWEST = 8


def importance(space: Space, trials: Sequence[Trial], seed: int) -> dict[str, float]:
    """By setting its share of what a forest explains of the losses, 1 together; empty if there are too few trials.

    As in F. Hutter et al., "An efficient approach for assessing hyperparameter importance" (2014), by the forest's own
    measure in place of a variance decomposition. Losses count by rank, as the worst would else count alone.
    """
    complete = [trial for trial in trials if trial.complete]
    if len(complete) < FEWEST:
        return {}
    settings = np.array([[_number(space[name], trial.settings[name]) for name in space] for trial in complete])
    ranks = np.argsort(np.argsort([trial.loss for trial in complete], kind="stable"), kind="stable")
    forest = RandomForestRegressor(200, min_samples_leaf=2, random_state=seed).fit(settings, ranks)
    return {name: round(float(share), 4) for name, share in zip(space, forest.feature_importances_, strict=True)}


def _number(space: object, value: object) -> float:
    return float(space.values.index(value)) if isinstance(space, Choice) else float(str(value))
