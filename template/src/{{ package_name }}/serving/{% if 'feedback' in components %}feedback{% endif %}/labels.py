"""A label: what came of one prediction, named by its request or by the key of its row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema, create_model
from pydantic_core import PydanticCustomError

from ...contract.types import Contract
from ...predictor.loading import shown
from ..moments import STATED, in_utc
from ..problems import MAX_FAULTS, Fault
from ..schema import annotation

FORMAT = 1
#: Of one request.
MOST_LABELS = 1000
_MOST_ROWS = 100_000
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True)

# As JSON Schema says what `LabelReader` asks for.
_NAMED_BY_REQUEST: dict[str, Any] = {
    "required": ["request_id"],
    "properties": {"request_id": {"type": "string"}, "key": {"type": "null"}},
}
_NAMED_BY_KEY: dict[str, Any] = {
    "required": ["key"],
    "properties": {"key": {"type": "object"}, "request_id": {"type": "null"}, "row": {"type": "null"}},
}


class WrongLabelsError(Exception):
    """Some labels are none.

    Args:
        faults: where and why, at most `MAX_FAULTS`.
    """

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


class Label(NamedTuple):
    """An outcome, for one prediction.

    Args:
        request_id: of the request that was answered; None where a key names the row.
        row: its place in that request, from 0; None where the request has one row only.
        key: the row's key, as `key_text` writes it.
        outcome: a label of the contract, or the number.
        moment: when it was stated, in UTC, by whoever sent it: of two, the later one counts. None: when it first came.
        received: when it came, in UTC.
    """

    request_id: str | None
    row: int | None
    key: str | None
    outcome: str | float
    moment: str | None
    received: str

    def line(self) -> bytes:
        """As it is kept."""
        return orjson.dumps({"format": FORMAT, **self._asdict()}, option=orjson.OPT_APPEND_NEWLINE)


def key_text(values: Iterable[Any]) -> str:
    """The values of a key, in the contract's order, as one text: equal keys have equal ones."""
    return orjson.dumps(list(values)).decode()


def missing_from_log(contract: Contract) -> str | None:
    """Why rows of the log cannot be named by their key; None if they can."""
    if not contract.key:
        return "the contract names no key"
    if absent := [name for name in contract.key if name not in contract.columns]:
        return f"no request holds {', '.join(absent)}, which the key needs"
    if personal := [name for name in contract.key if contract.columns[name].pii]:
        return f"the log masks {', '.join(personal)}, since it is personal"
    return None


class LabelReader:
    """Checks labels by the contract, of whichever task it is."""

    def __init__(self, contract: Contract) -> None:
        self._key = contract.key
        self._no_key = missing_from_log(contract)
        self._model = label_model(contract)

    def read(self, given: Iterable[object]) -> list[Label]:
        """The labels; raises `WrongLabelsError` with all that is wrong."""
        labels: list[Label] = []
        faults: list[Fault] = []
        now = _text(datetime.now(UTC))
        for number, item in enumerate(given):
            if len(faults) >= MAX_FAULTS:
                break
            try:
                labels.append(self._label(item, now))
            except ValidationError as error:
                faults += self._faults(number, error)
        if faults:
            raise WrongLabelsError(faults[:MAX_FAULTS])
        return labels

    def _label(self, item: object, now: str) -> Label:
        value: Any = self._model.model_validate(item)
        if (value.request_id is None) == (value.key is None):
            raise _unnamed(self._model, "Name the prediction: either by request_id, or by key")
        if value.key is not None and value.row is not None:
            raise _unnamed(self._model, "A key names one row: leave `row` out")
        key = None if value.key is None else key_text(vars(value.key).values())
        moment = None if value.moment is None else _text(value.moment)
        return Label(value.request_id, value.row, key, value.outcome, moment, now)

    def _faults(self, number: int, error: ValidationError) -> Iterable[Fault]:
        for item in error.errors(include_url=False, include_context=False, include_input=False):
            field = ".".join(shown(str(part)) for part in item["loc"]) or None
            problem = item["msg"]
            if field == "key" and self._no_key and item["type"] == "none_required":
                problem = f"Rows cannot be named by their key here: {self._no_key}. Send request_id"
            yield Fault(row=number, field=field, problem=problem)


def _unnamed(model: type[BaseModel], problem: str) -> ValidationError:
    fault: Any = {"type": PydanticCustomError("unnamed", problem), "loc": (), "input": None}
    return ValidationError.from_exception_data(model.__name__, [fault])


def request_model(contract: Contract) -> type[BaseModel]:
    """The type of a request that brings labels."""
    label: Any = label_model(contract)
    labels = Annotated[list[label], Field(min_length=1, max_length=MOST_LABELS)]
    return create_model("FeedbackRequest", __config__=_STRICT, labels=(labels, ...))


def label_model(contract: Contract) -> type[BaseModel]:
    """The type of one label: its outcome is of the contract's task, its key of the contract's columns."""
    with_key = missing_from_log(contract) is None
    outcome: Any = Literal[contract.labels] if contract.labels else float
    key: Any = None
    if with_key:
        columns: dict[str, Any] = {
            f"column_{index}": annotation(name, contract.columns[name], contract.time_zone)
            for index, name in enumerate(contract.key)
        }
        key = create_model("Key", __config__=_STRICT, **columns)
    fields: dict[str, Any] = {
        "request_id": (
            Annotated[str, Field(min_length=1, max_length=128, description="The X-Request-Id of the answer.")] | None,
            None,
        ),
        "row": (
            Annotated[
                float,
                Field(ge=0, lt=_MOST_ROWS, multiple_of=1, description="Its place in the request; for one of several."),
                AfterValidator(int),
                WithJsonSchema({"type": "integer", "minimum": 0, "exclusiveMaximum": _MOST_ROWS}),
            ]
            | None,
            None,
        ),
        "key": (key | None if with_key else None, Field(default=None, description="The key of the row instead.")),
        "outcome": (outcome, Field(description=f"What `{contract.target.column}` turned out to be.")),
        "moment": (
            Annotated[
                str,
                Field(description="When that was stated, with its offset: the latest counts. Else when it first came."),
                AfterValidator(in_utc),
                WithJsonSchema({"type": "string", "pattern": STATED}),
            ]
            | None,
            None,
        ),
    }
    named: Any = [_NAMED_BY_REQUEST, _NAMED_BY_KEY] if with_key else [_NAMED_BY_REQUEST]
    return create_model("Label", __config__=ConfigDict(**_STRICT, json_schema_extra={"anyOf": named}), **fields)


def labels_of(lines: Iterable[Mapping[str, Any]]) -> Iterable[Label]:
    """Labels as they were kept; what is none is left out."""
    for kept in lines:
        values = [kept.get(name) for name in Label._fields]
        if kept.get("format") == FORMAT and values[3] is not None and isinstance(values[5], str):
            yield Label(*values)  # type: ignore[arg-type]


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
