"""`evaluate`: judge the chosen model once, on flights that it has never seen."""

from __future__ import annotations

from dataclasses import dataclass

import joblib

from ..errors import AcceptanceError
from ..features.build import TARGET
from ..models.common.acceptance import find_objections
from ..models.common.candidate import predict_values
from ..models.common.comparison import features_of
from ..models.common.scores import Scores, as_numbers, score
from ..settings import Settings
from ..tracking import make_record, record_run
from ..workspace import Workspace
from .files import existing, read_table, write_json
from .train import Trained


@dataclass(frozen=True)
class Evaluated:
    """Scores on the hold-out."""

    name: str
    model: Scores
    baseline: Scores

    def __str__(self) -> str:
        return f"{self.name} accepted on the hold-out"


def run(workspace: Workspace, settings: Settings) -> Evaluated:
    """Score model and baseline on the hold-out and write reports/metrics.json, accepted or not.

    Raises:
        AcceptanceError: a bound in params.yaml is not met, or the scores are too good to be true.
    """
    holdout = read_table(workspace.holdout, "features")
    trained: Trained = joblib.load(existing(workspace.trained, "train"))
    features, target = features_of(holdout), holdout[TARGET].to_numpy()
    model = score(target, predict_values(trained.model, features, settings.task), settings.task)
    baseline = score(target, predict_values(trained.baseline, features, settings.task), settings.task)
    objections = find_objections(model, baseline, settings.acceptance)
    metrics = {
        "model": trained.name,
        "accepted": not objections,
        "holdout": _rounded(model),
        "baseline": _rounded(baseline),
    }
    write_json(workspace.metrics, metrics)
    if objections:
        # Accepted models are recorded when they are exported; a rejected one goes no further than here.
        record_run(settings.tracking, make_record(workspace, settings, metrics, {}), workspace.root)
        raise AcceptanceError(
            f"{trained.name} is not accepted:\n" + "\n".join(f"- {objection}" for objection in objections),
            "Look at reports/metrics.json and reports/comparison.csv. The bounds stand in params.yaml, acceptance.",
        )
    return Evaluated(trained.name, model, baseline)


def _rounded(scores: Scores) -> dict[str, float]:
    return {name: round(value, 6) for name, value in as_numbers(scores).items()}
