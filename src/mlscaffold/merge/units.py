"""Lines that belong together, and what they are: the middle way between a line merge and a parser.

Where both sides changed neighbouring lines, the lines are grouped into *units*: a key with its value, an item of a
list, a table with all that is below it, each with the comments above it. Units are merged by what they name. That is a
proposal only: the judge of the parsed data decides.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from .documents import requirement_name
from .sequences import Chunk, diff3, merged_sequence

__all__ = ["merge_by_units"]

_DEEPEST = 40
_TABLE = re.compile(r"^\[\[?[^\[\]]+\]\]?\s*(#.*)?$")
_KEY = re.compile(
    r"""^(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"'#:=\[\]{},][^:=#]*?))\s*(?:=|:(?=\s|$))"""
)
_QUOTED = re.compile(r"""^(["'])(?P<text>.*?)\1\s*,?\s*(#.*)?$""")
_WORDS = re.compile(r"""\s+|"[^"]*"|'[^']*'|[^\s"',\[\]{}()]+|.""", re.DOTALL)
_STRINGS = re.compile(r""""(?:\\.|[^"\\])*"|'[^']*'""")
#: Keys whose value names the mapping that they begin.
_NAMING = frozenset(
    {"id", "repo", "name", "uses", "key", "local", "template", "component", "remote", "project", "url", "path"}
)


@dataclass(frozen=True, kw_only=True)
class _Unit:
    name: Hashable
    lines: tuple[str, ...]
    #: An item of a list.
    is_item: bool = False

    @property
    def meaning(self) -> tuple[str, ...]:
        """The lines, whether or not a comma follows."""
        return (*self.lines[:-1], _with_comma(self.lines[-1], wanted=False)) if self.lines else ()


class _Undecided(Exception):  # noqa: N818 - it is an outcome, not an error
    """Both sides changed the same thing."""


def merge_by_units(form: str, base: str, mine: str, theirs: str) -> Iterator[str]:
    """Propose merges of three texts: units told by what they name, then by where they stand."""
    sides = [text.splitlines(keepends=True) for text in (base, mine, theirs)]
    for by_place in (False, True):
        with contextlib.suppress(_Undecided):
            yield "".join(_Merging(form=form, by_place=by_place).lines(*sides, depth=0))


@dataclass(frozen=True, kw_only=True)
class _Merging:
    form: str
    by_place: bool

    def lines(self, base: Sequence[str], mine: Sequence[str], theirs: Sequence[str], *, depth: int) -> list[str]:
        """Merge lines; where both sides changed a part, merge its units."""
        if depth > _DEEPEST:
            raise _Undecided
        chunks = list(diff3(base, mine, theirs))
        result: list[str] = []
        for number, chunk in enumerate(chunks):
            if chunk.settled is not None:
                result += chunk.settled
            else:
                after = next(
                    (line for later in chunks[number + 1 :] for line in later.settled or () if line.strip()), ""
                )
                result += self._chunk(chunk, closing=after.strip()[:1] in {"]", "}", ""}, depth=depth)
        return result

    def _chunk(self, chunk: Chunk[str], *, closing: bool, depth: int) -> list[str]:
        sides = [_units(side, self.form) for side in (chunk.base, chunk.mine, chunk.theirs)]
        if self.by_place and len(set(map(len, sides))) == 1:
            sides = [[replace(unit, name=place) for place, unit in enumerate(side)] for side in sides]
        named = [{unit.name: unit for unit in side} for side in sides]
        if any(len(names) != len(side) for names, side in zip(named, sides, strict=True)):
            raise _Undecided
        base, mine, theirs = named
        merged: dict[Hashable, _Unit] = {}
        for name in {**base, **mine, **theirs}:
            unit = self._unit(base.get(name), mine.get(name), theirs.get(name), depth=depth)
            if unit is not None:
                merged[name] = unit
        order = _order(list(mine), list(theirs), merged)
        return self._joined([merged[name] for name in order], sides, closing=closing)

    def _unit(self, base: _Unit | None, mine: _Unit | None, theirs: _Unit | None, *, depth: int) -> _Unit | None:
        was, here, there = (unit.meaning if unit else None for unit in (base, mine, theirs))
        if here in (there, was):
            return theirs if here == was or mine is None else mine
        if there == was or mine is None:
            return mine
        if theirs is None or base is None:
            raise _Undecided
        return replace(mine, lines=tuple(self._inside(base.lines, mine.lines, theirs.lines, depth=depth)))

    def _inside(self, base: Sequence[str], mine: Sequence[str], theirs: Sequence[str], *, depth: int) -> list[str]:
        """Merge a unit that both sides changed: its first line by words, the rest as lines."""
        heads = [_head_length(side) for side in (base, mine, theirs)]
        if max(map(len, (base, mine, theirs))) == 1:
            return [_words(base[0], mine[0], theirs[0])]
        sides = list(zip((base, mine, theirs), heads, strict=True))
        above = self._plain(*(side[: head - 1] for side, head in sides))
        first = _words(*(side[head - 1] for side, head in sides))
        below = self.lines(*(side[head:] for side, head in sides), depth=depth + 1)
        return [*above, first, *below]

    def _plain(self, base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> tuple[str, ...]:
        merged = merged_sequence(base, mine, theirs)
        if merged is None:
            raise _Undecided
        return merged

    def _joined(self, units: Sequence[_Unit], sides: Sequence[Sequence[_Unit]], *, closing: bool) -> list[str]:
        """The lines of units, with commas where the format wants them."""
        result: list[str] = []
        for number, unit in enumerate(units):
            last = number == len(units) - 1
            lines = list(unit.lines)
            if self.form == "json" or (self.form == "toml" and unit.is_item):
                trailing = any(side and _has_comma(side[-1].lines[-1]) for side in sides)
                lines[-1] = _with_comma(lines[-1], wanted=not last or not closing or trailing)
            if not lines[-1].endswith("\n") and not last:
                lines[-1] += "\n"
            result += lines
        return result


def _order(mine: Sequence[Hashable], theirs: Sequence[Hashable], kept: dict[Hashable, _Unit]) -> list[Hashable]:
    """Mine, with what only the template has after its neighbour there."""
    order = [name for name in mine if name in kept]
    for number, name in enumerate(theirs):
        if name in order or name not in kept:
            continue
        before = next((other for other in reversed(theirs[:number]) if other in order), None)
        order.insert(order.index(before) + 1 if before is not None else 0, name)
    return order


def _units(lines: Sequence[str], form: str) -> list[_Unit]:
    return list(_grouped(lines, form))


def _grouped(lines: Sequence[str], form: str) -> Iterator[_Unit]:
    held: list[str] = []
    name: Hashable = None
    indent, open_brackets, in_table = 0, 0, False
    for line in lines:
        text = line.strip()
        begins_table = form == "toml" and bool(_TABLE.match(line.rstrip())) and not open_brackets
        deeper = len(line) - len(line.lstrip()) > indent
        belongs = name is not None and (
            open_brackets > 0 or (in_table and not begins_table) or (not begins_table and deeper and text != "")
        )
        blank = text == "" or text.startswith(("#", "//"))
        if belongs and (not blank or in_table or open_brackets or deeper):
            held.append(line)
            open_brackets += _balance(text)
            continue
        if blank:
            if name is not None:
                yield _unit(name, held)
                held, name, in_table = [], None, False
            held.append(line)
            continue
        if name is not None:
            yield _unit(name, held)
            held = []
        held.append(line)
        name, in_table = _name(text, form, table=begins_table), begins_table
        indent, open_brackets = len(line) - len(line.lstrip()), 0 if begins_table else max(0, _balance(text))
    if name is not None:
        yield _unit(name, held)
    elif held:
        yield _Unit(name=("rest",), lines=tuple(held))


def _unit(name: Hashable, lines: Sequence[str]) -> _Unit:
    return _Unit(name=name, lines=tuple(lines), is_item=isinstance(name, tuple) and name[0] == "item")


def _name(text: str, form: str, *, table: bool) -> Hashable:
    if table:
        return ("table", text.partition("#")[0].strip())
    body = text.removeprefix("- ").strip() if form == "yaml" else text
    item = form == "yaml" and text.startswith("-")
    if (quoted := _QUOTED.match(body)) is not None:
        return ("item", requirement_name(quoted["text"]) or quoted["text"])
    if (key := _KEY.match(body)) is not None:
        found = (key["double"] or key["single"] or key["bare"] or "").strip()
        if item:
            return ("item", found, body[key.end() :].strip() if found in _NAMING else "")
        return ("key", found)
    return ("item", body.partition(" #")[0].strip()) if item else ("line", text.rstrip(","))


def _balance(text: str) -> int:
    """How many brackets a line leaves open."""
    code = _STRINGS.sub("", text).partition(" #")[0]
    return sum(code.count(sign) for sign in "([{") - sum(code.count(sign) for sign in ")]}")


def _head_length(lines: Sequence[str]) -> int:
    """How many lines there are down to the first that is no comment."""
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.strip().startswith(("#", "//")):
            return number
    return len(lines)


def _words(base: str, mine: str, theirs: str) -> str:
    merged = merged_sequence(*(_WORDS.findall(side) for side in (base, mine, theirs)))
    if merged is None:
        raise _Undecided
    return "".join(merged)


def _split(line: str) -> tuple[str, str]:
    """The code of a line, and what follows it: space, comment, line break."""
    masked = _STRINGS.sub(lambda found: "x" * len(found.group()), line)
    code = masked.partition(" #")[0].rstrip()
    return line[: len(code)], line[len(code) :]


def _has_comma(line: str) -> bool:
    return _split(line)[0].endswith(",")


def _with_comma(line: str, *, wanted: bool) -> str:
    code, rest = _split(line)
    if not code or code.endswith(("{", "[", "(")):
        return line
    return f"{code.removesuffix(',')}{',' if wanted else ''}{rest}"
