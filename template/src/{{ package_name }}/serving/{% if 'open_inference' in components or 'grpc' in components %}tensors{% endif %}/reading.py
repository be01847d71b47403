"""From tensors to rows: a tensor a column, of which the values of a row stand at the same place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from ...contract.types import BooleanColumn, Column, Contract
from ...predictor.loading import shown
from ..answering import Answering
from ..parsing import refuse_any
from ..problems import Fault, invalid
from ..reading import Row
from .datatypes import BYTES, datatypes_of, outputs_of

# Of more tensors than this not each is named.
_SLACK = 2
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


def require_few(contract: Contract, inputs: int, outputs: int) -> None:
    """Raise `RefusedError` for far more tensors than there can be, before any of them is looked at."""
    for field, given, most in (
        ("inputs", inputs, len(contract.columns)),
        ("outputs", outputs, len(outputs_of(contract))),
    ):
        if given > _SLACK * most:
            raise invalid([Fault(row=None, field=field, problem=f"There are {given}: at most {most} are known")])


def _misfits(answering: Answering, tensors: Sequence[Tensor]) -> Iterator[Fault]:
    """What is wrong with names, datatypes and shapes: nothing else is looked at before these fit."""
    columns = answering.model.contract.columns
    seen: dict[str, Tensor] = {}
    for tensor in tensors:
        name = tensor.name
        problem = (
            "Given more than once" if name in seen else _misfit(tensor, columns.get(name), answering.wire.most_rows)
        )
        first = next(iter(seen.values()), tensor)
        if problem is None and first.shape[:1] != tensor.shape[:1]:
            problem = f"It has {tensor.shape[0]} rows, and the first tensor has not as many"
        if problem is not None:
            yield Fault(row=None, field=shown(name), problem=problem)
        seen.setdefault(name, tensor)
    for name in columns:
        if name not in seen:
            yield Fault(row=None, field=name, problem="Required, but absent")


def _misfit(tensor: Tensor, column: Column | None, most_rows: int) -> str | None:
    """What is wrong with a tensor whatever the others are."""
    if column is None:
        return "Unknown: the contract has no such name"
    if tensor.datatype not in (fitting := datatypes_of(column)):
        return f"Its datatype is {shown(tensor.datatype)}, and has to be {' or '.join(fitting)}"
    return _wrong_shape(tensor.shape, most_rows)


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
