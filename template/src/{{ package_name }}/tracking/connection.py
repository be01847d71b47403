"""MLflow's client, ready to use, and what goes wrong with it in words."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ..errors import ProjectError, TrackingError
from ..settings import SQLITE, Tracking, check_uri
from .database import SETTING, cause_of, opened
from .names import chosen_registry, database_of, without_password

MAX_REASON = 300
#: Without these a dead server is asked for minutes, usage statistics leave the house, and addresses are printed.
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    # A server hands files on to its store before it answers.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
    # Else files are fetched from that store itself, by an address that only the server may know.
    "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
PACKAGE = __name__.partition(".")[0]


@contextmanager
def connected(settings: Tracking, root: Path) -> Iterator[Any]:
    """MLflow's client, with all that goes wrong in the block turned into an error that says what to do."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    uri, database = place_of(settings, root)
    try:
        import mlflow

        for noisy in ("alembic", "mlflow", "urllib3"):
            logging.getLogger(noisy).setLevel(logging.CRITICAL)
        with ExitStack() as stack:
            address = stack.enter_context(opened(database, PACKAGE)) if database else check_uri(uri)
            yield mlflow.MlflowClient(address, registry_of(settings, root) or address)
    except ProjectError:
        raise
    except Exception as error:
        raise _explained(error, uri, database) from error


def place_of(settings: Tracking, root: Path) -> tuple[str, Path | None]:
    """The address, and the file if it is a local database; the environment goes before the settings."""
    chosen = os.environ.get("MLFLOW_TRACKING_URI")
    uri = chosen or settings.uri
    return uri, database_of(uri, Path() if chosen else root)


def registry_of(settings: Tracking, root: Path) -> str | None:
    """The address of the registry where that is another than the one of the runs; a file of the settings is below the root."""
    uri = chosen_registry(settings)
    if uri is None:
        return None
    database = database_of(uri, root if uri == settings.registry else Path())
    return f"{SQLITE}{database}" if database else check_uri(uri)


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


@contextmanager
def unless(code: str) -> Iterator[None]:
    """Go on after the block if MLflow refuses it with this code."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code != code:
            raise
