"""The quick reader of requests: it takes what is right, and leaves every refusal, and its wording, to the careful one.

Whatever it takes the careful reader (`parsing.py`) takes too, and gives the same rows; the tests compare the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

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
from .moments import moment_reader
from .schema import LONGEST_TEXT, LONGEST_WORD, limits_of

#: The values of one row in the order of the contract's columns.
Row = tuple[Any, ...]


#: Letters that no struct of msgspec can have in a name.
ODD = re.compile(r'[\\"\x00-\x1f]')


class QuickReader:
    """Turns the bytes of most requests into rows."""

    def __init__(self, contract: Contract, most_rows: int) -> None:
        columns = list(contract.columns.items())
        self._decode = _decoder(columns, most_rows)
        self._words = _indices(columns, CategoryColumn, TextColumn)
        self._moments: list[tuple[int, Callable[[str], datetime]]] = [
            (index, moment_reader(column, contract.time_zone))
            for index, (_, column) in enumerate(columns)
            if isinstance(column, DatetimeColumn)
        ]
        self._width = len(columns)

    def rows(self, body: bytes) -> list[Row] | None:
        """The rows; None for what the careful reader has to look at."""
        # NUL is in no text, and JSON can write it only so.
        if b"\\u0000" in body:
            return None
        try:
            rows = [msgspec.structs.astuple(row) for row in self._decode(body).instances]
            if self._moments:
                rows = [self._with_moments(row) for row in rows]
        except (ValueError, OverflowError):
            return None
        for row in rows:
            for index in self._words:
                word = row[index]
                # Blanks around a word are no part of it.
                if word is not None and word != word.strip():
                    return None
        return rows

    def _with_moments(self, row: Row) -> Row:
        values = list(row)
        for index, read in self._moments:
            if values[index] is not None:
                values[index] = read(values[index])
        return tuple(values)


def _indices(columns: list[tuple[str, Column]], *kinds: type[Any]) -> list[int]:
    """Where the columns of some kinds stand whose values have to be looked at."""
    return [
        index
        for index, (_, column) in enumerate(columns)
        if isinstance(column, kinds) and not (isinstance(column, CategoryColumn) and column.allowed)
    ]


def _decoder(columns: list[tuple[str, Column]], most_rows: int) -> Callable[[bytes], Any]:
    """Real names are data, and may be no names in Python: they are other names of the fields."""
    names = {f"column_{index}": name for index, (name, _) in enumerate(columns)}
    if any(ODD.search(name) for name in names.values()):
        return _leave
    fields: list[Any] = [(field, _kind(column)) for field, (_, column) in zip(names, columns, strict=True)]
    instance: Any = msgspec.defstruct("Instance", fields, rename=names, forbid_unknown_fields=True, gc=False)
    instances: Any = Annotated[list[instance], msgspec.Meta(min_length=1, max_length=most_rows)]
    request: Any = msgspec.defstruct("Request", [("instances", instances)], forbid_unknown_fields=True, gc=False)
    decode: Callable[[bytes], Any] = msgspec.json.Decoder(request).decode
    return decode


def _leave(_: bytes) -> Any:
    raise ValueError  # the careful reader reads all


def _kind(column: Column) -> Any:
    kind: Any = bool
    match column:
        case NumberColumn() | IntegerColumn():
            low, high = limits_of(column)
            if not getattr(column, "rounded", False):
                # Beyond that a whole number may be one that the graph cannot tell from its neighbours.
                low, high = max(low, -LARGEST_EXACT), min(high, LARGEST_EXACT)
            whole = 1 if isinstance(column, IntegerColumn) else None
            kind = Annotated[float, msgspec.Meta(ge=low, le=high, multiple_of=whole)]
        case CategoryColumn(allowed=allowed) if allowed:
            kind = Literal[allowed]
        case CategoryColumn():
            kind = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_WORD)]
        case TextColumn():
            kind = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TEXT)]
        case DatetimeColumn():
            kind = str
    return kind | None if column.missing else kind
