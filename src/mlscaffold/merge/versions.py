"""Hunks in which only versions differ: of each dependency, pinned action and hook's revision the higher one counts.

Both sides raised it, and so both wanted the newer; a version that one side lowered was lowered for a reason, and is
left to a person. What a project promises or is tested against (its own version, Python's) is nobody's dependency.
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .hunks import Decision, Hunk

if TYPE_CHECKING:
    from packaging.version import Version

__all__ = ["higher_versions"]

#: No line of a dependency is longer; patterns are tried on none that is.
_LONGEST = 500
_NUMBER = r"[vV]?\d[\w.+!-]*"
_TAG = rf"(?:\s*#\s*(?:frozen:\s*|tag\s*=\s*)?(?P<tag>{_NUMBER}))?"
_OPERATOR = r"(?:===?|~=|>=|<=|!=|<|>|\^|~)"
_RANGE = rf"{_OPERATOR}\s*{_NUMBER}(?:\s*,\s*{_OPERATOR}\s*{_NUMBER})*"
#: `uses: owner/action@v4`, or at a digest with the tag in a comment; and the revision of a hook.
_REFERENCE = re.compile(rf"\b(?:uses:\s*[\"']?[\w./-]+@|rev:\s*[\"']?)(?P<ref>[\w.+-]+)[\"']?{_TAG}")
#: `package[extra]>=1,<2`, wherever it stands.
_REQUIREMENT = re.compile(rf"(?<![\w.-])(?P<name>[A-Za-z][\w.-]*)(?:\[[\w,\s.-]*\])?\s*(?P<range>{_RANGE})")
#: `package = "^1"`, `package = {{version = "1"}}`, `"package": "~1"`.
_ENTRY = re.compile(
    rf"(?<![\w./-])(?P<name>[@A-Za-z][\w./-]*)[\"']?\s*[=:]\s*(?:{{\s*version\s*=\s*)?[\"'](?P<range>{_RANGE}|{_NUMBER})[\"']"
)
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_EACH = re.compile(rf"(?P<operator>{_OPERATOR}?)\s*(?P<number>{_NUMBER})")
#: What is no dependency, though it has a version.
_PROMISES = re.compile(r"(?i)(?:requires[-_.])?(?:python|node|npm)|.*version|python[-_.](?:requires|versions?)")


@dataclass(frozen=True, kw_only=True)
class _Pin:
    """One version in a line."""

    #: From where to where it stands.
    span: tuple[int, int]
    operator: str
    #: None for a digest, whose tag stands beside it.
    number: str | None


def higher_versions(hunk: Hunk) -> Decision | None:
    """Of a hunk in which only versions differ the lines with the higher ones; None for every other hunk."""
    if not hunk.mine or len(hunk.mine) != len(hunk.theirs):
        return None
    known = {_form(line): line for line in hunk.base}
    if len(known) != len(hunk.base) or len(hunk.base) not in {0, len(hunk.mine)}:
        return None
    chosen: list[str] = []
    for mine, theirs in zip(hunk.mine, hunk.theirs, strict=True):
        line = mine if mine.rstrip() == theirs.rstrip() else _higher(known.get(_form(mine)), mine, theirs)
        if line is None:
            return None
        chosen.append(line)
    sides = Counter("yours" if line == mine else "the template's" for line, mine in zip(chosen, hunk.mine, strict=True))
    return chosen, f"only versions differ, and the higher ones count ({' and '.join(sorted(sides))})"


def _higher(base: str | None, mine: str, theirs: str) -> str | None:
    """The line of two whose versions are the higher ones; None where they differ in more, or one side went back."""
    if _form(mine) != _form(theirs):
        return None
    ours, others = _versions(mine), _versions(theirs)
    if ours is None or others is None or ours == others:
        return None
    before = None if base is None else _versions(base)
    if base is not None and (before is None or not (_reaches(ours, before) and _reaches(others, before))):
        return None
    if len(ours) != len(others) or not _are_told_apart(mine, ours, others):
        return None
    if _reaches(ours, others):
        return mine
    return theirs if _reaches(others, ours) else None


def _reaches(some: Sequence[Version], others: Sequence[Version]) -> bool:
    """Whether no version is lower than its counterpart."""
    return len(some) == len(others) and all(map(operator.ge, some, others))


def _are_told_apart(line: str, some: Sequence[Version], others: Sequence[Version]) -> bool:
    """Whether the higher version is the newer one: `v4` moves on, and may be newer than `v4.1`."""
    if all(pin.operator == ">=" for pin in _pins(line)):
        return True
    return all(
        len(one.release) == len(other.release) or any(map(operator.ne, one.release, other.release))
        for one, other in zip(some, others, strict=True)
    )


def _form(line: str) -> str:
    """A line without its versions."""
    parts, at = [], 0
    for pin in _pins(line):
        parts.append(line[at : pin.span[0]])
        at = pin.span[1]
    return "\0".join([*parts, line[at:].rstrip()])


def _versions(line: str) -> list[Version] | None:
    """The versions of a line; None if it has none, or one that cannot be compared."""
    from packaging.version import InvalidVersion, Version

    pins = list(_pins(line))
    try:
        versions = [Version(pin.number) for pin in pins if pin.number is not None]
    except InvalidVersion:
        return None
    return versions or None


def _pins(line: str) -> Iterator[_Pin]:
    if len(line) > _LONGEST:
        return
    if (reference := _REFERENCE.search(line)) is not None:
        yield from _reference_pins(reference)
        return
    at = 0
    while (match := _REQUIREMENT.search(line, at) or _ENTRY.search(line, at)) is not None:
        at = match.end()
        if not _PROMISES.fullmatch(match["name"]):
            begin = match.start("range")
            for each in _EACH.finditer(match["range"]):
                if each["operator"] == "!=":
                    continue
                start, end = each.span("number")
                yield _Pin(span=(begin + start, begin + end), operator=each["operator"], number=each["number"])


def _reference_pins(match: re.Match[str]) -> Iterator[_Pin]:
    is_digest = _DIGEST.fullmatch(match["ref"])
    if is_digest or re.fullmatch(_NUMBER, match["ref"]):
        yield _Pin(span=match.span("ref"), operator="", number=None if is_digest else match["ref"])
    if match["tag"]:
        yield _Pin(span=match.span("tag"), operator="", number=match["tag"])
