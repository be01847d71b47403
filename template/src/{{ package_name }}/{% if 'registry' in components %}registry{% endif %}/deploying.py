"""The file that is served: fetched from MLflow, held to its digest, proved on its own example, and replaced whole."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from onnxruntime import RunOptions

from ..artifacts import MODEL, whole, write_json
from ..errors import TrackingError
from ..lineage import FOLDER, records_in
from ..predictor.loading import within_bounds
from ..predictor.predictor import Predictor
from ..steps import Project
from ..tracking import GRAPH
from ..tracking.client import fetch_file
from .entry import Facts


class LostError(TrackingError):
    """The file of a version is not in MLflow's store any more, or another lies there."""


def digest_of(content: bytes) -> str:
    """As entries write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def fetch(client: Any, version: int, facts: Facts) -> bytes:
    """The graph of a version, proved.

    Raises:
        LostError: it is not kept any more, or it is not the file that was registered.
        TrackingError: MLflow cannot be asked.
        ModelFileError: it fails on its own example.
    """
    graph = fetch_file(client, facts.run, GRAPH)
    if graph is None:
        raise LostError(f"The file of version {version} is not kept any more.", "Choose another version.")
    if facts.graph and digest_of(graph) != facts.graph:
        raise LostError(
            f"The file of version {version} is not the one that was registered: {digest_of(graph)}, not {facts.graph}.",
            "Somebody changed it in MLflow's store: bring it back, or choose another version.",
        )
    prove(graph, Path(f"of version {version}"))
    return graph


def prove(graph: bytes, path: Path) -> None:
    """Predict the model's own example; raises `ModelFileError` if it cannot."""
    model, options = Predictor.from_bytes(graph, path), RunOptions()
    columns = {name: [value] for name, value in model.about.example.items()}

    def stop() -> None:
        options.terminate = True

    within_bounds(lambda: model.predict(columns, options), stop, path, model.size, "it fails on its own example")


def serve_graph(path: Path, graph: bytes) -> bool:
    """Replace a model file whole; False if it is that already. Raises `DataError` if it cannot be written."""
    if deployed(path) == digest_of(graph):
        return False
    with whole(path) as place:
        place.write_bytes(graph)
    return True


def deployed(path: Path) -> str:
    """The digest of a model file; nothing if there is none."""
    try:
        return digest_of(path.read_bytes())
    except OSError:
        return ""


def follow_lineage(project: Project) -> None:
    """Let the record of `register` say which file is served now: nothing that was made of its report is out of date by that."""
    record = records_in(project.root).get("register")
    if record is None or record.status != "ok" or MODEL.path not in record.made:
        return
    made = record.made | {MODEL.path: hashlib.sha256((project.root / MODEL.path).read_bytes()).hexdigest()}
    with whole(project.root / FOLDER / "register.json") as place:
        write_json(place, record.model_copy(update={"made": made}).model_dump())
