"""What a step of the pipeline tells the gateway."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric

from ..artifacts import METRICS
from ..errors import ProjectError
from ..steps import Project, Step
from .settings import load_alerts
from .teller import gateway_of, push


def tell(project: Project, step: Step, seconds: float, *, succeeded: bool) -> None:
    """Tell the gateway of a step that was run, if one is set; that it cannot be told is said, and stops nothing."""
    try:
        address = gateway_of(load_alerts(project.root))
        if address:
            push(
                address, {"part": "pipeline", "step": step.name}, _metrics(project, step, seconds, succeeded=succeeded)
            )
    except ProjectError as error:
        sys.stderr.write(f"{error} The step is not concerned.\n")


def _metrics(project: Project, step: Step, seconds: float, *, succeeded: bool) -> Iterator[Metric]:
    yield GaugeMetricFamily("pipeline_step_success", "Whether the step did what it should: 1 or 0.", float(succeeded))
    yield GaugeMetricFamily("pipeline_step_duration_seconds", "How long it took.", seconds)
    yield GaugeMetricFamily("pipeline_step_timestamp_seconds", "When it ended, in seconds since 1970.", time.time())
    if not succeeded:
        return
    rows = GaugeMetricFamily("pipeline_rows", "Rows of the tables that it wrote.", labels=["artifact"])
    for artifact in step.writes:
        for path in _tables(project.root / artifact.path):
            rows.add_metric([path.stem], _count(path))
    if rows.samples:
        yield rows
    if METRICS in step.writes:
        scores = GaugeMetricFamily("pipeline_score", "Of the candidate, on the hold-out.", labels=["metric"])
        said = json.loads((project.root / METRICS.path).read_text(encoding="utf-8"))
        for name, score in said.get("holdout", {}).items():
            scores.add_metric([name], score["value"])
        yield scores


def _tables(path: Path) -> list[Path]:
    """The tables of an artifact: a file, or a folder of them."""
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path] if path.suffix == ".parquet" else []


def _count(path: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)
