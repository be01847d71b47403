"""`compare`: judge the candidates on folds of the training rows, choose one, and fit it on all of them."""

from __future__ import annotations

from ..artifacts import COMPARISON, TRAIN, TRAINED
from ..discovery import names_in
from ..steps import Project, Step


def run(project: Project) -> str:
    """Write models/artifacts/trained.joblib and reports/comparison.csv."""
    from ..models.comparison import compare

    trained, scores = compare(project, project.read(TRAIN))
    project.write(COMPARISON, scores)
    project.write(TRAINED, trained)
    return trained.note


#: What is not there has no configuration.
_CONFIGS = (
    *(("configs/rule.yaml",) if "rule" in names_in("models/rule_based") else ()),
    *(("configs/sampling.yaml",) if names_in("models/sampling") else ()),
)

STEP = Step(
    "compare",
    run,
    reads=(TRAIN,),
    writes=(TRAINED, COMPARISON),
    params=("seed", "split.folds", "features", "models"),
    configs=_CONFIGS,
)
