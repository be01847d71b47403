"""`ingest`: read the sources, and keep each as a typed table in which every row knows its line."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from ..artifacts import TABLES
from ..contract.cells import kinds_of
from ..data_loaders.sources import load_sources
from ..steps import SOURCES, Project, Step


def run(project: Project) -> str:
    """configs/sources.yaml to a parquet file a source.

    Raises:
        DataError: a file is missing or unreadable, or a cell is not of its column's kind; all of one file at once.
    """
    tables = load_tables(project)
    project.write(TABLES, tables)
    return ", ".join(f"{len(table)} rows of {name}" for name, table in tables.items())


def load_tables(project: Project) -> dict[str, pl.DataFrame]:
    """All sources by name, each as a table in canonical types with the line of each row; raises `DataError` as `run`."""
    contract = project.contract
    # What a source says of its own column goes first: it can be raw material for the column of that name.
    return {
        name: loader.load(kinds_of(contract) | loader.settings.columns, contract.time_zone)
        for name, loader in load_sources(project.root / SOURCES, project.root).items()
    }


def _files(project: Project) -> list[Path]:
    loaders = load_sources(project.root / SOURCES, project.root).values()
    return [project.root / SOURCES, *(file for loader in loaders for file in loader.files)]


STEP = Step("ingest", run, writes=(TABLES,), sources=_files)
