"""`train`: compare the candidates on the training data, choose the best, and fit it on all of the training data."""

from __future__ import annotations

from dataclasses import dataclass

import joblib
import polars as pl

from ..features.build import TARGET
from ..models.common.candidate import Candidate, Estimator
from ..models.common.comparison import Result, choose, compare, features_of
from ..models.common.scores import PRIMARY
from ..models.ensemble.boosting import BOOSTING
from ..models.regression.linear import LINEAR
from ..models.rule_based.baseline import BASELINE
from ..settings import Settings
from ..workspace import Workspace
from .files import read_table

CANDIDATES: tuple[Candidate, ...] = (BASELINE, LINEAR, BOOSTING)


@dataclass(frozen=True)
class Trained:
    """The chosen model and the baseline, both fitted on the training data: what the next steps need."""

    name: str
    model: Estimator
    baseline: Estimator
    results: tuple[Result, ...]

    def __str__(self) -> str:
        return f"{self.name} is the best candidate by {self.results[0].metric}"


def run(workspace: Workspace, settings: Settings) -> Trained:
    """Compare, choose, fit; write models/trained.joblib and reports/comparison.csv."""
    train = read_table(workspace.train, "features")
    results = compare(CANDIDATES, train, settings)
    name = choose(results, settings)
    chosen = next(candidate for candidate in CANDIDATES if candidate.name == name)
    primary_first = tuple(sorted(results, key=lambda item: item.metric != PRIMARY[settings.task]))
    trained = Trained(name, _fit(chosen, train, settings), _fit(BASELINE, train, settings), primary_first)
    for path in (workspace.trained, workspace.comparison):
        path.parent.mkdir(parents=True, exist_ok=True)
    joblib.dump(trained, workspace.trained)
    rounded = [(item.candidate, item.metric, round(item.mean, 6), round(item.std, 6)) for item in primary_first]
    pl.DataFrame(rounded, schema=["candidate", "metric", "mean", "std"], orient="row").write_csv(workspace.comparison)
    return trained


def _fit(candidate: Candidate, train: pl.DataFrame, settings: Settings) -> Estimator:
    return candidate.build(settings).fit(features_of(train), train[TARGET].to_numpy())
