"""What follows from the entries of a ledger: who holds the alias, who held it when, and who before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .entry import Entry, Facts


@dataclass(frozen=True, kw_only=True)
class History:
    """All entries in order.

    Args:
        entries: from the first.
        moved: by the number of an entry, when the alias had moved; one that is missing was stopped before.
    """

    entries: tuple[Entry, ...] = ()
    moved: Mapping[int, datetime] = field(default_factory=dict)

    @property
    def champion(self) -> int | None:
        """The version that holds the alias by the last word."""
        return self.entries[-1].champion if self.entries else None

    @property
    def unfinished(self) -> Entry | None:
        """The last decision, if the alias has not followed it."""
        last = next((entry for entry in reversed(self.entries) if entry.moves), None)
        return last if last is not None and last.number not in self.moved else None

    @property
    def champions(self) -> tuple[int, ...]:
        """Who held the alias, each after the one that a rollback goes back to from it; the last holds it."""
        stack: list[int] = []
        for entry in self.entries:
            if not entry.moves:
                continue
            if entry.action in {"rollback", "withdraw"}:
                while stack and stack[-1] != entry.champion:
                    stack.pop()
            if entry.champion is not None and stack[-1:] != [entry.champion]:
                stack.append(entry.champion)
        return tuple(stack)

    @property
    def previous(self) -> int | None:
        """The version that a rollback goes back to."""
        return self.champions[-2] if len(self.champions) > 1 else None

    def facts(self, version: int) -> Facts | None:
        """What was first said of a version; None if no entry is about it."""
        return next((entry.facts for entry in self.entries if entry.version == version), None)

    def led(self, version: int) -> bool:
        """Whether a version has held the alias by somebody's decision."""
        return any(entry.champion == version and entry.moves and entry.action != "adopt" for entry in self.entries)

    def served(self, moment: datetime) -> Entry | None:
        """The entry by which a version held the alias at a moment; None if none did, or the ledger is younger."""
        times = ((self.moved.get(entry.number), entry) for entry in self.entries if entry.moves)
        held = [entry for time, entry in times if time is not None and time <= moment]
        return held[-1] if held else None

    def rolled_back(self, model_version: str) -> Entry | None:
        """The rollback by which a model was taken back, unless it was promoted again since."""
        for entry in reversed(self.entries):
            if not entry.moves:
                continue
            about = self.facts(entry.was) if entry.action == "rollback" and entry.was is not None else None
            if about is not None and about.model_version == model_version:
                return entry
            if entry.facts.model_version == model_version:
                return None
        return None
