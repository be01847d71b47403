"""One line a predicted row: what was asked, what was answered, by which model, when, and in which request."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from ...predictor.predictor import Predictor
from ..answering import said
from ..observer import Answered

#: The form of a line; readers of later releases read all earlier ones.
FORMAT = 1
#: Stands for every personal value that was given.
MASK = "***"
_LINE = orjson.OPT_APPEND_NEWLINE
_MOST_KNOWN = 16


class Recording:
    """Makes lines of answers; personal columns (`pii: true`) are masked by the contract of the model that answered."""

    def __init__(self) -> None:
        self._personal: dict[tuple[str, str], frozenset[str]] = {}

    def lines(self, answered: Answered) -> list[bytes]:
        """The lines of a run, one a row, in order."""
        model = answered.model
        personal = self._personal_of(model)
        names = tuple(answered.columns)
        columns = (
            [value if value is None else MASK for value in values] if name in personal else values
            for name, values in answered.columns.items()
        )
        rows = zip(zip(*columns, strict=True), said(model.contract, answered.predictions), strict=True)
        moment = datetime.fromtimestamp(answered.moment, UTC).isoformat(timespec="microseconds")
        lines = []
        for asked in answered.requests:
            seconds = round(asked.seconds, 6)
            for row in range(asked.rows):
                inputs, prediction = next(rows)
                record = {
                    "format": FORMAT,
                    "request_id": asked.request_id,
                    "row": row,
                    "rows": asked.rows,
                    "moment": moment,
                    "seconds": seconds,
                    "model": model.name,
                    "version": model.version,
                    "inputs": dict(zip(names, inputs, strict=True)),
                    "prediction": prediction,
                }
                lines.append(orjson.dumps(record, option=_LINE))
        return lines

    def _personal_of(self, model: Predictor) -> frozenset[str]:
        identity = model.name, model.version
        personal = self._personal.get(identity)
        if personal is None:
            if len(self._personal) >= _MOST_KNOWN:
                self._personal.clear()
            columns = model.contract.columns.items()
            personal = self._personal[identity] = frozenset(name for name, column in columns if column.pii)
        return personal
