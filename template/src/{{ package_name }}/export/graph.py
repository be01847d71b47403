"""The exported model: one ONNX graph from the arrays of `predictor.encoding` to the prediction, with what it is in its metadata."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import onnx
from onnx import TensorProto, helper
from skl2onnx import to_onnx, update_registered_converter
from skl2onnx.algebra.onnx_ops import OnnxIdentity
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.base import ClassifierMixin

from ..contract.types import Contract
from ..digests import library_versions
from ..discovery import discover
from ..models.candidate import Trained
from ..predictor.about import CONTRACT, MODEL, NAME, VERSION, About
from ..predictor.encoding import Layout

_ML_OPSET = 3


@dataclass(frozen=True)
class Converter:
    """What a file of this folder offers for a transformer, or a model at the end of a pipeline, that skl2onnx does not know.

    Args:
        name: what it is called.
        estimator: its class; a fitted one says by `width_` how many columns it makes.
        nodes: the fitted one, its input float32 [N, n] and the version of the operators, to the node that makes what
            `transform` makes, or `predict_proba`, or `predict`, float32 [N, width_].
    """

    name: str
    estimator: type
    nodes: Callable[[Any, Any, int], Any]


@dataclass(frozen=True)
class Compound:
    """What a file of this folder offers for a model that is made of others.

    Args:
        name: what it is called.
        estimator: its class; a fitted classifier has the `classes_` of those that it is made of.
        members: of a fitted one, the models that it is made of.
        nodes: of a fitted one, and of the names of what its members make: float32 [N, classes] or [N, 1], nodes and constants
            to `values`, which is what it makes. Other names begin with `its_`.
    """

    name: str
    estimator: type
    members: Callable[[Any], Sequence[Any]]
    nodes: Callable[[Any, Sequence[str]], tuple[list[onnx.NodeProto], list[onnx.TensorProto]]]


def _register(converter: Converter) -> None:
    update_registered_converter(
        converter.estimator, converter.name, _shape, partial(_convert, converter.nodes), overwrite=True
    )


def _shape(operator: Any) -> None:
    operator.outputs[0].type = FloatTensorType([None, operator.raw_operator.width_])


def _convert(nodes: Callable[[Any, Any, int], Any], scope: Any, operator: Any, container: Any) -> None:
    version = container.target_opset
    made = nodes(operator.raw_operator, operator.inputs[0], version)
    OnnxIdentity(made, op_version=version, output_names=operator.outputs[:1]).add_to(scope, container)


def convert(trained: Trained, contract: Contract, opset: int) -> onnx.ModelProto:
    """The chosen pipeline as a graph; equal pipelines give equal graphs.

    Inputs: `numbers` float32 [N, n], `categories` and `texts` string [N, m], those that have columns. Outputs: `prediction`
    float32 [N, 1]; or `label` int64 [N], an index into the contract's labels, and `probabilities` float32 [N, labels].
    """
    model = graph_of(trained.model, trained.layout, opset)
    graph = model.graph
    if contract.labels:
        _decide(graph, contract, trained.model.classes_, trained.threshold)
    else:
        _rename(graph, {"values": "prediction"})
        graph.output[0].name = "prediction"
    onnx.checker.check_model(model, full_check=True)
    return model


def graph_of(model: Any, layout: Layout, opset: int) -> onnx.ModelProto:
    """A fitted model of frames of a layout as a graph with one output, `values`, float32 [N, m]."""
    for converter in discover("export", Converter).values():
        _register(converter)
    parts = (("numbers", FloatTensorType), ("categories", StringTensorType), ("texts", StringTensorType))
    widths = {"numbers": len(layout.numbers), "categories": len(layout.categories), "texts": len(layout.texts)}
    inputs = [(name, kind([None, widths[name]])) for name, kind in parts if widths[name]]
    made = _graph_of(model, inputs, opset)
    # The converter names the graph and orders its operator sets by chance, and may name one twice.
    made.graph.name = "model"
    versions = {entry.domain: entry.version for entry in made.opset_import}
    del made.opset_import[:]
    made.opset_import.extend(helper.make_opsetid(*item) for item in sorted(versions.items()))
    return made


def _graph_of(model: Any, inputs: Sequence[tuple[str, Any]], opset: int) -> onnx.ModelProto:
    """A fitted model as a graph with one output, `values`: probabilities of the classes that it has seen, or a number."""
    compounds = {compound.estimator: compound for compound in discover("export", Compound).values()}
    if (compound := compounds.get(type(model))) is None:
        last = model.steps[-1][1]
        options = {id(last): {"zipmap": False}} if isinstance(last, ClassifierMixin) else None
        target = {"": opset, "ai.onnx.ml": _ML_OPSET}
        made: onnx.ModelProto = to_onnx(model, initial_types=inputs, options=options, target_opset=target)
        # A classifier's label comes first.
        _rename(made.graph, {made.graph.output[-1].name: "values"})
        del made.graph.output[:-1]
        made.graph.output[0].name = "values"
        return made
    members = [_graph_of(member, inputs, opset) for member in compound.members(model)]
    for number, member in enumerate(members):
        _apart(member.graph, f"of_{number}_")
    nodes, constants = compound.nodes(model, [member.graph.output[0].name for member in members])
    return _joined(members, nodes, constants)


def _joined(
    members: Sequence[onnx.ModelProto], nodes: Sequence[onnx.NodeProto], constants: Sequence[onnx.TensorProto]
) -> onnx.ModelProto:
    """Graphs of the same inputs as one, with nodes behind them that make `values`."""
    whole = members[0]
    versions = {entry.domain: entry.version for entry in whole.opset_import}
    for member in members[1:]:
        whole.graph.node.extend(member.graph.node)
        whole.graph.initializer.extend(member.graph.initializer)
        for entry in member.opset_import:
            versions[entry.domain] = max(versions.get(entry.domain, 0), entry.version)
    whole.graph.node.extend(nodes)
    whole.graph.initializer.extend(constants)
    whole.graph.output[0].name = "values"
    del whole.opset_import[:]
    whole.opset_import.extend(helper.make_opsetid(*item) for item in versions.items())
    return whole


def _apart(graph: onnx.GraphProto, prefix: str) -> None:
    """Let everything in a graph but its inputs have names of its own."""
    constants = [constant.name for constant in graph.initializer]
    made = [name for node in graph.node for name in node.output if name]
    _rename(graph, {name: prefix + name for name in (*constants, *made)})
    for item in (*graph.node, *graph.initializer, *graph.output):
        # Some nodes have no name.
        item.name = item.name and prefix + item.name


def _decide(graph: onnx.GraphProto, contract: Contract, seen: Sequence[int], threshold: float | None) -> None:
    """Put the probabilities in the contract's order, 0 for a class that the model never saw; then choose.

    Of two classes the positive one from the threshold on, of several the most probable, the first of equal ones.
    """
    _rename(graph, {"label": "label_of_model", "values": "probabilities_of_model"})
    nodes, constants = [], []

    def constant(name: str, kind: int, shape: list[int], values: list[Any]) -> str:
        constants.append(helper.make_tensor(name, kind, shape, values))
        return name

    classes = range(len(contract.labels))
    places = {label: place for place, label in enumerate(seen)}
    first = constant("first_class", TensorProto.INT64, [1], [0])
    order = constant("class_order", TensorProto.INT64, [len(classes)], [places.get(k, len(places)) for k in classes])
    nodes += [
        helper.make_node("Gather", ["probabilities_of_model", first], ["some_probability"], axis=1),
        helper.make_node("Sub", ["some_probability", "some_probability"], ["never"]),
        helper.make_node("Concat", ["probabilities_of_model", "never"], ["probabilities_and_never"], axis=1),
        helper.make_node("Gather", ["probabilities_and_never", order], ["probabilities"], axis=1),
    ]
    if threshold is None:
        nodes.append(helper.make_node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0))
    else:
        positive = contract.labels.index(contract.target.positive or "")
        yes = constant("positive_class", TensorProto.INT64, [], [positive])
        no = constant("negative_class", TensorProto.INT64, [], [1 - positive])
        limit = constant("decision_threshold", TensorProto.FLOAT, [], [threshold])
        nodes += [
            helper.make_node("Gather", ["probabilities", yes], ["probability"], axis=1),
            helper.make_node("GreaterOrEqual", ["probability", limit], ["is_positive"]),
            helper.make_node("Where", ["is_positive", yes, no], ["label"]),
        ]
    graph.node.extend(nodes)
    graph.initializer.extend(constants)
    del graph.output[:]
    graph.output.extend(
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, len(classes)]),
        ]
    )


def _rename(graph: onnx.GraphProto, names: dict[str, str]) -> None:
    """Give values other names inside the graph."""
    for node in graph.node:
        node.output[:] = [names.get(name, name) for name in node.output]
        node.input[:] = [names.get(name, name) for name in node.input]


def write_model(  # noqa: PLR0913, PLR0917 - all of them stand in the file
    graph: onnx.ModelProto,
    name: str,
    package_version: str,
    contract: Contract,
    about: About,
    companions: Mapping[str, str] | None = None,
) -> bytes:
    """The model file; its version is made of all that can change a prediction, or what it means.

    Args:
        graph: of `convert`, without metadata.
        name: of the model.
        package_version: of this package.
        contract: of the model.
        about: the rest.
        companions: what else travels with it, by key; no answer depends on it, so the version does not, either.
    """
    said = contract.model_dump_json()
    identity = [
        hashlib.sha256(graph.SerializeToString(deterministic=True)).hexdigest(),
        said,
        about.threshold,
        about.vocabularies,
        library_versions(),
        *([about.limits.model_dump()] if about.limits else []),
    ]
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    metadata = {NAME: name, VERSION: f"{package_version}+{digest[:12]}", CONTRACT: said, MODEL: about.model_dump_json()}
    helper.set_model_props(graph, {**(companions or {}), **metadata})
    content: bytes = graph.SerializeToString(deterministic=True)
    return content
