"""The rows to guess from: all of a file, or of a large one every nth, so that memory is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ..contract.cells import CANONICAL, Form, Unreadable, read_cells
from ..contract.types import Kind
from ..data_loaders.base import LINE
from ..data_loaders.sources import guess, loader_kinds
from ..errors import ProjectError
from ..steps import Project

#: A table with more cells is looked at in a sample, of so many rows at least.
MOST_CELLS = 20_000_000
FEWEST_ROWS = 20_000


@dataclass(frozen=True)
class Sample:
    """Rows of a file.

    Args:
        frame: every column as it comes from its loader.
        rows: how many the file has.
        form: how its cells are written.
        source: its settings in configs/sources.yaml.
    """

    frame: pl.DataFrame
    rows: int
    form: Form
    source: dict[str, Any]

    @property
    def whole(self) -> bool:
        """Whether these are all rows."""
        return len(self.frame) == self.rows

    def read(self, values: pl.Series, kind: Kind) -> pl.Series:
        """A column as a kind; what it cannot be is null."""
        try:
            return read_cells(values, kind, self.form)[0]
        except Unreadable:
            return pl.Series(values.name, [None] * len(values), CANONICAL[kind])


def open_table(file: Path, root: Path) -> Sample:
    """Rows of a csv or parquet file, and how it is written; raises `DataError` if it cannot be read."""
    source = guess(file)
    offer = loader_kinds()[source["kind"]]
    loader = offer.loader(offer.settings.model_validate(source))
    place = file.resolve()
    inside = place.is_relative_to(root.resolve())
    source["path"] = (place.relative_to(root.resolve()) if inside else place).as_posix()
    frame, rows = _drawn(loader.batches())
    # Moments with a zone say where the place is; else it is UTC until somebody says otherwise.
    zones = [dtype.time_zone for dtype in frame.dtypes if isinstance(dtype, pl.Datetime) and dtype.time_zone]
    return Sample(frame, rows, loader.form.in_zone(zones[0]) if zones else loader.form, source)


def personal_columns(project: Project) -> frozenset[str]:
    """Columns that the contract which is there calls personal; none if it cannot be read."""
    with suppress(ProjectError):
        return frozenset(name for name, column in project.contract.columns.items() if column.pii)
    return frozenset()


def _drawn(parts: Iterator[pl.DataFrame]) -> tuple[pl.DataFrame, int]:
    """All rows, or every second, fourth, … so that no more are kept than `MOST_CELLS` allow; and how many there are."""
    kept: list[pl.DataFrame] = []
    every, rows = 1, 0
    for part in parts:
        kept.append(part.drop(LINE).gather_every(every, offset=-rows % every))
        rows += len(part)
        while sum(map(len, kept)) > max(FEWEST_ROWS, MOST_CELLS // part.width):
            kept, every = [pl.concat(kept).gather_every(2)], 2 * every
    return pl.concat(kept), rows
