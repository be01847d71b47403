"""The 3-way merge of one file's content: by lines as git does it, and by structure where lines are not enough.

Line merge comes first. Where it conflicts, or where its result is no longer valid TOML, YAML or JSON, the structured
merge decides on parsed values, splices bytes and proves the result; where that cannot be proven, the markers stay.
"""

from __future__ import annotations

from dataclasses import dataclass

from .lines import Labels, merge_lines
from .structured import can_merge, merge_structured, parses

__all__ = ["Labels", "Merged", "merge_contents"]


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The outcome for one file."""

    #: What goes into the work tree, with markers if there are conflicts.
    content: bytes
    conflicted: bool
    #: Conflict hunks that the content marks; 0 where git cannot mark them (binary content).
    hunks: int = 0
    #: Decisions beyond a line merge, a sentence each.
    reasons: tuple[str, ...] = ()


def merge_contents(
    path: str,
    *,
    base: bytes | None,
    mine: bytes,
    theirs: bytes,
    labels: Labels | None = None,
    lines_only: bool = False,
) -> Merged:
    """Merge the contents of a file that both sides changed.

    Args:
        path: Where it is; the name tells the format.
        base: The old render; None if both sides added the file.
        mine: The project's content.
        theirs: The new render.
        labels: Names of the sides in conflict markers.
        lines_only: Do no more than git would.

    Raises:
        MachineError: git failed.
    """
    by_line = merge_lines(base=base, mine=mine, theirs=theirs, labels=labels or Labels())
    if by_line is None:
        return Merged(content=mine, conflicted=True)
    plain = Merged(content=by_line.content, conflicted=by_line.hunks > 0, hunks=by_line.hunks)
    if lines_only or base is None or not can_merge(path):
        return plain
    if not plain.conflicted and (parses(path, plain.content) or not _all_parse(path, base, mine, theirs)):
        return plain
    if (found := merge_structured(path, base=base, mine=mine, theirs=theirs)) is not None:
        return Merged(content=found.content, conflicted=False, reasons=found.reasons)
    if plain.conflicted:
        return plain
    # Every line merged, and the whole is broken (a key twice, say): nobody should commit that unseen.
    marked = _mark_whole(mine, theirs, labels or Labels())
    return Merged(content=marked, conflicted=True, hunks=1)


def _all_parse(path: str, *contents: bytes) -> bool:
    return all(parses(path, content) for content in contents)


def _mark_whole(mine: bytes, theirs: bytes, labels: Labels) -> bytes:
    """Both files, marked where they differ."""
    found = merge_lines(base=None, mine=mine, theirs=theirs, labels=labels)
    return mine if found is None else found.content
