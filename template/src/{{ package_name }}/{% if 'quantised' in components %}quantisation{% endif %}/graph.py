"""Dynamic quantisation: weights of matrix products become integers, and what they are multiplied with does at run time.

Source: Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018, as
onnxruntime.quantization does it. Weights have 7 bits: with 8, sums of pairs overflow on processors without VNNI, and the answer
would depend on the machine. What they are multiplied with has one scale a batch, so a row's answer depends on the others.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

from ..export.graph import write_model
from ..predictor.predictor import Predictor

#: Of the operators that can have integers, those that graphs of export/ have.
OPERATORS = ("MatMul",)


def quantise(content: bytes, exported: Predictor) -> bytes:
    """A graph with integers where that is possible; its version is its own.

    Args:
        content: the exported graph.
        exported: the same, read.
    """
    model = onnx.load_from_string(content)
    # What is recommended before (shapes, constants) has been done by the converter; else it warns.
    add_pre_process_metadata(model)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quantised.onnx"
        quantize_dynamic(
            model,
            path,
            op_types_to_quantize=list(OPERATORS),
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            # What comes out of operators of ML, of whose types it knows nothing; export/ computes in float32.
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
        smaller = onnx.load(path)
    companions = exported.session.get_modelmeta().custom_metadata_map
    version = exported.version.partition("+")[0]
    return write_model(smaller, exported.name, version, exported.contract, exported.about, companions)


def operators(content: bytes) -> Counter[str]:
    """How many operators of each kind a graph has."""
    return Counter(node.op_type for node in onnx.load_from_string(content).graph.node)
