"""What the ledger says of retrainings: an entry's reason ends with the run that it belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from ..registry.entry import MAX_REASON, Entry, cut
from ..registry.history import History
from .situation import Run

_RUN = re.compile(r" \[run (?P<name>\d+)(?: until (?P<until>\S+))?(?: since (?P<since>\S+))?\]$")
_ABOUT = re.compile(r" \[about (?P<about>[^\[\]]*)\]$")
#: What the end of a reason takes at most.
_ROOM = 150


@dataclass(frozen=True, kw_only=True)
class Note:
    """To which run an entry belongs.

    Args:
        until: of the entry that begins it, the moment of its newest row.
        since: the same, when the world began to be another.
    """

    name: str
    until: datetime | None = None
    since: datetime | None = None


def with_note(reason: str, note: Note) -> str:
    """A reason for the ledger."""
    said = f"run {note.name}"
    said += f" until {note.until.isoformat()}" if note.until else ""
    said += f" since {note.since.isoformat()}" if note.since else ""
    return f"{cut(_plain(reason), MAX_REASON - _ROOM)} [{said}]"


def about(reason: str, what: str) -> str:
    """The reason of a refusal, and what it is about."""
    return f"{cut(_plain(reason), MAX_REASON - _ROOM - 300)} [about {cut(_plain(what), 250)}]"


def note_of(entry: Entry) -> Note | None:
    """The run of an entry; None if it belongs to none."""
    found = _RUN.search(entry.reason)
    if found is None:
        return None
    until, since = (datetime.fromisoformat(text) if text else None for text in (found["until"], found["since"]))
    return Note(name=found["name"], until=until, since=since)


def next_name(history: History) -> str:
    """The name of the next run."""
    return str(1 + sum(entry.action == "retrain" for entry in history.entries))


def began(history: History, name: str) -> tuple[Entry, Note] | None:
    """The entry that begins a run, and its note."""
    for entry in history.entries:
        note = note_of(entry)
        if entry.action == "retrain" and note is not None and note.name == name:
            return entry, note
    return None


def entry_of(history: History, name: str, action: str) -> Entry | None:
    """The last entry of a run with this action."""
    found = [entry for entry in _of(history, name) if entry.action == action]
    return found[-1] if found else None


def runs_of(history: History) -> tuple[Run, ...]:
    """All runs, in order, and how each ended."""
    runs: dict[str, Run] = {}
    for entry in history.entries:
        note = note_of(entry)
        if entry.action == "retrain" and note is not None:
            until = note.until or entry.at
            runs[note.name] = Run(name=note.name, at=entry.at, by=entry.by, until=until, state="under way")
        elif note is not None and note.name in runs:
            runs[note.name] = _after(runs[note.name], entry)
        elif entry.moves:
            # Whoever moves the alias by hand ends what is watched, and may take back what was made.
            runs |= {name: _by_hand(run, entry) for name, run in runs.items()}
    return tuple(runs.values())


def refused(history: History) -> str:
    """What the last refusal was about, if no run was begun since; nothing if there is none."""
    for entry in reversed(history.entries):
        if entry.action == "retrain" or entry.moves:
            return ""
        if entry.action == "refuse" and (found := _ABOUT.search(entry.reason)):
            return found["about"]
    return ""


def _after(run: Run, entry: Entry) -> Run:
    match entry.action:
        case "register":
            return replace(run, version=entry.version, state="kept" if entry.facts.decision == "keep" else run.state)
        case "promote":
            return replace(run, version=entry.version, state="promoted")
        case "rollback":
            return replace(run, state="taken back", taken_back_at=entry.at)
        case "refuse":
            return replace(run, state="refused")
        case "watch":
            return replace(run, state="watched")
    return run


def _by_hand(run: Run, entry: Entry) -> Run:
    if run.version is not None and entry.was == run.version and entry.action == "rollback":
        return replace(run, state="taken back", taken_back_at=entry.at)
    return replace(run, state="watched") if run.state == "promoted" else run


def _of(history: History, name: str) -> Iterator[Entry]:
    for entry in history.entries:
        note = note_of(entry)
        if note is not None and note.name == name:
            yield entry


def _plain(text: str) -> str:
    return " ".join(text.replace("[", "(").replace("]", ")").split())
