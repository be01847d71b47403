"""What the protocol calls the values of columns and of predictions.

Each column is a tensor of its own, with one value a row: its first dimension counts the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ...contract.types import BooleanColumn, Column, Contract, IntegerColumn, NumberColumn

#: Datatypes of whole numbers, with the least and the largest of each.
WHOLE: Mapping[str, tuple[int, int]] = MappingProxyType(
    {f"INT{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)}
    | {f"UINT{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)}
)
FLOATING = ("FP16", "FP32", "FP64")
BOOL, BYTES, FP32, FP64, INT64 = "BOOL", "BYTES", "FP32", "FP64", "INT64"
#: Of a dimension that may have any length.
ANY = -1


class Described(NamedTuple):
    """A tensor, as the model's metadata describe it."""

    name: str
    datatype: str
    shape: tuple[int, ...]


def datatypes_of(column: Column) -> tuple[str, ...]:
    """What a column may be sent as. The first can say all that the column can, also that a value is missing."""
    match column:
        case NumberColumn():
            return (FP64, "FP32", "FP16", *WHOLE)
        case IntegerColumn():
            whole = (INT64, *(name for name in WHOLE if name != INT64))
            return (FP64, "FP32", "FP16", *whole) if column.missing else (*whole, *reversed(FLOATING))
        case BooleanColumn():
            return (BYTES, BOOL) if column.missing else (BOOL,)
        case _:
            return (BYTES,)


def inputs_of(contract: Contract) -> list[Described]:
    """The tensors of a request: one a column, all of them needed."""
    return [Described(name, datatypes_of(column)[0], (ANY, 1)) for name, column in contract.columns.items()]


def outputs_of(contract: Contract) -> list[Described]:
    """The tensors of an answer."""
    if not contract.labels:
        return [Described("prediction", FP32, (ANY, 1))]
    label = Described("label", BYTES, (ANY, 1))
    if contract.target.positive is not None:
        return [label, Described("probability", FP32, (ANY, 1))]
    classes = len(contract.labels)
    return [label, Described("probabilities", FP32, (ANY, classes)), Described("classes", BYTES, (classes,))]
