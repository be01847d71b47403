"""Conflicts of any text file in which one side holds all that the other did: those need no person.

Few findings decide, each measured on recorded updates before it was let in: one side only reformatted the lines (the
other's wording counts), or one side's change holds all of the other's (it counts). Nothing is ever put together from
both, so nothing can come out that nobody wrote.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import NamedTuple

from .diff3 import diff3, holds
from .sides import FileSides

__all__ = ["Decision", "Hunk", "HunkRule", "decide_hunks", "settle_hunks"]

#: Beyond this many lines the comparison is not worth its time.
_MOST_LINES = 20_000
#: Texts whose words count, not their lines.
_PROSE = frozenset({"", ".adoc", ".markdown", ".md", ".rst", ".txt"})
#: Files with a name of their own that are code.
_CODE = frozenset({"dockerfile", "containerfile", "makefile", "justfile", "jenkinsfile", "procfile", "vagrantfile"})
#: Strings in either kind of quotes mean the same.
_QUOTES_ALIKE = frozenset({".py", ".pyi"})
_INDENT = re.compile(r"\n*([ \t]*)")
_PLAIN_STRING = re.compile(r"""'([^'"\\\n]*)'""")


class Hunk(NamedTuple):
    """Lines that both sides changed, apart."""

    base: Sequence[str]
    mine: Sequence[str]
    theirs: Sequence[str]


#: The lines that a hunk becomes, and why.
Decision = tuple[Sequence[str], str]
#: Decides a hunk, or leaves it.
HunkRule = Callable[[Hunk], Decision | None]
#: What counts of some lines, as something to compare.
_Wording = Callable[[Sequence[str]], list[str]]


def settle_hunks(path: str, sides: FileSides, *, whole: FileSides) -> FileSides | None:
    """Decide the conflicts that one side's change answers; None if there are none of them, or it is no text.

    Args:
        path: The file's name tells prose from code.
        sides: As far as they are not merged yet.
        whole: Before anything was merged: what is moved in them is told by these alone.
    """
    all_lines = _lines_of(whole)
    if all_lines is None:
        return None
    # How often each line is in the three, whatever its indentation.
    counts = [Counter(map(str.strip, each)) for each in all_lines]
    wording = _wording_of(PurePosixPath(path.lower()))
    return decide_hunks(sides, [lambda hunk: _decide(hunk, counts, wording)])


def decide_hunks(sides: FileSides, rules: Sequence[HunkRule]) -> FileSides | None:
    """Decide conflicts by rules, of which the first that has an answer counts; None as for `settle_hunks`."""
    lines_of_each = _lines_of(sides)
    if lines_of_each is None:
        return None
    ours: list[str] = []
    others: list[str] = []
    reasons: Counter[str] = Counter()
    for chunk in diff3(*lines_of_each):
        hunk = Hunk(chunk.base, chunk.mine, chunk.theirs)
        decisions = () if chunk.settled is not None else (rule(hunk) for rule in rules)
        decision = next((each for each in decisions if each is not None), None)
        if decision is not None:
            hunk = hunk._replace(mine=decision[0], theirs=decision[0])
            reasons[decision[1]] += 1
        ours += hunk.mine
        others += hunk.theirs
    if not reasons:
        return None
    new = (f"{count} {'hunk' if count == 1 else 'hunks'}: {reason}" for reason, count in reasons.items())
    mine, theirs = "".join(ours).encode(), "".join(others).encode()
    return replace(sides, mine=mine, theirs=theirs, reasons=(*sides.reasons, *new))


def _lines_of(sides: FileSides) -> list[list[str]] | None:
    try:
        lines = [side.decode().splitlines(keepends=True) for side in sides.contents]
    except UnicodeDecodeError:
        return None
    return None if max(map(len, lines)) > _MOST_LINES else lines


def _decide(hunk: Hunk, counts: Sequence[Counter[str]], wording: _Wording) -> Decision | None:
    base, mine, theirs = hunk
    before, here, there = counts
    if base and mine and wording(mine) == wording(base):
        return theirs, "you had only reformatted what the template changed, so the template's text is taken"
    if base and theirs and wording(theirs) == wording(base):
        return mine, "the template only reformatted what you changed, so your text is kept"
    if mine and _trimmed(mine) == _trimmed(theirs):
        return theirs, "both made the same change, but for spaces at the ends of lines"
    if mine and holds(theirs, mine, base) and not _moved(mine, base, before=before, after=there):
        return theirs, "the template's change holds all of yours"
    if theirs and holds(mine, theirs, base) and not _moved(theirs, base, before=before, after=here):
        return mine, "your change holds all of the template's"
    return None


def _wording_of(path: PurePosixPath) -> _Wording:
    """What counts of lines: in prose the words and where they begin, in code all but spaces at the ends of lines."""
    if path.suffix in _PROSE and path.name not in _CODE and not path.name.startswith("."):
        return lambda lines: [_INDENT.match("".join(lines))[1], *" ".join(lines).split()]  # type: ignore[index]
    if path.suffix in _QUOTES_ALIKE:
        return lambda lines: [_PLAIN_STRING.sub(r'"\1"', line) for line in _trimmed(lines)]
    return _trimmed


def _trimmed(lines: Sequence[str]) -> list[str]:
    return [line.rstrip() for line in lines if line.strip()]


def _moved(small: Sequence[str], base: Sequence[str], *, before: Counter[str], after: Counter[str]) -> bool:
    """Whether lines that one side removed are still there on the other, which only has them elsewhere."""
    removed = Counter(map(str.strip, base)) - Counter(map(str.strip, small))
    return any(
        after[line] > before[line] - count for line, count in removed.items() if any(sign.isalnum() for sign in line)
    )
