"""Operators of ai.onnx.ml in plain ones, which a C compiler for ONNX knows; a row at a time.

Source: the ONNX operator reference, `ai.onnx.ml` 1 to 5. `TreeEnsemble` 5 stands for both older ones; what it lacks in C, where a
missing value goes, is said by two columns instead: one in which missing is less than everything, and one in which it is more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, NodeProto, helper, numpy_helper

from .trees import ensemble_of

_ML = "ai.onnx.ml"
_ML_OPSET = 5
#: Attributes that hold words of categories.
_WORDS = ("cats_strings", "keys_strings")


class NotPlainError(Exception):
    """Something in a graph has no plain form; says what."""


class _Nodes:
    """Nodes and constants that stand for one node.

    Args:
        node: that they stand for.
        places: of all words in the vocabulary.
    """

    def __init__(self, node: NodeProto, places: Mapping[str, int]) -> None:
        self.node = node
        self.places = places
        self.said: dict[str, Any] = {item.name: _value(item) for item in node.attribute}
        self.nodes: list[NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: Any, kind: Any = np.float32) -> str:
        """The name of an array."""
        name = f"{self.node.output[-1]}_c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype=kind), name))
        return name

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """The name of what an operator makes."""
        name = f"{self.node.output[-1]}_n{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, domain=domain, **attributes))
        return name


def vocabulary(model: onnx.ModelProto) -> list[str]:
    """All words that a graph tells apart, in order."""
    said = [item.strings for node in model.graph.node for item in node.attribute if item.name in _WORDS]
    return sorted({word.decode() for words in said for word in words})


def plain(model: onnx.ModelProto, words: Sequence[str]) -> onnx.ModelProto:
    """The same graph for one row, in plain operators, with every shape known.

    Its `categories` are int64 [1, m]: the place of each word, -1 for one that is not among them.

    Raises:
        NotPlainError: there is text, or an operator without a plain form.
    """
    graph, nodes, constants = model.graph, [], list(model.graph.initializer)
    if any(value.name == "texts" for value in graph.input):
        raise NotPlainError("text columns are cut into words by the rules of Unicode, which C does not know")
    places = {word: place for place, word in enumerate(words)}
    for node in graph.node:
        if node.domain == _ML and (form := _FORMS.get(node.op_type)) is not None:
            made = _Nodes(node, places)
            result = form(made)
            nodes += [*made.nodes, helper.make_node("Identity", [result], [node.output[-1]], f"{node.output[-1]}_is")]
            constants += made.constants
        else:
            nodes.append(node)
    nodes = list(_needed(nodes, {value.name for value in graph.output}))
    used = {name for node in nodes for name in node.input}
    whole = helper.make_graph(
        nodes,
        "model",
        [_one_row(value) for value in graph.input],
        [_one_row(value) for value in graph.output],
        [constant for constant in constants if constant.name in used],
    )
    opsets = [entry for entry in model.opset_import if entry.domain != _ML]
    for_row = helper.make_model(whole, opset_imports=[*opsets, helper.make_opsetid(_ML, _ML_OPSET)])
    for_row.ir_version = model.ir_version
    return onnx.shape_inference.infer_shapes(for_row, strict_mode=True, data_prop=True)


def _needed(nodes: list[NodeProto], wanted: set[str]) -> Iterator[NodeProto]:
    """The nodes, in their order, by which what is wanted is made."""
    kept = []
    for node in reversed(nodes):
        if wanted & set(node.output):
            wanted |= set(node.input)
            kept.append(node)
    yield from reversed(kept)


def _one_row(value: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    one = onnx.ValueInfoProto()
    one.CopyFrom(value)
    if one.type.tensor_type.elem_type == onnx.TensorProto.STRING:
        one.type.tensor_type.elem_type = onnx.TensorProto.INT64
    for dimension in one.type.tensor_type.shape.dim:
        if not dimension.HasField("dim_value"):
            dimension.Clear()
            dimension.dim_value = 1
    return one


def _value(item: AttributeProto) -> Any:
    value = helper.get_attribute_value(item)
    if item.type == AttributeProto.STRINGS:
        return [word.decode() for word in value]
    return value.decode() if isinstance(value, bytes) else np.asarray(value) if isinstance(value, list) else value


def _scaler(its: _Nodes) -> str:
    less = its.add("Sub", its.node.input[0], its.constant(its.said["offset"]))
    return its.add("Mul", less, its.constant(its.said["scale"]))


def _imputer(its: _Nodes) -> str:
    if not np.isnan(its.said.get("replaced_value_float", np.nan)):
        raise NotPlainError("what is imputed is not NaN")
    missing = its.add("IsNaN", its.node.input[0])
    return its.add("Where", missing, its.constant(its.said["imputed_value_floats"]), its.node.input[0])


def _normalizer(its: _Nodes) -> str:
    features, last = its.node.input[0], its.constant([-1], np.int64)
    if its.said["norm"] == "L1":
        size = its.add("ReduceSum", its.add("Abs", features), last)
    elif its.said["norm"] == "L2":
        size = its.add("Sqrt", its.add("ReduceSum", its.add("Mul", features, features), last))
    else:
        raise NotPlainError("the largest value is made 1")
    return its.add("Div", features, its.add("Max", size, its.constant([1e-30])))


def _one_hot(its: _Nodes) -> str:
    words = its.said.get("cats_strings", [])
    if not len(words):
        raise NotPlainError("categories are numbers")
    apart = its.add("Unsqueeze", its.node.input[0], its.constant([-1], np.int64))
    same = its.add("Equal", apart, its.constant([its.places[word] for word in words], np.int64))
    return its.add("Cast", same, to=onnx.TensorProto.FLOAT)


def _label_encoder(its: _Nodes) -> str:
    words, values = its.said.get("keys_strings", []), its.said.get("values_floats", [])
    if not len(words) or not len(values):
        raise NotPlainError("a category becomes something else than a number")
    table = np.full(len(its.places) + 1, its.said.get("default_float", 0.0), dtype=np.float32)
    table[[its.places[word] for word in words]] = values
    unknown = its.add("Less", its.node.input[0], its.constant(0, np.int64))
    place = its.add("Where", unknown, its.constant(len(its.places), np.int64), its.node.input[0])
    return its.add("Gather", its.constant(table), place, axis=0)


def _columns(its: _Nodes) -> str:
    places = its.add("Reshape", its.node.input[1], its.constant([-1], np.int64))
    return its.add("Gather", its.node.input[0], places, axis=1)


def _linear(its: _Nodes) -> str:
    intercepts = np.asarray(its.said.get("intercepts", [0.0]))
    weights = np.asarray(its.said["coefficients"]).reshape(len(intercepts), -1)
    scores = its.add("MatMul", its.node.input[0], its.constant(weights.T))
    return _answers(its, its.add("Add", scores, its.constant(intercepts)), len(intercepts))


def _answers(its: _Nodes, scores: str, classes: int) -> str:
    """What is made of the sums: probabilities; a classifier of two classes may have one sum for both."""
    transform, labels = its.said.get("post_transform", "NONE"), its.said.get("classlabels_int64s", ())
    if transform not in ("NONE", "LOGISTIC", "SOFTMAX"):
        raise NotPlainError(f"sums are transformed by {transform}")
    if transform == "SOFTMAX":
        return its.add("Softmax", scores, axis=-1)
    said = its.add("Sigmoid", scores) if transform == "LOGISTIC" else scores
    if len(labels) == 2 and classes == 1:  # noqa: PLR2004
        return its.add("Concat", its.add("Sub", its.constant([1.0]), said), said, axis=-1)
    return said


def _trees(its: _Nodes) -> str:
    said = its.said
    try:
        ensemble = ensemble_of(said)
    except ValueError as error:
        raise NotPlainError(str(error)) from None
    # Missing is less than everything in the first half, and more in the second.
    chosen = its.add("Gather", its.node.input[0], its.constant(range(ensemble.columns), np.int64), axis=1)
    missing = its.add("IsNaN", chosen)
    halves = [its.add("Where", missing, its.constant([end]), chosen) for end in (-np.inf, np.inf)]
    both = its.add("Concat", *halves, axis=1)
    sums = its.add("TreeEnsemble", both, domain=_ML, n_targets=len(ensemble.base), **ensemble.attributes())
    return _answers(its, its.add("Add", sums, its.constant(ensemble.base)), len(ensemble.base))


_FORMS: dict[str, Callable[[_Nodes], str]] = {
    "ArrayFeatureExtractor": _columns,
    "Imputer": _imputer,
    "LabelEncoder": _label_encoder,
    "LinearClassifier": _linear,
    "LinearRegressor": _linear,
    "Normalizer": _normalizer,
    "OneHotEncoder": _one_hot,
    "Scaler": _scaler,
    "TreeEnsembleClassifier": _trees,
    "TreeEnsembleRegressor": _trees,
}
