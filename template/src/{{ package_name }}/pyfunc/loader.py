"""What MLflow calls of a registered model. This code is kept with it, under a name of its own, and nothing of it is unpickled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..serving.answering import Answering
from ..serving.instances import predictions_of
from ..serving.problems import Fault, RefusedError

_MOST_FAULTS = 5


class Rows:
    """The model, which answers a frame with a list: of each row what the service says of it."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering

    def predict(self, model_input: Any, params: Any = None) -> list[Any]:  # noqa: ARG002 - as MLflow calls it
        """The predictions of the rows of a pandas frame, in order; raises MLflow's own error for those that it refuses."""
        found: list[Any] = []
        for first, rows in self._batches(_plain(model_input)):
            try:
                found += predictions_of(self.answering, rows)
            except RefusedError as error:
                raise _refusal(error, first) from None
        return found

    def _batches(self, rows: list[dict[str, Any]]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        most = self.answering.wire.most_rows
        for first in range(0, len(rows), most):
            yield first, rows[first : first + most]


def _load_pyfunc(path: str) -> Rows:
    """The model in a file, as MLflow asks for it; raises `ModelFileError`."""
    return Rows(Answering.load(Path(path)))


def _plain(frame: Any) -> list[dict[str, Any]]:
    """The rows of a frame; whatever pandas has for a missing value is None."""
    there = frame.notna().to_dict("records")
    rows = frame.to_dict("records")
    return [
        {name: value if has[name] else None for name, value in row.items()}
        for row, has in zip(rows, there, strict=True)
    ]


def _refusal(error: RefusedError, first: int) -> Exception:
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import BAD_REQUEST

    said = "; ".join(_said(fault, first) for fault in error.problem.errors[:_MOST_FAULTS])
    return MlflowException(f"{error.problem.detail} {said}", error_code=BAD_REQUEST)


def _said(fault: Fault, first: int) -> str:
    where = [] if fault.row is None else [f"row {first + fault.row}"]
    return ", ".join([*where, *filter(None, [fault.field])]) + f": {fault.problem}"
