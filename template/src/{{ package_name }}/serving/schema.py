"""Request and response types, built from the model's own contract.

Because they are real pydantic types, the checks at the border and the OpenAPI page at ``/docs``
cannot drift apart.
"""

from typing import Annotated, Any, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, create_model

from .contract import CategoricalColumn, Contract, NumericColumn

MAX_INSTANCES = 1000
MAX_TEXT_LENGTH = 1000
_FLOAT32_MAX = float(np.finfo(np.float32).max)
_REFUSE_UNKNOWN = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class ModelIdentity(BaseModel):
    """Which model answered: enough to find the run that made it."""

    model_config = ConfigDict(protected_namespaces=())

    name: str
    version: str


class Wire(NamedTuple):
    """The types of one model: a row, a request of rows, a response."""

    instance: type[BaseModel]
    request: type[BaseModel]
    response: type[BaseModel]


def build_wire(contract: Contract) -> Wire:
    """Return the types for one model; ``contract`` decides names, ranges and what may be missing."""
    columns: dict[str, Any] = {_field(index): _annotation(column) for index, column in enumerate(contract.inputs)}
    instance: Any = create_model("Instance", __config__=_REFUSE_UNKNOWN, **columns)
    example: dict[str, Any] = {"instances": [contract.example]}
    request: type[BaseModel] = create_model(
        "PredictRequest",
        __config__=ConfigDict(**_REFUSE_UNKNOWN, json_schema_extra={"example": example}),
        instances=(list[instance], Field(min_length=1, max_length=MAX_INSTANCES)),
    )
    prediction: Any = _prediction(contract)
    response = create_model(
        "PredictResponse",
        predictions=(list[prediction], Field(description="One a row, in order.")),
        model=(ModelIdentity, ...),
    )
    return Wire(instance, request, response)


def _field(index: int) -> str:
    # Column names are data: one called "copy" or "_id" would clash with pydantic's own attributes,
    # so the real name is only an alias.
    return f"column_{index}"


def _annotation(column: NumericColumn | CategoricalColumn) -> object:
    about: dict[str, Any] = {"alias": column.name, "title": column.name, "description": column.description}
    if isinstance(column, CategoricalColumn):
        text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_LENGTH)]
        kind: Any = text | None if column.nullable else text
        return Annotated[kind, Field(**about)]
    # A number that is finite in JSON may still be infinite in the graph's float32.
    low = -_FLOAT32_MAX if column.minimum is None else max(column.minimum, -_FLOAT32_MAX)
    high = _FLOAT32_MAX if column.maximum is None else min(column.maximum, _FLOAT32_MAX)
    number = Annotated[float, Field(ge=low, le=high)]
    kind = number | None if column.nullable else number
    if column.unit is not None:
        about["json_schema_extra"] = {"unit": column.unit}
    return Annotated[kind, Field(**about)]


def _prediction(contract: Contract) -> Any:
    output = contract.output
    if output.labels is None:
        unit = f" in {output.unit}" if output.unit else ""
        return Annotated[float, Field(description=f"Predicted {output.name}{unit}.")]
    positive = output.labels[1]
    labels: dict[str, Any] = {"enum": list(output.labels)}
    decision = f"{positive} from a probability of {output.threshold}." if output.threshold else ""
    return create_model(
        "Prediction",
        label=(str, Field(description=decision, json_schema_extra=labels)),
        probability=(float, Field(ge=0, le=1, description=f"Probability of {positive}.")),
    )
