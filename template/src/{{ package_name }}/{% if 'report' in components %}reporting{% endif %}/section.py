"""What a section of the page is, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from markupsafe import Markup

from ..plotting.figures import Line, Sheet, dots
from ..plotting.wording import number, shown
from .run import Run

#: Numbers below are shown with three decimals.
SMALL = 100


@dataclass(frozen=True)
class Words:
    """A sentence, in which names stand between ` and `. Tone: `quiet` beside the point, `grave` what speaks against the model."""

    says: str
    tone: str = ""
    kind: ClassVar = "words"


@dataclass(frozen=True)
class Table:
    """Rows of cells under their columns; from the column `numbers` on, cells are numbers."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    numbers: int = 1
    kind: ClassVar = "table"


@dataclass(frozen=True)
class Figure:
    """A drawing, and what it shows."""

    caption: str
    drawing: Markup
    kind: ClassVar = "figure"


Block = Words | Table | Figure


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Args:
        name: of its anchor.
        title: its heading.
        order: the lower, the earlier.
        of: what it tells of a run; nothing, and the page has no such section.
    """

    name: str
    title: str
    order: int
    of: Callable[[Run, Sheet], Iterable[Block]]


def score(value: Any) -> str:
    """A score or a loss."""
    if isinstance(value, float) and abs(value) < SMALL:
        return f"{value:.3f}"
    return "–" if value is None else number(value)


def interval(told: Any) -> str:
    """Bounds, if there are any."""
    known = told and told.get("low") is not None and told.get("high") is not None
    return f"{score(told['low'])} to {score(told['high'])}" if known else "–"


def dotted(sheet: Sheet, caption: str, rows: Sequence[tuple[str, Any, Any, Any]], usual: float | None = None) -> Figure:
    """Values with their bounds, one below the other: (name, value, low, high) each."""
    values = np.array([[np.nan if item is None else item for item in row[1:]] for row in rows], dtype=np.float64)
    line = Line(caption, values[:, 0], values[:, 1], values[:, 2])
    names = [shown(row[0], 34) for row in rows]
    size = (330.0, 34.0 + 16.0 * max(3, len(rows)))
    return Figure(caption, sheet.draw(caption, lambda axes: dots(axes, [line], usual=usual), names, size=size))
