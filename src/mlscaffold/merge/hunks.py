"""Conflicts of any text file in which one side holds all that the other did: those need no person.

Few findings decide, each measured on recorded updates before it was let in: one side only reformatted the lines (the
other's wording counts), or one side's change holds all of the other's (it counts). Nothing is ever put together from
both, so nothing can come out that nobody wrote.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .sequences import diff3

__all__ = ["Settled", "settle_hunks"]

#: Beyond this many lines the comparison is not worth its time.
_MOST_LINES = 20_000
_LAYOUT = re.compile(r"[\s'\"]+")


@dataclass(frozen=True, kw_only=True)
class Settled:
    """Both sides, alike wherever one of them could be decided on."""

    mine: bytes
    theirs: bytes
    #: One sentence for each kind of decision.
    reasons: tuple[str, ...]


def settle_hunks(*, base: bytes, mine: bytes, theirs: bytes) -> Settled | None:
    """Decide the conflicts that can be decided without a person; None if there are none of them, or it is no text."""
    try:
        sides = [side.decode().splitlines(keepends=True) for side in (base, mine, theirs)]
    except UnicodeDecodeError:
        return None
    if max(map(len, sides)) > _MOST_LINES:
        return None
    ours: list[str] = []
    others: list[str] = []
    reasons: dict[str, int] = {}
    for chunk in diff3(*sides):
        decided = None if chunk.settled is not None else _decide(chunk.base, chunk.mine, chunk.theirs)
        if decided is None:
            ours += chunk.mine
            others += chunk.theirs
            continue
        lines, reason = decided
        ours += lines
        others += lines
        reasons[reason] = reasons.get(reason, 0) + 1
    if not reasons:
        return None
    said = tuple(f"{count} {'hunk' if count == 1 else 'hunks'}: {reason}" for reason, count in reasons.items())
    return Settled(mine="".join(ours).encode(), theirs="".join(others).encode(), reasons=said)


def _decide(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> tuple[Sequence[str], str] | None:
    if base and mine and _wording(mine) == _wording(base):
        return theirs, "you had only reformatted what the template changed, so the template's text is taken"
    if base and theirs and _wording(theirs) == _wording(base):
        return mine, "the template only reformatted what you changed, so your text is kept"
    if mine and _trimmed(mine) == _trimmed(theirs):
        return theirs, "both made the same change, but for spaces at the ends of lines"
    if mine and _holds(theirs, mine, base):
        return theirs, "the template's change holds all of yours"
    if theirs and _holds(mine, theirs, base):
        return mine, "your change holds all of the template's"
    return None


def _wording(lines: Sequence[str]) -> str:
    """The text without its layout: spaces, line breaks, quotes. Where it begins counts: depth can be meaning."""
    text = "".join(lines).lstrip("\n")
    return text[: len(text) - len(text.lstrip())] + _LAYOUT.sub("", text)


def _trimmed(lines: Sequence[str]) -> list[str]:
    return [line.rstrip() for line in lines if line.strip()]


def _holds(large: Sequence[str], small: Sequence[str], base: Sequence[str]) -> bool:
    """Whether one change of some lines holds another: all that it added, in order, and all that it removed."""
    many, few, before = Counter(large), Counter(small), Counter(base)
    if (few - before) - (many - before) or (before - few) - (before - many):
        return False
    added = few - before
    found = iter(large)
    return all(line in found for line in small if line in added)
