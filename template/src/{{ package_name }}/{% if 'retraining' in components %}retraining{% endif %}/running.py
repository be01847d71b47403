"""A run: rows, model, comparison, registry, service. Each step may be stopped anywhere and done again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Literal, NamedTuple

import polars as pl

from .. import tracking
from ..artifacts import CANDIDATE, MODEL
from ..contract.durations import span_of
from ..errors import ProjectError, TrackingError
from ..monitoring.reference import reference_of
from ..predictor.predictor import Predictor
from ..registry.history import History
from ..registry.keeping import announce
from ..registry.ledger import Decision as Entered
from ..steps import Project
from .choosing import Chosen, choose, without
from .comparing import compare
from .course import Course, Stage, forget, keep
from .deciding import Decision
from .deployers.base import New, deployer_of
from .looking import Seen
from .loop import Loop
from .notes import Note, about, entry_of, next_name, refused, runs_of, with_note
from .registering import register
from .served import MOMENT
from .situation import Run
from .suspicion import suspicions
from .training import train
from .watching import watch
from .workplace import clear, newest_of, place_of, prepare

Action = Literal["wait", "refuse", "keep", "promote", "watch", "roll back"]


class Told(NamedTuple):
    """What a round came to: what was done, in words, and whether something asks for a new model."""

    action: Action
    says: str
    is_asked: bool = False


class Step(NamedTuple):
    """What a step came to: how far the run is, what was said, and whether there is more to do now."""

    course: Course | None
    told: Told
    goes_on: bool


def begin(loop: Loop, seen: Seen, decision: Decision) -> Course | None:
    """Enter a run into the ledger; None if somebody else has begun one meanwhile."""
    until = _newest(loop, seen)

    def enter(history: History) -> Entered | None:
        champion = history.champion
        facts = None if champion is None else history.facts(champion)
        if champion is None or facts is None or any(_is_open(loop, run) for run in runs_of(history)):
            return None
        note = Note(name=next_name(history), until=until, since=decision.since)
        reason = with_note("; ".join(decision.reasons), note)
        return Entered(action="retrain", version=champion, champion=champion, facts=facts, reason=reason)

    with loop.ledger() as ledger:
        entry = ledger.write(enter)
        name = str(int(next_name(ledger.read())) - 1)
    if entry is None:
        return None
    loop.reached("run entered")
    return keep(loop, Course(run=name, since=decision.since, until=until, old=entry.champion))


def _is_open(loop: Loop, run: Run) -> bool:
    lost = loop.clock() - run.at >= span_of(loop.settings.stop.lost_after)
    return run.state == "promoted" or (run.state == "under way" and not lost)


def refuse(loop: Loop, decision: Decision) -> Told:
    """Enter a refusal into the ledger, once for each thing that it is about."""
    reason = about("; ".join(decision.reasons), decision.about)

    def enter(history: History) -> Entered | None:
        champion = history.champion
        facts = None if champion is None else history.facts(champion)
        if champion is None or facts is None or f" [about {refused(history)}]" == reason[reason.rindex(" [about ") :]:
            return None
        return Entered(action="refuse", version=champion, champion=champion, facts=facts, reason=reason)

    with loop.ledger() as ledger:
        ledger.write(enter)
    return Told("refuse", "; ".join(decision.reasons))


def advance(loop: Loop, course: Course, seen: Seen) -> Step:
    """Take a run one step further.

    Raises:
        ProjectError: the registry cannot be used now, or the disk is full; the run goes on when that is over.
    """
    try:
        return _DO[course.stage](loop, course, seen)
    except TrackingError:
        raise
    except ProjectError as error:
        # What the machine cannot do now says nothing of the model.
        if course.stage == "serving" or isinstance(error.__cause__, OSError):
            raise
        return _over(loop, course, Told("refuse", f"{error}".replace("\n", " ")))


def _train(loop: Loop, course: Course, seen: Seen) -> Step:
    chosen = choose(seen.rows, loop.settings, course.since, course.until, seen.broken)
    if loop.settings.rows == "served" and (said := _suspicions(loop, chosen)):
        return _over(loop, course, Told("refuse", f"these rows are not learnt from: {'; '.join(said)}"))
    made = prepare(loop.project, course.run, chosen, loop.settings)
    loop.reached("rows chosen")
    new = train(loop, made)
    return _next(loop, course.model_copy(update={"stage": "trained"}), f"{new.version} is made of {chosen.says}")


def _suspicions(loop: Loop, chosen: Chosen) -> tuple[str, ...]:
    model = Predictor.load(loop.project.root / MODEL.path)
    reference, rows = reference_of(model), pl.concat([chosen.learn, chosen.newest])
    learnt = None if reference is None else reference.summary.outcomes
    return suspicions(model.contract, learnt, rows, loop.settings.stop.outcomes_apart)


def _compare(loop: Loop, course: Course, seen: Seen) -> Step:  # noqa: ARG001 - all steps are called alike
    made = _made(loop, course)
    champion = tracking.champion(loop.project.settings.tracking, loop.model, loop.project.root)
    if champion is None:
        return _over(loop, course, Told("refuse", "no version holds the alias any more"))
    verdict = compare(_new(loop, course), champion, newest_of(made).drop(MOMENT))
    changed = {"stage": "compared", "verdict": asdict(verdict), "old": champion.version}
    return _next(loop, course.model_copy(update=changed), verdict.sentence)


def _register(loop: Loop, course: Course, seen: Seen) -> Step:  # noqa: ARG001 - all steps are called alike
    verdict = course.judged
    version = register(loop, _made(loop, course), course.run, verdict)
    loop.reached("registered")
    if not verdict.takes_alias:
        forget(loop)
        return Step(None, Told("keep", f"version {version}: {verdict.sentence}"), goes_on=False)
    changed = {"stage": "registered", "version": version}
    return _next(loop, course.model_copy(update=changed), f"version {version} is registered")


def _deploy(loop: Loop, course: Course, seen: Seen) -> Step:  # noqa: ARG001 - all steps are called alike
    with loop.ledger() as ledger:
        history = ledger.settle()
    assert course.version is not None  # it is registered
    expected = {course.version} if entry_of(history, course.run, "promote") else {course.version, course.old}
    if history.champion not in expected:
        return _over(loop, course, Told("keep", "somebody has promoted another version meanwhile"))
    new = _new(loop, course)
    graph = _made(loop, course).read(CANDIDATE)
    came = deployer_of(loop).deploy(loop, New(course.run, course.version, new.version, graph, course.judged.sentence))
    loop.reached("deployed")
    if came.state == "on its way":
        return Step(course, Told("wait", came.says), goes_on=False)
    if came.state == "turned away":
        return _over(loop, course, Told("refuse", came.says))
    keep(loop, course.model_copy(update={"stage": "serving", "at": loop.clock()}))
    told = "; ".join(filter(None, [came.says, announce(loop.project, loop.model)]))
    return Step(course, Told("promote", told), goes_on=False)


def _watch(loop: Loop, course: Course, seen: Seen) -> Step:
    # While something is broken each model may be as wrong as it likes.
    watched = watch(loop, course, without(seen.rows, seen.broken))
    if watched.is_over:
        forget(loop)
        clear(loop.project, keep=course.run)
        return Step(None, Told("roll back" if watched.is_worse else "watch", watched.says), goes_on=False)
    keep(loop, course.model_copy(update={"looks": watched.looks, "asked": watched.asked}))
    return Step(course, Told("wait", watched.says), goes_on=False)


_DO: Mapping[Stage, Callable[[Loop, Course, Seen], Step]] = {
    "began": _train,
    "trained": _compare,
    "compared": _register,
    "registered": _deploy,
    "serving": _watch,
}


def _over(loop: Loop, course: Course, told: Told) -> Step:
    """The run ends here, and the ledger says why."""

    def enter(history: History) -> Entered | None:
        champion = history.champion
        facts = None if champion is None else history.facts(champion)
        if champion is None or facts is None or entry_of(history, course.run, "refuse") is not None:
            return None
        reason = with_note(told.says, Note(name=course.run))
        return Entered(action="refuse", version=champion, champion=champion, facts=facts, reason=reason)

    with loop.ledger() as ledger:
        ledger.write(enter)
    loop.reached("refused")
    forget(loop)
    return Step(None, told, goes_on=False)


def _next(loop: Loop, course: Course, says: str) -> Step:
    return Step(keep(loop, course), Told("wait", says), goes_on=True)


def _made(loop: Loop, course: Course) -> Project:
    return Project(place_of(loop.project, course.run))


def _new(loop: Loop, course: Course) -> Predictor:
    made = _made(loop, course)
    return Predictor.from_bytes(made.read(CANDIDATE), made.root / CANDIDATE.path)


def _newest(loop: Loop, seen: Seen) -> datetime:
    """The moment of the newest row with an outcome."""
    moments = seen.situation.labelled
    return datetime.fromtimestamp(float(moments[-1]), UTC) if len(moments) else loop.clock()
