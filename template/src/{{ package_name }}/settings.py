"""params.yaml: how things are done, for any table. What the table is stands in configs/contract.yaml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from .configuration import load
from .contract.types import Section, Share

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]
Chain = Annotated[tuple[Any, ...], Field(strict=False)]
#: The newest version of the ONNX operators that the locked converter writes; a test compares the two.
NEWEST_OPSET = 22
MAX_ALIAS = 255
SQLITE = "sqlite:///"


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


class Validation(Section):
    """What every table must satisfy before anything is learnt from it."""

    minimum_rows: Count
    maximum_missing_share: Annotated[float, Field(gt=0, le=1)]


class Split(Section):
    """How rows are divided."""

    holdout_share: Share
    folds: Annotated[int, Field(ge=2, le=20)]


class Features(Section):
    """What a column can become inside the model; which transformers there are is what the files of features/ say."""

    max_categories: Annotated[int, Field(ge=1, le=1000)]
    max_words: Annotated[int, Field(ge=1, le=20000)]
    #: By number column, or `*` for all numbers that are not named: transformers in order, each a name or `name: {settings}`.
    columns: dict[str, Chain] = {}  # noqa: RUF012
    #: Of all that models see, once every column is numbers.
    all: Chain = ()


class Export(Section):
    """The exported graph."""

    opset: Annotated[int, Field(ge=15, le=NEWEST_OPSET)]
    parity_tolerance: Positive


class Tracking(Section):
    """Where runs are recorded; the environment variable MLFLOW_TRACKING_URI goes before `uri`."""

    uri: Annotated[str, AfterValidator(check_uri)]
    experiment: Annotated[str, Field(pattern=r"\S", max_length=500)]
    alias: Annotated[str, AfterValidator(check_alias)]
    #: Where models are registered, if that is elsewhere: another server, or Unity Catalog; MLFLOW_REGISTRY_URI goes before it.
    registry: Annotated[str, AfterValidator(check_uri)] | None = None
    #: What the registry calls the model, if it is to be another name than the project's: catalog.schema.model.
    registered_model: Annotated[str, Field(pattern=r"^[\w.\- ]+$", max_length=250)] | None = None


class Settings(Section):
    """All of params.yaml."""

    format: Literal[1]
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    threads: Count
    validation: Validation
    split: Split
    features: Features
    #: Of each candidate, by its name; the candidate's own file says which settings it has.
    models: Annotated[dict[str, dict[str, Any]], Field(default_factory=dict)]
    #: Of the search for better ones; its own file says which settings it has.
    tune: Annotated[dict[str, Any], Field(default_factory=dict)]
    export: Export
    tracking: Tracking


def load_settings(path: Path) -> Settings:
    """Read and check params.yaml; raises `SettingsError` that names the line to mend."""
    return load(path, Settings)
