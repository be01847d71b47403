"""Names that MLflow takes, and what of an address may be shown."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from ..errors import SettingsError
from ..settings import SQLITE, Tracking

MAX_NAME = 250
#: The address of Unity Catalog, and `databricks-uc://PROFILE` of one among several.
_UNITY = "databricks-uc"
_THREE_LEVELS = re.compile(r"[^\s./]+(?:\.[^\s./]+){2}")
#: What its tags take, as Databricks describes them.
_MAX_TAG = 1000
#: A shorter password would be found in any text.
MIN_SECRET = 4


def database_of(uri: str, folder: Path) -> Path | None:
    """The file of a local database, a relative one below the folder; None for a server."""
    return (folder / uri.removeprefix(SQLITE)).resolve() if uri.startswith(SQLITE) else None


def safe_name(name: str) -> str:
    """A name of which MLflow refuses nothing on any system; two names never become one.

    A character that is not allowed becomes `_x2f_`, its number; `_` that could be read as such a mark is marked itself.
    A name that is too long ends in a part of its SHA-256.
    """
    marked = re.sub(r"[^\w.\- ]|^[. ]|_(?=x[0-9a-f]*(?:_|[^\w.\- ]))", lambda found: f"_x{ord(found[0]):x}_", name)
    if len(marked) > MAX_NAME:
        marked = f"{marked[: MAX_NAME - 17]}-{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:16]}"
    return marked or "_x_"


def registered_name(settings: Tracking, model_name: str) -> str:
    """What the registry calls a model: the name in the settings, else the one that its graph says.

    Raises:
        SettingsError: the registry is Unity Catalog, and the name has not its three levels.
    """
    name = settings.registered_model or safe_name(model_name)
    if is_unity_catalog(settings) and not _THREE_LEVELS.fullmatch(name):
        raise SettingsError(
            f"Unity Catalog calls a model by three levels, and {name} has not these.",
            "Write them to params.yaml: tracking.registered_model: CATALOG.SCHEMA.MODEL.",
        )
    return name


def chosen_registry(settings: Tracking) -> str | None:
    """The address of the registry where that is another than the one of the runs; the environment goes before the settings."""
    return os.environ.get("MLFLOW_REGISTRY_URI") or settings.registry


def is_unity_catalog(settings: Tracking) -> bool:
    """Whether models are registered in Unity Catalog."""
    return (chosen_registry(settings) or "").partition("://")[0] == _UNITY


def version_tags(settings: Tracking, tags: Mapping[str, str]) -> dict[str, str]:
    """Tags of a version, as its registry takes them; the run has all of them as they are."""
    if not is_unity_catalog(settings):
        return dict(tags)
    return {re.sub(r"[.,\-=/: ]", "_", name): text[:_MAX_TAG] for name, text in tags.items()}


def without_password(text: str, uri: str) -> str:
    """The text without name and password, if the address has them."""
    if found := re.match(r"[^:]+://(.*)@", uri):
        text = text.replace(f"{found[1]}@", "")
        for secret in (found[1].partition(":")[2], unquote(found[1].partition(":")[2])):
            text = text.replace(secret, "***") if len(secret) >= MIN_SECRET else text
    return re.sub(r"((?:password|token|secret)=)[^&\s'\"]+", r"\1***", re.sub(r"://[^/\s]*@", "://", text))
