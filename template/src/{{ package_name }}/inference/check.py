"""Whether contract and sources are right, and whether the tables that are there keep the contract."""

from __future__ import annotations

from .. import dataset
from ..artifacts import TABLES
from ..contract.cells import kinds_of
from ..data_loaders.sources import load_sources
from ..pipelines.assemble import canonical_rows, check
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
    if not absent:
        kinds = kinds_of(contract)
        tables = {
            name: loader.load(kinds | loader.settings.columns, contract.time_zone) for name, loader in loaders.items()
        }
    elif (project.root / TABLES.path).is_dir():
        tables = project.read(TABLES)
    else:
        return [*said, f"not there, so that no table was looked at: {', '.join(absent)}"]
    rows = canonical_rows(dataset.assemble(tables), tables, contract)
    known = rows.filter(rows[contract.target.column].is_not_null())
    check(known, contract, project.settings.validation)
    return [*said, f"{len(known):,} rows with an outcome keep the contract"]
