"""Which pieces of three documents are the same thing: keys by name, items by identity, else by likeness."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ..documents.identity import identities, is_ordered, is_requirements, requirement_name
from ..documents.tree import Node, Piece, TableName, alike, array_of
from .likeness import aligned

__all__ = ["Sides", "Undecided", "is_replaced_twice", "is_too_much", "matched", "seems_renamed"]

#: Two strings that share so much of their letters are one that was edited.
_LIKE = 0.7
_MOST_PAIRS = 1_000
#: Letters of longer texts are not worth the time, whose words are enough.
_LONGEST = 300


class Undecided(Exception):  # noqa: N818 - it is an outcome, not an error
    """Both sides changed the same thing, or the project's layout has no room for a change."""


@dataclass(frozen=True, kw_only=True)
class Sides:
    """What the three sides have of one thing."""

    base: Piece | None
    mine: Piece | None
    theirs: Piece | None


def matched(base: Node, mine: Node, theirs: Node, path: tuple[str, ...]) -> list[Sides]:
    """What belongs to what, in the order of the result."""
    pieces = [side.pieces for side in (base, mine, theirs)]
    if mine.kind == "mapping":
        sides = _by_name(pieces, _table_names(pieces), moves=False)
        # In TOML what follows a table's header is the table's.
        return sorted(sides, key=_is_table)
    data = [[piece.value.data for piece in side] for side in pieces]
    names = None
    if not is_ordered(path, *data):
        named = [identities(side, requirements=is_requirements(path)) for side in data]
        names = [side for side in named if side is not None]
    if names is not None and len(names) == len(pieces):
        return _by_name(pieces, names, moves=True)
    return _by_likeness(pieces)


def _is_table(sides: Sides) -> bool:
    return any(piece and isinstance(piece.name, TableName) for piece in (sides.base, sides.mine, sides.theirs))


def _table_names(sides: Sequence[Sequence[Piece]]) -> list[list[Hashable]]:
    """The keys of mappings; `[[tables]]` are named by what they are where that is clear, else by their number."""
    names = [[piece.name for piece in side] for side in sides]
    for array in {path for side in names for name in side if (path := array_of(name)) is not None}:
        tables = [[number for number, name in enumerate(side) if array_of(name) == array] for side in names]
        known = [
            identities([side[number].value.data for number in numbers], requirements=False)
            for side, numbers in zip(sides, tables, strict=True)
        ]
        clear = all(side is not None for side in known)
        if not clear and len({len(numbers) for numbers in tables}) == 1:
            continue
        for side, numbers, given, own in zip(sides, tables, names, known, strict=True):
            whats = own if clear and own is not None else [side[number].value.meaning for number in numbers]
            for number, what in zip(numbers, whats, strict=True):
                given[number] = TableName(path=array, which=what)
    return names


def _by_name(sides: Sequence[Sequence[Piece]], names: Sequence[Sequence[Hashable]], *, moves: bool) -> list[Sides]:
    base, mine, theirs = (dict(zip(each, side, strict=True)) for each, side in zip(names, sides, strict=True))
    if any(len(known) != len(side) for known, side in zip((base, mine, theirs), sides, strict=True)):
        raise Undecided
    order = _order(list(base), list(mine), list(theirs), moves=moves)
    return [Sides(base=base.get(name), mine=mine.get(name), theirs=theirs.get(name)) for name in order]


def _order(
    base: Sequence[Hashable], mine: Sequence[Hashable], theirs: Sequence[Hashable], *, moves: bool
) -> list[Hashable]:
    """The names of all three, in my order, and what only the template has beside its neighbour there.

    Where only the template moved things, its order counts.
    """
    if _in_step(base, mine):
        kept = theirs if moves and not _in_step(base, theirs) else base
    elif moves and not _in_step(base, theirs) and not _in_step(mine, theirs):
        raise Undecided
    else:
        kept = mine
    order = _inserted(_inserted(kept, mine), theirs)
    known = set(order)
    return [*order, *(name for name in base if name not in known)]


def _inserted(order: Sequence[Hashable], others: Sequence[Hashable]) -> list[Hashable]:
    """Names with others among them, each behind the one that it follows there."""
    known = set(order)
    before: dict[Hashable, list[Hashable]] = {}
    behind: dict[Hashable, list[Hashable]] = {}
    waiting: list[Hashable] = []
    into = waiting
    for name in others:
        if name not in known:
            into.append(name)
            continue
        if into is waiting:
            before[name] = waiting
        into = behind[name] = []
    ends = waiting if not before else []
    return [*(each for name in order for each in (*before.get(name, ()), name, *behind.get(name, ()))), *ends]


def _in_step(one: Sequence[Hashable], other: Sequence[Hashable]) -> bool:
    """Whether the names that two sides share stand in one order."""
    here, there = set(one), set(other)
    return [name for name in one if name in there] == [name for name in other if name in here]


def _by_likeness(sides: Sequence[Sequence[Piece]]) -> list[Sides]:
    """Items of a list in which order is meaning, or names are not clear."""
    slots = aligned(*([piece.value.data for piece in side] for side in sides))
    if slots is None:
        raise Undecided
    numbers = ((slot.base, slot.mine, slot.theirs) for slot in slots)
    pieces = ([None if at is None else side[at] for side, at in zip(sides, each, strict=True)] for each in numbers)
    return [Sides(base=base, mine=mine, theirs=theirs) for base, mine, theirs in pieces]


def is_too_much(things: Sequence[Sides]) -> bool:
    """Whether there are too many pieces that could be others under a new name to compare them all."""
    here = sum(1 for sides in things if sides.mine and not sides.base)
    there = sum(1 for sides in things if sides.theirs and not sides.base)
    left = sum(1 for sides in things if sides.base and sides.theirs and not sides.mine)
    gone = sum(1 for sides in things if sides.base and not sides.theirs and not sides.mine)
    return left * here + gone * (here + there) > _MOST_PAIRS


def seems_renamed(sides: Sides, added: Sequence[Piece]) -> bool:
    """Whether what the project seems to have removed, and the template changed, has another name there now."""
    base, theirs = sides.base, sides.theirs
    if sides.mine is not None or base is None or theirs is None or alike(base.value, theirs.value):
        return False
    return any(_is_like(base.value, piece.value) for piece in added)


def is_replaced_twice(things: Sequence[Sides]) -> bool:
    """Whether both sides took away an item and put another there, or one of them edited it."""
    gone = [sides.base for sides in things if sides.base and not sides.mine and not sides.theirs]
    here = [sides.mine for sides in things if sides.mine and not sides.base and not sides.theirs]
    there = [sides.theirs for sides in things if sides.theirs and not sides.base and not sides.mine]
    if any(piece.name is None for piece in gone) and here and there:
        return True
    come = [*here, *there]
    return any(_is_like(piece.value, other.value) for piece in gone for other in come)


def _is_like(one: Node, other: Node) -> bool:
    """Whether two values look like one that was edited."""
    if one.kind != other.kind:
        return False
    if one.kind == "scalar":
        if one.meaning == other.meaning or _requirement(one) == _requirement(other) != "":
            return True
        if len(one.text) + len(other.text) <= 2 * _LONGEST:
            matcher = SequenceMatcher(None, one.text, other.text)
            return matcher.real_quick_ratio() >= _LIKE and matcher.quick_ratio() >= _LIKE and matcher.ratio() >= _LIKE
        before, after = (Counter(node.text.split()) for node in (one, other))
        return 2 * (before & after).total() >= _LIKE * (before.total() + after.total())
    before, after = (Counter(line.strip() for line in node.text.split("\n") if line.strip()) for node in (one, other))
    return 2 * (before & after).total() >= min(before.total(), after.total())


def _requirement(node: Node) -> str:
    """The package that a requirement names."""
    data = node.data
    return re.split(r"[\[;]", requirement_name(data))[0] if isinstance(data, str) else ""
