"""The values of tensors in messages: in a field of their type, or as raw bytes."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..tensors.datatypes import BOOL, BYTES, FLOATING, WHOLE
from ..tensors.reading import WrongTensorError
from ..tensors.writing import Filled

#: The field of contents for each datatype; the protocol has none for FP16, which is sent raw.
_FIELDS = {
    BOOL: "bool_contents",
    **{name: "uint_contents" if name[0] == "U" else "int_contents" for name in WHOLE},
    "INT64": "int64_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    BYTES: "bytes_contents",
}
_DTYPES = {
    BOOL: np.dtype("u1"),
    **{name: np.dtype(f"<{'u' if name[0] == 'U' else 'i'}{int(name.lstrip('UINT')) // 8}") for name in WHOLE},
    **{name: np.dtype(f"<f{int(name[2:]) // 8}") for name in FLOATING},
}
_LENGTH = struct.Struct("<I")


class MessageTensor:
    """A tensor of a request; a missing value is NaN, or has no bytes."""

    def __init__(self, message: Any, raw: bytes | None) -> None:
        """Of the message, and of raw bytes if the request has them."""
        self.name: str = message.name
        self.datatype: str = message.datatype
        self.shape: Sequence[int] = message.shape
        self._message, self._raw = message, raw

    def values(self, *, missing: bool) -> list[Any]:
        """The values in the order of the rows; raises `WrongTensorError`."""
        values = self._typed() if self._raw is None else self._untyped(self._raw)
        if self.datatype == BYTES:
            return [None if missing and not value else value for value in map(_text, values)]
        if missing and self.datatype in FLOATING:
            return [None if math.isnan(value) else value for value in values]
        return values

    def _typed(self) -> list[Any]:
        contents, field = self._message.contents, _FIELDS.get(self.datatype)
        if field is None:
            raise WrongTensorError(f"{self.datatype} has no field of contents: send it in raw_input_contents")
        if others := [given.name for given, _ in contents.ListFields() if given.name != field]:
            raise WrongTensorError(f"{self.datatype} stands in {field}, not in {others[0]}")
        values = list(getattr(contents, field))
        least, largest = WHOLE.get(self.datatype, (None, None))
        if least is not None and not all(least <= value <= largest for value in values):
            raise WrongTensorError(f"It holds a number that is no {self.datatype}")
        return values

    def _untyped(self, raw: bytes) -> list[Any]:
        if self._message.HasField("contents"):
            raise WrongTensorError("Its contents are given twice: with it, and in raw_input_contents")
        if self.datatype == BYTES:
            return _split(raw, self.shape[0])
        dtype = _DTYPES[self.datatype]
        if len(raw) != dtype.itemsize * self.shape[0]:
            needed = f"{self.shape[0]} values of {self.datatype} have {dtype.itemsize * self.shape[0]}"
            raise WrongTensorError(f"It has {len(raw)} raw bytes, but {needed}")
        values: list[Any] = np.frombuffer(raw, dtype).tolist()
        if self.datatype != BOOL:
            return values
        if not set(values) <= {0, 1}:
            raise WrongTensorError("A byte of a BOOL is 0 or 1")
        return [value == 1 for value in values]


def _split(raw: bytes, most: int) -> list[bytes]:
    """Elements that each stand behind their length, 4 bytes, the lowest first."""
    values: list[bytes] = []
    place = 0
    while place < len(raw):
        begin = place + _LENGTH.size
        length = _LENGTH.unpack_from(raw, place)[0] if begin <= len(raw) else len(raw)
        place = begin + length
        if place > len(raw) or len(values) == most:
            raise WrongTensorError("Its raw bytes are not one element for each row, behind its length in 4 bytes")
        values.append(raw[begin:place])
    return values


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise WrongTensorError("It holds bytes that are no text in UTF-8") from None


def write_contents(tensor: Filled, contents: Any) -> None:
    """Put the values of a tensor into the field of their type."""
    values = [value.encode() for value in tensor.data] if tensor.datatype == BYTES else tensor.data
    getattr(contents, _FIELDS[tensor.datatype]).extend(values)


def raw_contents(tensor: Filled) -> bytes:
    """The values of a tensor as raw bytes."""
    if tensor.datatype == BYTES:
        return b"".join(_LENGTH.pack(len(value)) + value for value in (text.encode() for text in tensor.data))
    return np.array(tensor.data, _DTYPES[tensor.datatype]).tobytes()
