"""Which items of two lists are the same item, where order is meaning and items have changed: steps, hooks, pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from ..documents.data import canonical
from ..documents.identity import is_named_apart, share_a_name
from .diff3 import stretches

__all__ = ["Slot", "aligned", "likeness"]

#: Pairs of items that are compared at most.
_MOST_PAIRS = 40_000
_ENOUGH = 0.5
_NAMED = 0.9


@dataclass(frozen=True, kw_only=True)
class Slot:
    """An item of a merged list, by its numbers on the three sides; None where a side has it not."""

    base: int | None = None
    mine: int | None = None
    theirs: int | None = None

    @property
    def stays(self) -> bool:
        """Whether no side removed the item."""
        return self.base is None or (self.mine is not None and self.theirs is not None)


def aligned(base: Sequence[Any], mine: Sequence[Any], theirs: Sequence[Any]) -> list[Slot] | None:
    """The slots of a merged list; None if both sides changed the same part of it.

    Items that all three have are slots, however much they changed. Between two of them one side alone may have added,
    removed or replaced items, or both the same. Where that fails and nothing came or went, an item is what has its
    number on the other sides, if it is still like it.
    """
    slots = _by_likeness(base, mine, theirs)
    if slots is None and len(base) == len(mine) == len(theirs) and all(map(_in_place, base, mine, theirs)):
        slots = [Slot(base=index, mine=index, theirs=index) for index in range(len(base))]
    return None if slots is None or _twice(slots, base, mine, theirs) else slots


def _in_place(base: Any, mine: Any, theirs: Any) -> bool:
    """Whether what has one number in three lists is one item: one side changed it at most, or it is like it."""
    if base in (mine, theirs):
        return True
    return likeness(base, mine) > 0 and likeness(base, theirs) > 0


def _shared(base: Sequence[Any], mine: Sequence[Any], theirs: Sequence[Any]) -> int:
    """How many items all three begin with."""
    same = (one == two == three for one, two, three in zip(base, mine, theirs, strict=False))
    return sum(1 for _ in takewhile(bool, same))


def _twice(slots: Sequence[Slot], base: Sequence[Any], mine: Sequence[Any], theirs: Sequence[Any]) -> bool:
    """Whether both sides wrote the same item, at different ends of the list."""
    here, there = [], set()
    for slot in slots:
        was, ours, others = (
            None if index is None else side[index]
            for side, index in ((base, slot.base), (mine, slot.mine), (theirs, slot.theirs))
        )
        if ours is not None and ours not in (was, others):
            here.append(canonical(ours))
        if others is not None and others not in (was, ours):
            there.add(canonical(others))
    return not there.isdisjoint(here)


def _by_likeness(base: Sequence[Any], mine: Sequence[Any], theirs: Sequence[Any]) -> list[Slot] | None:
    first = _shared(base, mine, theirs)
    last = _shared(*(side[first:][::-1] for side in (base, mine, theirs)))
    ends = [len(side) - last for side in (base, mine, theirs)]
    if (max(ends[1:]) - first) * (ends[0] - first) > _MOST_PAIRS:
        return None
    matches = []
    for other, end in ((mine, ends[1]), (theirs, ends[2])):
        middle = _matches(base[first : ends[0]], other[first:end])
        shared = {index: index for index in range(first)} | {ends[0] + step: end + step for step in range(last)}
        matches.append(shared | {first + here: first + there for here, there in middle.items()})
    slots: list[Slot] = []
    for stretch in stretches([len(base), len(mine), len(theirs)], *matches):
        if stretch.is_match:
            slots += [Slot(base=was, mine=here, theirs=there) for was, here, there in zip(*stretch.ranges, strict=True)]
        elif (between := _between((base, mine, theirs), stretch.ranges)) is not None:
            slots += between
        else:
            return None
    return slots


def _between(sides: Sequence[Sequence[Any]], ranges: Sequence[range]) -> list[Slot] | None:
    """Slots of items of which no three belong together."""
    before, ours, others = ranges
    base, mine, theirs = (side[at.start : at.stop] for side, at in zip(sides, ranges, strict=True))
    if mine == theirs:
        return [Slot(mine=here, theirs=there) for here, there in zip(ours, others, strict=True)]
    if theirs == base:
        removed = [Slot(base=was, theirs=there) for was, there in zip(before, others, strict=True)]
        return [*removed, *(Slot(mine=here) for here in ours)]
    if mine == base:
        removed = [Slot(base=was, mine=here) for was, here in zip(before, ours, strict=True)]
        return [*removed, *(Slot(theirs=there) for there in others)]
    return None


def _matches(base: Sequence[Any], other: Sequence[Any]) -> Mapping[int, int]:
    """Items that belong together, in the order of both: of all such choices the one with the most likeness."""
    best = [[0.0] * (len(other) + 1) for _ in range(len(base) + 1)]
    alike = [[likeness(one, two) for two in other] for one in base]
    for row in range(len(base) - 1, -1, -1):
        for column in range(len(other) - 1, -1, -1):
            pair = alike[row][column]
            skipped = max(best[row + 1][column], best[row][column + 1])
            best[row][column] = max(skipped, pair + best[row + 1][column + 1]) if pair else skipped
    matches = {}
    row = column = 0
    while row < len(base) and column < len(other):
        pair = alike[row][column]
        if pair and best[row][column] == pair + best[row + 1][column + 1]:
            matches[row] = column
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            row += 1
        else:
            column += 1
    return matches


def likeness(one: Any, other: Any) -> float:
    """From 0, different items, to 1, equal ones."""
    if type(one) is type(other) and one == other:
        return 1.0
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return 0.0
    if len(one) == 1 == len(other):
        return _NAMED if one.keys() == other.keys() and not is_named_apart(one, other) else 0.0
    shared = one.keys() & other.keys()
    if share_a_name(one, other):
        return _NAMED
    score = sum(type(one[key]) is type(other[key]) and one[key] == other[key] for key in shared)
    share = score / max(len(one), len(other), 1)
    return share if share >= _ENOUGH else 0.0
