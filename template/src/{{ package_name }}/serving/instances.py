"""Rows of a program, rather than of a request: asked and answered as the service would."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from .answering import Answering


def predictions_of(answering: Answering, instances: Sequence[Mapping[str, Any]]) -> list[Any]:
    """A prediction for each row, as `predictions` has it in an answer of the service.

    Args:
        answering: the model.
        instances: rows by name; what is missing is None, and dates and moments may be Python's own.

    Raises:
        RefusedError: they do not keep the contract; its `problem` lists the rows and columns.
    """
    request = json.dumps({"instances": list(map(dict, instances))}, default=_plain, ensure_ascii=False)
    predictions: list[Any] = json.loads(answering.answer(request.encode()))["predictions"]
    return predictions


def _plain(value: Any) -> Any:
    """Moments, and numbers of numpy, as JSON has them."""
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} is no value of a row")
