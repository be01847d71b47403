"""`validate`: stop before anything is learnt from tables that cannot be right."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from ..artifacts import TABLES, VALIDATION
from ..contract.cells import kinds_of
from ..contract.types import Contract
from ..data_loaders.base import LINE, Loader
from ..data_loaders.catalogue import unkept
from ..data_loaders.sources import load_sources
from ..problems import Problem
from ..quality.base import ProblemsError, find_problems, rows_of
from ..settings import Validation
from ..steps import SOURCES, Project, Step

MEND = (
    "Mend or remove what is named; or say in configs/contract.yaml what may be (range, allowed, missing: true), or under "
    "`ignored` which columns are left out."
)


def run(project: Project) -> str:
    """Check every table and write reports/validation.json.

    Raises:
        ProblemsError: all problems at once, each with the lines of its file.
    """
    contract, limits, tables = project.contract, project.settings.validation, project.read(TABLES)
    loaders = load_sources(project.root / SOURCES, project.root)
    found = {name: problems_of(tables[name], loader, contract, limits) for name, loader in loaders.items()}
    if any(found.values()):
        said = [f"{loaders[name].where}: {problem}" for name, problems in found.items() for problem in problems]
        raise ProblemsError("\n".join(said), MEND, found)
    report = {name: _summary(table, contract) for name, table in tables.items()}
    project.write(VALIDATION, {"tables": report})
    unused = sum(len(table["not_in_contract"]) for table in report.values())
    columns = "1 column" if unused == 1 else f"{unused} columns"
    return f"no problem found; {columns} that the contract does not name" if unused else "no problem found"


def problems_of(table: pl.LazyFrame, loader: Loader, contract: Contract, limits: Validation) -> list[Problem]:
    """All that is wrong with one table, what its source promises among it."""
    now = datetime.now(ZoneInfo(contract.time_zone))
    return [
        *unkept(loader.settings, table, loader.modified, now),
        *_problems_in(table, loader, contract, limits),
    ]


def _problems_in(table: pl.LazyFrame, loader: Loader, contract: Contract, limits: Validation) -> list[Problem]:
    """What is wrong with the rows. Their own key must be unique, not that of the rows to come."""
    key, target = loader.settings.key, contract.target.column
    names = table.collect_schema().names()
    if absent := [name for name in key if name not in names]:
        return [Problem(says=f"there is no column `{absent[0]}`, which is a part of its key in configs/sources.yaml")]
    if target in names:
        # Rows without an outcome are not learnt from: what else they lack is no problem.
        table = table.filter(pl.col(target).is_not_null())
        if (rows := rows_of(table)) < limits.minimum_rows:
            least = f"at least {limits.minimum_rows} are needed (validation.minimum_rows in params.yaml)"
            return [Problem(says=f"{rows} rows with an outcome (`{target}`), {least}")]
    return find_problems(table, contract.model_copy(update={"key": key}), limits)


def _summary(table: pl.LazyFrame, contract: Contract) -> dict[str, Any]:
    known = {*kinds_of(contract), *contract.known_later, *contract.ignored}
    columns = [name for name in table.collect_schema() if name != LINE]
    rows, *missing = table.select(pl.len().alias(LINE), pl.col(columns).null_count()).collect(engine="streaming").row(0)
    return {
        "rows": rows,
        "columns": len(columns),
        "not_in_contract": [name for name in columns if name not in known],
        "missing_share": {name: round(count / rows, 4) for name, count in zip(columns, missing, strict=True)},
    }


STEP = Step(
    "validate",
    run,
    reads=(TABLES,),
    writes=(VALIDATION,),
    params=("validation",),
    configs=(SOURCES,),
)
