"""Recording a run and registering its model, in MLflow.

The only module that imports it, and it does so late: the import takes seconds, and serving never needs it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from .errors import TrackingError
from .settings import Settings, Tracking
from .workspace import Workspace


@dataclass(frozen=True)
class Record:
    """What is kept of a run.

    Args:
        name: the chosen candidate.
        parameters: settings by dotted name.
        metrics: scores by name.
        tags: short facts, such as the model's version.
        artifacts: files to keep beside the model.
    """

    name: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    artifacts: tuple[Path, ...]


def make_record(
    workspace: Workspace, settings: Settings, metrics: Mapping[str, Any], tags: Mapping[str, str]
) -> Record:
    """What is kept of a run, from the settings, reports/metrics.json and reports/comparison.csv."""
    scores = {f"{part}_{name}": value for part in ("holdout", "baseline") for name, value in metrics[part].items()}
    for row in pl.read_csv(workspace.comparison).iter_rows(named=True):
        scores |= {f"folds_{row['candidate']}_{row['metric']}_{which}": row[which] for which in ("mean", "std")}
    return Record(
        name=metrics["model"],
        parameters=_flatten(settings.model_dump(exclude={"tracking"})),
        metrics=scores,
        tags={"task": settings.task, "accepted": str(metrics["accepted"]).lower(), **tags},
        artifacts=(workspace.metrics, workspace.comparison),
    )


def _flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested settings as `models.boosting.trees: "80"`."""
    flat: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flatten(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = str(value)
    return flat


def record_run(settings: Tracking, record: Record, root: Path) -> str:
    """Record a run; its id comes back.

    Raises:
        TrackingError: the server cannot be used.
    """
    return _Tracker(settings, root).record(record)


def register_model(settings: Tracking, record: Record, model: Path, model_name: str, root: Path) -> int:
    """Record a run, register its model, and point the alias of accepted models at it; the new version comes back.

    Raises:
        TrackingError: the server cannot be used.
    """
    tracker = _Tracker(settings, root)
    return tracker.register(tracker.record(record), model, model_name, record.tags)


class _Tracker:
    """MLflow's client, with its errors turned into ours."""

    def __init__(self, settings: Tracking, root: Path) -> None:
        # Without these a dead server is asked for minutes, and usage statistics leave the house.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("DO_NOT_TRACK", "true")
        import logging

        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        for noisy in ("alembic", "mlflow"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        self._settings = settings
        self._uri = os.environ.get("MLFLOW_TRACKING_URI") or _below(root, settings.uri)
        self._artifacts = (root / "mlruns").absolute()
        self._failure: type[Exception] = MlflowException
        try:
            self._client = MlflowClient(self._uri, self._uri)
            self._experiment = self._find_experiment()
        except Exception as error:
            raise self._explain(error) from error

    def record(self, record: Record) -> str:
        """Log everything of one run."""
        try:
            run = self._client.create_run(self._experiment, run_name=record.name, tags=dict(record.tags))
            run_id: str = run.info.run_id
            for name, text in record.parameters.items():
                self._client.log_param(run_id, name, text)
            for name, value in record.metrics.items():
                self._client.log_metric(run_id, name, value)
            for path in record.artifacts:
                self._client.log_artifact(run_id, str(path), "reports")
            self._client.set_terminated(run_id)
        except Exception as error:
            raise self._explain(error) from error
        return run_id

    def register(self, run_id: str, model: Path, model_name: str, tags: Mapping[str, str]) -> int:
        """Keep the graph with the run and give it a version and the alias in the registry."""
        try:
            self._client.log_artifact(run_id, str(model), "model")
            if not self._client.search_registered_models(f"name = '{model_name}'"):
                self._client.create_registered_model(model_name)
            source = f"{self._client.get_run(run_id).info.artifact_uri}/model"
            created = self._client.create_model_version(model_name, source, run_id, tags=dict(tags))
            self._client.set_registered_model_alias(model_name, self._settings.alias, created.version)
            return int(created.version)
        except Exception as error:
            raise self._explain(error) from error

    def _find_experiment(self) -> str:
        found = self._client.get_experiment_by_name(self._settings.experiment)
        if found is not None:
            return str(found.experiment_id)
        # A server decides itself where artifacts go; without one they stay in the project.
        local = self._artifacts.as_uri() if self._uri.startswith("sqlite:") else None
        return str(self._client.create_experiment(self._settings.experiment, artifact_location=local))

    def _explain(self, error: Exception) -> TrackingError:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        return TrackingError(
            _without_password(f"The tracking server {self._uri} cannot be used: {reason}"),
            "Start it or correct its address: MLFLOW_TRACKING_URI in the environment, or tracking.uri in params.yaml.",
        )


def _below(root: Path, uri: str) -> str:
    """The address, with a relative path to a database file taken from the project's folder, not the current one."""
    path = uri.removeprefix("sqlite:///")
    return uri if path == uri else f"sqlite:///{root.absolute() / path}"


def _without_password(text: str) -> str:
    """The text with `scheme://user:password@host` shortened to `scheme://host`."""
    return re.sub(r"://[^/\s]*@", "://", text)
