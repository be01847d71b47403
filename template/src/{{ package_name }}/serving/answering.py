"""One model behind every shell: the bytes of a request, columns, predictions, the bytes of an answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from onnxruntime import RunOptions

from ..contract.types import Contract
from ..predictor.loading import unusable, within_bounds
from ..predictor.predictor import Predictions, Predictor
from .parsing import Columns, RequestParser
from .problems import RefusedError
from .reading import Row
from .schema import build_wire
from .writing import plain, writer_of


class Answering:
    """Reads requests as one model's contract has them, predicts, and writes answers; it never changes."""

    def __init__(self, model: Predictor) -> None:
        """Prove the model on its contract's own example; raises `ModelFileError`."""
        self.model = model
        self.wire = build_wire(model.contract, model.about)
        self._parser = RequestParser(self.wire, model.contract)
        self._write = writer_of(model.contract)
        self._end = f'],"model":{plain({"name": model.name, "version": model.version})}}}'
        self._prove()

    @classmethod
    def load(cls, path: Path) -> Self:
        """The model in a file; raises `ModelFileError`."""
        return cls(Predictor.load(path))

    @classmethod
    def from_bytes(cls, graph: bytes, path: Path) -> Self:
        """The model that stands, or will stand, at a path; raises `ModelFileError`."""
        return cls(Predictor.from_bytes(graph, path))

    def answer(self, body: bytes) -> bytes:
        """The whole way, for shells that answer one request after the other; raises `RefusedError`."""
        return self.encode(self.model.predict(self.parse(body)))

    def parse(self, body: bytes) -> Columns:
        """The columns of a request; raises `RefusedError`, whose problem names rows and fields."""
        return self.columns(self.rows(body))

    def rows(self, body: bytes) -> list[Row]:
        """The rows of a request, each a value a column in the contract's order; raises `RefusedError`."""
        return self._parser.rows(body)

    def checked(self, instances: Sequence[dict[str, Any]]) -> list[Row]:
        """Rows that another shell has read, by name, with values as JSON has them; raises `RefusedError` as `rows` does."""
        return self._parser.checked(instances)

    def columns(self, rows: Sequence[Row]) -> Columns:
        """Rows, of one request or of several, as `Predictor.predict` takes them."""
        return dict(zip(self.model.contract.columns, zip(*rows, strict=True), strict=True))

    def encode(self, predictions: Predictions) -> bytes:
        """The answer to a request of these rows."""
        return self.join(self.items(predictions))

    def items(self, predictions: Predictions) -> list[str]:
        """What an answer says of each row, in JSON."""
        return self._write(predictions)

    def join(self, items: Sequence[str]) -> bytes:
        """The answer that says this of its rows."""
        return f'{{"predictions":[{",".join(items)}{self._end}'.encode()

    def _prove(self) -> None:
        """Predict the contract's own example once: a model that cannot is not worth serving."""
        model, failure = self.model, "it fails on its own example"
        try:
            columns = self.parse(json.dumps({"instances": [model.about.example]}).encode())
        except RefusedError as error:
            first = error.problem.errors[0]
            raise unusable(model.path, f"{failure}: {first.field}: {first.problem}") from None
        options = RunOptions()

        def stop() -> None:
            options.terminate = True

        within_bounds(lambda: model.predict(columns, options), stop, model.path, model.size, failure)


def said(contract: Contract, predictions: Predictions) -> list[Any]:
    """What a model of this contract says of each row, as a value of JSON."""
    values: list[float] = predictions.values.tolist()
    if predictions.labels is None or predictions.probabilities is None:
        return values
    labels = contract.labels
    chosen = [labels[index] for index in predictions.labels.tolist()]
    if contract.target.positive is not None:
        return [{"label": label, "probability": value} for label, value in zip(chosen, values, strict=True)]
    shares = (dict(zip(labels, row, strict=True)) for row in predictions.probabilities.tolist())
    return [{"label": label, "probabilities": share} for label, share in zip(chosen, shares, strict=True)]
