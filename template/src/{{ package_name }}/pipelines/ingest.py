"""`ingest`: read the sources, and keep each as a typed table in which every row knows its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path

import polars as pl

from ..artifacts import FINGERPRINTS, TABLES
from ..contract.cells import kinds_of
from ..counts import counted
from ..data_loaders.base import Treatment
from ..data_loaders.sources import load_sources
from ..discovery import discover, names_in
from ..steps import SOURCES, Project, Step


def run(project: Project) -> str:
    """configs/sources.yaml to a parquet file a source.

    Raises:
        DataError: a file is missing or unreadable, or a cell is not of its column's kind; all of one file at once.
    """
    project.write(TABLES, batches_of(project))
    counts = {name: table.select(pl.len()).collect().item() for name, table in project.read(TABLES).items()}
    return ", ".join(f"{counted(count, 'row')} of {name}" for name, count in counts.items())


def batches_of(project: Project) -> dict[str, Iterator[pl.DataFrame]]:
    """All sources by name, each in parts, in canonical types with the line of each row; raises `DataError` as `run`."""
    contract = project.contract
    # What a source says of its own column goes first: it can be raw material for the column of that name.
    return {
        name: loader.load(kinds_of(contract) | loader.settings.columns, contract.time_zone, _treated(project, name))
        for name, loader in load_sources(project.root / SOURCES, project.root).items()
    }


def _treated(project: Project, source: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    treatments = [
        each.of(project.root, source, project.contract) for each in discover("data_loaders", Treatment).values()
    ]
    return lambda part: reduce(lambda table, treat: treat(table), treatments, part)


def load_tables(project: Project) -> dict[str, pl.DataFrame]:
    """All sources by name, whole in memory, for tests of tables that fit there; raises `DataError` as `run`."""
    return {name: pl.concat(batches) for name, batches in batches_of(project).items()}


def _files(project: Project) -> list[Path]:
    loaders = load_sources(project.root / SOURCES, project.root).values()
    return [file for loader in loaders for file in loader.files]


#: Only where sources can be something else than files is there a step that asks them.
_ASKED = (FINGERPRINTS,) if "fingerprint" in names_in("pipelines") else ()
#: What is not there has no configuration.
_TREATED = ("configs/sanitise.yaml",) if "sanitise" in names_in("data_loaders") else ()

STEP = Step("ingest", run, reads=_ASKED, writes=(TABLES,), configs=(SOURCES, *_TREATED), sources=_files)
