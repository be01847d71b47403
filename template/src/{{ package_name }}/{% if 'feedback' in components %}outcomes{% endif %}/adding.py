"""Outcomes from a file: the same labels that the service takes, a row each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ..contract.types import Contract
from ..errors import DataError
from ..serving.feedback.labels import Label, LabelReader, WrongLabelsError

#: What a file may say besides the columns of the key.
_NAMES = ("request_id", "row", "outcome", "moment")
_NUMBERS = ("number", "integer")


def read_labels(path: Path, contract: Contract) -> list[Label]:
    """The labels of a file; columns are called as in `POST /feedback`, the outcome also as the target, a key as its columns.

    Raises:
        DataError: it cannot be read, or holds what is no label; names the first rows.
    """
    try:
        return LabelReader(contract).read(_rows(_table(path), contract))
    except WrongLabelsError as error:
        shown = "\n".join(
            f"{path}: row {(fault.row or 0) + 1}: {fault.field or 'the row'}: {fault.problem}"
            for fault in error.faults[:8]
        )
        raise DataError(
            shown, "Mend these rows; docs/code/feedback.md says what a row holds. Nothing was kept."
        ) from None


def _table(path: Path) -> pl.DataFrame:
    try:
        match path.suffix:
            case ".parquet":
                return pl.read_parquet(path)
            case ".jsonl":
                return pl.read_ndjson(path)
            case ".csv":
                return pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(
            f"{path} cannot be read: {reason}.", "Name a csv, parquet or jsonl file with one outcome a row."
        ) from None
    raise DataError(f"{path} is no csv, parquet or jsonl file.", "Name one that ends so.")


def _rows(table: pl.DataFrame, contract: Contract) -> Iterator[Mapping[str, Any]]:
    target = contract.target.column
    for row in table.iter_rows(named=True):
        named = {name: _typed(name, row[name], contract) for name in _NAMES if row.get(name) is not None}
        if "outcome" not in named and row.get(target) is not None:
            named["outcome"] = _typed("outcome", row[target], contract)
        key = {name: _as_kind(row[name], contract.columns[name].kind) for name in _present_key(row, contract)}
        yield {**named, "key": key} if key and "request_id" not in named else named


def _present_key(row: Mapping[str, Any], contract: Contract) -> list[str]:
    return [name for name in contract.key if name in row and name in contract.columns]


def _typed(name: str, value: Any, contract: Contract) -> Any:
    """A cell as JSON has it: csv knows texts only."""
    if name == "row" or (name == "outcome" and not contract.labels):
        return _as_kind(value, "integer" if name == "row" else "number")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _as_kind(value: Any, kind: str) -> Any:
    if kind == "boolean" and isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower(), value)
    if kind not in _NUMBERS or not isinstance(value, str):
        return value.isoformat() if hasattr(value, "isoformat") else value
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if kind == "integer" and number.is_integer() else number
