"""The folder of a run: the project's configuration with the rows of this run; the project's own files stay."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from ..artifacts import TUNED, scan_table, whole, write_table, writing
from ..configuration import values_of
from ..contract.types import Contract
from ..settings import SQLITE
from ..steps import CONTRACT, SOURCES, Project
from .choosing import Chosen
from .served import MOMENT, contract_of_served
from .settings import Growing, Retraining

FOLDER = Path("models/retraining")
_SERVED = "served"
_QUALITY = "configs/quality.yaml"
#: What is in the folder when it is whole.
_READY = "ready"
#: Rows to learn from, and rows by which the models are compared.
LEARN, NEWEST = Path("data/raw/served.parquet"), Path("data/newest.parquet")


def place_of(project: Project, run: str) -> Path:
    """The folder of a run."""
    return project.root / FOLDER / run


def prepare(project: Project, run: str, chosen: Chosen, settings: Retraining) -> Project:
    """A project of its own for a run, which is made only once.

    Raises:
        SettingsError: the project's configuration is wrong.
        DataError: it cannot be written.
    """
    place = place_of(project, run)
    made = Project(place, Path("params.yaml"))
    if (place / _READY).exists():
        return made
    shutil.rmtree(place, ignore_errors=True)
    with writing(place):
        shutil.copytree(project.root / "configs", place / "configs")
        for folder in (LEARN.parent, NEWEST.parent):
            (place / folder).mkdir(parents=True, exist_ok=True)
    params = values_of((project.root / project.params).read_text(encoding="utf-8-sig"))
    params["tracking"] = {**params["tracking"], **_registry(project)}
    _write_yaml(place / made.params, params)
    is_served = settings.rows == "served"
    contract = contract_of_served(project.contract)[0] if is_served else project.contract
    _write_yaml(place / CONTRACT, contract.model_dump(mode="json", exclude_unset=True))
    with_sources = not is_served or isinstance(settings.window, Growing)
    sources = _sources(project, contract, is_served=is_served, with_sources=with_sources)
    _write_yaml(place / SOURCES, {"format": 1, "sources": sources})
    if not with_sources and (place / _QUALITY).is_file():
        # Rules about tables that are not there cannot be asked; those about rows are.
        rules = values_of((place / _QUALITY).read_text(encoding="utf-8-sig"))
        checks = {name: check for name, check in (rules.get("checks") or {}).items() if check.get("table") == "rows"}
        _write_yaml(place / _QUALITY, {**rules, "checks": checks})
    if (project.root / TUNED.path).is_file():
        made.write(TUNED, project.read(TUNED))
    for path, rows in ((LEARN, chosen.learn.drop(MOMENT, strict=False)), (NEWEST, chosen.newest)):
        with whole(place / path) as file:
            write_table(file, rows)
    with whole(place / _READY) as file:
        file.write_text(f"{chosen.says}\n", encoding="utf-8")
    return made


def newest_of(made: Project) -> pl.DataFrame:
    """The rows by which the models are compared."""
    rows: pl.DataFrame = scan_table(made.root / NEWEST).collect()
    return rows


def clear(project: Project, keep: str) -> None:
    """Remove the folders of all runs but one: what came of them is in the registry."""
    for folder in (project.root / FOLDER).glob("*"):
        if folder.name != keep and folder.is_dir():
            shutil.rmtree(folder, ignore_errors=True)


def _sources(project: Project, contract: Contract, *, is_served: bool, with_sources: bool) -> Mapping[str, Any]:
    """What configs/sources.yaml says there, with files by their whole path; and the served rows."""
    said: dict[str, Any] = {}
    if with_sources:
        own = values_of((project.root / SOURCES).read_text(encoding="utf-8-sig"))["sources"]
        said = {name: _whole(project.root, source) for name, source in own.items()}
    if is_served:
        name = next(name for name in (_SERVED, f"{_SERVED}_rows", f"{_SERVED}_by_us") if name not in said)
        key = list(contract.key)
        said[name] = {"kind": "parquet", "path": LEARN.as_posix(), "assembled": True, **({"key": key} if key else {})}
    return said


def _registry(project: Project) -> dict[str, str]:
    """Where runs are recorded and models registered: a database of the project's folder by its whole path."""
    said = project.settings.tracking
    places = {"uri": said.uri, "registry": said.registry}
    files = {name: text.removeprefix(SQLITE) for name, text in places.items() if text and text.startswith(SQLITE)}
    return {name: f"{SQLITE}{(project.root / path).resolve()}" for name, path in files.items()}


def _whole(root: Path, source: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(source.get("path"), str):
        return source
    return {**source, "path": str((root / source["path"]).resolve())}


def _write_yaml(path: Path, values: Mapping[str, Any]) -> None:
    with whole(path) as place:
        place.write_text(yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True), encoding="utf-8")
