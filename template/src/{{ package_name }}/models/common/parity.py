"""The gate before release: the exported graph must predict what the trained model predicts, row by row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ...errors import ParityError
from ...features.contract import CATEGORICAL, COLUMNS, NUMERIC
from ...settings import Settings
from .candidate import Estimator, predict_values
from .onnx_session import OnnxModel


@dataclass(frozen=True)
class Parity:
    """How many rows were compared, and the largest difference as a share of what is allowed for that row."""

    rows: int
    largest_difference: float
    share_of_tolerance: float


def hard_cases(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows, then again once for each column with that column missing, or with a category never seen before."""
    missing = [rows.with_columns(pl.lit(None, pl.Float32).alias(column.name)) for column in NUMERIC]
    empty = [rows.with_columns(pl.lit("").alias(column.name)) for column in CATEGORICAL]
    unseen = [rows.with_columns(pl.lit("never seen").alias(column.name)) for column in CATEGORICAL]
    return pl.concat([rows, *missing, *empty, *unseen]).select(column.name for column in COLUMNS)


def require_parity(trained: Estimator, exported: OnnxModel, rows: pl.DataFrame, settings: Settings) -> Parity:
    """Compare the predictions of all rows.

    A row passes within tolerance · max(1, |y|), where y is the trained model's prediction.

    Raises:
        ParityError: at least one row differs; says how many, by how much, and which is the worst.
    """
    expected = predict_values(trained, rows, settings.task)
    predictions = exported.predict(rows)
    difference = np.abs(predictions.values.astype(np.float64) - expected)
    relative = difference / (settings.export.parity_tolerance * np.maximum(1.0, np.abs(expected)))
    # `not <=` so that a NaN fails.
    failed = ~(relative <= 1.0)
    if failed.any():
        worst = int(np.argmax(np.nan_to_num(relative, nan=np.inf)))
        raise ParityError(
            f"The exported graph differs from the trained model in {failed.sum()} of {len(rows)} rows, most in row "
            f"{worst}: {predictions.values[worst]:.6g} instead of {expected[worst]:.6g}.",
            "Look for a step that computes in another precision, such as a scaler before trees, or for a converter "
            "that treats missing or unseen values differently.",
        )
    if predictions.labels is not None:
        threshold = np.float32(settings.export.decision_threshold)
        if not np.array_equal(predictions.labels, predictions.values >= threshold):
            raise ParityError(
                "The labels do not follow the decision threshold.", "Look at models/common/onnx_graph.py."
            )
    return Parity(len(rows), float(difference.max()), float(relative.max()))
