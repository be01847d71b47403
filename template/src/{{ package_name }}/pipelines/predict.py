"""`predict`: predict each row of a file with the exported graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ..data_loaders.base import LINE, TableSchema
from ..data_loaders.csv import CsvLoader
from ..errors import DataError
from ..models.common.onnx_session import OnnxModel
from ..validation import find_wrong_values
from ..workspace import Workspace
from .files import existing


@dataclass(frozen=True)
class Predicted:
    """How many rows were predicted, and where the predictions are."""

    rows: int
    output: Path

    def __str__(self) -> str:
        return f"{self.rows} predictions in {self.output}"


def run(workspace: Workspace, source: Path, output: Path) -> Predicted:
    """Read the contract's columns from a csv or parquet file and write one prediction a row, in the same order.

    Each is numbered as its row is in the input, from 1. The folder of the output is made if it is missing.

    Raises:
        DataError: there is no model, the file cannot be read, lacks a column, or holds what serving would refuse; or
            the output cannot be written.
    """
    model = OnnxModel.load(existing(workspace.model, "export"))
    if source != workspace.holdout and not source.is_file():
        raise DataError(f"There is no file {source}.", "Name a csv or parquet file with --input.")
    table = _read(source, model)
    if problems := find_wrong_values(table, model.required, model.ranges):
        raise DataError("\n".join(f"{source}: {problem}" for problem in problems), "Mend or remove these lines.")
    predictions = model.predict(table)
    columns: dict[str, Sequence[object]] = {model.output_name: predictions.values.tolist()}
    if predictions.labels is not None and model.labels is not None:
        columns = {
            model.output_name: [model.labels[label] for label in predictions.labels],
            "probability": predictions.values.tolist(),
        }
    written = pl.DataFrame(columns).with_columns(model_version=pl.lit(model.version)).with_row_index("row", offset=1)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        written.write_csv(output)
    except OSError as error:
        raise DataError(f"{output} cannot be written: {error.strerror}.", "Name another file with --output.") from None
    return Predicted(len(table), output)


def _read(source: Path, model: OnnxModel) -> pl.DataFrame:
    columns = dict.fromkeys(model.numeric, pl.Float64) | dict.fromkeys(model.categorical, pl.String)
    if source.suffix != ".parquet":
        return CsvLoader(source).load(TableSchema(columns))
    try:
        table = pl.read_parquet(existing(source, "features"))
    except pl.exceptions.PolarsError:
        raise DataError(f"{source} is not a parquet file.", "Name a csv or parquet file with --input.") from None
    # A category is never missing in processed tables: there "" says so.
    table = table.with_columns(pl.col(pl.String).replace("", None))
    if absent := [name for name in columns if name not in table.columns]:
        raise DataError(f"{source} lacks the columns {', '.join(absent)}.", f"It has: {', '.join(table.columns)}.")
    return table.select(columns.keys()).with_row_index(LINE, offset=1)
