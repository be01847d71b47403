"""The gate before release: the exported graph must predict what the trained model predicts, row by row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from ..contract.types import (
    LARGEST_EXACT,
    BooleanColumn,
    CategoryColumn,
    Column,
    Contract,
    DatetimeColumn,
    IntegerColumn,
    NumberColumn,
    TextColumn,
)
from ..errors import ParityError
from ..features.frame import columns_of, model_frame
from ..models.candidate import Trained
from ..predictor.encoding import local
from ..predictor.predictor import Predictions, Predictor
from ..tasks.base import task_of

#: More rows than this say nothing new.
MOST_ROWS = 20_000
# Of all hard cases together.
_HARD_ROWS, _HARD_CELLS = 5_000, 5_000_000
_MIXED_CASES = 10
_LARGEST_FLOAT32 = 3.4e38
_WORDS = ("never seen", "Ünïcödé 🎈", "e\u0301", "a\x00b", "None", "nan", " ", "#", "x" * 1000)
_TEXTS = (
    *_WORDS,
    "word " * 500,
    "don't: <b>STOP</b>\nnow\t(really), e-mail: a_b@c.de; 3.14 ½ ²",
    "İstanbul STRASSE Straße ΣΊΣΥΦΟΣ ﬁre",
    "नमस्ते दुनिया العَرَبِيَّة 日本語テキスト e\u0301te\u0301 👩\u200d👩\u200d👧",
)
_MOMENTS = tuple(
    datetime.fromisoformat(text)
    for text in (
        *("1900-02-28T23:59:59.999999", "1969-12-31T23:59:59", "1970-01-01", "2000-02-29T12:30", "2023-12-31T23:59:59"),
        *("2024-01-01", "2024-02-29T00:00:01", "2024-12-30T06:00", "2100-03-01", "9999-12-31T23:59:59.999999"),
    )
)


@dataclass(frozen=True)
class Parity:
    """How many rows were compared, and the largest difference, also as a share of what is allowed for its row."""

    rows: int
    holdout_rows: int
    largest_difference: float
    share_of_tolerance: float


@dataclass(frozen=True)
class _Compared:
    """Of each row the difference as a share of the allowed one, in the worst of its outputs, [N]; and both outputs."""

    share: np.ndarray
    difference: np.ndarray
    graph: np.ndarray
    model: np.ndarray
    predictions: Predictions


def require_parity(trained: Trained, exported: Predictor, holdout: pl.DataFrame, tolerance: float, seed: int) -> Parity:
    """Compare hold-out rows, at most `MOST_ROWS`, and hard cases made of them.

    An output passes within tolerance * max(1, |y|, m), where y is the trained model's, and m the median of all |y|.

    Raises:
        ParityError: at least one row differs; says how many, which is the worst, and which column makes it so.
    """
    rows = holdout[list(exported.contract.columns)]
    rows = rows.sample(MOST_ROWS, seed=seed) if len(rows) > MOST_ROWS else rows
    hard, names = hard_cases(exported.contract, rows, seed)
    table = pl.concat([rows, hard])
    found = _compare(trained, exported, table, tolerance)
    failed = ~(found.share <= 1)  # so that a NaN fails
    if failed.any():
        worst = int(np.argmax(np.nan_to_num(found.share, nan=np.inf)))
        name = names[worst - len(rows)] if worst >= len(rows) else "of the hold-out"
        raise ParityError(
            f"The exported graph differs from the trained model in {failed.sum()} of {len(table)} rows, most in row "
            f"{worst} ({name}): {found.graph[worst]:.6g} instead of {found.model[worst]:.6g}. "
            f"They differ least without column `{_suspect(trained, exported, table[worst], tolerance)}`.",
            "Look for a step that computes in another precision, such as a scaler before trees, or for a converter "
            "that treats missing or unseen values differently.",
        )
    _require_decisions(exported, found.predictions)
    return Parity(len(table), len(rows), float(found.difference.max()), float(found.share.max()))


def _compare(trained: Trained, exported: Predictor, rows: pl.DataFrame, tolerance: float) -> _Compared:
    contract = exported.contract
    expected = task_of(contract).predict(trained.model, model_frame(contract, rows), len(contract.labels))
    predictions = exported.predict(columns_of(contract, rows))
    actual = predictions.values if predictions.probabilities is None else predictions.probabilities
    expected, actual = expected.reshape(len(rows), -1), actual.reshape(len(rows), -1).astype(np.float64)
    difference, share = np.abs(actual - expected), shares_of_tolerance(expected, actual, tolerance)
    at = np.arange(len(rows)), np.argmax(np.nan_to_num(share, nan=np.inf), axis=1)
    return _Compared(share[at], difference[at], actual[at], expected[at], predictions)


def shares_of_tolerance(expected: np.ndarray, actual: np.ndarray, tolerance: float) -> np.ndarray:
    """How far outputs [N, outputs] differ, each as a share of tolerance * max(1, |expected|, median of all |expected|)."""
    # A sum in float32 is as exact as its largest terms, also where they cancel out.
    usual = max(1.0, float(np.median(np.abs(expected))))
    return np.asarray(np.abs(actual - expected) / (tolerance * np.maximum(usual, np.abs(expected))))


def _suspect(trained: Trained, exported: Predictor, row: pl.DataFrame, tolerance: float) -> str:
    """The column without which the two agree best on a row."""
    without = altered(row, [{name: None} for name in row.columns])
    return row.columns[int(np.argmin(_compare(trained, exported, without, tolerance).share))]


def _require_decisions(exported: Predictor, predictions: Predictions) -> None:
    """The label follows from the probabilities; raises `ParityError`."""
    if predictions.labels is None or predictions.probabilities is None:
        return
    decided = predictions.probabilities.argmax(axis=1)
    if exported.about.threshold is not None:
        positive = exported.contract.labels.index(exported.contract.target.positive or "")
        reached = predictions.probabilities[:, positive] >= np.float32(exported.about.threshold)
        decided = np.where(reached, positive, 1 - positive)
    if wrong := int((decided != predictions.labels).sum()):
        raise ParityError(f"The labels of {wrong} rows do not follow the decision.", "Look at export/graph.py.")


def hard_cases(contract: Contract, rows: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, list[str]]:
    """Some of the rows with hard values in one column, in many, and in all; and what was done to each of them."""
    hard = {name: _hard_values(column, rows[name], contract.time_zone) for name, column in contract.columns.items()}
    cases: list[tuple[str, dict[str, object]]] = [("all missing", dict.fromkeys(hard))]
    for name, values in hard.items():
        cases += [(f"`{name}` {'missing' if value is None else 'at a limit'}", {name: value}) for value in values]
    random = np.random.default_rng(seed)
    for _ in range(_MIXED_CASES):
        cases.append(("a half missing", {name: None for name in hard if random.random() < 1 / 2}))
        some = {name: values[random.integers(len(values))] for name, values in hard.items()}
        cases.append(("limits everywhere", some))
    most = min(_HARD_ROWS // len(cases), _HARD_CELLS // len(cases) // len(hard), len(rows))
    few = rows.sample(max(1, most), seed=seed)
    return altered(few, [case for _, case in cases]), [what for what, _ in cases for _ in range(len(few))]


def altered(rows: pl.DataFrame, changes: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """All the rows with the first change, then all with the second, and so on; a change gives columns another value."""
    table = {}
    for name, dtype in rows.schema.items():
        before = rows[name].to_list()
        values = [value for change in changes for value in ([change[name]] * len(rows) if name in change else before)]
        table[name] = pl.Series(values, dtype=dtype)
    return pl.DataFrame(table)


def _hard_values(column: Column, found: pl.Series, zone: str) -> list[object]:
    """Missing, the limits of what is allowed and of what there is, and what readers of text and dates stumble over."""
    values: list[object] = [found.min(), found.max()]
    match column:
        case NumberColumn():
            values += [bound for bound in (column.minimum, column.maximum) if bound and abs(bound) < _LARGEST_FLOAT32]
        case IntegerColumn():
            low, high = column.minimum, column.maximum
            values += [-LARGEST_EXACT if low is None else math.ceil(low)]
            values += [LARGEST_EXACT if high is None else math.floor(high)]
        case DatetimeColumn():
            bounds = [bound and local(bound, zone) for bound in (column.minimum, column.maximum)]
            first, last = bounds[0] or _MOMENTS[0], bounds[1] or _MOMENTS[-1]
            values += [*bounds, *(moment for moment in _MOMENTS if first <= moment <= last)]
        case BooleanColumn():
            values = [False, True]
        case CategoryColumn():
            values = [*_WORDS, *(column.allowed or ())[: len(_WORDS)]]
        case TextColumn():
            values = list(_TEXTS)
    return [None, *dict.fromkeys(value for value in values if value is not None)]
