"""What is wrong with a table: said once, in words for people and in parts for programs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain, islice

#: So many lines, and names of columns or tables, are named; the others are counted.
SHOWN_LINES, SHOWN_NAMES = 8, 40


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong, and in which rows.

    Args:
        says: what is wrong, in words without a place; never a value.
        check: the name of the check that found it.
        column: in which; None if it is about several, or none.
        called: what `lines` count: `line`, or `row` where there are no lines.
        lines: of the first rows, from 1; None where it is not known.
        count: how many rows; 0 if it is about the table.
    """

    says: str
    check: str = ""
    column: str | None = None
    called: str = "line"
    lines: tuple[int | None, ...] = ()
    count: int = 0

    def __str__(self) -> str:
        column = f"column `{self.column}`: " if self.column is not None else ""
        return f"{column}{self.says}{self._places()}"

    def _places(self) -> str:
        """` in lines 3, 7 and 2 more`; nothing if it is about the table."""
        if not self.count:
            return ""
        shown = ", ".join("?" if line is None else str(line) for line in self.lines)
        more = f" and {self.count - len(self.lines)} more" if self.count > len(self.lines) else ""
        return f" in {self.called}{'s' if self.count > 1 else ''} {shown}{more}"


def merged(parts: Iterable[Problem]) -> list[Problem]:
    """Problems of the parts of one table, those that say the same as one; in the order in which they were found first."""
    found: dict[tuple[str | None, str], Problem] = {}
    for part in parts:
        first = found.setdefault((part.column, part.says), replace(part, lines=(), count=0))
        lines = tuple(islice(chain(first.lines, part.lines), SHOWN_LINES))
        found[part.column, part.says] = replace(first, lines=lines, count=first.count + part.count)
    return list(found.values())


def listed(names: Iterable[str]) -> str:
    """The first names for a sentence, and how many more there are; without columns that no source has."""
    found = [name for name in names if "\u00a0" not in name]
    more = f" and {len(found) - SHOWN_NAMES} more" if len(found) > SHOWN_NAMES else ""
    return ", ".join(found[:SHOWN_NAMES]) + more


def reason(error: BaseException) -> str:
    """What failed in polars, in a line, without the values that it failed for."""
    return re.split(r" for \d+ out of \d+ values|; valid columns|\n", str(error))[0]
