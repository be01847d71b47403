"""Recording a run, registering its model, and asking for the one that holds the alias.

A run ends as finished or failed, never as running; a version has its file and its alias, or is not there.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import TrackingError
from ..settings import Tracking, check_uri
from .database import MARK, SETTING, cause_of, opened, path_of
from .folder import gather
from .names import database_of, safe_name, without_password
from .record import GRAPH, LEARNT, Champion, Record

#: MLflow's limits of one request (its REST API, `runs/log-batch`) and of one value.
MAX_PARAMETERS, MAX_ENTITIES, MAX_VALUE = 100, 1000, 6000
MAX_REASON = 300
#: The alias of the newest version that did not take the one that is served.
CHALLENGER = "challenger"
#: Without these a dead server is asked for minutes, usage statistics leave the house, and addresses are printed.
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    # A server hands files on to its store before it answers.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
PACKAGE = __name__.partition(".")[0]


def record_run(settings: Tracking, record: Record, root: Path) -> str:
    """Record a run; its id comes back.

    Raises:
        TrackingError: runs cannot be recorded there; says why, and what to do.
    """
    with connected(settings, root) as client:
        return str(_record(client, settings, record, root).info.run_id)


def register(settings: Tracking, record: Record, model_name: str, root: Path, *, alias: str | None) -> int:
    """Record a run and make its graph a version of the registered model; the version's number comes back.

    Args:
        settings: where.
        record: with the graph among its files.
        model_name: of the registered model.
        root: the project's folder.
        alias: what is to point at the version from now on, if anything.

    Raises:
        TrackingError: it cannot be done; there is no new version then, and the alias is where it was.
    """
    name = safe_name(model_name)
    with connected(settings, root) as client:
        before = _holder(client, name, alias) if alias else None
        run = _record(client, settings, record, root)
        try:
            with _unless("RESOURCE_ALREADY_EXISTS"):
                client.create_registered_model(name)
            source = f"{run.info.artifact_uri}/{PurePosixPath(GRAPH).parent}"
            created = client.create_model_version(name, source, run.info.run_id, tags=dict(record.tags))
            if alias:
                client.set_registered_model_alias(name, alias, created.version)
            return int(created.version)
        except BaseException:
            _fail(client, run)
            with suppress(Exception):
                for version in client.search_model_versions(f"run_id = '{run.info.run_id}'"):
                    client.delete_model_version(name, version.version)
                if before:
                    client.set_registered_model_alias(name, alias, before)
            raise


def champion(settings: Tracking, model_name: str, root: Path) -> Champion | None:
    """The version of the registered model that holds the alias; None if there is none.

    Raises:
        TrackingError: it cannot be asked for.
    """
    name = safe_name(model_name)
    with connected(settings, root) as client:
        number = _holder(client, name, settings.alias)
        if number is None:
            return None
        version = client.get_model_version(name, number)
        return Champion(
            version=int(number),
            model_version=version.tags.get("model_version", ""),
            graph=_fetch(client, version.run_id, GRAPH),
            learnt=_fetch(client, version.run_id, LEARNT),
        )


@contextmanager
def connected(settings: Tracking, root: Path) -> Iterator[Any]:
    """MLflow's client, with all that goes wrong in the block turned into an error that says what to do."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    uri, database = _place(settings, root)
    try:
        import mlflow

        for noisy in ("alembic", "mlflow", "urllib3"):
            logging.getLogger(noisy).setLevel(logging.CRITICAL)
        with ExitStack() as stack:
            address = stack.enter_context(opened(database, PACKAGE)) if database else check_uri(uri)
            yield mlflow.MlflowClient(address, address)
    except TrackingError:
        raise
    except Exception as error:
        raise _explained(error, uri, database) from error


def _place(settings: Tracking, root: Path) -> tuple[str, Path | None]:
    """The address, and the file if it is a local database; the environment goes before the settings."""
    chosen = os.environ.get("MLFLOW_TRACKING_URI")
    uri = chosen or settings.uri
    return uri, database_of(uri, Path() if chosen else root)


def _explained(error: Exception, uri: str, database: Path | None) -> TrackingError:
    """The cause and the next step."""
    if database and (cause := cause_of(error)):
        return TrackingError(f"Runs cannot be recorded in {database}: {cause[0]}.", cause[1])
    first = error
    while first.__cause__ or first.__context__:
        first = first.__cause__ or first.__context__  # type: ignore[assignment]
    # What the system says, such as "Connection refused" or "timed out", is clearer than what is made of it.
    system = isinstance(first, OSError) and not database and (first.strerror or str(first))
    said = system or str(error)
    reason = said.strip().partition("\n")[0][:MAX_REASON] or type(error).__name__
    advice = f"Start it or correct its address: {SETTING}."
    if "error code 401" in reason or "error code 403" in reason:
        advice = (
            "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, as it wants them."
        )
    return TrackingError(without_password(f"The tracking server {uri} cannot be used: {reason}", uri), advice)


def _record(client: Any, settings: Tracking, record: Record, root: Path) -> Any:
    """Log all of one run; stopped or refused, it is marked as failed."""
    tags = {safe_name(name): text for name, text in record.tags.items()} | {MARK: PACKAGE}
    run = client.create_run(_experiment(client, settings, root), run_name=record.name, tags=tags)
    try:
        _log_values(client, run.info.run_id, record)
        with tempfile.TemporaryDirectory() as folder:
            gather(record, Path(folder))
            client.log_artifacts(run.info.run_id, folder)
        client.set_terminated(run.info.run_id)
    except BaseException:
        _fail(client, run)
        raise
    return run


def _fail(client: Any, run: Any) -> None:
    """Mark a run as failed. Its files go first: on a full disk there is no room for the mark."""
    if run.info.artifact_uri.startswith("file:"):
        shutil.rmtree(path_of(run.info.artifact_uri), ignore_errors=True)
    with suppress(Exception):
        client.set_terminated(run.info.run_id, "FAILED")


def _experiment(client: Any, settings: Tracking, root: Path) -> str:
    found = client.get_experiment_by_name(settings.experiment)
    if found is None:
        database = _place(settings, root)[1]
        # A server decides itself where files go; without one they stay beside the database.
        artifacts = (database.parent / "mlruns").as_uri() if database else None
        # Another run may have made it meanwhile.
        with _unless("RESOURCE_ALREADY_EXISTS"):
            return str(client.create_experiment(settings.experiment, artifact_location=artifacts))
        found = client.get_experiment_by_name(settings.experiment)
    if found.lifecycle_stage == "deleted":
        raise TrackingError(
            f"The experiment {settings.experiment} was deleted in MLflow, and its name is still taken.",
            f"Run `mlflow experiments restore -x {found.experiment_id}`, or name another: tracking.experiment.",
        )
    return str(found.experiment_id)


def _log_values(client: Any, run_id: str, record: Record) -> None:
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
        client.log_batch(run_id, params=some, metrics=metrics[:room])
        metrics = metrics[room:]


def _short(text: str) -> str:
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"


def _holder(client: Any, model_name: str, alias: str) -> str | None:
    """The version that the alias points at."""
    with _unless("RESOURCE_DOES_NOT_EXIST"):
        holder = client.get_registered_model(model_name).aliases.get(alias)
        return None if holder is None else str(holder)
    return None


def _fetch(client: Any, run_id: str | None, name: str) -> bytes | None:
    """A file of a run; None if the run or the file is not there any more."""
    with _unless("RESOURCE_DOES_NOT_EXIST"), tempfile.TemporaryDirectory() as folder:
        kept = client.list_artifacts(run_id, str(PurePosixPath(name).parent)) if run_id else []
        if name in {item.path for item in kept}:
            return Path(client.download_artifacts(run_id, name, folder)).read_bytes()
    return None


@contextmanager
def _unless(code: str) -> Iterator[None]:
    """Go on after the block if MLflow refuses it with this code."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code != code:
            raise
