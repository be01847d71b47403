"""What a subject is, and what it tells: a line for the screen, what needs a look, and blocks for the page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from .place import Place

#: Where files with a `Subject` are.
FOLDER = "overview/subjects"


@dataclass(frozen=True, kw_only=True)
class Need:
    """Something that needs a look.

    Args:
        says: what, and on how many rows it stands; names stand between ` and `.
        do: what to do next.
        page: the name of its page in docs/runbook/, if the project has these.
    """

    says: str
    do: str
    page: str


@dataclass(frozen=True)
class Words:
    """A sentence, in which names stand between ` and `."""

    says: str
    kind: ClassVar = "words"


@dataclass(frozen=True)
class Table:
    """Rows of cells under their columns; from the column `numbers` on, cells are numbers.

    Args:
        folded: shown when it is asked for.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    numbers: int = 1
    folded: bool = False
    kind: ClassVar = "table"


@dataclass(frozen=True, kw_only=True)
class Point:
    """A value of a chart, with its bounds; `hit`: it is out of what is expected.

    Args:
        at: its place, from 0 on.
    """

    at: float
    value: float
    low: float | None = None
    high: float | None = None
    hit: bool = False


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A small picture of values over windows or batches.

    Args:
        title: a name, as the project has it.
        says: the newest value in words; for those who cannot see it, too.
        points: in their order; there is at least one.
        expected: where values are to be, low and high.
        begin: what the first point is of.
        end: what the last is of.
        changes: places before which another model began.
        is_grave: it needs a look.
        most: what the axis, which begins at 0 then, reaches at least; None: it follows the values.
        unit: what numbers of the axis are followed by.
    """

    title: str
    says: str
    points: Sequence[Point]
    expected: tuple[float, float] | None = None
    begin: str = ""
    end: str = ""
    changes: Sequence[float] = ()
    is_grave: bool = False
    most: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Charts:
    """Small pictures side by side, on the same scale of time."""

    caption: str
    charts: Sequence[Chart]
    kind: ClassVar = "charts"


Block = Words | Table | Charts


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a subject tells.

    Args:
        line: in short.
        facts: a few numbers for the head of the page: value, and what it is.
        needs: what needs a look.
        document: for programs.
        blocks: for the page; made when they are asked for.
    """

    line: str
    facts: Sequence[tuple[str, str]] = ()
    needs: Sequence[Need] = ()
    document: Mapping[str, Any] = field(default_factory=dict)
    blocks: Callable[[], Iterable[Block]] = tuple


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A subject.

    Args:
        name: on the screen, in the document, and as an anchor of the page.
        title: its heading.
        order: the lower, the earlier.
        of: what it tells; None where there is nothing to tell of.
    """

    name: str
    title: str
    order: int
    of: Callable[[Place], Told | None]


def moment(text: object) -> str:
    """A moment as it is written, to the minute."""
    return str(text)[:16].replace("T", " ")


def count(value: object) -> int:
    """A number of rows of an entry; 0 where it is none."""
    return value if isinstance(value, int) and value > 0 else 0
