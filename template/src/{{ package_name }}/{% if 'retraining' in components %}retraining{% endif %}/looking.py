"""The situation, read from the log, the outcomes, the history of windows and the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from ..artifacts import MODEL
from ..monitoring.following import Compared, follow, rows_of, summary_of
from ..monitoring.history import DriftWindow, History
from ..monitoring.judging import Alarm, Judged, alarms
from ..monitoring.reference import Reference, reference_of
from ..monitoring.windows import again
from ..predictor.predictor import Predictor
from ..registry.history import History as Decisions
from ..serving.feedback.store import LabelStore
from ..serving.recording.files import log_files
from ..serving.recording.reading import Log
from .choosing import Span, without
from .health import faults
from .loop import Loop
from .notes import refused, runs_of
from .scoring import newest_scored
from .served import MOMENT, served_rows, unfit
from .situation import Situation, Window

#: The kind of an entry of monitoring's history.
_HEALTH = "health"


class Health(Judged):
    """What is broken in a window, beside what has drifted in it."""

    verdicts: tuple[()] = ()
    broken: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was read.

    Args:
        situation: for the decision.
        rows: served ones whose outcome is known, with `MOMENT`.
        broken: when something was.
    """

    situation: Situation
    rows: pl.DataFrame
    broken: Sequence[Span]


def look(loop: Loop, decisions: Decisions) -> Seen:
    """Judge what is new, and read all that a decision follows from.

    Args:
        loop: where.
        decisions: what the ledger says.

    Raises:
        ProjectError: the log, the history or the model cannot be read.
    """
    if decisions.champion is None:
        return Seen(situation=Situation(champion=None), rows=pl.DataFrame(), broken=())
    model = Predictor.load(loop.project.root / MODEL.path)
    rows = served_of(loop, model)
    windows, health = _judged(loop, model, reference_of(model))
    broken = tuple(_span(each) for each in health if each.broken)
    own = [window for window in windows if window.reference == model.version]
    whole = without(rows, broken)
    runs = runs_of(decisions)
    learnt = next((run.until for run in reversed(runs) if run.version == decisions.champion), None)
    # The champion is asked about all windows that are newer than what it learnt from, whoever served in them. In one that
    # was broken it may be as wrong as it likes.
    ill = {each.index for each in health if each.broken}
    later = [window for window in windows if window.index not in ill and (learnt is None or _span(window)[0] > learnt)]
    scored, late = newest_scored(model, reference_of(model), later, rows)
    situation = Situation(
        champion=decisions.champion,
        since=_since(decisions),
        windows=_windows(loop, own, {each.index: each.broken for each in health}),
        scored=scored,
        labelled=whole[MOMENT].dt.epoch("us").to_numpy() / 1e6,
        late=late,
        runs=runs,
        refused=refused(decisions),
        unfit=unfit(model.contract),
    )
    return Seen(situation=situation, rows=rows, broken=broken)


def served_of(loop: Loop, model: Predictor) -> pl.DataFrame:
    """Served rows whose outcome is known; raises `DataError`."""
    return served_rows(model.contract, Log(loop.log), LabelStore(loop.labels()))


def _judged(
    loop: Loop, model: Predictor, reference: Reference | None
) -> tuple[Sequence[DriftWindow], Sequence[Health]]:
    """All windows, the new ones judged now, and what is broken in each."""
    history = History(loop.project.root / loop.monitoring.history)
    known = history.entries(_HEALTH, Health)
    if reference is None:
        return history.windows(), known
    compared = Compared(contract=model.contract, reference=reference, version=model.version)
    files = log_files(loop.log)
    found = follow(files, compared, loop.monitoring, history, loop.clock())
    loop.reached("windows judged")
    seen = {each.index for each in known}
    # Those of another reference were looked at while it served, or by nobody.
    new = [window for window in found.windows if window.index not in seen and window.reference == model.version]
    health = list(known)
    if new:
        with history.appending() as append:
            for window in new:
                records = again(files, window.pieces, model.contract)
                summary = summary_of(compared, records, rows_of(model.contract, records))
                said = window.model_dump(exclude={"pieces", "verdicts"})
                entry = Health(**said, broken=faults(reference.summary, summary))
                append(_HEALTH, entry)
                health.append(entry)
    return found.windows, health


def _windows(loop: Loop, own: Sequence[DriftWindow], broken: dict[int, tuple[str, ...]]) -> tuple[Window, ...]:
    """As decisions look at them; with each as the newest, what raises an alarm."""
    found = []
    for end, window in enumerate(own, 1):
        raised = alarms(own[max(0, end - loop.monitoring.alarm.of) : end], loop.monitoring)
        begin, last = _span(window)
        found.append(
            Window(
                index=window.index,
                begin=begin,
                end=last,
                rows=window.rows,
                alarms=tuple(map(_told, raised)),
                since=min((alarm.since for alarm in raised), default=None),
                broken=broken.get(window.index, ()),
            )
        )
    return tuple(found)


def _told(alarm: Alarm) -> str:
    return f"{alarm.subject} ({', '.join(alarm.tests)}; since window {alarm.since}, {alarm.rows} rows)"


def _span(window: Judged) -> Span:
    return datetime.fromisoformat(window.begin), datetime.fromisoformat(window.end)


def _since(decisions: Decisions) -> datetime | None:
    """When the champion came to hold the alias."""
    entry = next((entry for entry in reversed(decisions.entries) if entry.moves), None)
    return None if entry is None else decisions.moved.get(entry.number, entry.at)
