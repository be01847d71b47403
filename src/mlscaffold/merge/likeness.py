"""Which items of two lists are the same item, where order is meaning and items have changed: steps, hooks, pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from ..documents.data import canonical
from ..documents.identity import is_named_apart, share_a_name

__all__ = ["Slot", "aligned", "likeness"]

#: Pairs of items that are compared at most.
_MOST_PAIRS = 40_000
_ENOUGH = 0.5
_NAMED = 0.9


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A place in a merged list, by the places of its item on the three sides; None where a side has none."""

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
    removed or replaced items, or both the same. Where that fails and nothing came or went, an item is what stood in its
    place, if it is still like it.
    """
    first = _shared(base, mine, theirs)
    rest = [side[first:] for side in (base, mine, theirs)]
    last = _shared(*(side[::-1] for side in rest))
    middle = [side[: len(side) - last] for side in rest]
    found = _by_likeness(*middle)
    if found is None and len({len(side) for side in middle}) == 1 and all(map(_in_place, *middle)):
        found = [Slot(base=place, mine=place, theirs=place) for place in range(len(middle[0]))]
    if found is None or _twice(found, *middle):
        return None
    above = [Slot(base=place, mine=place, theirs=place) for place in range(first)]
    ends = [len(side) - last for side in (base, mine, theirs)]
    below = [Slot(base=ends[0] + step, mine=ends[1] + step, theirs=ends[2] + step) for step in range(last)]
    return [*above, *(_moved(slot, (first, first, first)) for slot in found), *below]


def _in_place(base: Any, mine: Any, theirs: Any) -> bool:
    """Whether what stands in one place of three lists is one item: one side changed it at most, or it is like it."""
    if base in (mine, theirs):
        return True
    return likeness(base, mine) > 0 and likeness(base, theirs) > 0


def _shared(base: Sequence[Any], mine: Sequence[Any], theirs: Sequence[Any]) -> int:
    """How many items all three begin with."""
    same = (one == two == three for one, two, three in zip(base, mine, theirs, strict=False))
    return sum(1 for _ in takewhile(bool, same))


def _twice(slots: Sequence[Slot], base: Sequence[Any], mine: Sequence[Any], theirs: Sequence[Any]) -> bool:
    """Whether both sides wrote the same item, at different places."""
    here, there = [], set()
    for slot in slots:
        was, ours, others = (
            None if place is None else side[place]
            for side, place in ((base, slot.base), (mine, slot.mine), (theirs, slot.theirs))
        )
        if ours is not None and ours not in (was, others):
            here.append(canonical(ours))
        if others is not None and others not in (was, ours):
            there.add(canonical(others))
    return not there.isdisjoint(here)


def _by_likeness(base: Sequence[Any], mine: Sequence[Any], theirs: Sequence[Any]) -> list[Slot] | None:
    if max(len(mine), len(theirs)) * len(base) > _MOST_PAIRS:
        return None
    left, right = _matches(base, mine), _matches(base, theirs)
    slots: list[Slot] = []
    at = (0, 0, 0)
    for index in (*(index for index in range(len(base)) if index in left and index in right), len(base)):
        end = index == len(base)
        here = (index, len(mine), len(theirs)) if end else (index, left[index], right[index])
        between = _between(base[at[0] : here[0]], mine[at[1] : here[1]], theirs[at[2] : here[2]])
        if between is None:
            return None
        slots += [_moved(slot, at) for slot in between]
        if not end:
            slots.append(Slot(base=here[0], mine=here[1], theirs=here[2]))
            at = (here[0] + 1, here[1] + 1, here[2] + 1)
    return slots


def _between(base: Sequence[Any], mine: Sequence[Any], theirs: Sequence[Any]) -> list[Slot] | None:
    """Slots of items of which no three belong together."""
    count = range(len(base))
    if mine == theirs:
        return [Slot(mine=number, theirs=number) for number in range(len(mine))]
    if theirs == base:
        return [*(Slot(base=number, theirs=number) for number in count), *(Slot(mine=n) for n in range(len(mine)))]
    if mine == base:
        return [*(Slot(base=number, mine=number) for number in count), *(Slot(theirs=n) for n in range(len(theirs)))]
    return None


def _moved(slot: Slot, by: tuple[int, int, int]) -> Slot:
    places = (slot.base, slot.mine, slot.theirs)
    base, mine, theirs = (None if place is None else place + start for place, start in zip(places, by, strict=True))
    return Slot(base=base, mine=mine, theirs=theirs)


def _matches(base: Sequence[Any], other: Sequence[Any]) -> Mapping[int, int]:
    """Items that belong together, in the order of both: of all such choices the one with the most likeness."""
    best = [[0.0] * (len(other) + 1) for _ in range(len(base) + 1)]
    alike = [[likeness(one, two) for two in other] for one in base]
    for row in range(len(base) - 1, -1, -1):
        for column in range(len(other) - 1, -1, -1):
            pair = alike[row][column]
            skipped = max(best[row + 1][column], best[row][column + 1])
            best[row][column] = max(skipped, pair + best[row + 1][column + 1]) if pair else skipped
    found = {}
    row = column = 0
    while row < len(base) and column < len(other):
        pair = alike[row][column]
        if pair and best[row][column] == pair + best[row + 1][column + 1]:
            found[row] = column
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            row += 1
        else:
            column += 1
    return found


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
