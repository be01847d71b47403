"""The exported graph at work: to which cluster a row belongs, how far it is from its centre, and how unusual it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime as ort

from ..contract.types import Contract, Section
from ..predictor.encoding import Values, encode
from ..predictor.loading import open_graph, read_graph, unusable

#: Keys in the graph's metadata.
CONTRACT, LEARNT = "contract", "unsupervised"
OUTPUTS = ("cluster", "distance", "score")
#: Rows that go through the graph at once.
_BATCH = 1000


class Learnt(Section):
    """What the graph itself cannot say: a row with a score above `fence` is unusual."""

    clusters: int
    fence: float


@dataclass(frozen=True, kw_only=True)
class Told:
    """Of N rows: cluster int64 from 1, distance to its centre and score float32, [N]."""

    cluster: np.ndarray
    distance: np.ndarray
    score: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Teller:
    """A graph that was opened."""

    contract: Contract
    learnt: Learnt
    path: Path
    session: ort.InferenceSession

    @classmethod
    def load(cls, path: Path) -> Self:
        """The graph in a file; raises `ModelFileError`."""
        return cls.from_bytes(read_graph(path), path)

    @classmethod
    def from_bytes(cls, graph: bytes, path: Path) -> Self:
        """The graph that stands, or will stand, at a path; raises `ModelFileError`."""
        opened = open_graph(graph, path)
        said = opened.said
        if not {CONTRACT, LEARNT} <= said.keys() or opened.outputs.keys() != {*OUTPUTS}:
            raise unusable(path, "it was not written by the step `unsupervised`")
        try:
            contract, learnt = (
                kind.model_validate_json(said[key]) for kind, key in ((Contract, CONTRACT), (Learnt, LEARNT))
            )
        except ValueError:
            raise unusable(path, "what it says of itself is wrong") from None
        return cls(contract=contract, learnt=learnt, path=path, session=opened.session)  # type: ignore[arg-type]

    def tell(self, columns: Mapping[str, Values]) -> Told:
        """Of rows that keep the contract, by column [N], N > 0."""
        arrays = encode(self.contract, columns)
        feeds = {node.name: np.ascontiguousarray(arrays[node.name]) for node in self.session.get_inputs()}
        rows = len(next(iter(feeds.values())))
        parts = [
            self.session.run(list(OUTPUTS), {name: array[at : at + _BATCH] for name, array in feeds.items()})
            for at in range(0, rows, _BATCH)
        ]
        cluster, distance, score = map(np.concatenate, zip(*parts, strict=True))
        return Told(cluster=cluster, distance=distance, score=score)
