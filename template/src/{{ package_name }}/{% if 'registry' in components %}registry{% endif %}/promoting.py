"""Promotion and rollback: an entry, then the alias, then the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from ..artifacts import MODEL, whole, writing
from ..errors import GateError, SettingsError
from ..steps import Project
from ..tracking.connection import connected
from .deploying import deployed, digest_of, fetch, follow_lineage
from .entry import MAX_REASON, Entry, Facts, cut, now
from .facts import facts_of
from .history import History
from .ledger import Clock, Decide, Decision, Ledger

_LOCK = "models/.registry.lock"


class MovedError(SettingsError):
    """The alias is at another version than the one that was asked about."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it.

    Args:
        version: that holds the alias, and is served here.
        entry: that was written; None if it held the alias already.
        facts: of the version.
    """

    version: int
    entry: Entry | None
    facts: Facts


def promote(project: Project, model: str, version: int, reason: str = "", clock: Clock = now) -> Outcome:
    """Let a version hold the alias, and serve its file.

    Raises:
        GateError: it has not passed its gates, and no reason is given.
        SettingsError: there is no such version.
        TrackingError: the registry, its ledger or the file of the version cannot be used.
    """
    _check(reason)
    with _ledger(project, model, clock) as ledger:
        ledger.settle(about=version)
        facts = facts_of(ledger.client, ledger.name, version)
        if facts is None:
            raise SettingsError(
                f"{ledger.name} has no version {version}.", "`registry list` shows those that there are."
            )

        def decide(history: History) -> Decision | None:
            if history.champion == version:
                return None
            _require_passed(version, facts, history, reason)
            return Decision(action="promote", version=version, champion=version, facts=facts, reason=reason)

        return _carry_out(ledger, version, facts, decide)


def rollback(project: Project, model: str, reason: str = "", clock: Clock = now, of: int | None = None) -> Outcome:
    """Let the version hold the alias that held it before; again, and it is the one before that.

    Args:
        project: whose model it is.
        model: its name.
        reason: why.
        clock: says when.
        of: the version that is taken back, whatever has come meanwhile; None for the one that holds the alias.

    Raises:
        MovedError: another version holds the alias.
        SettingsError: none was before.
        TrackingError: the registry, its ledger or the file of the version cannot be used.
    """
    _check(reason)
    with _ledger(project, model, clock) as ledger:
        history = ledger.settle()
        if of is not None and history.champion != of:
            raise MovedError(f"Version {history.champion} holds the alias, not {of}.", "Look at `registry list`.")
        if history.previous is None:
            raise SettingsError(
                "There is no version to go back to: none held the alias before.", "`registry list` shows all versions."
            )
        version, led = history.previous, history.champion if of is None else of
        facts = facts_of(ledger.client, ledger.name, version)
        if facts is None:
            message = f"Version {version}, which was served before, is not in MLflow any more."
            raise SettingsError(message, "Promote another: `registry list` shows those that there are.")

        def decide(history: History) -> Decision | None:
            if history.champion != led:
                raise MovedError(
                    f"Version {history.champion} was promoted meanwhile.", "Look at `registry list`, then say it again."
                )
            return Decision(action="rollback", version=version, champion=version, facts=facts, reason=reason)

        return _carry_out(ledger, version, facts, decide)


def _carry_out(ledger: Ledger, version: int, facts: Facts, decide: Decide) -> Outcome:
    """Write the entry when the file is proved and lies on the disk; then the alias moves, and the file takes its name."""
    graph = fetch(ledger.client, version, facts)
    facts = facts.model_copy(update={"graph": facts.graph or digest_of(graph)})
    path = ledger.project.root / MODEL.path
    new = deployed(path) != digest_of(graph)
    with whole(path) if new else nullcontext() as place:
        if place is not None:
            place.write_bytes(graph)
        entry = ledger.write(decide)
        if entry is not None:
            ledger.move(entry)
    follow_lineage(ledger.project)
    return Outcome(version=version, entry=entry, facts=facts)


def _require_passed(version: int, facts: Facts, history: History, reason: str) -> None:
    """Refuse what no gate has let pass, unless somebody says why."""
    taken_back = history.rolled_back(facts.model_version) if facts.model_version else None
    passed = facts.accepted == "true" and (facts.decision == "promote" or history.led(version))
    if reason or (passed and not taken_back):
        return
    if taken_back:
        said = f"it was taken back on {taken_back.at:%Y-%m-%d} by {taken_back.by}"
        said += f" ({taken_back.reason})" if taken_back.reason else ""
    elif facts.accepted == "true":
        said = f"the decision was {facts.decision or 'never made'}" + (f" ({facts.verdict})" if facts.verdict else "")
    else:
        said = "it was not accepted" if facts.accepted else "nothing says that it has passed its gates"
    raise GateError(
        f"Version {version} is not promoted: {said}.", "Say why it is to be served all the same: --reason TEXT."
    )


def _check(reason: str) -> None:
    if cut(reason, MAX_REASON) != reason:
        raise SettingsError("The reason is too long for the ledger.", f"Say it in {MAX_REASON} letters or less.")


@contextmanager
def _ledger(project: Project, model: str, clock: Clock) -> Iterator[Ledger]:
    """The ledger, while nobody else of this machine replaces the file that is served here."""
    from filelock import FileLock

    lock = project.root / _LOCK
    with writing(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        held = FileLock(lock)
        held.acquire()
    try:
        with connected(project.settings.tracking, project.root) as client:
            yield Ledger(client=client, project=project, model=model, clock=clock)
    finally:
        held.release()
