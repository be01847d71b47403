"""`evaluate`: judge the chosen model once, on rows that it has never seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..artifacts import COMPARISON, HOLDOUT, METRICS, SPLIT, TRAINED
from ..errors import AcceptanceError
from ..steps import Project, Step
from ..tasks.base import task_of

if TYPE_CHECKING:
    from ..evaluation.acceptance import Scores
    from ..models.candidate import Trained


def run(project: Project) -> str:
    """Score model and baseline and write reports/metrics.json, accepted or not.

    Raises:
        AcceptanceError: the model is not good enough, too good to be true, or cannot be judged; the run is recorded.
    """
    from ..evaluation.acceptance import as_report, find_objections
    from ..tracking.refusal import record_refusal

    contract, trained = project.contract, project.read(TRAINED)
    task, scores = task_of(contract), _scores(project, trained)
    objections = find_objections(scores, task, contract)
    metrics: dict[str, Any] = {
        "model": trained.name,
        "accepted": not objections,
        **as_report(scores, task),
        "objections": objections,
        "notes": [trained.note, *(scores.decision.notes() if scores.decision else ())],
    }
    project.write(METRICS, metrics)
    if objections:
        raise AcceptanceError(
            "\n".join([f"{trained.name} is not accepted:", *(f"- {objection}" for objection in objections)]),
            "Look at reports/metrics.json and reports/comparison.csv; the bounds stand in configs/contract.yaml, acceptance."
            + record_refusal(project, metrics, SPLIT),
        )
    headline = scores.metrics.get(task.headline)
    how_good = (
        "" if headline is None else f": {task.headline} {headline.value:.3f}, at least {headline.low:.3f} for sure"
    )
    return f"{trained.name} accepted on {scores.rows} rows{how_good}"


def _scores(project: Project, trained: Trained) -> Scores:
    from ..evaluation.acceptance import Predictions, measure
    from ..evaluation.uncertainty import blocks_of
    from ..features.frame import model_frame
    from ..models.candidate import weights

    contract, rows = project.contract, project.read(HOLDOUT)
    task, features = task_of(contract), model_frame(contract, rows)
    classes = len(contract.labels)
    predictions = Predictions(
        target=task.target(rows[contract.target.column], contract),
        model=task.predict(trained.model, features, classes),
        baseline=task.predict(trained.baseline, features, classes),
        weight=weights(rows, contract.weight),
        blocks=blocks_of(rows, contract),
        threshold=trained.threshold,
    )
    return measure(task, contract, predictions)


STEP = Step(
    "evaluate",
    run,
    reads=(HOLDOUT, TRAINED, COMPARISON, SPLIT),
    writes=(METRICS,),
    params=("tracking",),
    judges=True,
)
