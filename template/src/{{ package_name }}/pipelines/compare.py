"""`compare`: judge the candidates on folds of the training rows, choose one, and fit it on all of them."""

from __future__ import annotations

from ..artifacts import COMPARISON, TRAIN, TRAINED, TUNED
from ..discovery import names_in
from ..models.configs import CONFIGS, READS
from ..steps import Project, Step


def run(project: Project) -> str:
    """Write models/artifacts/trained.joblib and reports/comparison.csv."""
    from ..models.comparison import compare

    tuned = project.read(TUNED) if _TUNED and (project.root / TUNED.path).exists() else {}
    trained, scores = compare(project, project.read(TRAIN), tuned)
    project.write(COMPARISON, scores)
    project.write(TRAINED, trained)
    return trained.note


#: Where settings are searched for, they are used.
_TUNED = (TUNED,) if "tune" in names_in("pipelines") else ()

STEP = Step(
    "compare",
    run,
    reads=(TRAIN, *READS, *_TUNED),
    writes=(TRAINED, COMPARISON),
    params=("seed", "split.folds", "features", "models"),
    configs=CONFIGS,
)
