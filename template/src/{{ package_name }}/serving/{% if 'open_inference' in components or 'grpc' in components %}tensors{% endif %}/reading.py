"""From tensors to rows: a tensor a column, of which the values of a row stand at the same place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from ...contract.types import BooleanColumn, Column
from ...predictor.loading import shown
from ..answering import Answering
from ..parsing import refuse_any
from ..problems import Fault, RefusedError
from ..reading import Row
from .datatypes import BYTES, datatypes_of

_YES_OR_NO = {"true": True, "false": False}


class WrongTensorError(Exception):
    """What stands in a tensor is not what it says; the message says how, without a value."""


class Tensor(Protocol):
    """A tensor of a request."""

    @property
    def name(self) -> str:
        """Of the column."""

    @property
    def datatype(self) -> str:
        """What its values are, as the client has it."""

    @property
    def shape(self) -> Sequence[int]:
        """As the client has it."""

    def values(self, *, missing: bool) -> list[Any]:
        """All values as JSON has them, None for missing ones where that may be; raises `WrongTensorError`.

        It is called for tensors whose datatype and shape fit, which bounds how many there can be.
        """


def rows_of(answering: Answering, tensors: Sequence[Tensor]) -> list[Row]:
    """The rows of a request; raises `RefusedError` that locates the faults."""
    columns = answering.model.contract.columns
    refuse_any(_misfits(answering, tensors))
    faults: list[Fault] = []
    values = {}
    for tensor in tensors:
        try:
            values[tensor.name] = _values(tensor, columns[tensor.name])
        except WrongTensorError as error:
            faults.append(Fault(row=None, field=tensor.name, problem=str(error)))
    refuse_any(faults)
    names = list(columns)
    rows = zip(*(values[name] for name in names), strict=True)
    return answering.checked([dict(zip(names, row, strict=True)) for row in rows])


def require_model(answering: Answering, name: str) -> None:
    """Raise `RefusedError` where another model than the one of this name answers."""
    if name != answering.model.name:
        raise RefusedError(404, "Not Found", f"There is no model {shown(name)}: it is called {answering.model.name}.")


def _misfits(answering: Answering, tensors: Sequence[Tensor]) -> Iterator[Fault]:
    """What is wrong with names, datatypes and shapes: nothing else is looked at before these fit."""
    columns = answering.model.contract.columns
    seen: set[str] = set()
    rows: int | None = None
    for tensor in tensors:
        name = tensor.name
        if name not in columns:
            problem: str | None = "Unknown: the contract has no such name"
        elif name in seen:
            problem = "Given more than once"
        elif tensor.datatype not in (fitting := datatypes_of(columns[name])):
            problem = f"Its datatype is {shown(tensor.datatype)}, and has to be {' or '.join(fitting)}"
        elif (problem := _wrong_shape(tensor.shape, answering.wire.most_rows)) is None:
            rows = tensor.shape[0] if rows is None else rows
            if tensor.shape[0] != rows:
                problem = f"It has {tensor.shape[0]} rows, and another tensor has {rows}"
        if problem is not None:
            yield Fault(row=None, field=shown(name), problem=problem)
        seen.add(name)
    for name in columns:
        if name not in seen:
            yield Fault(row=None, field=name, problem="Required, but absent")


def _wrong_shape(shape: Sequence[int], most_rows: int) -> str | None:
    is_column = len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)  # noqa: PLR2004 - [rows] or [rows, 1]
    if not is_column or shape[0] < 0:
        return "Its shape has to be [rows, 1] or [rows]"
    if not shape[0]:
        return "Must have at least 1 row"
    if shape[0] > most_rows:
        return f"Must have at most {most_rows} rows. Send them in smaller batches"
    return None


def _values(tensor: Tensor, column: Column) -> list[Any]:
    values = tensor.values(missing=column.missing)
    if len(values) != tensor.shape[0]:
        raise WrongTensorError(f"It holds {len(values)} values, but its shape has {tensor.shape[0]}")
    if isinstance(column, BooleanColumn) and tensor.datatype == BYTES:
        return [_YES_OR_NO.get(value, value) for value in values]
    return values
