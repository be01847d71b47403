"""Rounds: look, decide, and take the run that is under way as far as it goes. One process of a machine at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..artifacts import MODEL, writing
from ..errors import ProjectError, TrackingError
from ..registry.deploying import deployed
from ..registry.history import History
from ..registry.watching import look as serve_champion
from .course import resumed
from .deciding import Decision, decide
from .looking import look
from .loop import Loop
from .running import Step, Told, advance, begin, refuse

_LOCK = "models/.retraining.lock"


def round_of(loop: Loop, say: Callable[[str], None]) -> Told:
    """Look once, and do all that follows from it now; each step is said.

    Raises:
        ProjectError: something cannot be read or written; the next round goes on where this one stopped.
    """
    history = _settled(loop)
    seen = look(loop, history)
    course = resumed(loop, history)
    if course is None:
        decision = decide(seen.situation, loop.settings, loop.clock())
        if decision.action == "wait":
            return Told("wait", "; ".join(decision.reasons), decision.is_asked)
        if decision.action == "refuse":
            return refuse(loop, decision)
        course = begin(loop, seen, decision)
        if course is None:
            return Told("wait", "somebody else has begun a run")
        say(f"run {course.run}: {'; '.join(decision.reasons)}")
    step = Step(course, Told("wait", ""), goes_on=True)
    while step.goes_on and step.course is not None:
        step = advance(loop, step.course, seen)
        if step.goes_on:
            say(f"run {course.run}: {step.told.says}")
    return step.told


def would(loop: Loop) -> Decision:
    """What would be decided now; windows that are new are judged, and nothing else is done."""
    seen = look(loop, _settled(loop))
    return decide(seen.situation, loop.settings, loop.clock())


def _settled(loop: Loop) -> History:
    """What the ledger says, when what was stopped is finished; and the champion's file is the one that is served."""
    with loop.ledger() as ledger:
        history = ledger.settle()
    facts = None if history.champion is None else history.facts(history.champion)
    path = loop.project.root / MODEL.path
    if facts is not None and deployed(path) != facts.graph:
        serve_champion(loop.project, loop.model, path)
    loop.reached("champion served")
    return history


def run(loop: Loop, say: Callable[[str], None], pause: Callable[[float], None] = time.sleep) -> None:
    """Rounds until the process is ended; what is the same as before is not said again, and no error ends it."""
    last = ""
    while True:
        try:
            said = line_of(round_of(loop, say))
        except ProjectError as error:
            said = f"{error} The next look goes on here."
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said, and what serves needs no loop
            said = f"{type(error).__name__}: {error}. The next look goes on here."
        if said != last:
            say(said)
            last = said
        pause(loop.settings.seconds)


def line_of(told: Told) -> str:
    """As it is said."""
    return f"{told.action}: {told.says}"


@contextmanager
def alone(loop: Loop) -> Iterator[None]:
    """Be the only one of this machine; raises `TrackingError` if there is another."""
    from filelock import FileLock, Timeout

    path = loop.project.root / _LOCK
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise TrackingError(
            "Another process of this machine makes models here.", "End it, or leave it to that one."
        ) from None
    try:
        yield
    finally:
        lock.release()
