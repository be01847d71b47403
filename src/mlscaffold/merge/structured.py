"""Structured merge of TOML, YAML and JSON: propose by units of lines, judge on the parsed data.

Parse to decide, splice bytes, parse again to prove: a proposal is taken only if its data are the merge of the three
sides' data; lines that no side changed are as they were.
"""

from __future__ import annotations

from dataclasses import dataclass

from .documents import Judge, data_of, format_of, is_strict_json
from .units import merge_by_units

__all__ = ["Structured", "can_merge", "merge_structured", "parses"]


@dataclass(frozen=True, kw_only=True)
class Structured:
    """A merge that is proven."""

    content: bytes
    #: One sentence for each decision beyond a line merge, for a person.
    reasons: tuple[str, ...]


def can_merge(path: str) -> bool:
    """Whether a file's name says that it is TOML, YAML or JSON written by people."""
    return format_of(path) != ""


def parses(path: str, content: bytes) -> bool:
    """Whether a document is valid, and names no key twice."""
    try:
        data_of(format_of(path), content)
    except ValueError:
        return False
    return True


def merge_structured(path: str, *, base: bytes, mine: bytes, theirs: bytes) -> Structured | None:
    """Merge three documents; None where that cannot be decided or proven.

    Args:
        path: The file's name tells the format.
        base: The old render.
        mine: The project's content.
        theirs: The new render.
    """
    form = format_of(path)
    try:
        before, ours, others = (data_of(form, side) for side in (base, mine, theirs))
        texts = [side.decode() for side in (base, mine, theirs)]
    except ValueError:
        return None
    strict = form == "json" and all(map(is_strict_json, (base, mine, theirs)))
    for proposal in merge_by_units(form, *texts):
        judge = Judge()
        if strict and not is_strict_json(proposal.encode()):
            continue
        try:
            result = data_of(form, proposal.encode())
        except ValueError:
            continue
        if judge.accepts((before, ours, others, result)):
            kept = f"changes of both sides to neighbouring lines are kept, and proven as {form.upper()}"
            return Structured(content=proposal.encode(), reasons=(kept, *dict.fromkeys(judge.reasons)))
    return None
