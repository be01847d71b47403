"""The 3-way merge of one file's content: by lines as git does it, and by structure where lines are not enough.

Line merge comes first. Where it conflicts, or where its result is no longer valid TOML, YAML or JSON, the structured
merge decides on parsed values, splices bytes and proves the result. Where that cannot be proven, hunks in which one
side holds all of the other's change are settled. What is left keeps its markers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..git.merge_file import Labels, merge_lines
from .diff3 import holds
from .hunks import settle_hunks
from .structured import can_merge, is_merge, is_within, merge_structured, parses

__all__ = ["Labels", "Merged", "fuller_of", "merge_contents"]


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
    names = labels or Labels()
    if lines_only or base is None:
        return _by_line(base, mine, theirs, names)
    ends = _line_ends(base, mine, theirs)
    if ends is None:
        return _merged(path, base, mine, theirs, names)
    before, ours, others = (side.replace(b"\r\n", b"\n") for side in (base, mine, theirs))
    found = _merged(path, before, ours, others, names)
    return replace(found, content=found.content.replace(b"\n", ends))


def fuller_of(path: str, mine: bytes, theirs: bytes) -> tuple[bytes, tuple[str, ...]] | None:
    """Of two files that both sides added the one that holds all of the other, and why; None if neither does."""
    if (ours := _filled_lines(mine)) is None or (others := _filled_lines(theirs)) is None:
        return None
    if _holds_all(path, mine, ours, theirs, others):
        return mine, ("both added it, and yours holds all of the template's",)
    if _holds_all(path, theirs, others, mine, ours):
        return theirs, ("both added it, and the template's holds all of yours",)
    return None


def _filled_lines(content: bytes) -> list[bytes] | None:
    """The lines that say something; None if it is no text."""
    return None if b"\0" in content else [line.rstrip() for line in content.splitlines() if line.strip()]


def _holds_all(path: str, large: bytes, many: list[bytes], small: bytes, few: list[bytes]) -> bool:
    if not few:
        return True
    proven = not (can_merge(path) and parses(path, small)) or is_within(path, small=small, large=large)
    return proven and holds(many, few, ())


def _line_ends(base: bytes, mine: bytes, theirs: bytes) -> bytes | None:
    """The line ends of a merge whose sides do not have the same; None if they do, or one of them has no clear ones."""
    kinds = []
    for side in (base, mine, theirs):
        windows, lines = side.count(b"\r\n"), side.count(b"\n")
        if windows not in {0, lines} or b"\0" in side or side.count(b"\r") != windows:
            return None
        kinds.append(b"\r\n" if windows else b"\n")
    if len(set(kinds)) == 1:
        return None
    return kinds[2] if kinds[1] == kinds[0] else kinds[1]


def _merged(path: str, base: bytes, mine: bytes, theirs: bytes, names: Labels) -> Merged:
    plain = _by_line(base, mine, theirs, names)
    if plain.conflicted and not plain.hunks:
        return plain
    proven = can_merge(path) and all(parses(path, side) for side in (base, mine, theirs))
    if not plain.conflicted and (
        not proven or is_merge(path, base=base, mine=mine, theirs=theirs, result=plain.content)
    ):
        return plain
    return _beyond_lines(path, base, mine, theirs, plain=plain, proven=proven, names=names)


def _beyond_lines(
    path: str, base: bytes, mine: bytes, theirs: bytes, *, plain: Merged, proven: bool, names: Labels
) -> Merged:
    """What a line merge could not do, or did wrong; `proven` says that a result has to be proven."""
    found = merge_structured(path, base=base, mine=mine, theirs=theirs) if proven else None
    if found is not None and found.is_complete:
        return Merged(content=found.mine, conflicted=False, reasons=found.reasons)
    if not plain.conflicted:
        # Every line merged. Nobody should commit a whole that is broken (a key twice, say) unseen; what is only beyond
        # our judgement is git's to decide.
        return plain if parses(path, plain.content) else _by_line(None, mine, theirs, names)
    best, sides = plain, (base, mine, theirs)
    if found is not None:
        left = _by_line(found.base, found.mine, found.theirs, names)
        if left.conflicted and left.hunks <= plain.hunks:
            best, sides = replace(left, reasons=found.reasons), (found.base, found.mine, found.theirs)
    settled = settle_hunks(path, base=sides[0], mine=sides[1], theirs=sides[2])
    if settled is None:
        return best
    rest = _by_line(sides[0], settled.mine, settled.theirs, names)
    whole = proven and not rest.conflicted
    if whole and not is_merge(path, base=base, mine=mine, theirs=theirs, result=rest.content):
        return best
    return replace(rest, reasons=(*best.reasons, *settled.reasons))


def _by_line(base: bytes | None, mine: bytes, theirs: bytes, labels: Labels) -> Merged:
    found = merge_lines(base=base, mine=mine, theirs=theirs, labels=labels)
    if found is None:
        return Merged(content=mine, conflicted=True)
    return Merged(content=found.content, conflicted=found.hunks > 0, hunks=found.hunks)
