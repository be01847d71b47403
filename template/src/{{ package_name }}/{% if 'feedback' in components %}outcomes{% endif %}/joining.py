"""Labels joined to the predictions of the log: a row for each prediction whose outcome is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

import polars as pl

from ..contract.types import Contract
from ..serving.feedback.labels import Label, key_text, missing_from_log
from ..serving.recording.record import FORMAT

#: Rows of a part of the table.
_ROWS = 50_000
#: A request id with a row, or with None for its only one; or the key of a row.
Target = tuple[str, int | None] | str
#: By outcome and the moment that was given with it, when that was stated. Without a moment it is stated once, when it first came.
Statements = dict[tuple[str | float, str | None], str]


@dataclass(kw_only=True)
class Joining:
    """Goes through a log once, with all labels at hand.

    Args:
        contract: what is predicted, and what names a row.
        predictions: those that were looked at.
        labelled: those of them whose outcome is known.
        foreign: records of another task or form, which have none.
    """

    contract: Contract
    predictions: int = 0
    labelled: int = 0
    foreign: int = 0
    _said: dict[Target, Statements] = field(default_factory=lambda: defaultdict(dict))
    _met: set[Target] = field(default_factory=set)
    _vague: set[Target] = field(default_factory=set)

    def learn(self, labels: Iterable[Label]) -> None:
        """Take labels in; neither their order matters, nor how often one comes."""
        for label in labels:
            target: Target = (label.key or "") if label.request_id is None else (label.request_id, label.row)
            said, statement = self._said[target], (label.outcome, label.moment)
            moment = label.moment or label.received
            said[statement] = min(moment, said.get(statement, moment))

    @property
    def unmet(self) -> int:
        """Outcomes whose prediction was not in the log."""
        return len(self._said.keys() - self._met - self._vague)

    @property
    def vague(self) -> int:
        """Outcomes of a request of several rows that do not say of which."""
        return len(self._vague)

    def tables(self, records: Iterable[Mapping[str, Any]]) -> Iterator[pl.DataFrame]:
        """The table in parts, of which there is at least one."""
        rows = self._rows(records)
        yield self._table(list(islice(rows, _ROWS)))
        while part := list(islice(rows, _ROWS)):
            yield self._table(part)

    def matched(self, records: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], str | float, str]]:
        """Each record whose outcome is known, with that, and since when it is what is said."""
        for record in records:
            if not self._fits(record):
                self.foreign += 1
                continue
            self.predictions += 1
            met = [target for target in self._targets_of(record) if target in self._said]
            self._met.update(met)
            if met:
                self.labelled += 1
                yield record, *_in_force(self._said[target] for target in met)

    def _rows(self, records: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        for record, outcome, moment in self.matched(records):
            yield {**self._said_by(record), "outcome": outcome, "labelled": moment}

    def _fits(self, record: Mapping[str, Any]) -> bool:
        """Whether a record is of a form that is known, and its prediction of the contract's task."""
        prediction, labels = record.get("prediction"), self.contract.labels
        if record.get("format") != FORMAT:
            return False
        if not labels:
            return isinstance(prediction, float | int)
        return isinstance(prediction, dict) and prediction.get("label") in labels

    def _targets_of(self, record: Mapping[str, Any]) -> list[Target]:
        """All that names a prediction."""
        request_id, inputs = record["request_id"], record["inputs"]
        targets: list[Target] = [(request_id, record["row"])]
        if record["rows"] == 1:
            targets.append((request_id, None))
        elif (request_id, None) in self._said:
            self._vague.add((request_id, None))
        if missing_from_log(self.contract) is None and inputs.keys() >= set(self.contract.key):
            targets.append(key_text(inputs[name] for name in self.contract.key))
        return targets

    def _said_by(self, record: Mapping[str, Any]) -> dict[str, Any]:
        prediction = record["prediction"]
        answer = {"prediction": prediction}
        if self.contract.labels:
            label = prediction["label"]
            chosen = prediction["probability"] if "probability" in prediction else prediction["probabilities"][label]
            answer = {"prediction": label, "probability": chosen}
        named = {name: record[name] for name in ("request_id", "row", "moment", "model")}
        return {**named, "model_version": record["version"], **answer}

    def _table(self, rows: list[dict[str, Any]]) -> pl.DataFrame:
        kind: Any = pl.String if self.contract.labels else pl.Float64
        types: dict[str, Any] = {"request_id": pl.String, "row": pl.Int64, "moment": pl.String, "model": pl.String}
        types |= {"model_version": pl.String, "prediction": kind}
        types |= {"probability": pl.Float64} if self.contract.labels else {}
        types |= {"outcome": kind, "labelled": pl.String}
        table = pl.DataFrame(rows, schema=types)
        return table.with_columns(pl.col("moment", "labelled").str.to_datetime(time_unit="us", time_zone="UTC"))


def _in_force(said: Iterable[Statements]) -> tuple[str | float, str]:
    """The outcome that was stated last, and since when that is what is said."""
    statements = chain.from_iterable(each.items() for each in said)
    outcome: str | float | None = None
    since = ""
    for (stated, _), moment in sorted(statements, key=lambda item: item[1]):
        if stated != outcome:
            outcome, since = stated, moment
    assert outcome is not None
    return outcome, since
