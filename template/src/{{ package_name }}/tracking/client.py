"""Recording a run, registering its model, and asking for the one that holds the alias.

A run ends as finished or failed, never as running; a version has its file and its alias, or is not there.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ..errors import TrackingError
from .database import MARK, SETTING, cause_of, opened
from .names import check_uri, database_of, safe_name, without_password

if TYPE_CHECKING:
    from ..settings import Tracking

GRAPH = "model/model.onnx"
LEARNT = "model/training_rows.parquet"
#: MLflow's limits of one request (its REST API, `runs/log-batch`) and of one value.
MAX_PARAMETERS, MAX_ENTITIES, MAX_VALUE = 100, 1000, 6000
MAX_REASON = 300
#: Without these a dead server is asked for minutes, usage statistics leave the house, and addresses are printed.
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
PACKAGE = __name__.partition(".")[0]


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is kept of a run.

    Args:
        name: the chosen candidate.
        parameters: settings by dotted name.
        metrics: scores by name; what is no finite number is left out.
        tags: short facts, such as the model's version.
        files: what is kept, by the name it has there, such as `model/model.onnx`.
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


def record_run(settings: Tracking, record: Record, root: Path) -> str:
    """Record a run; its id comes back.

    Raises:
        TrackingError: runs cannot be recorded there; says why, and what to do.
    """
    with _session(settings, root) as session:
        return session.record(record)


def register(settings: Tracking, record: Record, model_name: str, root: Path, *, alias: str | None) -> int:
    """Record a run and make its `model/` a version of the registered model; the version's number comes back.

    Args:
        settings: where.
        record: files among them `model/model.onnx`.
        model_name: of the registered model.
        root: the project's folder.
        alias: what is to point at the version from now on, if anything.

    Raises:
        TrackingError: it cannot be done; there is no new version then, and the alias is where it was.
    """
    with _session(settings, root) as session:
        return session.register(record, safe_name(model_name), alias)


def champion(settings: Tracking, model_name: str, root: Path) -> Champion | None:
    """The version of the registered model that holds the alias; None if there is none.

    Raises:
        TrackingError: it cannot be asked for.
    """
    with _session(settings, root) as session:
        return session.champion(safe_name(model_name), settings.alias)


@contextmanager
def _session(settings: Tracking, root: Path) -> Iterator[_Session]:
    """MLflow's client, with all that goes wrong in the block turned into an error that says what to do."""
    chosen = os.environ.get("MLFLOW_TRACKING_URI")
    uri = chosen or settings.uri
    database = database_of(uri, Path() if chosen else root)
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import mlflow

        for noisy in ("alembic", "mlflow", "urllib3"):
            logging.getLogger(noisy).setLevel(logging.CRITICAL)
        with ExitStack() as stack:
            address = stack.enter_context(opened(database, PACKAGE)) if database else check_uri(uri)
            # A server decides itself where files go; without one they stay beside the database.
            artifacts = (database.parent / "mlruns").as_uri() if database else None
            yield _Session(mlflow.MlflowClient(address, address), settings.experiment, artifacts)
    except TrackingError:
        raise
    except Exception as error:
        raise _explained(error, uri, database) from error


class _Session:
    """What is done with MLflow while it is open."""

    def __init__(self, client: Any, experiment: str, artifacts: str | None) -> None:
        self._client = client
        self._experiment = experiment
        self._artifacts = artifacts

    def record(self, record: Record) -> str:
        """Log all of one run; stopped or refused, it is marked as failed."""
        tags = {safe_name(name): text for name, text in record.tags.items()} | {MARK: PACKAGE}
        run = self._client.create_run(self._experiment_id(), run_name=record.name, tags=tags)
        run_id: str = run.info.run_id
        try:
            self._log_values(run_id, record)
            with tempfile.TemporaryDirectory() as folder:
                for name, source in record.files.items():
                    place = Path(folder, name)
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(source, place)
                self._client.log_artifacts(run_id, folder)
            self._client.set_terminated(run_id)
        except BaseException:
            self._fail(run_id)
            raise
        return run_id

    def register(self, record: Record, model_name: str, alias: str | None) -> int:
        """A run, a version, and the alias; what cannot be done wholly is undone."""
        before = self._holder(model_name, alias) if alias else None
        run_id = self.record(record)
        try:
            with suppress_code("RESOURCE_ALREADY_EXISTS"):
                self._client.create_registered_model(model_name)
            source = f"{self._client.get_run(run_id).info.artifact_uri}/{PurePosixPath(GRAPH).parent}"
            created = self._client.create_model_version(model_name, source, run_id, tags=dict(record.tags))
            if alias:
                self._client.set_registered_model_alias(model_name, alias, created.version)
            return int(created.version)
        except BaseException:
            with suppress(Exception):
                for version in self._client.search_model_versions(f"run_id = '{run_id}'"):
                    self._client.delete_model_version(model_name, version.version)
                if before:
                    self._client.set_registered_model_alias(model_name, alias, before)
            self._fail(run_id)
            raise

    def champion(self, model_name: str, alias: str) -> Champion | None:
        """The version that holds the alias, with its files."""
        number = self._holder(model_name, alias)
        if number is None:
            return None
        version = self._client.get_model_version(model_name, number)
        return Champion(
            version=int(number),
            model_version=version.tags.get("model_version", ""),
            graph=self._fetch(version.run_id, GRAPH),
            learnt=self._fetch(version.run_id, LEARNT),
        )

    def _holder(self, model_name: str, alias: str) -> str | None:
        with suppress_code("RESOURCE_DOES_NOT_EXIST"):
            holder = self._client.get_registered_model(model_name).aliases.get(alias)
            return None if holder is None else str(holder)
        return None

    def _fetch(self, run_id: str | None, name: str) -> bytes | None:
        """A file of a run; None if the run or the file is not there any more."""
        with suppress_code("RESOURCE_DOES_NOT_EXIST"), tempfile.TemporaryDirectory() as folder:
            kept = self._client.list_artifacts(run_id, str(PurePosixPath(name).parent)) if run_id else []
            if name in {item.path for item in kept}:
                return Path(self._client.download_artifacts(run_id, name, folder)).read_bytes()
        return None

    def _experiment_id(self) -> str:
        found = self._client.get_experiment_by_name(self._experiment)
        if found is None:
            # Another run may have made it meanwhile.
            with suppress_code("RESOURCE_ALREADY_EXISTS"):
                return str(self._client.create_experiment(self._experiment, artifact_location=self._artifacts))
            found = self._client.get_experiment_by_name(self._experiment)
        if found.lifecycle_stage == "deleted":
            raise TrackingError(
                f"The experiment {self._experiment} was deleted in MLflow, and its name is still taken.",
                f"Run `mlflow experiments restore -x {found.experiment_id}`, or name another: tracking.experiment.",
            )
        return str(found.experiment_id)

    def _log_values(self, run_id: str, record: Record) -> None:
        """Parameters and metrics in one request, or in as few as MLflow's limits allow."""
        from mlflow.entities import Metric, Param

        now = int(time.time() * 1000)
        parameters = [Param(safe_name(name), _short(str(value))) for name, value in record.parameters.items()]
        metrics = [
            Metric(safe_name(name), float(value), now, 0)
            for name, value in record.metrics.items()
            if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        ]
        while parameters or metrics:
            some, parameters = parameters[:MAX_PARAMETERS], parameters[MAX_PARAMETERS:]
            room = MAX_ENTITIES - len(some)
            self._client.log_batch(run_id, params=some, metrics=metrics[:room])
            metrics = metrics[room:]

    def _fail(self, run_id: str) -> None:
        with suppress(Exception):
            self._client.set_terminated(run_id, "FAILED")


@contextmanager
def suppress_code(code: str) -> Iterator[None]:
    """Go on after the block if MLflow refuses it with this code."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code != code:
            raise


def _short(text: str) -> str:
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"


def _explained(error: Exception, uri: str, database: Path | None) -> TrackingError:
    """The cause and the next step."""
    if database and (cause := cause_of(error)):
        return TrackingError(f"Runs cannot be recorded in {database}: {cause[0]}.", cause[1])
    reason = str(error).strip().partition("\n")[0][:MAX_REASON] or type(error).__name__
    advice = f"Start it or correct its address: {SETTING}."
    if "error code 401" in reason or "error code 403" in reason:
        advice = "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, to what it accepts."
    return TrackingError(without_password(f"The tracking server {uri} cannot be used: {reason}", uri), advice)
