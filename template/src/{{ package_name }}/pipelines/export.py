"""`export`: write the accepted model as one ONNX graph, prove that it predicts the same, and register it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.metadata import version

import joblib
import polars as pl

from ..errors import AcceptanceError
from ..models.common.comparison import features_of
from ..models.common.onnx_graph import (
    ModelIdentity,
    add_metadata,
    as_request,
    convert,
    describe_contract,
    identify,
)
from ..models.common.onnx_session import OnnxModel
from ..models.common.parity import Parity, hard_cases, require_parity
from ..settings import Settings
from ..tracking import make_record, register_model
from ..workspace import Workspace
from .files import existing, read_table, write_json
from .train import Trained

#: The package's name with dashes is the name of the distribution, of the command and of the model.
MODEL_NAME = __name__.split(".")[0].replace("_", "-")


@dataclass(frozen=True)
class Exported:
    """The identity of the written graph and how closely it follows the trained model."""

    identity: ModelIdentity
    parity: Parity
    registered_version: int

    def __str__(self) -> str:
        return (
            f"{self.identity.name} {self.identity.version}, registered as version {self.registered_version}; "
            f"{self.parity.rows} rows agree, largest difference {self.parity.largest_difference:.1e}"
        )


def run(workspace: Workspace, settings: Settings) -> Exported:
    """Convert, check, write models/model.onnx and reports/parity.json, record the run in the tracking server.

    Raises:
        AcceptanceError: the last evaluation did not accept the model.
        ParityError: the graph predicts something else than the trained model.
        TrackingError: the tracking server cannot be used.
    """
    metrics = json.loads(existing(workspace.metrics, "evaluate").read_text(encoding="utf-8"))
    if not metrics["accepted"]:
        raise AcceptanceError("The model was not accepted.", "See reports/metrics.json; then run `evaluate` again.")
    trained: Trained = joblib.load(existing(workspace.trained, "train"))
    features = features_of(read_table(workspace.holdout, "features"))
    graph = convert(trained.model, settings)
    identity = identify(graph, MODEL_NAME, version(MODEL_NAME))
    add_metadata(graph, identity, describe_contract(settings, as_request(_example(features))))
    content = graph.SerializeToString(deterministic=True)
    parity = require_parity(trained.model, OnnxModel(content), hard_cases(features), settings)
    workspace.model.parent.mkdir(parents=True, exist_ok=True)
    workspace.model.write_bytes(content)
    write_json(workspace.parity, asdict(identity) | asdict(parity))
    record = make_record(workspace, settings, metrics, {"model_version": identity.version})
    registered = register_model(settings.tracking, record, workspace.model, identity.name, workspace.root)
    return Exported(identity, parity, registered)


def _example(features: pl.DataFrame) -> pl.DataFrame:
    """The first row with the fewest missing values: it shows every column at work."""
    missing = features.select(pl.sum_horizontal(pl.all().is_null())).to_series()
    return features[int(missing.arg_min() or 0)]
