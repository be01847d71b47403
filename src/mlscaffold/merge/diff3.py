"""Diff3 of any sequences: of lines, of list items, of the words of a line."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Generic, TypeVar

__all__ = ["Chunk", "count_changed", "diff3", "holds", "merged_sequence", "stretches"]

_T = TypeVar("_T", bound=Hashable)
#: Where items repeat, pairs of them are compared; more than these are not worth the time.
_MOST_PAIRS = 40_000
#: How often, at most, all items are looked at: each look at a part finds what stands once in that part.
_MOST_LOOKS = 50


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


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Which items of three sequences belong together: one of each that matches, or those between two such."""

    ranges: tuple[range, ...]
    is_match: bool


def diff3(base: Sequence[_T], mine: Sequence[_T], theirs: Sequence[_T]) -> Iterator[Chunk[_T]]:
    """Cut three sequences at the items that all of them share, in order."""
    sides = (base, mine, theirs)
    for stretch in stretches(tuple(map(len, sides)), _matches(base, mine), _matches(base, theirs)):
        before, ours, others = (tuple(side[at.start : at.stop]) for side, at in zip(sides, stretch.ranges, strict=True))
        yield Chunk(base=before, mine=ours, theirs=others)


def stretches(sizes: Sequence[int], left: Mapping[int, int], right: Mapping[int, int]) -> Iterator[Stretch]:
    """Cut three sequences at the items of the first that have a match in both others; what is empty is left out.

    Args:
        sizes: Their lengths.
        left: The matches of the first in the second, in order.
        right: Those in the third.
    """
    at: tuple[int, ...] = (0, 0, 0)
    shared = [(index, left[index], right[index]) for index in range(sizes[0]) if index in left and index in right]
    for end in (*shared, tuple(sizes)):
        if at != end:
            yield Stretch(ranges=tuple(map(range, at, end)), is_match=False)
        at = tuple(index + 1 for index in end)
        if at[0] <= sizes[0]:
            yield Stretch(ranges=tuple(map(range, end, at)), is_match=True)


def _matches(base: Sequence[_T], other: Sequence[_T]) -> dict[int, int]:
    """Which items are the same: what both begin and end with, what stands once in both, then what lies between."""
    matches: dict[int, int] = {}
    todo = [(0, len(base), 0, len(other))]
    looks_left = _MOST_LOOKS * (len(base) + len(other))
    while todo:
        left, left_end, right, right_end = todo.pop()
        while left < left_end and right < right_end and base[left] == other[right]:
            matches[left] = right
            left, right = left + 1, right + 1
        while left < left_end and right < right_end and base[left_end - 1] == other[right_end - 1]:
            left_end, right_end = left_end - 1, right_end - 1
            matches[left_end] = right_end
        looks_left -= left_end - left + right_end - right
        if left == left_end or right == right_end or looks_left < 0:
            continue
        anchors = _anchors(base[left:left_end], other[right:right_end])
        if not anchors:
            part = _closest(base[left:left_end], other[right:right_end])
            matches |= {left + here: right + there for here, there in part.items()}
            continue
        at = (left, right)
        for here, there in anchors:
            matches[left + here] = right + there
            todo.append((at[0], left + here, at[1], right + there))
            at = (left + here + 1, right + there + 1)
        todo.append((at[0], left_end, at[1], right_end))
    return matches


def _anchors(one: Sequence[_T], other: Sequence[_T]) -> list[tuple[int, int]]:
    """The longest run, in the order of both, of items that stand once in both."""
    counts, others = Counter(one), Counter(other)
    there = {item: index for index, item in enumerate(other) if others[item] == 1}
    pairs = [(index, there[item]) for index, item in enumerate(one) if counts[item] == 1 and item in there]
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, end) in enumerate(pairs):
        pile = bisect_left(ends, end)
        ends[pile : pile + 1] = [end]
        last[pile : pile + 1] = [number]
        before.append(last[pile - 1] if pile else -1)
    anchors: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        anchors.append(pairs[number])
        number = before[number]
    return anchors[::-1]


def _closest(one: Sequence[_T], other: Sequence[_T]) -> dict[int, int]:
    """Matches of items that repeat. Its time grows with the product, so long parts count as changed throughout."""
    if len(one) * len(other) > _MOST_PAIRS:
        return {}
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return {block.a + step: block.b + step for block in blocks for step in range(block.size)}


def count_changed(one: Sequence[_T], other: Sequence[_T]) -> int:
    """How many items two sequences do not share, in order; of those that replace each other the more count."""
    matches = sorted(_matches(one, other).items())
    ends = zip([(-1, -1), *matches], [*matches, (len(one), len(other))], strict=True)
    return sum(max(here[0] - before[0], here[1] - before[1]) - 1 for before, here in ends)


def merged_sequence(base: Sequence[_T], mine: Sequence[_T], theirs: Sequence[_T]) -> tuple[_T, ...] | None:
    """The merge of three sequences; None if both sides changed the same part."""
    result: list[_T] = []
    for chunk in diff3(base, mine, theirs):
        if chunk.settled is None:
            return None
        result += chunk.settled
    return tuple(result)


def holds(large: Sequence[_T], small: Sequence[_T], base: Sequence[_T]) -> bool:
    """Whether one change of a sequence holds another: all that it added, in order, and all that it removed."""
    many, few, before = Counter(large), Counter(small), Counter(base)
    if (few - before) - (many - before) or (before - few) - (before - many):
        return False
    added = few - before
    kept = iter(base)
    # What was there before has to be in its old order still: an order is a change that no count shows.
    if not all(item in kept for item in small if item not in added):
        return False
    rest = iter(large)
    return all(item in rest for item in small if item in added)
