"""Request and response types, built from the model's own contract.

Because they are real pydantic types, the checks at the border and the OpenAPI page at `/docs` cannot drift apart.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema, create_model

from ..contract.types import (
    LARGEST_EXACT,
    CategoryColumn,
    Column,
    Contract,
    DatetimeColumn,
    IntegerColumn,
    NumberColumn,
    TextColumn,
)
from ..predictor.about import About
from .moments import MOMENT, moment_reader

_MOST_ROWS = 1000
# Of all rows of an answer together: a model of many classes gets fewer rows at once.
_MOST_PROBABILITIES = 50_000
LONGEST_WORD = 1000
LONGEST_TEXT = 10_000
_FLOAT32_MAX = float(np.finfo(np.float32).max)
_REFUSE_UNKNOWN = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
# Blanks around a word are no part of it, and NUL is in none, as in tables; what is missing is null.
_FILLED: dict[str, Any] = {"strip_whitespace": True, "min_length": 1, "pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"}


class ModelIdentity(BaseModel):
    """Which model answered: enough to find the run that made it."""

    model_config = ConfigDict(protected_namespaces=())

    name: str
    version: str


class Wire(NamedTuple):
    """The types of one model: a row, a request of rows, a response; and how many rows a request may have."""

    instance: type[BaseModel]
    request: type[BaseModel]
    response: type[BaseModel]
    most_rows: int


def build_wire(contract: Contract, about: About) -> Wire:
    """The types for one model; its contract decides names, kinds, ranges and what may be missing."""
    columns: dict[str, Any] = {
        # Column names are data: one called "copy" or "_id" would clash with pydantic's own attributes,
        # so the real name is only an alias.
        f"column_{index}": annotation(name, column, contract.time_zone)
        for index, (name, column) in enumerate(contract.columns.items())
    }
    instance: Any = create_model("Instance", __config__=_REFUSE_UNKNOWN, **columns)
    example: dict[str, Any] = {"instances": [about.example]}
    most_rows = max(1, min(_MOST_ROWS, _MOST_PROBABILITIES // max(1, len(contract.labels))))
    request: type[BaseModel] = create_model(
        "PredictRequest",
        __config__=ConfigDict(**_REFUSE_UNKNOWN, json_schema_extra={"example": example}),
        instances=(list[instance], Field(min_length=1, max_length=most_rows)),
    )
    prediction: Any = _prediction(contract, about)
    response = create_model(
        "PredictResponse",
        predictions=(list[prediction], Field(description="One a row, in order.")),
        model=(ModelIdentity, ...),
    )
    return Wire(instance, request, response, most_rows)


def annotation(name: str, column: Column, zone: str) -> object:
    """The type of a column's value in a request, which is called as the column is."""
    about: dict[str, Any] = {"alias": name, "title": name, "description": column.description}
    if unit := getattr(column, "unit", None):
        about["json_schema_extra"] = {"unit": unit}
    kind = _kind(column, zone)
    return Annotated[kind | None if column.missing else kind, Field(**about)]


def _kind(column: Column, zone: str) -> Any:
    kind: Any = bool
    match column:
        case NumberColumn():
            kind = Annotated[float, Field(**_range(column))]
        case IntegerColumn():
            limits = _range(column)
            schema = {"type": "integer", "minimum": limits["ge"], "maximum": limits["le"]}
            kind = Annotated[float, Field(multiple_of=1, **limits), WithJsonSchema(schema)]
        case CategoryColumn(allowed=allowed) if allowed:
            kind = Literal[allowed]
        case CategoryColumn():
            kind = Annotated[str, StringConstraints(**_FILLED, max_length=LONGEST_WORD)]
        case TextColumn():
            kind = Annotated[str, StringConstraints(**_FILLED, max_length=LONGEST_TEXT)]
        case DatetimeColumn():
            said = f"A date, or a date and time; without an offset it is the time of {zone}."
            schema = {"type": "string", "pattern": MOMENT, "description": said}
            kind = Annotated[str, AfterValidator(moment_reader(column, zone)), WithJsonSchema(schema)]
    return kind


def _range(column: NumberColumn | IntegerColumn) -> dict[str, Any]:
    low, high = limits_of(column)
    return {"ge": low, "le": high}


def limits_of(column: NumberColumn | IntegerColumn) -> tuple[float, float]:
    """From where to where a number may be: a number that is finite in JSON may still be infinite in the graph's float32."""
    most = _FLOAT32_MAX if isinstance(column, NumberColumn) else LARGEST_EXACT
    low = -most if column.minimum is None else max(column.minimum, -most)
    return low, most if column.maximum is None else min(column.maximum, most)


def _prediction(contract: Contract, about: About) -> Any:
    target, labels = contract.target, list(contract.labels)
    if not labels:
        unit = f" in {target.unit}" if target.unit else ""
        return Annotated[float, Field(description=f"Predicted {target.column}{unit}.")]
    share: Any = Annotated[float, Field(ge=0, le=1)]
    if target.positive is None:
        decision, name = "The most probable class.", "probabilities"
        shares: dict[str, Any] = {"propertyNames": {"enum": labels}}
        probability: Any = (dict[str, share], Field(description="Of each class.", json_schema_extra=shares))
    else:
        decision = f"{target.positive} from a probability of {about.threshold}."
        probability, name = (share, Field(description=f"Probability of {target.positive}.")), "probability"
    words: dict[str, Any] = {"enum": labels}
    fields: dict[str, Any] = {"label": (str, Field(description=decision, json_schema_extra=words)), name: probability}
    return create_model("Prediction", **fields)
