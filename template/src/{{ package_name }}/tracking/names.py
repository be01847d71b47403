"""What a name, an alias or an address may be for MLflow, and what of an address may be shown."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import unquote

MAX_NAME = 250
MAX_ALIAS = 255
SQLITE = "sqlite:///"
#: A shorter password would be found in any text.
MIN_SECRET = 4


def check_alias(alias: str) -> str:
    """The alias; raises ValueError if MLflow would refuse it after the training."""
    if not re.fullmatch(rf"[\w\-]{{1,{MAX_ALIAS}}}", alias):
        raise ValueError(f"an alias is 1 to {MAX_ALIAS} letters, digits, `_` and `-`; champion is one")
    if alias.lower() == "latest" or re.fullmatch(r"[vV]\d+", alias):
        raise ValueError("MLflow keeps `latest` and v1, v2, … for itself; champion is an alias that can be had")
    return alias


def check_uri(uri: str) -> str:
    """The address; raises ValueError if it is none, or names a database that is gone when the step ends."""
    if not re.match(r"databricks\b|[a-z][a-z0-9+.\-]*://", uri):
        raise ValueError("an address is expected here: sqlite:///mlflow.db, http://host:5000 or the like")
    if uri.startswith("sqlite:") and uri.removeprefix(SQLITE) in ("", ":memory:", uri):
        raise ValueError("name the file of the database: sqlite:///mlflow.db")
    return uri


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


def without_password(text: str, uri: str) -> str:
    """The text without name and password, if the address has them."""
    if found := re.match(r"[^:]+://(.*)@", uri):
        text = text.replace(f"{found[1]}@", "")
        for secret in (found[1].partition(":")[2], unquote(found[1].partition(":")[2])):
            text = text.replace(secret, "***") if len(secret) >= MIN_SECRET else text
    return re.sub(r"((?:password|token|secret)=)[^&\s'\"]+", r"\1***", re.sub(r"://[^/\s]*@", "://", text))
