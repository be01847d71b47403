"""The 3-way merge of one file's content: by lines as git does it, and by structure where lines are not enough.

Line merge comes first. Where it conflicts, or where its result is no longer valid TOML, YAML or JSON, the structured
merge decides on parsed values, splices bytes and proves the result. Where that cannot be proven, hunks in which one
side holds all of the other's change are settled. What is left keeps its markers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ..git.merge_file import Labels, merge_lines
from .diff3 import holds
from .hunks import HunkRule, decide_hunks, settle_hunks
from .sides import FileSides
from .structured import Documents, documents_of, is_within, parses

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
    scratch: Path | None = None,
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
        scratch: A private folder that git may read the contents from; None is one for each merge.

    Raises:
        MachineError: git failed.
    """
    whole = FileSides(base=base or b"", mine=mine, theirs=theirs)
    merging = _Merging(path=path, whole=whole, labels=labels or Labels(), scratch=scratch, rules=rules)
    if lines_only or base is None:
        return merging.marked(base)
    if (ends := _line_ends(base, mine, theirs)) is None:
        return merging.merged()
    before, ours, others = (side.replace(b"\r\n", b"\n") for side in (base, mine, theirs))
    unix = FileSides(base=before, mine=ours, theirs=others)
    merged = replace(merging, whole=unix).merged()
    return replace(merged, content=merged.content.replace(b"\n", ends))


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
    return is_within(path, small=small, large=large) and holds(many, few, ())


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
class _Merging:
    """One merge of three contents."""

    path: str
    whole: FileSides
    labels: Labels
    scratch: Path | None
    rules: Sequence[HunkRule]

    @cached_property
    def documents(self) -> Documents | None:
        """The contents as data, where a merge of them can be proven, and so has to be."""
        return documents_of(self.path, self.whole)

    def merged(self) -> Merged:
        plain = self._by_line(self.whole)
        if plain.conflicted and not plain.hunks:
            return plain
        if not plain.conflicted and (self.documents is None or self.documents.is_merge(plain.content)):
            return plain
        woven = self.documents.merged() if self.documents is not None else None
        if woven is not None and woven.is_complete:
            return Merged(content=woven.mine, conflicted=False, reasons=woven.reasons)
        if not plain.conflicted:
            # Every line merged. Nobody should commit a whole that is broken (a key twice, say) unseen; what is only
            # beyond our judgement is git's to decide.
            return plain if parses(self.path, plain.content) else self.marked(None)
        if woven is not None:
            narrowed = self._by_line(woven)
            if narrowed.conflicted and narrowed.hunks <= plain.hunks:
                return self._by_rules(*self._by_holding(woven, narrowed))
        return self._by_rules(*self._by_holding(self.whole, plain))

    def _by_holding(self, rest: FileSides, merged: Merged) -> tuple[FileSides, Merged]:
        """Hunks in which one side holds all that the other did; together they have to be the merge of the whole."""
        held = settle_hunks(self.path, rest, whole=self.whole)
        if held is None:
            return rest, merged
        attempt = self._by_line(held)
        is_sound = self.documents is None or attempt.conflicted or self.documents.is_merge(attempt.content)
        return (held, attempt) if is_sound else (rest, merged)

    def _by_rules(self, rest: FileSides, merged: Merged) -> Merged:
        """Hunks in which a rule takes lines of one side; with those on both sides the rest has to be a merge."""
        if not self.rules or not merged.conflicted or (ruled := decide_hunks(rest, self.rules)) is None:
            return merged
        attempt = self._by_line(ruled)
        if self.documents is None or attempt.conflicted:
            return attempt
        documents = documents_of(self.path, ruled)
        return attempt if documents is not None and documents.is_merge(attempt.content) else merged

    def marked(self, base: bytes | None) -> Merged:
        """The merge by lines; without a base all that is not on both sides is in conflict."""
        return self._lines(base, self.whole)

    def _by_line(self, sides: FileSides) -> Merged:
        return self._lines(sides.base, sides)

    def _lines(self, base: bytes | None, sides: FileSides) -> Merged:
        mine, theirs = sides.mine, sides.theirs
        lines = merge_lines(base=base, mine=mine, theirs=theirs, labels=self.labels, scratch=self.scratch)
        if lines is None:
            return Merged(content=mine, conflicted=True)
        return Merged(content=lines.content, conflicted=lines.hunks > 0, hunks=lines.hunks, reasons=sides.reasons)
