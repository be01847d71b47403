"""Recording a run, registering its model, and asking for the one that holds the alias.

A run ends as finished or failed, never as running; a version has its file and its alias, or is not there.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import TrackingError
from ..settings import Tracking
from .connection import PACKAGE, connected, place_of, unless
from .database import MARK, path_of
from .folder import gather
from .names import is_unity_catalog, registered_name, safe_name, version_tags
from .record import GRAPH, LEARNT, Champion, Record, Registration

#: MLflow's limits of one request (its REST API, `runs/log-batch`) and of one value.
MAX_PARAMETERS, MAX_ENTITIES, MAX_VALUE = 100, 1000, 6000
#: The alias of the newest version that did not take the one that is served.
CHALLENGER = "challenger"
#: Around the moment in which an alias moves: what keeps a record of it, with MLflow's client.
Around = Callable[[Any, Registration], AbstractContextManager[None]]


def record_run(settings: Tracking, record: Record, root: Path) -> str:
    """Record a run; its id comes back.

    Raises:
        TrackingError: runs cannot be recorded there; says why, and what to do.
    """
    with connected(settings, root) as client:
        return str(_record(client, settings, record, root).info.run_id)


def _folder_of(run: Any, settings: Tracking) -> str:
    """Where the files of a run are."""
    uri = str(run.info.artifact_uri)
    # MLflow's client of Unity Catalog takes what a file: address gives for a copy of its own, and removes it.
    return path_of(uri) if is_unity_catalog(settings) and uri.startswith("file:") else uri


def _unrecorded(_client: Any, _registration: Registration) -> AbstractContextManager[None]:
    return nullcontext()


def register(  # noqa: PLR0913 - the last two belong together
    settings: Tracking, record: Record, model_name: str, root: Path, *, alias: str | None, around: Around = _unrecorded
) -> int:
    """Record a run and make its graph a version of the registered model; the version's number comes back.

    Args:
        settings: where.
        record: with the graph among its files.
        model_name: of the registered model.
        root: the project's folder.
        alias: what is to point at the version from now on, if anything.
        around: entered when the version is there, left when the alias has moved, too.

    Raises:
        TrackingError: it cannot be done; there is no new version then, and the alias is where it was.
    """
    name = registered_name(settings, model_name)
    with connected(settings, root) as client:
        before = holder(client, name, alias) if alias else None
        run = _record(client, settings, record, root)
        try:
            with unless("RESOURCE_ALREADY_EXISTS"):
                client.create_registered_model(name)
            source = f"{_folder_of(run, settings)}/{PurePosixPath(GRAPH).parent}"
            tags = version_tags(settings, record.tags)
            created = client.create_model_version(name, source, run.info.run_id, tags=tags)
            version = int(created.version)
            made = Registration(name=name, version=version, alias=alias, run_id=run.info.run_id, record=record)
            with around(client, made):
                if alias:
                    client.set_registered_model_alias(name, alias, created.version)
        except BaseException:
            _fail(client, run)
            with suppress(Exception):
                for left in client.search_model_versions(f"run_id = '{run.info.run_id}'"):
                    client.delete_model_version(name, left.version)
                if before:
                    client.set_registered_model_alias(name, alias, before)
            raise
        return version


def champion(settings: Tracking, model_name: str, root: Path) -> Champion | None:
    """The version of the registered model that holds the alias; None if there is none.

    Raises:
        TrackingError: it cannot be asked for.
    """
    name = registered_name(settings, model_name)
    with connected(settings, root) as client:
        number = holder(client, name, settings.alias)
        if number is None:
            return None
        version = client.get_model_version(name, number)
        return Champion(
            version=int(number),
            model_version=version.tags.get("model_version", ""),
            graph=fetch_file(client, version.run_id, GRAPH),
            learnt=fetch_file(client, version.run_id, LEARNT),
        )


def _record(client: Any, settings: Tracking, record: Record, root: Path) -> Any:
    """Log all of one run; stopped or refused, it is marked as failed."""
    tags = {safe_name(name): text for name, text in record.tags.items()} | {MARK: PACKAGE}
    run = client.create_run(experiment_of(client, settings, root), run_name=record.name, tags=tags)
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


def experiment_of(client: Any, settings: Tracking, root: Path) -> str:
    """The id of the project's experiment, which is made if it is not there; raises `TrackingError` if it was deleted."""
    found = client.get_experiment_by_name(settings.experiment)
    if found is None:
        database = place_of(settings, root)[1]
        # A server decides itself where files go; without one they stay beside the database.
        artifacts = (database.parent / "mlruns").as_uri() if database else None
        # Another run may have made it meanwhile.
        with unless("RESOURCE_ALREADY_EXISTS"):
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


def holder(client: Any, model_name: str, alias: str) -> str | None:
    """The version that the alias points at."""
    with unless("RESOURCE_DOES_NOT_EXIST"):
        holder = client.get_registered_model(model_name).aliases.get(alias)
        return None if holder is None else str(holder)
    return None


def fetch_file(client: Any, run_id: str | None, name: str) -> bytes | None:
    """A file of a run; None if the run or the file is not there any more."""
    with unless("RESOURCE_DOES_NOT_EXIST"), tempfile.TemporaryDirectory() as folder:
        kept = client.list_artifacts(run_id, str(PurePosixPath(name).parent)) if run_id else []
        if name in {item.path for item in kept}:
            return Path(client.download_artifacts(run_id, name, folder)).read_bytes()
    return None
