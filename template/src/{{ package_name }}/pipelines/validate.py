"""`validate`: stop before anything is learnt from tables that cannot be right."""

from __future__ import annotations

from typing import Any

import polars as pl

from ..artifacts import TABLES, VALIDATION
from ..contract.cells import kinds_of
from ..contract.types import Contract
from ..data_loaders.base import LINE, Loader
from ..data_loaders.sources import load_sources
from ..errors import DataError
from ..quality.base import find_problems
from ..settings import Validation
from ..steps import SOURCES, Project, Step

MEND = (
    "Mend or remove what is named; or say in configs/contract.yaml what may be (range, allowed, missing: true), or under "
    "`ignored` which columns are left out."
)


def run(project: Project) -> str:
    """Check every table and write reports/validation.json.

    Raises:
        DataError: all problems at once, each with the lines of its file.
    """
    contract, limits, tables = project.contract, project.settings.validation, project.read(TABLES)
    loaders = load_sources(project.root / SOURCES, project.root)
    problems = [
        f"{loader.where}: {problem}"
        for name, loader in loaders.items()
        for problem in problems_of(tables[name], loader, contract, limits)
    ]
    if problems:
        raise DataError("\n".join(problems), MEND)
    report = {name: _summary(table, contract) for name, table in tables.items()}
    project.write(VALIDATION, {"tables": report})
    unused = sum(len(table["not_in_contract"]) for table in report.values())
    return f"no problem found; {unused} columns that the contract does not name" if unused else "no problem found"


def problems_of(table: pl.DataFrame, loader: Loader, contract: Contract, limits: Validation) -> list[str]:
    """All that is wrong with one table, one sentence each. Its own key must be unique, not that of the rows to come."""
    key, target = loader.settings.key, contract.target.column
    if absent := [name for name in key if name not in table.columns]:
        return [f"there is no column `{absent[0]}`, which is a part of its key in configs/sources.yaml"]
    if target in table.columns:
        # Rows without an outcome are not learnt from: what else they lack is no problem.
        table = table.filter(table[target].is_not_null())
        if len(table) < limits.minimum_rows:
            least = f"at least {limits.minimum_rows} are needed (validation.minimum_rows in params.yaml)"
            return [f"{len(table)} rows with an outcome (`{target}`), {least}"]
    return find_problems(table, contract.model_copy(update={"key": key}), limits)


def _summary(table: pl.DataFrame, contract: Contract) -> dict[str, Any]:
    known = {*kinds_of(contract), *contract.known_later, *contract.ignored}
    columns = [name for name in table.columns if name != LINE]
    return {
        "rows": len(table),
        "columns": len(columns),
        "not_in_contract": [name for name in columns if name not in known],
        "missing_share": {name: round(table[name].null_count() / len(table), 4) for name in columns},
    }


STEP = Step(
    "validate",
    run,
    reads=(TABLES,),
    writes=(VALIDATION,),
    params=("validation",),
    sources=lambda project: [project.root / SOURCES],
)
