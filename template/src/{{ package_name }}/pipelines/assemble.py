"""`assemble`: tables to the rows of the contract, by dataset.py; then the rows must keep the contract."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from traceback import extract_tb

import polars as pl

from ..artifacts import ROWS, TABLES, VALIDATION
from ..contract.cells import Form, kinds_of
from ..contract.types import Contract
from ..data_loaders.base import LINE, typed
from ..errors import DataError, ProjectError
from ..quality.base import find_problems
from ..quality.later import forbid_later_knowledge
from ..settings import Validation
from ..steps import Project, Step

MEND = "Mend it in dataset.py or in the tables, or say in configs/contract.yaml what may be."

SHOWN_COLUMNS = 40
DATASET = str(Path(__file__).parents[1] / "dataset.py")


def run(project: Project) -> str:
    """Tables to rows: the columns of the contract in its order, features first, in canonical types.

    Raises:
        LeakageError: a feature is named after what is known only later.
        DataError: dataset.py returns no such rows, or they do not keep the contract; all problems at once.
    """
    contract = project.contract
    forbid_later_knowledge(contract.columns, contract.known_later)
    tables = project.read(TABLES)
    rows = canonical_rows(assembled(tables), tables, contract)
    known = rows.filter(rows[contract.target.column].is_not_null())
    check(known, contract, project.settings.validation)
    project.write(ROWS, known.drop(LINE, strict=False))
    left_out = len(rows) - len(known)
    return f"{len(known)} rows" + (f"; {left_out} without outcome left out" if left_out else "")


def assembled(tables: Mapping[str, pl.DataFrame]) -> object:
    """What dataset.py makes of the tables.

    Raises:
        DataError: it cannot be imported, looks for a table or column that is not there, joins what does not fit, or fails in
            any other way; names its line.
    """
    try:
        # Only now: no other command is to stop because of a mistake in it.
        from .. import dataset

        return dataset.assemble(tables)
    except ProjectError:
        raise
    except (Exception, pl.exceptions.PanicException) as error:  # it is anybody's code
        lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == DATASET]
        if isinstance(error, SyntaxError):
            lines = [error.lineno]
        there = "; ".join(f"{name}: {_listed(table)}" for name, table in tables.items())
        said = re.split(r"; valid columns|\n", str(error))[0]
        raise DataError(
            f"dataset.py, line {lines[-1] if lines else '?'}: {type(error).__name__}: {said}",
            f"Mend it there, or the tables that it is made for. They have: {there}.",
        ) from error


def canonical_rows(made: object, tables: Mapping[str, pl.DataFrame], contract: Contract) -> pl.DataFrame:
    """What dataset.py returned, with the contract's columns alone, each in its type, and `LINE` if it is there still.

    Raises:
        DataError: it is no table, or empty, or lacks a column, or holds a value of another kind.
    """
    if not isinstance(made, pl.DataFrame):
        raise DataError(
            f"dataset.py: assemble returned a {type(made).__name__}, not a polars DataFrame.",
            "Return one row a prediction.",
        )
    kinds = kinds_of(contract)
    if absent := [name for name in kinds if name not in made.columns]:
        raise _lacking(absent, made, tables)
    if made.is_empty():
        raise DataError(
            "dataset.py: assemble returned no rows.",
            "Look at its joins and filters: keys that are written differently on both sides match nothing.",
        )
    kept = [*kinds, *([LINE] if LINE in made.columns else [])]
    rows, problems = typed(made.select(kept), kinds, Form(zone=contract.time_zone))
    if problems:
        raise DataError("\n".join(f"rows of dataset.py: {problem}" for problem in problems), MEND)
    return rows


def _lacking(absent: list[str], made: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> DataError:
    folded = {name.casefold(): name for name in made.columns}
    similar = {name: get_close_matches(name.casefold(), folded, n=1, cutoff=0.8) for name in absent}
    hints = [f"`{name}` (is it `{folded[found[0]]}`?)" if found else f"`{name}`" for name, found in similar.items()]
    return DataError(
        f"The rows lack {'columns' if len(absent) > 1 else 'a column'} of configs/contract.yaml: {', '.join(hints)}.",
        f"Make them in dataset.py, from the tables {', '.join(tables)}, or take them out of the contract. "
        f"The rows have: {_listed(made)}.",
    )


def _listed(table: pl.DataFrame) -> str:
    names = [name for name in table.columns if name != LINE]
    more = f" and {len(names) - SHOWN_COLUMNS} more" if len(names) > SHOWN_COLUMNS else ""
    return ", ".join(names[:SHOWN_COLUMNS]) + more


def check(rows: pl.DataFrame, contract: Contract, limits: Validation) -> None:
    """Refuse rows that do not keep the contract.

    Raises:
        DataError: all problems at once, each with its lines.
    """
    if len(rows) < limits.minimum_rows:
        raise DataError(
            f"{len(rows)} rows with an outcome (`{contract.target.column}`), at least {limits.minimum_rows} are needed.",
            "Add rows. How many are enough stands in params.yaml: validation.minimum_rows.",
        )
    if problems := find_problems(rows, contract, limits):
        raise DataError("\n".join(f"rows of dataset.py: {problem}" for problem in problems), MEND)


STEP = Step("assemble", run, reads=(TABLES, VALIDATION), writes=(ROWS,), params=("validation",))
