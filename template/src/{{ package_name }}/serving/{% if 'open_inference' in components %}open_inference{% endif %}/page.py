"""What `/docs` shows of the protocol: its types, and a request that is answered."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ...contract.types import BooleanColumn
from ..answering import Answering
from ..tensors.datatypes import BYTES, inputs_of

Parameters = dict[str, bool | int | float | str | None]


class _Part(BaseModel):
    model_config = ConfigDict(protected_namespaces=())


class ServerMetadata(_Part):
    """Who answers."""

    name: str
    version: str
    extensions: list[str]


class Live(_Part):
    """The process runs."""

    live: bool


class Ready(_Part):
    """Requests may be sent."""

    ready: bool


class ModelReady(_Part):
    """A model answers."""

    name: str
    ready: bool


class TensorMetadata(_Part):
    """A tensor; -1 stands for the number of rows."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(_Part):
    """What a model takes, and what it gives."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class RequestInput(_Part):
    """The values of one column, of all rows."""

    name: str
    shape: list[int] = Field(description="[rows, 1] or [rows].")
    datatype: str
    data: list[Any] = Field(description="In the order of the rows; null where a value is missing.")
    parameters: Parameters | None = None


class RequestOutput(_Part):
    """A tensor that the answer is to have."""

    name: str
    parameters: Parameters | None = None


class InferRequest(_Part):
    """Rows, column by column."""

    id: str | None = None
    parameters: Parameters | None = None
    inputs: list[RequestInput]
    outputs: list[RequestOutput] | None = Field(default=None, description="All, if none is named.")


class ResponseOutput(_Part):
    """The values of one output, of all rows."""

    name: str
    datatype: str
    shape: list[int]
    data: list[Any]


class InferResponse(_Part):
    """Predictions, and which model made them."""

    model_name: str
    model_version: str
    id: str = Field(description="That of the request, else that of its record.")
    outputs: list[ResponseOutput]


class InferenceError(_Part):
    """Why a request was refused."""

    error: str


def example_of(answering: Answering) -> dict[str, Any]:
    """A request for the row that the model has as its example."""
    model = answering.model
    inputs = []
    for described in inputs_of(model.contract):
        value = model.about.example[described.name]
        if described.datatype == BYTES and isinstance(model.contract.columns[described.name], BooleanColumn):
            value = None if value is None else str(value).lower()
        inputs.append({"name": described.name, "shape": [1, 1], "datatype": described.datatype, "data": [value]})
    return {"inputs": inputs}
