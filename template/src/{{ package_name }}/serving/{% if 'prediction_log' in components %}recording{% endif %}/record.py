"""One line a predicted row: what was asked, what was answered, by which model, when, and in which request.

Where the answer is made only its values are written, while the processor has them at hand; to keep the values themselves for
later costs more than that. What stands around them is written later, many lines at a time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from ...contract.types import Contract
from ...predictor.predictor import Predictor
from ..answering import said
from ..observer import Answered, Asked

#: The form of a line; readers of later releases read all earlier ones.
FORMAT = 1
#: Stands for every personal value that was given.
MASK = "***"
_MOST_KNOWN = 16
# About what a request takes beside the bytes of its rows.
_REQUEST_BYTES = 250

_ENCODER = msgspec.json.Encoder()


class _Row(msgspec.Struct, gc=False):
    inputs: Any
    prediction: Any


class Form:
    """How the lines of one model look; it keeps nothing of the model but its contract."""

    def __init__(self, model: Predictor) -> None:
        self.contract: Contract = model.contract
        self.name, self.version = (_ENCODER.encode(text) for text in (model.name, model.version))
        columns = model.contract.columns
        self._names = tuple(columns)
        self._personal = frozenset(name for name, column in columns.items() if column.pii)
        # Real names are data, and may be no names in Python.
        fields = {f"column_{index}": name for index, name in enumerate(columns)}
        self._inputs: Any = msgspec.defstruct("Inputs", [(field, Any) for field in fields], rename=fields, gc=False)

    def rows(self, answered: Answered) -> bytes:
        """What was asked and answered, a line a row, in order; what is personal (`pii: true`) is masked."""
        columns = (
            [value if value is None else MASK for value in answered.columns[name]]
            if name in self._personal
            else answered.columns[name]
            for name in self._names
        )
        predictions = said(self.contract, answered.predictions)
        return _ENCODER.encode_lines([*map(_Row, map(self._inputs, *columns), predictions)])


class Kept(NamedTuple):
    """What one run of the graph leaves.

    Args:
        records: how many lines it will be.
        size: about what it takes in memory, in bytes.
        rows: as `Form.rows` writes them.
    """

    records: int
    size: int
    form: Form
    moment: float
    requests: tuple[Asked, ...]
    rows: bytes

    def lines(self) -> list[bytes]:
        """The lines of the run, one a row, in order."""
        moment = datetime.fromtimestamp(self.moment, UTC).isoformat(timespec="microseconds").encode()
        model = b'"model":%b,"version":%b,' % (self.form.name, self.form.version)
        rows = iter(self.rows.splitlines(keepends=True))
        lines = []
        for asked in self.requests:
            request = _ENCODER.encode(asked.request_id)
            told = b'"moment":"%b","seconds":%.6f,%b' % (moment, asked.seconds, model)
            for row in range(asked.rows):
                begin = b'{"format":%d,"request_id":%b,"row":%d,"rows":%d,' % (FORMAT, request, row, asked.rows)
                lines.append(begin + told + next(rows)[1:])
        return lines


class Recording:
    """Keeps runs; what is personal is said by the contract of the model that answered."""

    def __init__(self) -> None:
        self._forms: dict[tuple[str, str], Form] = {}

    def keep(self, answered: Answered) -> Kept:
        """What is needed of a run, without its model, which another may be about to replace."""
        requests = answered.requests
        last = requests[-1]
        form = self._form_of(answered.model)
        rows = form.rows(answered)
        size = len(rows) + _REQUEST_BYTES * len(requests)
        return Kept(last.first + last.rows, size, form, answered.moment, requests, rows)

    def _form_of(self, model: Predictor) -> Form:
        identity = model.name, model.version
        form = self._forms.get(identity)
        # Two that are called the same may still differ in what is personal.
        if form is None or form.contract is not model.contract:
            if len(self._forms) >= _MOST_KNOWN:
                self._forms.clear()
            form = self._forms[identity] = Form(model)
        return form
