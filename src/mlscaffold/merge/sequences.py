"""Diff3 of any sequences: of lines, of list items, of the words of a line."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Generic, TypeVar

__all__ = ["Chunk", "diff3", "merged_sequence"]

_T = TypeVar("_T", bound=Hashable)


@dataclass(frozen=True, kw_only=True)
class Chunk(Generic[_T]):
    """A part of the three sequences that belongs together; `settled` is its outcome, None if both sides changed it."""

    base: tuple[_T, ...]
    mine: tuple[_T, ...]
    theirs: tuple[_T, ...]

    @property
    def settled(self) -> tuple[_T, ...] | None:
        """What it becomes."""
        if self.mine in (self.theirs, self.base):
            return self.theirs
        return self.mine if self.theirs == self.base else None


def diff3(base: Sequence[_T], mine: Sequence[_T], theirs: Sequence[_T]) -> Iterator[Chunk[_T]]:
    """Cut three sequences at the items that all of them share, in order."""
    left, right = _matches(base, mine), _matches(base, theirs)
    at = (0, 0, 0)
    for index in range(len(base) + 1):
        end = index == len(base)
        if not end and (index not in left or index not in right):
            continue
        here = (index, len(mine), len(theirs)) if end else (index, left[index], right[index])
        chunk = Chunk(
            base=tuple(base[at[0] : here[0]]), mine=tuple(mine[at[1] : here[1]]), theirs=tuple(theirs[at[2] : here[2]])
        )
        if chunk.base or chunk.mine or chunk.theirs:
            yield chunk
        if not end:
            same = (base[index],)
            yield Chunk(base=same, mine=same, theirs=same)
            at = (here[0] + 1, here[1] + 1, here[2] + 1)


def _matches(base: Sequence[_T], other: Sequence[_T]) -> dict[int, int]:
    found: dict[int, int] = {}
    for block in SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks():
        found |= {block.a + step: block.b + step for step in range(block.size)}
    return found


def merged_sequence(base: Sequence[_T], mine: Sequence[_T], theirs: Sequence[_T]) -> tuple[_T, ...] | None:
    """The merge of three sequences; None if both sides changed the same part."""
    result: list[_T] = []
    for chunk in diff3(base, mine, theirs):
        if chunk.settled is None:
            return None
        result += chunk.settled
    return tuple(result)
