"""The exported model: one ONNX graph from the contract's columns to the prediction, with the contract in its metadata."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import polars as pl
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.pipeline import Pipeline

from ...features.contract import CATEGORICAL, COLUMNS, NUMERIC, Column
from ...settings import Range, Settings
from .candidate import Estimator


@dataclass(frozen=True)
class ModelIdentity:
    """What names a graph: the version is made from its content, so equal graphs have equal versions."""

    name: str
    version: str


def convert(model: Estimator, settings: Settings) -> onnx.ModelProto:
    """A fitted pipeline as a graph.

    Inputs: `numeric` float32 [N, n], `categorical` string [N, m], columns in the contract's order; a missing number
    is NaN, a missing category "". Outputs: `prediction` float32 [N, 1], or `label` int64 [N] and `probabilities`
    float32 [N, 2].
    """
    pipeline = Pipeline(model.steps)  # type: ignore[attr-defined]
    classify = settings.task == "classification"
    graph: onnx.ModelProto = to_onnx(
        pipeline,
        initial_types=[
            ("numeric", FloatTensorType([None, len(NUMERIC)])),
            ("categorical", StringTensorType([None, len(CATEGORICAL)])),
        ],
        options={id(pipeline.steps[-1][1]): {"zipmap": False}} if classify else None,
        target_opset={"": settings.export.opset, "ai.onnx.ml": 3},
    )
    if classify:
        _decide_by_threshold(graph.graph, settings.export.decision_threshold)
    else:
        _rename_output(graph.graph, "variable", "prediction")
    # The converter names the graph and orders its operator sets by chance; equal models must have equal bytes.
    graph.graph.name = "model"
    operator_sets = sorted(graph.opset_import, key=lambda entry: entry.domain)
    del graph.opset_import[:]
    graph.opset_import.extend(operator_sets)
    onnx.checker.check_model(graph, full_check=True)
    return graph


def _rename_output(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        node.output[:] = [new if name == old else name for name in node.output]
    for output in graph.output:
        output.name = new if output.name == old else output.name


def _decide_by_threshold(graph: onnx.GraphProto, threshold: float) -> None:
    """Replace the label of the larger probability by: 1 if the probability of class 1 reaches the threshold."""
    for node in graph.node:
        node.output[:] = ["label_of_larger" if name == "label" else name for name in node.output]
        node.input[:] = ["label_of_larger" if name == "label" else name for name in node.input]
    graph.initializer.extend(
        [
            helper.make_tensor("positive_class", TensorProto.INT64, [], [1]),
            helper.make_tensor("decision_threshold", TensorProto.FLOAT, [], [threshold]),
        ]
    )
    graph.node.extend(
        [
            helper.make_node("Gather", ["probabilities", "positive_class"], ["probability"], axis=1),
            helper.make_node("GreaterOrEqual", ["probability", "decision_threshold"], ["is_positive"]),
            helper.make_node("Cast", ["is_positive"], ["label"], to=TensorProto.INT64),
        ]
    )


def identify(graph: onnx.ModelProto, name: str, package_version: str) -> ModelIdentity:
    """Name and version of a graph without metadata."""
    digest = hashlib.sha256(graph.SerializeToString(deterministic=True)).hexdigest()
    return ModelIdentity(name, f"{package_version}+{digest[:12]}")


def describe_contract(settings: Settings, example: Mapping[str, Any]) -> dict[str, Any]:
    """What a server needs to know to check requests and to word answers."""
    if settings.task == "classification":
        output = {
            "name": "late",
            "unit": None,
            "labels": ["on_time", "late"],
            "threshold": settings.export.decision_threshold,
        }
    else:
        output = {"name": "arrival_delay", "unit": "minutes"}
    return {
        "format": 1,
        "task": settings.task,
        "inputs": [_describe_column(column, settings.validation.ranges.get(column.name)) for column in COLUMNS],
        "output": output,
        "example": dict(example),
    }


def _describe_column(column: Column, allowed: Range | None) -> dict[str, Any]:
    described: dict[str, Any] = {"name": column.name, "kind": column.kind}
    if allowed is not None:
        described |= {"dtype": "float32", "minimum": allowed.minimum, "maximum": allowed.maximum}
    described |= {"nullable": column.nullable, "description": column.description}
    return described | ({"unit": column.unit} if column.unit else {})


def add_metadata(graph: onnx.ModelProto, identity: ModelIdentity, contract: Mapping[str, Any]) -> None:
    """Write identity and contract into the graph's metadata."""
    text = json.dumps(contract, ensure_ascii=False, sort_keys=True)
    helper.set_model_props(graph, {"model_name": identity.name, "model_version": identity.version, "contract": text})


def as_request(row: pl.DataFrame) -> dict[str, Any]:
    """One row of features as the JSON object of a request: a missing value is null."""
    values = row.row(0, named=True)
    return {
        column.name: _json_number(values[column.name]) if column.kind == "numeric" else values[column.name] or None
        for column in COLUMNS
    }


def _json_number(value: float | None) -> float | None:
    """The shortest decimal number that is the same float32."""
    return None if value is None or np.isnan(value) else float(str(np.float32(value)))
