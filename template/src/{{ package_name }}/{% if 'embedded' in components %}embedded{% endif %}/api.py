"""What a program calls that has the model among its dependencies. The checks and the answers are those of the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ..serving.answering import Answering
from ..serving.instances import predictions_of
from ..serving.problems import RefusedError

__all__ = ["RefusedError", "answer", "model", "predict"]


@cache
def model() -> Answering:
    """The packed model: opened and proved on its own example when it is first asked for."""
    return Answering.load(Path(__file__).parents[1] / "model.onnx")


def predict(instances: Sequence[Mapping[str, Any]]) -> list[Any]:
    """A prediction for each row, as `predictions` has it in an answer of the service.

    Args:
        instances: rows by name; what is missing is None, and dates and moments may be Python's own.

    Raises:
        RefusedError: they do not keep the contract; its `problem` lists the rows and columns.
    """
    return predictions_of(model(), instances)


def answer(body: bytes) -> bytes:
    """The answer of the service to the body of a request, as JSON; raises `RefusedError`."""
    return model().answer(body)
