"""Whether contract and sources are right, and whether the tables that are there keep the contract."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from ..artifacts import TABLES, beside
from ..data_loaders.sources import load_sources
from ..pipelines.assemble import check, shaped_rows
from ..pipelines.ingest import batches_of
from ..quality.base import rows_of
from ..steps import CONTRACT, SOURCES, Project


def check_project(project: Project) -> list[str]:
    """Say what was checked, one line each. Nothing is written.

    Raises:
        SettingsError: a configuration file is wrong; names the line.
        DataError: a table cannot be read, or its rows do not keep the contract; names lines.
    """
    contract, loaders = project.contract, load_sources(project.root / SOURCES, project.root)
    said = [
        f"{CONTRACT}: {contract.task}, {len(contract.columns)} features, format {contract.format}",
        f"{SOURCES}: {', '.join(loaders)}",
    ]
    absent = [loader.where for loader in loaders.values() if not all(file.is_file() for file in loader.files)]
    with TemporaryDirectory() as folder, beside(Path(folder) / "rows.parquet") as place:
        scratch = Project(place.parent)
        if not absent:
            scratch.write(TABLES, batches_of(project))
            tables = scratch.read(TABLES)
        elif (project.root / TABLES.path).is_dir():
            tables = project.read(TABLES)
        else:
            return [*said, f"not there, so that no table was looked at: {', '.join(absent)}"]
        rows, _ = shaped_rows(project, tables, place)
        known = rows.filter(pl.col(contract.target.column).is_not_null())
        check(known, contract, project.settings.validation)
        return [*said, f"{rows_of(known):,} rows with an outcome keep the contract"]
