"""The 3-way merge of one file's content: by lines as git does it, and by structure where lines are not enough.

Line merge comes first. Where it conflicts, or where its result is no longer valid TOML, YAML or JSON, the structured
merge decides on parsed values, splices bytes and proves the result. Where that cannot be proven, hunks in which one
side holds all of the other's change are settled. What is left keeps its markers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..git.merge_file import Labels, merge_lines
from .diff3 import holds
from .hunks import HunkRule, decide_hunks, settle_hunks
from .structured import can_merge, is_merge, is_within, merge_structured, parses

__all__ = ["HunkRule", "Labels", "Merged", "fuller_of", "merge_contents"]


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
    rules: Sequence[HunkRule] = (),
) -> Merged:
    """Merge the contents of a file that both sides changed.

    Args:
        path: Where it is; the name tells the format.
        base: The old render; None if both sides added the file.
        mine: The project's content.
        theirs: The new render.
        labels: Names of the sides in conflict markers.
        lines_only: Do no more than git would.
        rules: What decides hunks that nothing else does, each by itself.

    Raises:
        MachineError: git failed.
    """
    names = labels or Labels()
    if lines_only or base is None:
        return _by_line(base, mine, theirs, names)
    sides = _Sides(path=path, base=base, mine=mine, theirs=theirs, labels=names)
    ends = _line_ends(base, mine, theirs)
    if ends is None:
        return _merged(sides, rules)
    before, ours, others = (side.replace(b"\r\n", b"\n") for side in (base, mine, theirs))
    found = _merged(replace(sides, base=before, mine=ours, theirs=others), rules)
    return replace(found, content=found.content.replace(b"\n", ends))


def fuller_of(path: str, mine: bytes, theirs: bytes) -> tuple[bytes, tuple[str, ...]] | None:
    """Of two files that both sides added the one that holds all of the other, and why; None if neither does."""
    ours, others = _filled_lines(mine), _filled_lines(theirs)
    if _holds_all(path, mine, ours, theirs, others):
        return mine, ("both added it, and yours holds all of the template's",)
    if _holds_all(path, theirs, others, mine, ours):
        return theirs, ("both added it, and the template's holds all of yours",)
    return None


def _filled_lines(content: bytes) -> list[bytes] | None:
    """The lines that say something; None if it is no text."""
    return None if b"\0" in content else [line.rstrip() for line in content.splitlines() if line.strip()]


def _holds_all(path: str, large: bytes, many: list[bytes] | None, small: bytes, few: list[bytes] | None) -> bool:
    if few == []:
        return True
    if many is None or few is None:
        return False
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


@dataclass(frozen=True, kw_only=True)
class _Left:
    """Three documents that differ only where somebody has to decide yet, and their merge by lines."""

    base: bytes
    mine: bytes
    theirs: bytes
    merged: Merged


@dataclass(frozen=True, kw_only=True)
class _Sides:
    """The three documents of one merge."""

    path: str
    base: bytes
    mine: bytes
    theirs: bytes
    labels: Labels

    @property
    def are_data(self) -> bool:
        """Whether their merge can be proven, and so has to be."""
        return can_merge(self.path) and all(parses(self.path, side) for side in (self.base, self.mine, self.theirs))

    def made(self, result: bytes) -> bool:
        """Whether a document is their merge."""
        return is_merge(self.path, base=self.base, mine=self.mine, theirs=self.theirs, result=result)

    def left(self, base: bytes, mine: bytes, theirs: bytes, reasons: tuple[str, ...] = ()) -> _Left:
        """What is left of them to decide."""
        merged = replace(_by_line(base, mine, theirs, self.labels), reasons=reasons)
        return _Left(base=base, mine=mine, theirs=theirs, merged=merged)


def _merged(sides: _Sides, rules: Sequence[HunkRule]) -> Merged:
    left = sides.left(sides.base, sides.mine, sides.theirs)
    plain = left.merged
    if plain.conflicted and not plain.hunks:
        return plain
    are_data = sides.are_data
    if not plain.conflicted and (not are_data or sides.made(plain.content)):
        return plain
    if are_data:
        found = merge_structured(sides.path, base=sides.base, mine=sides.mine, theirs=sides.theirs)
        if found is not None and found.is_complete:
            return Merged(content=found.mine, conflicted=False, reasons=found.reasons)
        if found is not None and plain.conflicted:
            narrowed = sides.left(found.base, found.mine, found.theirs, found.reasons)
            left = narrowed if narrowed.merged.conflicted and narrowed.merged.hunks <= plain.hunks else left
    if not plain.conflicted:
        # Every line merged. Nobody should commit a whole that is broken (a key twice, say) unseen; what is only beyond
        # our judgement is git's to decide.
        unseen = parses(sides.path, plain.content)
        return plain if unseen else _by_line(None, sides.mine, sides.theirs, sides.labels)
    left = _by_holding(sides, left, proven=are_data)
    return _by_rules(sides, left, rules, proven=are_data).merged


def _by_holding(sides: _Sides, left: _Left, *, proven: bool) -> _Left:
    """Hunks in which one side's change holds all of the other's; together they have to be the merge of the whole."""
    whole = (sides.base, sides.mine, sides.theirs)
    settled = settle_hunks(sides.path, (left.base, left.mine, left.theirs), whole=whole)
    if settled is None:
        return left
    rest = sides.left(left.base, settled.mine, settled.theirs, (*left.merged.reasons, *settled.reasons))
    return left if proven and not rest.merged.conflicted and not sides.made(rest.merged.content) else rest


def _by_rules(sides: _Sides, left: _Left, rules: Sequence[HunkRule], *, proven: bool) -> _Left:
    """Hunks in which a rule takes lines of one side; with those on both sides the rest has to be a merge."""
    if not rules or not left.merged.conflicted:
        return left
    settled = decide_hunks(base=left.base, mine=left.mine, theirs=left.theirs, rules=rules)
    if settled is None:
        return left
    rest = sides.left(left.base, settled.mine, settled.theirs, (*left.merged.reasons, *settled.reasons))
    if rest.merged.conflicted or not proven:
        return rest
    agreed = replace(sides, base=left.base, mine=settled.mine, theirs=settled.theirs)
    return rest if agreed.are_data and agreed.made(rest.merged.content) else left


def _by_line(base: bytes | None, mine: bytes, theirs: bytes, labels: Labels) -> Merged:
    found = merge_lines(base=base, mine=mine, theirs=theirs, labels=labels)
    if found is None:
        return Merged(content=mine, conflicted=True)
    return Merged(content=found.content, conflicted=found.hunks > 0, hunks=found.hunks)
