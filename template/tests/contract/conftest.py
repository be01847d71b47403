"""Two small graphs whose answers can be worked out by hand, one a task, written as `export` writes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

EXAMPLE = {"distance": 1000.0, "wind_speed": 10.0, "carrier": "AA", "maker": "BOEING"}
THRESHOLD = 0.75


def _contract(task: str) -> dict[str, Any]:
    minutes = {"name": "arrival_delay", "unit": "minutes"}
    late = {"name": "late", "unit": None, "labels": ["on_time", "late"], "threshold": THRESHOLD}
    number = {"kind": "numeric", "dtype": "float32"}
    return {
        "format": 1,
        "task": task,
        "inputs": [
            {**number, "name": "distance", "nullable": False, "minimum": 0, "maximum": 6000, "unit": "miles"},
            {**number, "name": "wind_speed", "nullable": True, "description": "Speed of the wind"},
            {"kind": "categorical", "name": "carrier", "nullable": False, "description": "Airline"},
            {"kind": "categorical", "name": "maker", "nullable": True},
        ],
        "output": minutes if task == "regression" else late,
        "example": EXAMPLE,
    }


def _graph(task: str) -> onnx.ModelProto:
    """score = 0.01 distance + 0.5 wind (5 where missing) + carrier (AA 1, others 0) + maker (missing 2, others 0)."""
    ml = "ai.onnx.ml"
    nodes = [
        helper.make_node(
            "Imputer",
            ["numeric"],
            ["numbers"],
            domain=ml,
            imputed_value_floats=[0.0, 5.0],
            replaced_value_float=float("nan"),
        ),
        helper.make_node(
            "LabelEncoder",
            ["categorical"],
            ["codes"],
            domain=ml,
            keys_strings=["AA", ""],
            values_floats=[1.0, 2.0],
            default_float=0.0,
        ),
        helper.make_node("Concat", ["numbers", "codes"], ["columns"], axis=1),
        helper.make_node(
            "LinearRegressor",
            ["columns"],
            ["prediction" if task == "regression" else "score"],
            domain=ml,
            coefficients=[0.01, 0.5, 1.0, 1.0],
            intercepts=[0.0],
        ),
    ]
    outputs = [helper.make_tensor_value_info("prediction", TensorProto.FLOAT, [None, 1])]
    initializers = []
    if task == "classification":
        outputs = [
            helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2]),
        ]
        initializers = [
            helper.make_tensor("middle", TensorProto.FLOAT, [1], [16.0]),
            helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0]),
            helper.make_tensor("threshold", TensorProto.FLOAT, [1], [THRESHOLD]),
            helper.make_tensor("second_axis", TensorProto.INT64, [1], [1]),
        ]
        nodes += [
            helper.make_node("Sub", ["score", "middle"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["positive"]),
            helper.make_node("Sub", ["one", "positive"], ["negative"]),
            helper.make_node("Concat", ["negative", "positive"], ["probabilities"], axis=1),
            helper.make_node("GreaterOrEqual", ["positive", "threshold"], ["reached"]),
            helper.make_node("Squeeze", ["reached", "second_axis"], ["decision"]),
            helper.make_node("Cast", ["decision"], ["label"], to=TensorProto.INT64),
        ]
    inputs = [
        helper.make_tensor_value_info("numeric", TensorProto.FLOAT, [None, 2]),
        helper.make_tensor_value_info("categorical", TensorProto.STRING, [None, 2]),
    ]
    graph = helper.make_graph(nodes, "model", inputs, outputs, initializers)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(ml, 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


@pytest.fixture(scope="session")
def write_model(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write a model of a task; keywords replace parts of its metadata, and None removes one."""

    def write(task: str = "regression", **changes: str | None) -> Path:
        model = _graph(task)
        metadata = {"model_name": "by-hand", "model_version": "1.0", "contract": json.dumps(_contract(task))}
        kept = {key: value for key, value in {**metadata, **changes}.items() if value is not None}
        helper.set_model_props(model, kept)
        path = tmp_path_factory.mktemp("served") / "model.onnx"
        path.write_bytes(model.SerializeToString())
        return path

    return write


@pytest.fixture
def row() -> dict[str, Any]:
    """A row that keeps the contract of the graphs made here."""
    return dict(EXAMPLE)
