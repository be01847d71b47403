"""Predictions as JSON. What each row's has in common is written once, not for each row."""

from __future__ import annotations

import json
from collections.abc import Callable

from ..contract.types import Contract
from ..predictor.predictor import Predictions

#: Writes what an answer says of each row.
Writer = Callable[[Predictions], list[str]]


def plain(value: object) -> str:
    """JSON without blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def writer_of(contract: Contract) -> Writer:
    """How the predictions of a contract's task are written."""
    if not contract.labels:
        return _numbers
    if contract.target.positive is not None:
        return _binary(contract.labels)
    return _multiclass(contract.labels)


def _numbers(predictions: Predictions) -> list[str]:
    # As JSON has them: these are finite.
    return [repr(value) for value in predictions.values.tolist()]


def _binary(names: tuple[str, ...]) -> Writer:
    begins = [f'{{"label":{plain(name)},"probability":' for name in names]

    def write(predictions: Predictions) -> list[str]:
        assert predictions.labels is not None
        pairs = zip(predictions.labels.tolist(), predictions.values.tolist(), strict=True)
        return [f"{begins[label]}{value!r}}}" for label, value in pairs]

    return write


def _multiclass(names: tuple[str, ...]) -> Writer:
    begins = [f'{{"label":{plain(name)},"probabilities":{{' for name in names]
    shares = [f"{plain(name)}:" for name in names]

    def write(predictions: Predictions) -> list[str]:
        assert predictions.labels is not None
        assert predictions.probabilities is not None
        rows = zip(predictions.labels.tolist(), predictions.probabilities.tolist(), strict=True)
        return [
            f"{begins[label]}{','.join([f'{name}{share!r}' for name, share in zip(shares, row, strict=True)])}}}}}"
            for label, row in rows
        ]

    return write
