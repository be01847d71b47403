"""`assemble`: tables to the rows of the contract, by dataset.py; then the rows must keep the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from functools import reduce
from pathlib import Path
from traceback import extract_tb
from typing import Any

import polars as pl

from ..artifacts import ROWS, TABLES, VALIDATION, beside, parts_of, scan_table, write_table
from ..contract.cells import Form, kinds_of
from ..contract.types import Contract
from ..counts import counted
from ..data_loaders.base import LINE, Typing
from ..data_loaders.sources import SOURCES_FILE
from ..discovery import discover, names_in
from ..errors import DataError, ProjectError
from ..flows.base import Flow, Shaping, Tables
from ..problems import listed, reason
from ..quality.base import find_problems, rows_of
from ..quality.later import forbid_later_knowledge
from ..settings import Validation
from ..steps import SOURCES, Project, Step

MEND = "Mend it in dataset.py or in the tables, or say in configs/contract.yaml what may be."

DATASET = str(Path(__file__).parents[1] / "dataset.py")
#: They speak of names; what others say may quote values.
_OF_NAMES = (
    *(SyntaxError, ImportError, NameError, AttributeError),
    *(pl.exceptions.ColumnNotFoundError, pl.exceptions.SchemaError, pl.exceptions.ShapeError),
)


def run(project: Project) -> str:
    """Tables to rows: the columns of the contract in its order, features first, in canonical types.

    Raises:
        LeakageError: a feature is named after what is known only later.
        DataError: dataset.py returns no such rows, or they do not keep the contract; all problems at once.
    """
    contract = project.contract
    forbid_later_knowledge(contract.columns, contract.known_later)
    with beside(project.root / ROWS.path) as place:
        rows, notes = shaped_rows(project, project.read(TABLES), place)
        known = rows.filter(pl.col(contract.target.column).is_not_null())
        check(known, contract, project.settings.validation)
        project.write(ROWS, known.drop(LINE, strict=False))
        count, left_out = rows_of(known), rows_of(rows) - rows_of(known)
    outcomes = [f"{left_out} without outcome left out"] if left_out else []
    return "; ".join([counted(count, "row"), *outcomes, *notes])


def shaped_rows(project: Project, sources: dict[str, pl.LazyFrame], place: Path) -> tuple[pl.LazyFrame, list[str]]:
    """The rows of the contract, by dataset.py and by the flows around it; and what those did, in words.

    Sources whose rows are rows of the contract already (`assembled`) stand behind the others.

    Args:
        project: whose configuration counts.
        sources: as they were read, by name.
        place: a file for the rows.

    Raises:
        SettingsError: a flow is wrongly set.
        DataError: as `assembled` and `canonical_rows`.
    """
    settings = SOURCES_FILE.load(project.root / SOURCES)
    ready = {name: table for name, table in sources.items() if name in settings and settings[name].assembled}
    if not ready:
        return _shaped(project, sources, place)
    parts: list[pl.LazyFrame] = []
    notes: list[str] = []
    if raw := {name: table for name, table in sources.items() if name not in ready}:
        rows, notes = _shaped(project, raw, place)
        parts.append(rows)
    for name, table in ready.items():
        parts.append(canonical_rows(table, ready, project.contract, place.with_name(f"{name}-{place.name}")))
        notes.append(f"{rows_of(parts[-1])} of {name}, as they are")
    return pl.concat([part.drop(LINE, strict=False) for part in parts]), notes


def _shaped(project: Project, sources: Tables, place: Path) -> tuple[pl.LazyFrame, list[str]]:
    flows = [flow.of(project.root, project.contract) for flow in discover("flows", Flow).values()]
    tables = sources
    for flow in flows:
        tables = flow.before(tables)
    rows = canonical_rows(assembled(tables, project.contract), tables, project.contract, place, flows)
    return rows, [note for flow in flows for note in flow.notes()]


def assembled(tables: Tables, contract: Contract) -> object:
    """What dataset.py makes of the tables: of LazyFrames if that is what its `assemble` says it takes, else of DataFrames.

    Args:
        tables: the sources, by name.
        contract: says whether there are personal data, which no error may quote.

    Raises:
        DataError: it cannot be imported, looks for a table or column that is not there, joins what does not fit, or fails in
            any other way; names its line.
    """
    with naming_its_line(tables, contract):
        # Only now: no other command is to stop because of a mistake in it.
        from .. import dataset

        assemble: Callable[[Mapping[str, Any]], object] = dataset.assemble
        takes = [said for name, said in getattr(assemble, "__annotations__", {}).items() if name != "return"]
        lazy = any("LazyFrame" in str(said) for said in takes)
        return assemble(tables if lazy else {name: table.collect() for name, table in tables.items()})


@contextmanager
def naming_its_line(tables: Tables, contract: Contract) -> Iterator[None]:
    """Errors of dataset.py, as soon as it is asked or as late as its rows are, as one that names its line."""
    try:
        yield
    except ProjectError:
        raise
    except (Exception, pl.exceptions.PanicException) as error:  # it is anybody's code
        lines = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == DATASET]
        if isinstance(error, SyntaxError):
            lines = [error.lineno]
        there = "; ".join(f"{name}: {listed(table.collect_schema())}" for name, table in tables.items())
        said = reason(error)
        if any(column.pii for column in contract.columns.values()) and not isinstance(error, _OF_NAMES):
            said = "(what it says may quote personal data, and is not shown)"
        raise DataError(
            f"dataset.py, line {lines[-1] if lines else '?'}: {type(error).__name__}: {said}",
            f"Mend it there, or the tables that it is made for. They have: {there}.",
        ) from error


def canonical_rows(
    made: object, tables: Tables, contract: Contract, place: Path, flows: Sequence[Shaping] = ()
) -> pl.LazyFrame:
    """What dataset.py returned, with the contract's columns alone, each in its type, and `LINE` if it is there still.

    Args:
        made: what it returned.
        tables: what it was given.
        contract: whose columns are wanted.
        place: a file for the rows, made on the way: they are computed once.
        flows: what is done to the rows before their columns are looked at, part by part.

    Raises:
        DataError: it is no table, or empty, or lacks a column, or holds a value of another kind.
    """
    if not isinstance(made, pl.DataFrame | pl.LazyFrame):
        raise DataError(
            f"dataset.py: assemble returned a {type(made).__name__}, not a polars DataFrame or LazyFrame.",
            "Return one row a prediction.",
        )
    kinds = kinds_of(contract)
    with naming_its_line(tables, contract):
        schema = made.lazy().collect_schema()

    def shaped(part: pl.DataFrame) -> pl.DataFrame:
        return reduce(lambda rows, flow: flow.after(rows), flows, part)

    names = shaped(schema.to_frame()).columns
    if absent := [name for name in kinds if name not in names]:
        raise _lacking(absent, names, tables)
    typing, wanted = Typing(kinds, Form(zone=contract.time_zone)), [*kinds, *([LINE] if LINE in names else [])]
    needed = dict.fromkeys([*wanted, *(name for flow in flows for name in flow.reads)])
    parts = _computed(made.select(name for name in needed if name in schema), tables, contract)
    write_table(place, (typing.of(shaped(part).select(wanted)) for part in parts))
    rows: pl.LazyFrame = scan_table(place)
    if not rows_of(rows):
        raise DataError(
            "dataset.py: assemble returned no rows.",
            "Look at its joins and filters: keys that are written differently on both sides match nothing. "
            + "; ".join(note for flow in flows for note in flow.notes()),
        )
    if typing.problems:
        raise DataError("\n".join(f"rows of dataset.py: {problem}" for problem in typing.problems), MEND)
    return rows


def _computed(rows: pl.DataFrame | pl.LazyFrame, tables: Tables, contract: Contract) -> Iterator[pl.DataFrame]:
    with naming_its_line(tables, contract):
        yield from parts_of(rows)


def _lacking(absent: list[str], names: list[str], tables: Tables) -> DataError:
    folded = {name.casefold(): name for name in names}
    similar = {name: get_close_matches(name.casefold(), folded, n=1, cutoff=0.8) for name in absent}
    hints = [f"`{name}` (is it `{folded[found[0]]}`?)" if found else f"`{name}`" for name, found in similar.items()]
    return DataError(
        f"The rows lack {'columns' if len(absent) > 1 else 'a column'} of configs/contract.yaml: {', '.join(hints)}.",
        f"Make them in dataset.py, from the tables {', '.join(tables)}, or take them out of the contract. "
        f"The rows have: {listed(names)}.",
    )


def check(rows: pl.LazyFrame, contract: Contract, limits: Validation) -> None:
    """Refuse rows that do not keep the contract.

    Raises:
        DataError: all problems at once, each with its lines.
    """
    if (count := rows_of(rows)) < limits.minimum_rows:
        raise DataError(
            f"{count} rows with an outcome (`{contract.target.column}`), at least {limits.minimum_rows} are needed.",
            "Add rows. How many are enough stands in params.yaml: validation.minimum_rows.",
        )
    if problems := find_problems(rows, contract, limits):
        raise DataError("\n".join(f"rows of dataset.py: {problem}" for problem in problems), MEND)


#: What is not there has no configuration.
SHAPED = (SOURCES, *(("configs/wrangling.yaml",) if names_in("flows/wrangling") else ()))

STEP = Step("assemble", run, reads=(TABLES, VALIDATION), writes=(ROWS,), params=("validation",), configs=SHAPED)
