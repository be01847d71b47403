"""From the bytes of a request to columns that keep the contract.

Work and memory follow from what is accepted, never from what is sent: brackets and names are counted before
anything is built from them, and checking stops after `MAX_FAULTS` faults.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json

from ..contract.types import LARGEST_EXACT, Contract, NumberColumn
from ..predictor.loading import shown
from .problems import MAX_FAULTS, Fault, invalid
from .reading import QuickReader, Row
from .schema import Wire

__all__ = ["Columns", "RequestParser", "Row"]

Columns = dict[str, Sequence[Any]]

_WRAP = 'Wrap the rows: {"instances": [{...}, ...]}'
_UNKNOWN = "Unknown: the contract has no such name"
# A request beyond the limits by less than this factor is read, so that each of its faults can be named.
_SLACK = 2
_ROUNDED = f"The model cannot tell it from its neighbours: it sees whole numbers beyond {LARGEST_EXACT} rounded"
# A column may have many allowed words.
_LONGEST_WORDING = 300


class RequestParser:
    """Turns the bytes of a request into columns that keep the contract."""

    def __init__(self, wire: Wire, contract: Contract) -> None:
        self._validate = TypeAdapter(wire.instance).validator.validate_python
        self._columns = list(contract.columns)
        self._exact = [
            (index, name)
            for index, (name, column) in enumerate(contract.columns.items())
            if isinstance(column, NumberColumn) and not column.rounded
        ]
        self._most_rows = wire.most_rows
        self._quick = QuickReader(contract, wire.most_rows)
        self._names = frozenset(self._columns)
        self._max_names = _SLACK * (1 + self._most_rows * len(self._columns))
        self._max_brackets = _SLACK * (2 + self._most_rows)

    def parse(self, body: bytes) -> Columns:
        """Return the values of each column in the order of the rows; raises `RefusedError` that locates the faults."""
        return dict(zip(self._columns, zip(*self.rows(body), strict=True), strict=True))

    def rows(self, body: bytes) -> list[Row]:
        """Return the rows; raises `RefusedError` that locates the faults."""
        rows = self._quick.rows(body)
        if rows is not None and self._names_are_different(body, len(rows)):
            return rows
        return self.careful_rows(body)

    def careful_rows(self, body: bytes) -> list[Row]:
        """Return the rows; raises `RefusedError` that locates the faults. Slower than `rows`, with the same result."""
        self._require_countable(body)
        try:
            document = from_json(body)
        except ValueError as error:
            raise invalid([Fault(row=None, field=None, problem=f"Invalid JSON: {error}")]) from None
        rows: list[Row] = []
        refuse_any(self._read(document, rows))
        refuse_any(self._rounded(document["instances"], rows))
        if not self._names_are_different(body, len(rows)):
            _refuse_repeated_names(body, len(rows))
        return rows

    def checked(self, instances: Sequence[dict[str, Any]]) -> list[Row]:
        """Return rows that are there already, by name; raises `RefusedError` that locates the faults."""
        rows: list[Row] = []
        refuse_any(fault for index, given in enumerate(instances) for fault in self._read_row(index, given, rows))
        refuse_any(self._rounded(instances, rows))
        return rows

    def _names_are_different(self, body: bytes, rows: int) -> bool:
        """Whether no name stands twice in an object, where every name is known to be there.

        A further colon is part of a text, or follows a name that was given before.
        """
        names = 1 + rows * len(self._columns)
        return body.count(b":") == names or outside_of_texts(body).count(b":") == names

    def _require_countable(self, body: bytes) -> None:
        """Refuse what is far larger than the largest request, before it is spread out in memory."""
        if not self._is_excessive(body):
            return
        # A text may hold any of them. There are two quotes to a text, and at most two texts to a column: name and value.
        plain = _without_escapes(body)
        if plain.count(b'"') <= 4 * self._max_names and not self._is_excessive(outside_of_texts(body)):
            return
        largest = f"at most {self._most_rows} rows of {len(self._columns)} columns, each a plain value"
        problem = f"More names or brackets than a request can have: {largest}. Send smaller batches"
        raise invalid([Fault(row=None, field="instances", problem=problem)])

    def _is_excessive(self, body: bytes) -> bool:
        brackets = body.count(b"{") + body.count(b"[")
        return brackets > self._max_brackets or body.count(b":") > self._max_names

    def _read(self, document: object, rows: list[Row]) -> Iterator[Fault]:
        """Append the rows that keep the contract, and yield what is wrong, as far as somebody asks for it."""
        if not isinstance(document, dict):
            yield Fault(row=None, field=None, problem=f"{_not_a('an object', document)}. {_WRAP}")
            return
        # Of a bare row all else that is wrong follows from this: its columns are unknown where `instances` should be.
        if "instances" not in document:
            yield Fault(row=None, field="instances", problem=f"Required, but absent. {_WRAP}")
            return
        instances = document["instances"]
        if problem := self._wrong_list(instances):
            yield Fault(row=None, field="instances", problem=problem)
        else:
            for index, given in enumerate(instances):
                yield from self._read_row(index, given, rows)
        for name in document:
            if name != "instances":
                yield Fault(row=None, field=shown(name), problem=_UNKNOWN)

    def _read_row(self, index: int, given: object, rows: list[Row]) -> Iterator[Fault]:
        if not isinstance(given, dict):
            yield Fault(row=index, field=None, problem=_not_a("an object", given))
            return
        # The validator lists every unknown name, however many there are; so it never sees one.
        known = given if given.keys() == self._names else {name: given[name] for name in self._columns if name in given}
        try:
            row = self._validate(known)
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_context=False):
                yield Fault(row=index, field=str(fault["loc"][0]), problem=_wording(fault))
        else:
            rows.append(tuple(row.__dict__.values()))
        if known is not given:
            for name in given:
                if name not in self._names:
                    yield Fault(row=index, field=shown(name), problem=_UNKNOWN)

    def _wrong_list(self, instances: object) -> str | None:
        if not isinstance(instances, list):
            return _not_a("an array", instances)
        if not instances:
            return "Must have at least 1 row"
        if len(instances) > self._most_rows:
            return f"Must have at most {self._most_rows} rows. Send them in smaller batches"
        return None

    def _rounded(self, instances: Any, rows: Sequence[Row]) -> Iterator[Fault]:
        """Whole numbers that the graph's float32 would make another number of."""
        for column, name in self._exact:
            for index, row in enumerate(rows):
                if row[column] is None or -LARGEST_EXACT <= row[column] <= LARGEST_EXACT:
                    continue
                # As it was sent: a float would have rounded it already.
                number = instances[index][name]
                if number == int(number) and number != int(np.float32(number)):
                    yield Fault(row=index, field=name, problem=_ROUNDED)


def refuse_any(faults: Iterable[Fault]) -> None:
    """Raise `RefusedError` with the first of these faults, if there are any."""
    if found := list(islice(faults, MAX_FAULTS)):
        raise invalid(found)


def _not_a(kind: str, given: object) -> str:
    return "May not be null" if given is None else f"Must be {kind}"


def _wording(fault: ErrorDetails) -> str:
    kind = fault["type"]
    if fault["input"] is None and kind.endswith("_type"):
        return "May not be null"
    plain = {
        "missing": "Required, but absent",
        "string_too_short": "May not be empty: write null where the value is missing and may be",
        "string_pattern_mismatch": "May not hold NUL characters",
        "multiple_of": "Must be a whole number",
    }
    return plain.get(kind) or shown(fault["msg"], _LONGEST_WORDING)


def _without_escapes(body: bytes) -> bytes:
    """Return the document without escaped backslashes and quotes: what quotes are left begin or end a text."""
    return body.replace(rb"\\", b"").replace(rb"\"", b"")


def outside_of_texts(body: bytes) -> bytes:
    """Return what stands between the texts of a document; exact as far as it is valid JSON."""
    return b"".join(_without_escapes(body).split(b'"')[::2])


def _refuse_repeated_names(body: bytes, rows: int) -> None:
    """Raise `RefusedError` for the first name that stands twice in one object of a document that was read before."""
    objects = 0

    def look(pairs: list[tuple[str, Any]]) -> None:
        nonlocal objects
        names: set[str] = set()
        for name, _ in pairs:
            if name in names:
                # Rows are complete in their order; the object around them is complete after the last.
                row = objects if objects < rows else None
                raise invalid([Fault(row=row, field=shown(name), problem="Given more than once")])
            names.add(name)
        objects += 1

    # As floats, for Python refuses to read very long integers; the values do not matter here.
    json.loads(body, object_pairs_hook=look, parse_int=float)
