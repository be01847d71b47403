"""What served when, and whether the ledger is what was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ..errors import SettingsError, TrackingError
from ..steps import Project
from ..tracking.connection import connected
from .entry import Entry, LedgerError, breaks
from .history import History
from .ledger import Ledger
from .witness import LEDGER, seen

RESTORE = f"Nothing is promoted until it is as it was: {LEDGER}, as git has it, says what stood there."


@dataclass(frozen=True, kw_only=True)
class Read:
    """The ledger as it can be had.

    Args:
        history: what it says.
        doubt: why it may not be all, in a sentence; nothing if it is.
    """

    history: History
    doubt: str = ""


def read(project: Project, model: str) -> Read:
    """The ledger in MLflow; if no server can be asked, the copy in the project's folder.

    Raises:
        LedgerError: it is not what was written.
        TrackingError: it cannot be asked for, and there is no copy.
    """
    try:
        with connected(project.settings.tracking, project.root) as client:
            return Read(history=Ledger(client=client, project=project, model=model).read())
    except LedgerError:
        raise
    except TrackingError as error:
        texts = seen(project.root)
        if not texts:
            raise
        if faults := breaks(texts):
            raise LedgerError(f"{LEDGER} has been changed: {faults[0]}.", "Bring it back from git.") from error
        entries = tuple(map(Entry.model_validate_json, texts))
        # When the alias followed is known there only.
        moved = {entry.number: entry.at for entry in entries}
        return Read(history=History(entries=entries, moved=moved), doubt=f"by {LEDGER}, as it ends: {error}")


def moment_of(text: str) -> datetime:
    """A moment that somebody wrote; without an offset it is this machine's time. Raises `SettingsError`."""
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except (ValueError, OverflowError, OSError):
        raise SettingsError(f"`{text}` is no moment.", "Write it as 2025-03-31T14:00, or with its offset.") from None


def answer(history: History, moment: datetime) -> Iterator[tuple[str, str]]:
    """What served at a moment, as names and values; a sentence without a name if nothing did, or it is not known."""
    entry = history.served(moment)
    if entry is None:
        yield "", _nothing(history, moment)
        return
    facts = entry.facts
    yield "version", str(entry.champion)
    yield "model version", facts.model_version
    yield "run", facts.run
    yield "commit", facts.commit + (", edited" if facts.edited == "true" else "")
    yield "data", facts.data
    yield "contract", facts.contract
    yield "graph", facts.graph
    yield "gates", facts.gates
    yield "scores", ", ".join(f"{name} {value:.4g}" for name, value in facts.scores.items())
    yield "decision", ": ".join(filter(None, (facts.decision, facts.verdict)))
    yield "since", history.moved[entry.number].isoformat()
    yield "by", f"{entry.by}: {entry.action}" + (f" ({entry.reason})" if entry.reason else "")
    yield "entry", str(entry.number)


def _nothing(history: History, moment: datetime) -> str:
    if not history.entries:
        return "The ledger is empty."
    began = history.entries[0].at
    if moment < began:
        return f"The ledger begins at {began.isoformat()}: what served before is not known."
    return "No version was served."


def verify(project: Project, model: str) -> str:
    """Whether the ledger is whole, and what MLflow says fits it; a sentence.

    Raises:
        LedgerError: something is not as it was written; all of it is named.
    """
    with connected(project.settings.tracking, project.root) as client:
        ledger = Ledger(client=client, project=project, model=model)
        if faults := ledger.faults():
            raise LedgerError(f"The ledger of {ledger.name}:\n" + "\n".join(f"- {fault}" for fault in faults), RESTORE)
        history, holder = ledger.read(), ledger.holder()
    if history.unfinished:
        message = f"Entry {history.unfinished.number} was not carried out: the alias is at version {holder}."
        raise LedgerError(message, "Say it again, or promote or roll back: each finishes it first.")
    if holder != history.champion:
        message = f"The alias is at version {holder}, and the last entry says {history.champion}."
        raise LedgerError(
            message, "Somebody has moved it without the ledger: promote the version that is to be served."
        )
    count = len(history.entries)
    return f"{count} {'entry' if count == 1 else 'entries'}, whole, and the alias is where the last one says."
