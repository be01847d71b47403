"""One model, everywhere: raw columns, arrays, onnxruntime, outputs. Files, the service and every check use it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime as ort

from ..contract.types import Contract
from .about import About, read_metadata
from .encoding import Coded, Encoder, Values, layout_of
from .loading import Opened, open_graph, read_graph, unusable

#: Rows that go through the graph at once: text becomes thousands of numbers a row.
_BATCH = 1000
_Batch = Mapping[str, np.ndarray]
#: As `map`: the answers in the order of the batches.
Each = Callable[[Callable[[_Batch], list[np.ndarray]], Iterable[_Batch]], Iterable[list[np.ndarray]]]


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """What a model says about N rows.

    Args:
        values: float32 [N], the number, or the probability: of the positive class, of several classes of the chosen one.
        labels: int64 [N], the index of the chosen class in the contract's labels; None for numbers.
        probabilities: float32 [N, labels]; None for numbers.
    """

    values: np.ndarray
    labels: np.ndarray | None = None
    probabilities: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """An exported model, ready to predict.

    Args:
        each: how batches of many rows are run, one after the other; the `map` of a pool of threads runs some at once.
    """

    name: str
    version: str
    contract: Contract
    about: About
    path: Path
    size: int
    session: ort.InferenceSession
    each: Each = map

    @classmethod
    def load(cls, path: Path) -> Self:
        """The model in a file, after a proof that it fits its own contract; raises `ModelFileError`."""
        return cls.from_bytes(read_graph(path), path)

    @classmethod
    def from_bytes(cls, graph: bytes, path: Path) -> Self:
        """The model that stands, or will stand, at a path; raises `ModelFileError`."""
        opened = open_graph(graph, path)
        name, version, contract, about = read_metadata(opened.said, path)
        _check_signature(opened, contract, path)
        return cls(
            name=name,
            version=version,
            contract=contract,
            about=about,
            path=path,
            size=len(graph),
            session=opened.session,
        )

    @property
    def carried(self) -> frozenset[str]:
        """The keys of all that travels with the graph."""
        return frozenset(self.session.get_modelmeta().custom_metadata_map)

    def predict(self, columns: Mapping[str, Values], options: ort.RunOptions | None = None) -> Predictions:
        """Predict rows that keep the contract.

        Args:
            columns: every feature column by name [N], N > 0, as `encode` takes it; others are ignored.
            options: of the runtime, with which another thread can end the run.

        Raises:
            ModelFileError: the graph fails, or answers with anything but finite numbers, one a row and class.
        """
        feeds = self._encoder.encode(columns)
        rows = len(next(iter(feeds.values())))
        batches = (
            {name: array[start : start + _BATCH] for name, array in feeds.items()} for start in range(0, rows, _BATCH)
        )
        outputs = list(self.each(lambda batch: self._run(batch, options), batches))
        parts = outputs[0] if len(outputs) == 1 else [np.concatenate(parts) for parts in zip(*outputs, strict=True)]
        self._check(parts, rows)
        if not self.contract.labels:
            return Predictions(values=parts[0][:, 0])
        labels, probabilities = parts
        values = probabilities[np.arange(rows), labels] if self._positive is None else probabilities[:, self._positive]
        return Predictions(values=values, labels=labels, probabilities=probabilities)

    def _run(self, batch: _Batch, options: ort.RunOptions | None) -> list[np.ndarray]:
        try:
            outputs: list[np.ndarray] = self.session.run(self._outputs, batch, options)
        except Exception as error:  # noqa: BLE001 - the runtime's exceptions share no other base class
            # What it says may repeat a value of the row.
            raise unusable(self.path, f"it fails: {type(error).__name__}") from None
        return outputs

    def unseen(self, columns: Mapping[str, Values]) -> dict[str, int]:
        """By category column, how many values are words that the model does not know; a missing value is none."""
        return {name: _strangers(columns[name], known) for name, known in self._known.items()}

    @cached_property
    def _known(self) -> dict[str, frozenset[str | None]]:
        known = self.about.vocabularies
        return {name: frozenset((*known[name], None)) for name in self.contract.columns if name in known}

    @cached_property
    def _encoder(self) -> Encoder:
        return Encoder(self.contract)

    @cached_property
    def _outputs(self) -> list[str]:
        return ["label", "probabilities"] if self.contract.labels else ["prediction"]

    @cached_property
    def _positive(self) -> int | None:
        positive = self.contract.target.positive
        return None if positive is None else self.contract.labels.index(positive)

    def _check(self, outputs: list[np.ndarray], rows: int) -> None:
        classes = len(self.contract.labels)
        shapes = [(rows,), (rows, classes)] if classes else [(rows, 1)]
        if [array.shape for array in outputs] != shapes or not _is_finite(outputs[-1]):
            raise unusable(self.path, "it answers with something else than one finite number a row and class")
        # A negative number is a large one without its sign.
        if classes and rows and np.maximum.reduce(outputs[0].view(np.uint64)) >= classes:
            raise unusable(self.path, "it answers with a label that its contract does not have")


def _strangers(values: Values, known: frozenset[str | None]) -> int:
    if isinstance(values, Coded):
        return values.count(lambda word: word not in known)
    return 0 if known.issuperset(values) else sum(value not in known for value in values)


def _is_finite(numbers: np.ndarray) -> bool:
    """Whether all are finite: then the sum of their squares is, too, unless they are very large."""
    return math.isfinite(np.vdot(numbers, numbers)) or bool(np.isfinite(numbers).all())


def _check_signature(opened: Opened, contract: Contract, path: Path) -> None:
    """Compare the graph's real inputs and outputs with what the contract promises."""
    layout = layout_of(contract)
    widths = {"numbers": len(layout.numbers), "categories": len(layout.categories), "texts": len(layout.texts)}
    types = {"numbers": "tensor(float)"}
    expected = {name: (types.get(name, "tensor(string)"), width) for name, width in widths.items() if width}
    if opened.inputs != expected:
        raise unusable(path, f"its graph takes {opened.inputs}, but its contract says {expected}")
    answers = {"prediction": "tensor(float)"}
    if contract.labels:
        answers = {"label": "tensor(int64)", "probabilities": "tensor(float)"}
    if opened.outputs != answers:
        raise unusable(path, f"its graph gives {opened.outputs}, but a {contract.task} model gives {answers}")
