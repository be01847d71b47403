"""The prediction log, window by window: what is new is counted, judged, and kept in the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..contract.types import Contract
from .counting import count
from .domain import Rows, told_apart
from .history import DriftWindow, History
from .judging import judge
from .readings import readings_of, readings_of_said
from .reference import Reference
from .settings import Monitoring
from .summary import Summary
from .windows import Cutting, Record, again


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What windows are compared with.

    Args:
        version: of the model that carries the reference.
        learnt: rows learnt from, if they are there; else the first window stands for them, where all columns are compared
            together.
    """

    contract: Contract
    reference: Reference
    version: str
    learnt: Rows | None = None


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What was found in a log.

    Args:
        windows: all that are finished, the newest last.
        new: how many of them were judged now.
        newest: the rows of the newest that was judged now; none if none was.
        waiting: rows whose window is not complete.
        foreign: records of another task or form.
    """

    windows: Sequence[DriftWindow]
    new: int
    newest: Sequence[Record]
    waiting: int
    foreign: int


def follow(
    files: Sequence[Path], compared: Compared, settings: Monitoring, history: History, now: datetime
) -> Followed:
    """Judge the complete windows that nobody has judged yet, and keep what was found.

    Raises:
        DataError: log or history cannot be read, or the history not be written.
    """
    with history.appending(settings.keep) as append:
        known = history.windows()
        done = history.done(known)
        cutting = Cutting(files, compared.contract, settings.windows, known[-1].index + 1 if known else 0, done)
        found, newest = list(known), []
        learnt = compared.learnt or _first_window(files, compared, known)
        for window in cutting.windows(now):
            newest = window.records
            rows = rows_of(compared.contract, newest)
            summary = summary_of(compared, newest, rows)
            together = told_apart(compared.reference.summary, learnt, rows) if learnt else None
            learnt = learnt or rows
            judged = DriftWindow(
                index=window.index,
                begin=window.begin,
                end=window.end,
                rows=len(newest),
                reference=compared.version,
                verdicts=judge(compared.reference.summary, summary, settings, together.statistic if together else None),
                pieces=window.pieces,
            )
            append("drift", judged)
            found.append(judged)
    return Followed(
        windows=found, new=len(found) - len(known), newest=newest, waiting=cutting.waiting, foreign=cutting.foreign
    )


def _first_window(files: Sequence[Path], compared: Compared, known: Sequence[DriftWindow]) -> Rows | None:
    """The rows of the oldest window that was compared with this reference and is there as a whole; None if none is."""
    for window in known:
        if window.reference == compared.version:
            records = again(files, window.pieces, compared.contract)
            if len(records) == window.rows:
                return rows_of(compared.contract, records)
    return None


def summary_of(compared: Compared, records: Sequence[Record], rows: Rows) -> Summary:
    """Records in the bins of the reference; predictions are those of the model that carries it."""
    own: list[Any] = [record["prediction"] for record in records if record.get("version") == compared.version]
    predictions = readings_of_said(compared.contract, own) if own else ()
    return count(compared.reference.summary, rows.rows, rows.readings, predictions)


def rows_of(contract: Contract, records: Sequence[Mapping[str, Any]]) -> Rows:
    """The columns of records of the log, read."""
    columns = {name: [record["inputs"][name] for record in records] for name in contract.columns}
    return Rows(tuple(readings_of(contract, columns)), len(records))
