"""Rows as models see them: one polars frame, made by the same code that encodes requests."""

from __future__ import annotations

import numpy as np
import polars as pl

from ..contract.types import Contract
from ..errors import DataError
from ..predictor.encoding import Coded, Values, encode, layout_of


def columns_of(contract: Contract, rows: pl.DataFrame) -> dict[str, Values]:
    """The feature columns of rows of the contract [N], as `encode` and the Predictor take them."""
    return {
        name: _coded(rows[name]) if column.kind in {"category", "text"} else rows[name].to_numpy()
        for name, column in contract.columns.items()
    }


def _coded(values: pl.Series) -> Coded:
    coded = values.to_arrow().dictionary_encode()
    words = np.array([*coded.dictionary.to_pylist(), None], dtype=object)
    return Coded(words, pl.Series(coded.indices).fill_null(len(words) - 1).to_numpy())


def model_frame(contract: Contract, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the contract [N] as numbers float32 (missing is NaN), then categories, then texts (missing is "").

    The columns are called c0, c1, …: real names can be anything, and those of the parts of a date need not be unique.

    Raises:
        DataError: a number is too large for float32.
    """
    arrays = encode(contract, columns_of(contract, rows))
    series = [
        pl.Series(values=arrays[part][:, index], dtype=dtype)
        for part, dtype in (("numbers", pl.Float32), ("categories", pl.String), ("texts", pl.String))
        for index in range(arrays[part].shape[1] if part in arrays else 0)
    ]
    for name, values in zip(layout_of(contract).numbers, series, strict=False):
        if values.is_infinite().any():
            raise DataError(
                f"Column `{name}` holds a number beyond 3.4e38, the largest that a model can take.",
                "Measure it in a larger unit, or list it under `ignored` in configs/contract.yaml.",
            )
    return pl.DataFrame([values.alias(f"c{index}") for index, values in enumerate(series)])
