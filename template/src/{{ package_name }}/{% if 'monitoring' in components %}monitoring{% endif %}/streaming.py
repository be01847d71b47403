"""Sums of a stream of rows, window after window, in the bins of a reference: what a service can afford."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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

#: What was counted of some rows.
Batch = dict[Subject, ColumnSummary]


@dataclass(frozen=True)
class Totals:
    """Counts since the start, whatever the model; they are replaced as one, so that who reads has them of the same rows."""

    rows: int = 0
    #: By column.
    missing: Mapping[str, int] = field(default_factory=dict)
    out_of_range: Mapping[str, int] = field(default_factory=dict)

    def known(self, reference: Summary) -> Totals:
        """With the columns of a model, at 0 where they are new, as far as there is room."""
        missing, out_of_range = dict(self.missing), dict(self.out_of_range)
        for subject, shape in reference.subjects():
            if subject.role == "input" and (len(missing) < MOST_COLUMNS or subject.name in missing):
                missing.setdefault(subject.name, 0)
                if isinstance(shape, NumberSummary):
                    out_of_range.setdefault(subject.name, 0)
        return Totals(self.rows, missing, out_of_range)

    def plus(self, rows: int, batch: Batch) -> Totals:
        """With what was counted of some rows."""
        missing, out_of_range = dict(self.missing), dict(self.out_of_range)
        for (role, name), found in batch.items():
            if role == "input" and name in missing:
                missing[name] += found.missing
                if isinstance(found, NumberSummary) and name in out_of_range:
                    out_of_range[name] += found.below + found.above
        return Totals(self.rows + rows, missing, out_of_range)


class Sums:
    """Of one model.

    Args:
        reference: what is compared with.
        rows: of a window, at least.
    """

    def __init__(self, reference: Summary, rows: int) -> None:
        shapes = ((subject, shape) for subject, shape in reference.subjects() if subject.role != "outcome")
        self._shapes: dict[Subject, ColumnSummary] = dict(islice(shapes, MOST_COLUMNS))
        self._rows = rows
        self._now: Batch = {}
        self._counted = 0
        #: By subject, of the newest window that is complete, and the rows of that; nothing before the first is.
        self.drift: dict[str, float] = {}
        self.window_rows = 0

    def count(self, readings: Iterable[tuple[Subject, Reading]], into: Batch) -> Iterator[None]:
        """Count some rows, and stop after each step, of which none takes long."""
        for subject, reading in readings:
            shape = self._shapes.get(subject)
            if shape is None or shape.kind != reading.kind:
                continue
            size = _FEW_TEXTS if shape.kind == "text" else max(1, len(reading.values))
            for begin in range(0, len(reading.values), size):
                _add(into, subject, count_column(shape, reading.values[begin : begin + size]))
                yield

    def add(self, rows: int, batch: Batch) -> None:
        """Add what was counted of so many rows, and end the window if it is complete."""
        for subject, found in batch.items():
            _add(self._now, subject, found)
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


def _add(batch: Batch, subject: Subject, found: ColumnSummary) -> None:
    before = batch.get(subject)
    batch[subject] = found if before is None else added(before, found)
