"""Structured merge of TOML, YAML and JSON: weave the three as they are written, judge on the parsed data.

Parse to decide, splice bytes, parse again to prove: a proposal is taken only if its data are the merge of the three
sides' data; bytes that no side changed are as they were, and no comment is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..documents.data import ABSENT
from ..documents.formats import Format, format_of, is_written_by_program
from ..documents.json import is_strict_json
from .judge import Judge
from .weave import weave

__all__ = ["Structured", "can_merge", "is_merge", "is_within", "merge_structured", "parses"]


@dataclass(frozen=True, kw_only=True)
class Structured:
    """A merge that is proven: three documents, equal but for the places where a person has to decide."""

    #: What each side has in those places.
    base: bytes
    mine: bytes
    theirs: bytes
    #: One sentence for each decision beyond a line merge, for a person.
    reasons: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether nobody has to decide anything."""
        return self.base == self.mine == self.theirs


def can_merge(path: str) -> bool:
    """Whether a file's name says that it is TOML, YAML or JSON written by people."""
    return _merged_format(path) is not None


def _merged_format(path: str) -> Format | None:
    """The format of a file that people write."""
    return None if is_written_by_program(path) else format_of(path)


def parses(path: str, content: bytes) -> bool:
    """Whether a document is valid, and names no key twice."""
    form = format_of(path)
    if form is None:
        return False
    try:
        form.data(content)
    except ValueError:
        return False
    return True


def is_merge(path: str, *, base: bytes, mine: bytes, theirs: bytes, result: bytes) -> bool:
    """Whether a document holds every change of either side, and nothing else; comments do not count."""
    form = _merged_format(path)
    if form is None:
        return False
    try:
        before, ours, others, found = (form.data(side) for side in (base, mine, theirs, result))
        return Judge().accepts((before, ours, others, found))
    except (ValueError, RecursionError):
        return False


def is_within(path: str, *, small: bytes, large: bytes) -> bool:
    """Whether a document says all that another says, and contradicts none of it."""
    form = format_of(path)
    if form is None:
        return False
    try:
        part, whole = form.data(small), form.data(large)
        return part is None or Judge().accepts((ABSENT, part, whole, whole))
    except (ValueError, RecursionError):
        return False


def merge_structured(path: str, *, base: bytes, mine: bytes, theirs: bytes) -> Structured | None:
    """Merge three documents; None where that cannot be decided or proven.

    Args:
        path: The file's name tells the format.
        base: The old render.
        mine: The project's content.
        theirs: The new render.
    """
    form = _merged_format(path)
    if form is None:
        return None
    try:
        values = [form.data(side) for side in (base, mine, theirs)]
        proposal = weave(form, *(side.decode() for side in (base, mine, theirs)))
    except ValueError:
        return None
    if proposal is None:
        return None
    results = [text.encode() for text in (proposal.base, proposal.mine, proposal.theirs)]
    judges = [Judge(instead=side if proposal.open_places else None) for side in range(len(results))]
    strict = form.name == "json" and all(map(is_strict_json, (base, mine, theirs)))
    try:
        for judge, result in zip(judges, results, strict=True):
            proven = judge.accepts((values[0], values[1], values[2], form.data(result)))
            if not proven or (strict and not is_strict_json(result)):
                return None
    except (ValueError, RecursionError):
        return None
    reasons = tuple(dict.fromkeys((*proposal.reasons, *judges[1].reasons)))
    return Structured(base=results[0], mine=results[1], theirs=results[2], reasons=reasons)
