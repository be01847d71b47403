"""The ledger: read and believed only if it is whole, and written one entry after the other.

An entry is the decision. The alias follows it, then the file that is served; whatever is stopped between is done by the next
command that writes. So the three cannot disagree silently: the ledger says what has to be, and each command compares.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..settings import Tracking
from ..steps import Project
from ..tracking.client import holder
from ..tracking.names import registered_name
from .entry import Action, Entry, Facts, LedgerError, breaks, digest, now, text_of
from .facts import facts_of
from .history import History
from .people import who
from .store import Kept, Store
from .witness import difference, follow, seen

ADVICE = "`registry audit --verify` says all that is wrong; nothing is promoted until it is as it was."


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What an entry is to say."""

    action: Action
    version: int
    champion: int | None
    facts: Facts
    reason: str = ""


Clock = Callable[[], datetime]
#: Decides by what the ledger says now; None if nothing has to be written.
Decide = Callable[[History], Decision | None]


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The ledger of a project's model, with MLflow's client; the clock says the moments of its entries."""

    client: Any
    project: Project
    model: str
    clock: Clock = now

    @property
    def settings(self) -> Tracking:
        """Where it is."""
        return self.project.settings.tracking

    @property
    def name(self) -> str:
        """What the registry calls the model."""
        return registered_name(self.settings, self.model)

    @property
    def store(self) -> Store:
        """Where it is kept."""
        return Store(client=self.client, settings=self.settings, root=self.project.root, model=self.name)

    def faults(self) -> list[str]:
        """All that is wrong with it."""
        kept, here = self.store.read(), seen(self.project.root)
        return _faults(kept, here)

    def read(self) -> History:
        """What it says; the copy in the project's folder follows.

        Raises:
            LedgerError: it is not what was written.
        """
        kept, here = self.store.read(), seen(self.project.root)
        if faults := _faults(kept, here):
            raise LedgerError(f"The ledger of {self.name} has been changed: {faults[0]}.", ADVICE)
        texts = _in_order(kept)
        follow(self.project.root, here, texts)
        return History(
            entries=tuple(map(Entry.model_validate_json, texts)),
            moved={number: datetime.fromisoformat(text) for number, text in kept.moved.items()},
        )

    def write(self, decide: Decide) -> Entry | None:
        """Write what is decided; if somebody else writes first, it is decided anew by what they wrote.

        Raises:
            LedgerError: it is not what was written, or it cannot be written.
        """
        while True:
            history = self.read()
            decision = decide(history)
            if decision is None:
                return None
            entry = self._entry(history, decision)
            if self.store.put(entry.number, text_of(entry)):
                self.read()
                return entry

    def _entry(self, history: History, decision: Decision) -> Entry:
        last = history.entries[-1] if history.entries else None
        return Entry(
            number=len(history.entries) + 1,
            before=digest(text_of(last)) if last else "",
            id=uuid.uuid4().hex[:12],
            # Clocks of two machines differ.
            at=max(self.clock(), last.at) if last else self.clock(),
            by=who(self.project.root),
            action=decision.action,
            version=decision.version,
            was=history.champion,
            champion=decision.champion,
            facts=decision.facts,
            reason=decision.reason,
        )

    def holder(self) -> int | None:
        """The version that the alias points at in MLflow."""
        number = holder(self.client, self.name, self.settings.alias)
        return None if number is None else int(number)

    def move(self, entry: Entry) -> None:
        """Let the alias follow an entry, and write that it has."""
        self._point(entry.champion)
        latest = self.read().champion
        if latest != entry.champion:
            # Somebody else has decided meanwhile, and may have been quicker.
            self._point(latest)
        self.mark(entry)

    def mark(self, entry: Entry) -> None:
        """Write that the alias has followed an entry."""
        self.store.mark(entry.number, max(self.clock(), entry.at).isoformat())

    def _point(self, version: int | None) -> None:
        if version is None:
            self.client.delete_registered_model_alias(self.name, self.settings.alias)
        else:
            self.client.set_registered_model_alias(self.name, self.settings.alias, str(version))

    def settle(self, *, about: int | None = None) -> History:
        """Finish what was stopped, and enter what was done without the ledger; what it says then.

        Args:
            about: the version that is about to be promoted: that it holds the alias already is what is promoted.
        """
        history = self.read()
        if unfinished := history.unfinished:
            self._finish(unfinished)
            history = self.read()
        found = self.holder()
        if found is not None and found not in {history.champion, about}:
            adopted = self.write(lambda _: self._adoption(found))
            if adopted is not None:
                self.mark(adopted)
            history = self.read()
        return history

    def _finish(self, entry: Entry) -> None:
        """Move the alias; if the version is gone, its registration failed."""
        facts = None if entry.champion is None else facts_of(self.client, self.name, entry.champion)
        if facts is None and entry.champion is not None:
            withdrawn = self.write(lambda _: withdrawal(entry, "the version is not in MLflow"))
            if withdrawn is not None:
                self.mark(withdrawn)
        else:
            self.move(entry)

    def _adoption(self, version: int) -> Decision:
        facts = facts_of(self.client, self.name, version) or Facts()
        reason = f"the alias {self.settings.alias} was found there; no entry says who moved it, or when"
        return Decision(action="adopt", version=version, champion=version, facts=facts, reason=reason)


def withdrawal(entry: Entry, reason: str) -> Decision:
    """What is entered for a registration that failed: what was before it."""
    return Decision(action="withdraw", version=entry.version, champion=entry.was, facts=entry.facts, reason=reason)


def _in_order(kept: Kept) -> list[str]:
    return [kept.texts[number] for number in sorted(kept.texts)]


def _faults(kept: Kept, here: list[str]) -> list[str]:
    numbers, texts = sorted(kept.texts), _in_order(kept)
    found = [f"`{name}` is no entry, and stands among them" for name in kept.strange]
    missing = sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers))
    found += [f"entry {number} is missing" for number in missing]
    found += breaks(texts)
    found += [f"entry {number} has a moment, and is not there" for number in kept.moved if number not in kept.texts]
    if said := difference(here, texts):
        found.append(said)
    for number, text in kept.moved.items():
        try:
            late = datetime.fromisoformat(text).tzinfo is not None
        except ValueError:
            late = False
        if not late:
            found.append(f"the moment of entry {number} is none: {text[:40]}")
    return found
