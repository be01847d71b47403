"""Sums of a stream of rows, window after window, in the bins of a reference: what a service can afford."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from .counting import count_column
from .readings import Reading
from .summary import ColumnSummary, NumberSummary, Subject, Summary, added
from .tests.psi import PSI

# A series each: a wide table must not fill the memory of who watches.
MOST_COLUMNS = 100
# Texts of a step: each takes as long as a hundred numbers.
_FEW_TEXTS = 32


@dataclass(frozen=True)
class Totals:
    """Counts since the start, whatever the model: by column."""

    missing: Counter[str] = field(default_factory=Counter)
    out_of_range: Counter[str] = field(default_factory=Counter)

    def begin(self, shapes: Iterable[tuple[Subject, ColumnSummary]]) -> None:
        """Begin at 0 for columns of a model, as far as there is room."""
        for subject, shape in shapes:
            if subject.role == "input" and (len(self.missing) < MOST_COLUMNS or subject.name in self.missing):
                self.missing[subject.name] += 0
                if isinstance(shape, NumberSummary):
                    self.out_of_range[subject.name] += 0

    def add(self, subject: Subject, found: ColumnSummary) -> None:
        """Add what was counted of a column."""
        if subject.role == "input" and subject.name in self.missing:
            self.missing[subject.name] += found.missing
            if isinstance(found, NumberSummary) and subject.name in self.out_of_range:
                self.out_of_range[subject.name] += found.below + found.above


class Sums:
    """Of one model.

    Args:
        reference: what is compared with.
        rows: of a window, at least.
        totals: are added to.
    """

    def __init__(self, reference: Summary, rows: int, totals: Totals) -> None:
        shapes = ((subject, shape) for subject, shape in reference.subjects() if subject.role != "outcome")
        self._shapes: dict[Subject, ColumnSummary] = dict(islice(shapes, MOST_COLUMNS))
        self._rows = rows
        self._totals = totals
        totals.begin(self._shapes.items())
        self._now: dict[Subject, ColumnSummary] = {}
        self._counted = 0
        #: By subject, of the newest window that is complete, and the rows of that; nothing before the first is.
        self.drift: dict[str, float] = {}
        self.window_rows = 0

    def add(self, rows: int, readings: Iterable[tuple[Subject, Reading]]) -> Iterator[None]:
        """Count so many rows, and stop after each step, of which none takes long."""
        for subject, reading in readings:
            shape = self._shapes.get(subject)
            if shape is None or shape.kind != reading.kind:
                continue
            size = _FEW_TEXTS if shape.kind == "text" else max(1, len(reading.values))
            for begin in range(0, len(reading.values), size):
                found = count_column(shape, reading.values[begin : begin + size])
                self._totals.add(subject, found)
                before = self._now.get(subject)
                self._now[subject] = found if before is None else added(before, found)
                yield
        self._counted += rows
        if self._counted >= self._rows:
            self._close()

    def _close(self) -> None:
        """End the window, and say how far it is from what was learnt."""
        drift = {}
        for subject, window in self._now.items():
            found = PSI.run(self._shapes[subject], window) if window.kind in PSI.kinds else None
            if found is not None:
                drift[str(subject)] = found.effect
        self.drift, self.window_rows = drift, self._counted
        self._now, self._counted = {}, 0
