"""A new model is watched once it serves: beside the one before it on the same rows, and by the requests that fail."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

import polars as pl

from ..artifacts import MODEL
from ..contract.durations import span_of
from ..errors import SettingsError
from ..predictor.loading import ModelFileError
from ..predictor.predictor import Predictor
from ..registry.deploying import LostError, fetch
from ..registry.facts import facts_of
from ..registry.history import History
from ..registry.keeping import announce
from ..registry.ledger import Decision
from ..registry.promoting import MovedError, rollback
from ..tracking.names import registered_name
from .comparing import worse_since
from .course import Asked, Course
from .loop import Loop
from .notes import Note, entry_of, with_note
from .served import MOMENT
from .settings import Watch

_SECONDS, _MOST_BYTES = 5.0, 4 * 1024 * 1024
# A route by which predictions are asked for, in any protocol.
_ASKED = re.compile(
    r'serving_requests_total\{route="[^"]*/(?:predict|infer|ModelInfer)",status="(?P<status>\d+)"\}', re.ASCII
)
#: Of fewer requests nothing is said.
_FEWEST_REQUESTS = 200


@dataclass(frozen=True, kw_only=True)
class Watched:
    """What was seen.

    Args:
        is_over: the watch has ended.
        is_worse: the model was taken back.
        looks: how often it was looked at by now.
        asked: as the course has it.
        says: in words.
    """

    is_over: bool
    says: str
    is_worse: bool = False
    looks: int = 0
    asked: Asked | None = None


def watch(loop: Loop, course: Course, rows: pl.DataFrame) -> Watched:
    """Look at the model that serves since the run; take it back if it is worse for sure.

    Args:
        loop: whose model it is.
        course: of the run.
        rows: served ones whose outcome is known.

    Raises:
        TrackingError: the registry cannot be used now.
    """
    with loop.ledger() as ledger:
        history = ledger.settle()
    if history.champion != course.version:
        taken_back = entry_of(history, course.run, "rollback") is not None
        return Watched(is_over=True, is_worse=taken_back, says=_moved(history, course))
    settings = loop.settings.watch
    late = course.at is not None and loop.clock() - course.at >= span_of(settings.at_most)
    now = counted(settings)
    if now is not None:
        begun = since_restart(course.asked or now, now)
        course = course.model_copy(update={"asked": begun})
        if failed := failing(settings, begun, now):
            return _back(loop, course, failed, late=late)
    since = rows.filter(pl.col(MOMENT) > course.at)
    due = min(len(since) // settings.rows, settings.looks)
    beside = f"not worse than version {course.old} on {len(since)} rows served since"
    if due > course.looks:
        old = _before(loop, course)
        if old is None:
            beside = f"version {course.old} cannot be had any more, so that nothing is compared with it"
        elif worse := _worse(loop, course, old, since.head(due * settings.rows)):
            return _back(loop, course, worse, late=late)
    if due >= settings.looks or late:
        said = f"version {course.version} stays: {beside}"
        _enter(loop, course, said)
        return Watched(is_over=True, looks=due, says=said)
    said = f"version {course.version} is watched: outcomes of {len(since)} rows, of {settings.rows * settings.looks}"
    return Watched(is_over=False, looks=due, says=said, asked=course.asked)


def counted(settings: Watch) -> Asked | None:
    """What the service has been asked so far; None if nobody says."""
    if settings.metrics is None:
        return None
    try:
        with urlopen(Request(settings.metrics), timeout=_SECONDS) as answer:  # noqa: S310 - settings take http alone
            return requests_of(answer.read(_MOST_BYTES).decode("utf-8", "replace"))
    except (OSError, HTTPException, ValueError):
        return None


def since_restart(begun: Asked, now: Asked) -> Asked:
    """What is to be taken off: nothing of a service that was started again, which counts from 0."""
    is_again = now.started != begun.started or now.failed < begun.failed or now.total < begun.total
    return Asked(0.0, 0.0, now.started) if is_again else begun


def failing(settings: Watch, begun: Asked, now: Asked) -> str:
    """That too many of the requests since a moment failed, in words; nothing if they do not."""
    failed, total = now.failed - begun.failed, now.total - begun.total
    if total < _FEWEST_REQUESTS or failed <= settings.failures * total:
        return ""
    return f"{failed:.0f} of {total:.0f} requests failed since, where {settings.failures:.1%} may"


def requests_of(text: str) -> Asked:
    """What a page of metrics says of predictions, whatever the protocol; raises `ValueError` where a number is none."""
    failed = total = started = 0.0
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if found := _ASKED.fullmatch(name):
            total += float(value)
            failed += float(value) if found["status"].startswith("5") else 0.0
        elif name == "process_start_time_seconds":
            started = float(value)
    if not all(map(math.isfinite, (failed, total, started))):
        raise ValueError("a counter is no number")
    return Asked(failed, total, started)


def _before(loop: Loop, course: Course) -> Predictor | None:
    """The model before the one that serves; None if it cannot be had any more."""
    name = registered_name(loop.project.settings.tracking, loop.model)
    with loop.ledger() as ledger:
        facts = None if course.old is None else facts_of(ledger.client, name, course.old)
        if facts is None or course.old is None:
            return None
        try:
            graph = fetch(ledger.client, course.old, facts)
            return Predictor.from_bytes(graph, Path(f"of version {course.old}"))
        except (LostError, ModelFileError):
            return None


def _worse(loop: Loop, course: Course, old: Predictor, rows: pl.DataFrame) -> str:
    """That the model that serves is worse than the one before for sure, in words; nothing if it is not."""
    settings = loop.settings.watch
    new = Predictor.load(loop.project.root / MODEL.path)
    found = worse_since(new, old, rows, (1 - settings.sureness) / settings.looks)
    if found is None or found[1] <= 0:
        return ""
    value, low, high = found
    above = f"mean loss {value:+.4g} ({low:+.4g} to {high:+.4g}) above that of version {course.old}"
    return f"{above}, on {len(rows)} rows served since"


def _back(loop: Loop, course: Course, why: str, *, late: bool) -> Watched:
    """Take the model back; a person goes before that, and where it is not possible it ends in time, too."""
    note = with_note(why, Note(name=course.run))
    try:
        outcome = rollback(loop.project, loop.model, note, loop.clock, of=course.version)
    except MovedError:
        with loop.ledger() as ledger:
            return Watched(is_over=True, says=_moved(ledger.read(), course))
    except (LostError, ModelFileError, SettingsError) as error:
        said = f"version {course.version} is worse ({why}), and cannot be taken back: {error}".replace("\n", " ")
        if late:
            _enter(loop, course, said)
        return Watched(is_over=late, says=said, looks=course.looks, asked=course.asked)
    loop.reached("taken back")
    told = announce(loop.project, loop.model)
    said = "; ".join(filter(None, [f"version {outcome.version} serves again: {why}", told]))
    return Watched(is_over=True, is_worse=True, says=said)


def _enter(loop: Loop, course: Course, said: str) -> None:
    def enter(history: History) -> Decision | None:
        version = history.champion
        facts = None if version is None else history.facts(version)
        if version is None or facts is None or entry_of(history, course.run, "watch") is not None:
            return None
        return Decision(
            action="watch",
            version=version,
            champion=version,
            facts=facts,
            reason=with_note(said, Note(name=course.run)),
        )

    with loop.ledger() as ledger:
        ledger.write(enter)
    loop.reached("watched")


def _moved(history: History, course: Course) -> str:
    entry = entry_of(history, course.run, "rollback")
    if entry is not None:
        return f"version {history.champion} serves again: {entry.reason}"
    return f"version {history.champion} serves: somebody has moved the alias"
