"""Whether a new model is made now: a pure function of the situation, the settings and the moment.

What is broken comes first: a model that learns from a broken sensor learns that it is normal. Then what would make the
loop feed on itself: two runs at once, runs without new rows, runs one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ..contract.durations import span_of
from .rules.base import Wish
from .settings import Retraining, SinceChange
from .situation import Situation

WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What is to be done now.

    Args:
        action: make a new model; wait, for it may be right later; or refuse, which a person should see.
        reasons: why, in words, the most important first.
        about: of a refusal, what it is about: the same again is no news.
        since: the moment from which on the world may be another.
        is_asked: whether something asks for a new model.
    """

    action: Literal["retrain", "wait", "refuse"]
    reasons: tuple[str, ...]
    about: str = ""
    since: datetime | None = None
    is_asked: bool = True

    @property
    def sentence(self) -> str:
        """In a line."""
        return f"{self.action}: {'; '.join(self.reasons)}"


@dataclass(frozen=True, kw_only=True)
class _Case:
    situation: Situation
    settings: Retraining
    now: datetime
    wishes: Sequence[Wish]

    @property
    def since(self) -> datetime | None:
        """When the world began to be another, as the wishes have it."""
        return min((wish.since for wish in self.wishes if wish.since is not None), default=None)


def decide(situation: Situation, settings: Retraining, now: datetime) -> Decision:
    """What is to be done."""
    found = [rule.wish(situation, now) for rule in settings.rules]
    wishes = sorted((wish for wish in found if wish is not None), key=lambda wish: -wish.strength)
    case = _Case(situation=situation, settings=settings, now=now, wishes=wishes)
    asked = tuple(wish.reason for wish in wishes)
    if situation.champion is None:
        return Decision(action="wait", reasons=("there is no model yet: `pipeline` makes the first",), is_asked=False)
    if not wishes:
        return Decision(action="wait", reasons=_calm(situation), is_asked=False)
    if broken := situation.newest.broken if situation.newest else ():
        said = f"data of the newest window is broken: {'; '.join(broken)}"
        return Decision(action="refuse", reasons=(said, *asked), about="; ".join(sorted(_columns(broken))))
    if settings.rows == "served" and situation.unfit:
        return Decision(action="refuse", reasons=(situation.unfit, *asked), about="served rows")
    if stops := [said for stop in STOPS if (said := stop(case))]:
        return Decision(action="wait", reasons=(*stops, *asked), since=case.since)
    return Decision(action="retrain", reasons=asked, since=case.since)


def _calm(situation: Situation) -> tuple[str, ...]:
    newest = situation.newest
    if newest is None:
        return ("nothing asks for a new model: no window of the log is complete yet",)
    late = f"; outcomes of {situation.late} of its newest rows are not known yet" if situation.late else ""
    said = f"nothing asks for a new model: window {newest.index} is the newest, of {newest.rows} rows{late}"
    return (said, *newest.broken)


def _columns(broken: Sequence[str]) -> set[str]:
    return {said.partition(":")[0] for said in broken}


def _in_flight(case: _Case) -> str:
    run = case.situation.under_way
    if run is None or (run.state == "under way" and case.now - run.at >= span_of(case.settings.stop.lost_after)):
        return ""
    where = "its model is watched" if run.state == "promoted" else "it is under way"
    return f"run {run.name} of {run.at:%Y-%m-%d} is not over: {where}"


def _cooling(case: _Case) -> str:
    if not case.situation.runs:
        return ""
    last, taken_back = case.situation.runs[-1], case.situation.taken_back
    pause = span_of(case.settings.stop.cool_down) * 2 ** min(taken_back, 6)
    if case.now - (last.taken_back_at or last.at) >= pause:
        return ""
    why = f", as {taken_back} in a row were taken back" if taken_back else ""
    was = f"taken back on {last.taken_back_at:%Y-%m-%d}" if last.taken_back_at else f"on {last.at:%Y-%m-%d}"
    return f"run {last.name} was {was}, and {pause.days} days are between two{why}"


def _spent(case: _Case) -> str:
    newest = [run for run in case.situation.runs if case.now - run.at < WEEK]
    most = case.settings.stop.a_week
    return f"{len(newest)} runs in the last seven days, of {most} that may be" if len(newest) >= most else ""


def _same_rows(case: _Case) -> str:
    """A model that was not good enough, or was taken back, does not become better by learning the same again."""
    if not case.situation.runs or case.settings.rows == "sources":
        return ""
    last, least = case.situation.runs[-1], case.settings.stop.rows
    count = case.situation.labelled_since(last.until)
    if count >= least:
        return ""
    return f"{count} rows with outcomes are newer than those of run {last.name} ({last.state}), and {least} are needed"


def _few_rows(case: _Case) -> str:
    settings, situation = case.settings, case.situation
    if settings.rows == "sources":
        return ""
    since = case.since if isinstance(settings.window, SinceChange) else None
    count = situation.labelled_from(since) if since else len(situation.labelled)
    least = settings.stop.rows + settings.compare.rows
    if count >= least:
        return ""
    when = f" since {since:%Y-%m-%d}, when the change began" if since else ""
    return f"{count} rows with outcomes{when}: {least} are needed, to learn from and to compare by"


#: What forbids a new model for now: each says why, or nothing.
STOPS: tuple[Callable[[_Case], str], ...] = (_in_flight, _cooling, _spent, _same_rows, _few_rows)
