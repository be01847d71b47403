"""What is looked at of a contract's columns: numbers, words, texts; of moments the parts that come again; of personal values nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from ..contract.types import Column, Contract, DatetimeColumn, Part
from ..predictor.encoding import Values, part_of
from ..predictor.predictor import Predictions

Kind = Literal["number", "category", "text", "presence"]
_KINDS: Mapping[str, Kind] = {"number": "number", "integer": "number", "category": "category", "text": "text"}
#: Parts of a moment that a week has all of; years, months and days go on, and are always others than those learnt from.
_AGAIN: tuple[Part, ...] = ("weekday", "hour")
_TRUTH = {True: "true", False: "false", None: None}


class Reading(NamedTuple):
    """Values [N] of one name: float64 with NaN for numbers, else words or texts with None, or anything for `presence`."""

    name: str
    kind: Kind
    values: Values


def readings_of(contract: Contract, columns: Mapping[str, Values]) -> Iterator[Reading]:
    """Of the feature columns by name [N], as `Predictor.predict` takes them; moments may be texts as ISO 8601 writes them."""
    for name, column in contract.columns.items():
        yield from _of_column(name, column, columns[name])


def _of_column(name: str, column: Column, values: Values) -> Iterator[Reading]:
    if column.pii:
        yield Reading(name, "presence", values)
    elif isinstance(column, DatetimeColumn):
        moments = np.asarray(values, dtype="datetime64[us]")
        yield Reading(name, "presence", moments)
        there = moments[~np.isnat(moments)]
        for part in _AGAIN:
            if part in column.parts:
                yield Reading(f"{name}.{part}", "number", part_of(there, part))
    elif column.kind == "boolean":
        yield Reading(name, "category", [_TRUTH[value] for value in _plain(values)])
    elif _KINDS[column.kind] == "number":
        yield Reading(name, "number", np.asarray(values, dtype=np.float64))
    else:
        yield Reading(name, _KINDS[column.kind], _plain(values))


def readings_of_predictions(contract: Contract, predictions: Predictions) -> Iterator[Reading]:
    """Of what a model says."""
    if predictions.labels is None:
        yield Reading("value", "number", np.asarray(predictions.values, dtype=np.float64))
    else:
        yield Reading("label", "category", [contract.labels[index] for index in predictions.labels.tolist()])
        yield Reading("probability", "number", np.asarray(predictions.values, dtype=np.float64))


def readings_of_said(contract: Contract, said: Sequence[Any]) -> Iterator[Reading]:
    """Of what the prediction log has under `prediction`."""
    if not contract.labels:
        yield Reading("value", "number", np.asarray(said, dtype=np.float64))
        return
    labels = [each["label"] for each in said]
    shares = [
        each["probability"] if "probability" in each else each["probabilities"][label]
        for each, label in zip(said, labels, strict=True)
    ]
    yield Reading("label", "category", labels)
    yield Reading("probability", "number", np.asarray(shares, dtype=np.float64))


def reading_of_outcomes(contract: Contract, values: Values) -> Reading:
    """Of the target column."""
    if contract.labels:
        return Reading("", "category", _plain(values))
    return Reading("", "number", np.asarray(values, dtype=np.float64))


def _plain(values: Values) -> Sequence[Any]:
    return values.tolist() if isinstance(values, np.ndarray) else values
