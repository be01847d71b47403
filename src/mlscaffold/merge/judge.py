"""The judge of a merge of data.

It does not merge: given the three sides and a result, it says whether the result is what a merge of the parsed values
must be. Whoever made the result, by whatever means, has to pass it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..documents.data import ABSENT, DEEPEST, canonical
from ..documents.identity import are_versions, identities, is_ordered, is_requirements
from .diff3 import holds, merged_sequence
from .likeness import Slot, aligned

__all__ = ["Judge"]

#: Base, mine, theirs, result.
Sides = tuple[Any, Any, Any, Any]


@dataclass(kw_only=True)
class Judge:
    """Says whether a result is the merge of three sides, and collects what a person should know of it."""

    #: Whose value (0, 1, 2: base, mine, theirs) may stand where the result is not the merge; None is nobody's.
    instead: int | None = None
    reasons: list[str] = field(default_factory=list)

    def accepts(self, sides: Sides, path: tuple[str, ...] = ()) -> bool:
        """Whether every change of either side, and nothing else, is in the result.

        Args:
            sides: Base, mine, theirs, result; `ABSENT` where a side has nothing.
            path: Where in the document they are.
        """
        said = len(self.reasons)
        if self._is_merge(sides, path):
            return True
        del self.reasons[said:]
        return self.instead is not None and _same(sides[3], sides[self.instead])

    def _is_merge(self, sides: Sides, path: tuple[str, ...]) -> bool:
        base, mine, theirs, result = sides
        if len(path) > DEEPEST:
            return False
        if _same(mine, theirs) or _same(theirs, base) or _same(mine, base):
            return _same(result, theirs if _same(mine, base) else mine)
        if mine is ABSENT:
            self.reasons.append(f"{'.'.join(path)}: you removed it, so the template's change of it is left out")
            return result is ABSENT
        if all(isinstance(side, dict) for side in sides[1:]):
            return self._mappings((base if isinstance(base, dict) else {}, mine, theirs, result), path)
        if all(isinstance(side, list) for side in sides[1:]):
            return self._lists((base if isinstance(base, list) else [], mine, theirs, result), path)
        return all(isinstance(side, str) and "\n" in side for side in sides) and _is_merged_text(*sides)

    def _mappings(self, sides: Sides, path: tuple[str, ...], shown: Callable[[Any], str] = str) -> bool:
        keys = {key: None for side in sides for key in side}
        return all(self.accepts(_each(sides, key), (*path, shown(key))) for key in keys)

    def _lists(self, sides: Sides, path: tuple[str, ...]) -> bool:
        if are_versions(*sides):
            return False
        if not is_ordered(path, *sides[:3]):
            named = [_named(side, requirements=is_requirements(path)) for side in sides]
            base, mine, theirs, result = named
            if base is not None and mine is not None and theirs is not None:
                # An item that is there twice now was put there twice.
                return (
                    result is not None
                    and self._mappings((base, mine, theirs, result), path, _shown)
                    and _in_order(list(mine), list(result))
                )
        texts = [[canonical(item) for item in side] for side in sides]
        if (wanted := merged_sequence(*texts[:3])) is not None:
            return wanted == tuple(texts[3])
        slots = aligned(*sides[:3])
        return slots is not None and self._slots([slot for slot in slots if slot.stays], sides, path)

    def _slots(self, slots: Sequence[Slot], sides: Sides, path: tuple[str, ...]) -> bool:
        """Whether each item of a result is the merge of those that it stands for."""
        base, mine, theirs, result = sides
        return len(slots) == len(result) and all(
            self.accepts(
                (_at(base, slot.base), _at(mine, slot.mine), _at(theirs, slot.theirs), item), (*path, str(number))
            )
            for number, (slot, item) in enumerate(zip(slots, result, strict=True))
        )


def _is_merged_text(base: str, mine: str, theirs: str, result: str) -> bool:
    """Whether a text of several lines, a script say, has every change of either side."""
    lines = [side.split("\n") for side in (base, mine, theirs)]
    if (wanted := merged_sequence(*lines)) is not None:
        return list(wanted) == result.split("\n")
    before, ours, others = lines
    return (result == theirs and holds(others, ours, before)) or (result == mine and holds(ours, others, before))


def _each(sides: Sides, key: Any) -> Sides:
    base, mine, theirs, result = (side.get(key, ABSENT) for side in sides)
    return base, mine, theirs, result


def _named(items: Sequence[Any], *, requirements: bool) -> Mapping[Any, Any] | None:
    """The items of a list by what they are; None where that is not clear."""
    names = identities(items, requirements=requirements)
    return None if names is None else dict(zip(names, items, strict=True))


def _at(items: Sequence[Any], number: int | None) -> Any:
    return ABSENT if number is None else items[number]


def _in_order(names: Sequence[Any], order: Sequence[Any]) -> bool:
    """Whether the names that are left stand in the order that they had."""
    where = {name: number for number, name in enumerate(order)}
    numbers = [where[name] for name in names if name in where]
    return numbers == sorted(numbers)


def _shown(name: Any) -> str:
    return str(name[1]).rstrip(";") if isinstance(name, tuple) else str(name)


def _same(one: Any, other: Any) -> bool:
    """Equal in value and type: `1`, `1.0` and `true` differ."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
