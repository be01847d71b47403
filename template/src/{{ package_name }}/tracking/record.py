"""What is kept of a run, accepted or not, and what comes back of a registered model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import lineage
from ..artifacts import COMPARISON, METRICS, TUNED
from ..configuration import flatten
from ..contract.types import Contract
from .belongings import configuration, reports_of
from .provenance import libraries, provenance

if TYPE_CHECKING:
    from ..artifacts import Artifact
    from ..steps import Project

#: Names of a registered model's files.
GRAPH = "model/model.onnx"
LEARNT = "model/training_rows.parquet"
#: The model as scikit-learn knows it, without pickle.
NATIVE = "model/model.skops"
LIBRARIES = "environment/libraries.txt"


@dataclass(frozen=True, kw_only=True)
class Example:
    """The contract of a graph, and a row as a request has it."""

    contract: Contract
    row: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is kept of a run.

    Args:
        name: the chosen candidate, and the commit if it is known.
        parameters: settings by dotted name.
        metrics: scores by name; what is no finite number is left out.
        tags: short facts, such as the model's version.
        files: what is kept, by the name it has there.
        texts: what is written for it, by the name it has there.
        example: of the graph among the files, which then is kept as a model that MLflow can load; None without.
    """

    name: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, Any]
    tags: Mapping[str, str]
    files: Mapping[str, Path]
    texts: Mapping[str, str] = field(default_factory=dict)
    example: Example | None = None


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A version that has just been made.

    Args:
        name: of the registered model.
        version: its number in the registry.
        alias: what is about to point at it, if anything.
        run_id: of the run that made it.
        record: what is kept of that.
    """

    name: str
    version: int
    alias: str | None
    run_id: str
    record: Record


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
    example: Example | None = None,
) -> Record:
    """The record of the chosen candidate.

    Args:
        project: with its settings, contract and reports/comparison.csv.
        metrics: what reports/metrics.json says; `model` is the candidate's name, `accepted` whether it is.
        reports: kept besides these two and what other steps wrote below reports/.
        tags: besides task, acceptance and what the run was made of.
        files: besides reports, pictures, records of the steps and configuration.
        example: of the graph among the files.
    """
    root, records = project.root, lineage.records_in(project.root)
    configs, left_out = configuration(root, records)
    names = [*(artifact.path for artifact in (METRICS, COMPARISON, *reports)), *reports_of(root, records), *configs]
    names += [(lineage.FOLDER / f"{step}.json").as_posix() for step in records]
    found = provenance(project, records)
    said = found | {"accepted": str(metrics["accepted"]).lower(), "task": project.contract.task}
    if not metrics["accepted"]:
        said["decision"] = "block"
    if left_out:
        said["left_out"] = ", ".join(left_out)
    return Record(
        name="-".join([str(metrics["model"]), *filter(None, [found.get("git.commit", "")[:8]])]),
        parameters=flatten(project.settings.model_dump(mode="json", exclude={"tracking"})) | _tuned(project, records),
        metrics=flatten(metrics) | dict(_folds(project.read(COMPARISON))),
        tags=said | dict(tags or {}),
        files={name: root / name for name in names if (root / name).is_file()} | dict(files or {}),
        texts={LIBRARIES: libraries()},
        example=example,
    )


def _tuned(project: Project, records: Mapping[str, lineage.Record]) -> dict[str, Any]:
    """Settings that a search found and the comparison used, as `tuned.linear.penalty`."""
    step = records.get("compare")
    used = step is not None and TUNED.path in step.made_from.inputs and (project.root / TUNED.path).is_file()
    return flatten({"tuned": project.read(TUNED)}) if used else {}


def _folds(comparison: Any) -> Iterator[tuple[str, float]]:
    """Numbers of the comparison by their words: `folds.linear.log_loss.mean`."""
    for row in comparison.iter_rows(named=True):
        words = ".".join(value for value in row.values() if isinstance(value, str))
        yield from ((f"folds.{words}.{name}", value) for name, value in row.items() if not isinstance(value, str))
