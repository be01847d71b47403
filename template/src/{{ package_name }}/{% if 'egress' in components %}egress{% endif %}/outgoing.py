"""What is sent: read, without what is personal, and kept apart until it has arrived, so that nothing changes it under way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl
from polars import selectors

from ..artifacts import ROWS, TABLES, Artifact, beside, parts_of, scan_table, write_table
from ..contract.types import Contract, Kind
from ..data_loaders.base import LINE, Loader
from ..data_loaders.csv import CsvLoader
from ..data_loaders.csv_form import CsvSource
from ..data_loaders.parquet import ParquetLoader, ParquetSource
from ..errors import DataError, SettingsError
from ..problems import listed
from ..steps import Project
from .base import EGRESS, FOLDER, Destination, Outgoing

#: What `predict` writes.
PREDICTIONS = "data/processed/predictions.csv"


def made_by_steps(send: str) -> tuple[Artifact[Any], ...]:
    """The artifacts that are sent; none for what `predict` wrote."""
    if send == "predictions" or send.endswith((".csv", ".parquet")):
        return ()
    return (ROWS if send == "rows" else TABLES,)


@contextmanager
def outgoing(project: Project, name: str, settings: Destination) -> Iterator[Outgoing]:
    """What a destination gets, for as long as the block lasts.

    Raises:
        DataError: it is not there, cannot be read, or holds what has no place in any destination.
        SettingsError: there is no such table or column.
    """
    source, parts = _read(project, name, settings.send)
    first = next(parts)
    names, withheld = _chosen(first, name, settings, project.contract)
    with beside(project.root / FOLDER / f"{name}.parquet") as file:
        write_table(file, (_plain(part.select(names)) for part in chain([first], parts)))
        table, content = scan_table(file), _digest(file)
        yield Outgoing(
            destination=name,
            root=project.root,
            source=source,
            table=table,
            rows=table.select(pl.len()).collect().item(),
            content=content,
            run=f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{content[:8]}",
            withheld=withheld,
        )


def _read(project: Project, name: str, send: str) -> tuple[Path, Iterator[pl.DataFrame]]:
    """The file of what is sent, and its rows in parts."""
    if not (artifacts := made_by_steps(send)):
        path = project.root / (PREDICTIONS if send == "predictions" else send)
        if not path.is_file():
            advice = f"Run `predict` first, or name its --output as `send` in {EGRESS}."
            raise DataError(f"{path} is not there.", advice)
        return path, _predictions(path, project.contract)
    if artifacts == (ROWS,):
        return project.root / ROWS.path, parts_of(project.read(ROWS))
    tables = project.read(TABLES)
    if send not in tables:
        raise SettingsError(
            f"{EGRESS}: {name}: there is no `{send}` to send; there are predictions, rows, {', '.join(tables)}.",
            f"Mend {EGRESS}.",
        )
    return project.root / TABLES.path / f"{send}.parquet", parts_of(tables[send])


def _predictions(path: Path, contract: Contract) -> Iterator[pl.DataFrame]:
    """The rows that `predict` wrote; of csv, what it computed and the features have types, and the rest is text."""
    loader: Loader = ParquetLoader(ParquetSource(kind="parquet", path=str(path)))
    if path.suffix == ".csv":
        loader = CsvLoader(CsvSource(kind="csv", path=str(path), missing=(), multiline=True))
    parts = loader.batches()
    return loader.load(_kinds(contract, next(parts).columns), contract.time_zone)


def _kinds(contract: Contract, names: list[str]) -> dict[str, Kind]:
    answers: dict[str, Kind] = {"row": "integer", "probability": "number"}
    answers |= {f"probability {label}": "number" for label in contract.labels}
    answers |= {f"possible {label}": "boolean" for label in contract.labels}
    if contract.task == "regression":
        target = contract.target.column
        answers |= {target: "number", f"low {target}": "number", f"high {target}": "number"}
    kinds: dict[str, Kind] = {}
    for name, kind in answers.items():
        # Where the key is called so, too, the answer has another name.
        kinds[f"predicted {name}" if f"predicted {name}" in names else name] = kind
    return kinds | {name: column.kind for name, column in contract.columns.items()}


def _chosen(
    table: pl.DataFrame, name: str, settings: Destination, contract: Contract
) -> tuple[list[str], tuple[str, ...]]:
    """The columns that are sent, and those that would be if they were not personal."""
    there = [column for column in table.columns if column != LINE]
    if absent := [column for column in settings.columns if column not in there]:
        raise SettingsError(
            f"{EGRESS}: {name}: what is sent has no column `{absent[0]}`; it has {listed(there)}.",
            f"Mend {EGRESS}, or see what has changed.",
        )
    personal = {column for column, said in contract.columns.items() if said.pii and not settings.pii}
    wanted = settings.columns or there
    if not (names := [column for column in wanted if column not in personal]):
        raise SettingsError(
            f"{EGRESS}: {name}: all that would be sent is personal.", "Say `pii: true` there, if it may be sent."
        )
    for column, kind in _plain(table.head(0).select(names)).schema.items():
        if not (kind.is_numeric() or isinstance(kind, pl.String | pl.Boolean | pl.Date | pl.Datetime)):
            raise DataError(
                f"{name}: column `{column}` holds values of the type {kind}, which cannot be sent.",
                f"Name the others: `columns: [...]` in {EGRESS}.",
            )
    return names, tuple(column for column in wanted if column in personal)


def _plain(table: pl.DataFrame) -> pl.DataFrame:
    """Few types, and one way to say that a value is missing."""
    return table.with_columns(
        selectors.float().fill_nan(None),
        selectors.decimal().cast(pl.Float64),
        selectors.by_dtype(pl.Null, pl.Categorical, pl.Enum).cast(pl.String),
    )


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
