"""One line a predicted row: what was asked, what was answered, by which model, when, and in which request.

Lines are written where the answer is made, while the processor has its values at hand: to keep them for later, for another
thread, costs several times as much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import chain, repeat
from typing import Any

import msgspec

from ...contract.types import Contract
from ...predictor.predictor import Predictor
from ..answering import said
from ..observer import Answered
from ..reading import ODD

#: The form of a line; readers of later releases read all earlier ones.
FORMAT = 1
#: Stands for every personal value that was given.
MASK = "***"
_MOST_KNOWN = 16

_ENCODER = msgspec.json.Encoder()


class Line(msgspec.Struct, gc=False, tag_field="format", tag=FORMAT):
    """A line, as `Log` in reading.py reads it."""

    request_id: str
    row: int
    rows: int
    seconds: float
    moment: str
    model: str
    version: str
    inputs: Any
    prediction: Any


class Form:
    """How the lines of one model look; it keeps nothing of the model but its contract."""

    def __init__(self, model: Predictor) -> None:
        self.contract: Contract = model.contract
        self.name, self.version = model.name, model.version
        columns = model.contract.columns
        self._names = tuple(columns)
        self._personal = frozenset(name for name, column in columns.items() if column.pii)
        self._inputs = _maker(self._names)

    def lines(self, answered: Answered) -> bytes:
        """What was asked and answered, a line a row, in order; what is personal (`pii: true`) is masked."""
        moment = datetime.fromtimestamp(answered.moment, UTC).isoformat(timespec="microseconds")
        columns = (
            [value if value is None else MASK for value in answered.columns[name]]
            if name in self._personal
            else answered.columns[name]
            for name in self._names
        )
        inputs, predictions = map(self._inputs, *columns), said(self.contract, answered.predictions)
        request_ids, _, counts, seconds = zip(*answered.requests, strict=True)
        rows: Iterable[int] = repeat(0)
        if len(predictions) > len(counts):
            rows = chain.from_iterable(map(range, counts))
            request_ids, seconds, counts = (_each(values, counts) for values in (request_ids, seconds, counts))
        same = (repeat(text) for text in (moment, self.name, self.version))
        return _ENCODER.encode_lines([*map(Line, request_ids, rows, counts, seconds, *same, inputs, predictions)])


def _maker(names: Sequence[str]) -> Callable[..., Any]:
    """Makes the inputs of a row. A struct takes half the time of a dict; real names are data, and not all can be in one."""
    if any(map(ODD.search, names)):
        return lambda *values: dict(zip(names, values, strict=True))
    fields = {f"column_{index}": name for index, name in enumerate(names)}
    return msgspec.defstruct("Inputs", [(field, Any) for field in fields], rename=fields, gc=False)


def _each(values: Sequence[Any], counts: Sequence[int]) -> tuple[Any, ...]:
    """Each as often as it counts."""
    return tuple(value for value, count in zip(values, counts, strict=True) for _ in range(count))


class Recording:
    """Makes lines of runs; what is personal is said by the contract of the model that answered."""

    def __init__(self) -> None:
        self._forms: dict[tuple[str, str], Form] = {}

    def lines(self, answered: Answered) -> bytes:
        """The lines of a run."""
        return self._form_of(answered.model).lines(answered)

    def _form_of(self, model: Predictor) -> Form:
        identity = model.name, model.version
        form = self._forms.get(identity)
        # Two that are called the same may still differ in what is personal.
        if form is None or form.contract is not model.contract:
            if len(self._forms) >= _MOST_KNOWN:
                self._forms.clear()
            form = self._forms[identity] = Form(model)
        return form
