"""An entry of the ledger, and the chain that they are: each carries the digest of the one before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, ValidationError

from ..contract.types import Section
from ..errors import TrackingError

Action = Literal["adopt", "register", "promote", "rollback", "withdraw", "retrain", "refuse", "watch"]
#: What MLflow takes as the value of one parameter.
MAX_LETTERS = 6000
#: Of its parts, as JSON in ASCII.
MAX_TEXT, MAX_GATES, MAX_REASON, MAX_SCORES, MAX_NAME = 900, 500, 1500, 12, 60


class LedgerError(TrackingError):
    """The ledger is not what was written: somebody changed it, or it is lost."""


class Facts(Section):
    """What is known of a version: of what it was made, and what the gates said. What is not known is empty."""

    model_version: str = ""
    run: str = ""
    commit: str = ""
    edited: str = ""
    data: str = ""
    contract: str = ""
    graph: str = ""
    accepted: str = ""
    decision: str = ""
    verdict: str = ""
    gates: str = ""
    scores: dict[str, float] = {}  # noqa: RUF012


class Entry(Section):
    """Who decided what.

    Args:
        number: 1 for the first.
        before: SHA-256 of the text of the entry before; nothing for the first.
        id: so that two are never alike.
        at: the moment, never before that of the entry before.
        by: who, as the machine or the job calls them.
        action: what was done. `adopt`: the alias was found there, and no entry says who moved it. `withdraw`: a registration
            that failed. `retrain`: a new model is made; `refuse`: none is, or it is not good enough; `watch`: one that was
            promoted has shown itself. These three are about the version that holds the alias, which stays there.
        version: the one that it is about, a number of MLflow's registry.
        was: the version that held the alias.
        champion: the one that holds it from now on.
        facts: of the version.
        reason: why, in somebody's words.
    """

    format: Literal[1] = 1
    number: Annotated[int, Field(ge=1)]
    before: str
    id: str
    at: AwareDatetime
    by: str
    action: Action
    version: int
    was: int | None
    champion: int | None
    facts: Facts
    reason: str = ""

    @property
    def moves(self) -> bool:
        """Whether another version holds the alias from now on."""
        return self.was != self.champion


def text_of(entry: Entry) -> str:
    """The entry as it is kept: JSON in ASCII, so that no database makes something else of it."""
    return json.dumps(entry.model_dump(mode="json"), separators=(",", ":"))


def cut(text: str, letters: int) -> str:
    """The text, or as much of it as takes so many letters in JSON."""
    if len(json.dumps(text)) <= letters:
        return text
    while len(json.dumps(text)) > letters - 3:
        text = text[: len(text) * 9 // 10]
    return f"{text}..."


def digest(text: str) -> str:
    """SHA-256 of an entry's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


def breaks(texts: Sequence[str]) -> list[str]:
    """What is wrong with a chain, an entry a line; nothing if it is whole."""
    found, before, moment = [], "", None
    for number, text in enumerate(texts, start=1):
        try:
            entry = Entry.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            found.append(f"entry {number} is none: {'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}")
        else:
            if entry.number != number:
                found.append(f"entry {number} says that it is number {entry.number}")
            if entry.before != before:
                found.append(f"entry {number} was not written after what stands before it now")
            if moment is not None and entry.at < moment:
                found.append(f"entry {number} is of an earlier moment than the one before")
            moment = entry.at
        before = digest(text)
    return found
