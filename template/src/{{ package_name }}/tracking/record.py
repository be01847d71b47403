"""What is kept of a run, accepted or not, and what comes back of a registered model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..artifacts import COMPARISON, METRICS
from ..configuration import flatten

if TYPE_CHECKING:
    from ..artifacts import Artifact
    from ..steps import Project

#: Names of a registered model's files.
GRAPH = "model/model.onnx"
LEARNT = "model/training_rows.parquet"
#: Not params.yaml: its settings are parameters, and the address of the server may have a password.
CONFIGURATION = ("configs/contract.yaml",)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is kept of a run.

    Args:
        name: the chosen candidate.
        parameters: settings by dotted name.
        metrics: scores by name; what is no finite number is left out.
        tags: short facts, such as the model's version.
        files: what is kept, by the name it has there.
    """

    name: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, Any]
    tags: Mapping[str, str]
    files: Mapping[str, Path]


@dataclass(frozen=True, kw_only=True)
class Champion:
    """The registered model that holds the alias.

    Args:
        version: its number in the registry.
        model_version: the version that its graph says.
        graph: the ONNX file, or None if it is not kept any more.
        learnt: digests of the rows that it learnt from, a parquet file, or None if they were not kept.
    """

    version: int
    model_version: str
    graph: bytes | None
    learnt: bytes | None


def record_of(
    project: Project,
    metrics: Mapping[str, Any],
    *reports: Artifact[Any],
    tags: Mapping[str, str] | None = None,
    files: Mapping[str, Path] | None = None,
) -> Record:
    """The record of the chosen candidate.

    Args:
        project: with its settings, contract and reports/comparison.csv.
        metrics: what reports/metrics.json says; `model` is the candidate's name, `accepted` whether it is.
        reports: kept besides these two.
        tags: besides task and acceptance.
        files: besides the reports and the configuration.
    """
    kept = {artifact.path: project.root / artifact.path for artifact in (METRICS, COMPARISON, *reports)}
    kept |= {name: project.root / name for name in CONFIGURATION}
    accepted = {"accepted": str(metrics["accepted"]).lower(), "task": project.contract.task}
    return Record(
        name=str(metrics["model"]),
        parameters=flatten(project.settings.model_dump(mode="json", exclude={"tracking"})),
        metrics=flatten(metrics) | dict(_folds(project.read(COMPARISON))),
        tags=accepted | dict(tags or {}),
        files={name: path for name, path in kept.items() if path.is_file()} | dict(files or {}),
    )


def _folds(comparison: Any) -> Iterator[tuple[str, float]]:
    """Numbers of the comparison by their words: `folds.linear.log_loss.mean`."""
    for row in comparison.iter_rows(named=True):
        words = ".".join(value for value in row.values() if isinstance(value, str))
        yield from ((f"folds.{words}.{name}", value) for name, value in row.items() if not isinstance(value, str))
