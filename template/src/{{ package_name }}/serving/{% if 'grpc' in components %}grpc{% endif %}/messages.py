"""The messages of the protocol, made when the process starts.

What a compiler generates from the protocol's file is tied to the version of protobuf that it was generated for; fields and
their numbers, which are all that goes over the wire, never change. `open_inference_grpc.proto` of the protocol has the same.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

PACKAGE = "inference"
SERVICE = f"{PACKAGE}.GRPCInferenceService"
HEALTH_PACKAGE = "grpc.health.v1"
HEALTH = f"{HEALTH_PACKAGE}.Health"

# A field: number and type. `*` is for any number of values, `=` for values by text, `|` for one of several fields.
_Fields = dict[str, tuple[int, str]]
_INFERENCE: dict[str, _Fields] = {
    "ServerLiveRequest": {},
    "ServerLiveResponse": {"live": (1, "bool")},
    "ServerReadyRequest": {},
    "ServerReadyResponse": {"ready": (1, "bool")},
    "ModelReadyRequest": {"name": (1, "string"), "version": (2, "string")},
    "ModelReadyResponse": {"ready": (1, "bool")},
    "ServerMetadataRequest": {},
    "ServerMetadataResponse": {"name": (1, "string"), "version": (2, "string"), "extensions": (3, "*string")},
    "ModelMetadataRequest": {"name": (1, "string"), "version": (2, "string")},
    "ModelMetadataResponse": {
        "name": (1, "string"),
        "versions": (2, "*string"),
        "platform": (3, "string"),
        "inputs": (4, "*ModelMetadataResponse.TensorMetadata"),
        "outputs": (5, "*ModelMetadataResponse.TensorMetadata"),
    },
    "ModelMetadataResponse.TensorMetadata": {"name": (1, "string"), "datatype": (2, "string"), "shape": (3, "*int64")},
    "ModelInferRequest": {
        "model_name": (1, "string"),
        "model_version": (2, "string"),
        "id": (3, "string"),
        "parameters": (4, "=InferParameter"),
        "inputs": (5, "*ModelInferRequest.InferInputTensor"),
        "outputs": (6, "*ModelInferRequest.InferRequestedOutputTensor"),
        "raw_input_contents": (7, "*bytes"),
    },
    "ModelInferRequest.InferInputTensor": {
        "name": (1, "string"),
        "datatype": (2, "string"),
        "shape": (3, "*int64"),
        "parameters": (4, "=InferParameter"),
        "contents": (5, "InferTensorContents"),
    },
    "ModelInferRequest.InferRequestedOutputTensor": {"name": (1, "string"), "parameters": (2, "=InferParameter")},
    "ModelInferResponse": {
        "model_name": (1, "string"),
        "model_version": (2, "string"),
        "id": (3, "string"),
        "parameters": (4, "=InferParameter"),
        "outputs": (5, "*ModelInferResponse.InferOutputTensor"),
        "raw_output_contents": (6, "*bytes"),
    },
    "ModelInferResponse.InferOutputTensor": {
        "name": (1, "string"),
        "datatype": (2, "string"),
        "shape": (3, "*int64"),
        "parameters": (4, "=InferParameter"),
        "contents": (5, "InferTensorContents"),
    },
    "InferParameter": {
        "bool_param": (1, "|bool"),
        "int64_param": (2, "|int64"),
        "string_param": (3, "|string"),
        "double_param": (4, "|double"),
        "uint64_param": (5, "|uint64"),
    },
    "InferTensorContents": {
        "bool_contents": (1, "*bool"),
        "int_contents": (2, "*int32"),
        "int64_contents": (3, "*int64"),
        "uint_contents": (4, "*uint32"),
        "uint64_contents": (5, "*uint64"),
        "fp32_contents": (6, "*float"),
        "fp64_contents": (7, "*double"),
        "bytes_contents": (8, "*bytes"),
    },
}
#: The standard protocol of probes. Its status is an enumeration, which goes over the wire as a number.
_HEALTH: dict[str, _Fields] = {
    "HealthCheckRequest": {"service": (1, "string")},
    "HealthCheckResponse": {"status": (1, "int32")},
}
_MARKS = "*=|"


def _add_field(message: DescriptorProto, place: str, name: str, number: int, kind: str) -> None:
    """Add a field to the message whose full name is `place`."""
    mark, kind = (kind[0], kind[1:]) if kind[0] in _MARKS else ("", kind)
    field = message.field.add(name=name, number=number, label=FieldDescriptorProto.LABEL_OPTIONAL)
    if mark in {"*", "="}:
        field.label = FieldDescriptorProto.LABEL_REPEATED
    if mark == "=":
        entry = message.nested_type.add(name=f"{name.title()}Entry")
        entry.options.map_entry = True
        _add_field(entry, f"{place}.{entry.name}", "key", 1, "string")
        _add_field(entry, f"{place}.{entry.name}", "value", 2, kind)
        field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{place}.{entry.name}"
        return
    if mark == "|":
        if not message.oneof_decl:
            message.oneof_decl.add(name="parameter_choice")
        field.oneof_index = 0
    if kind[0].isupper():
        field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{PACKAGE}.{kind}"
    else:
        field.type = FieldDescriptorProto.Type.Value(f"TYPE_{kind.upper()}")


def _classes(package: str, messages: dict[str, _Fields]) -> dict[str, Any]:
    """A class for each message, by its name."""
    file = FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    for path, fields in messages.items():
        outer, _, name = path.rpartition(".")
        at = next((each.nested_type for each in file.message_type if each.name == outer), file.message_type)
        message = at.add(name=name)
        for field, (number, kind) in fields.items():
            _add_field(message, f"{package}.{path}", field, number, kind)
    pool = DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return {path: GetMessageClass(pool.FindMessageTypeByName(f"{package}.{path}")) for path in messages}


MESSAGES = _classes(PACKAGE, _INFERENCE)
HEALTH_MESSAGES = _classes(HEALTH_PACKAGE, _HEALTH)
