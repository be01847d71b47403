"""The rows to guess from: all of a file, or of a large one every nth, so that memory is bounded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ..data_loaders.base import LINE, clean_name
from ..data_loaders.sources import guess, loader_kinds
from .cells import CANONICAL, Form, Unreadable, read_cells
from .types import Kind

#: A file with more bytes is looked at in a sample.
LARGE = 300_000_000
MOST_ROWS = 200_000


@dataclass(frozen=True)
class Sample:
    """Rows of a file.

    Args:
        frame: every column as it comes from its loader.
        rows: how many the file has.
        form: how its cells are written.
        source: its settings in configs/sources.yaml.
        facts: of a large file, over all its rows: `NAME` missing values, smallest and largest number of each column.
    """

    frame: pl.DataFrame
    rows: int
    form: Form
    source: dict[str, Any]
    facts: dict[str, tuple[int, float | None, float | None]]

    @property
    def seen(self) -> str:
        """Which rows were looked at, in words."""
        if len(self.frame) == self.rows:
            return f"all {self.rows:,} rows"
        return f"{len(self.frame):,} of {self.rows:,} rows, spread evenly"

    def read(self, values: pl.Series, kind: Kind) -> pl.Series:
        """A column as a kind; what it cannot be is null."""
        try:
            return read_cells(values, kind, self.form)[0]
        except Unreadable:
            return pl.Series(values.name, [None] * len(values), CANONICAL[kind])


def open_table(file: Path, root: Path) -> Sample:
    """Rows of a csv or parquet file, and how it is written.

    Raises:
        DataError: it cannot be read.
    """
    source = guess(file)
    offer = loader_kinds()[source["kind"]]
    loader = offer.loader(offer.settings.model_validate(source))
    place = file.resolve()
    inside = place.is_relative_to(root.resolve())
    source["path"] = (place.relative_to(root.resolve()) if inside else place).as_posix()
    lazy = _lazy(file, source) if file.stat().st_size > LARGE else None
    if lazy is None:
        frame = loader.text().drop(LINE)
        return Sample(frame, len(frame), _in_place(frame, loader.form), source, {})
    rows = lazy.select(pl.len()).collect(engine="streaming").item()
    frame = lazy.gather_every(-(-rows // MOST_ROWS)).collect(engine="streaming")
    return Sample(frame, rows, _in_place(frame, loader.form), source, _facts(lazy))


def _lazy(file: Path, source: dict[str, Any]) -> pl.LazyFrame | None:
    """A file that polars can read bit by bit; None if it is packed or encoded otherwise, and has to be read whole."""
    if source["kind"] == "parquet":
        lazy = pl.scan_parquet(file, glob=False)
    elif file.suffix == ".gz" or not re.fullmatch("utf-?8", source.get("encoding", "utf-8"), re.IGNORECASE):
        return None
    else:
        missing = list(source.get("missing", [""]))
        separator = source.get("separator", ",")
        lazy = pl.scan_csv(file, separator=separator, infer_schema=False, null_values=missing, glob=False)
    return lazy.rename(clean_name)


def _facts(lazy: pl.LazyFrame) -> dict[str, tuple[int, float | None, float | None]]:
    schema = lazy.collect_schema()
    numbers = {
        name: pl.col(name).cast(pl.Float64, strict=False) for name, dtype in schema.items() if not dtype.is_nested()
    }
    found: dict[str, tuple[int, float | None, float | None]] = {}
    nulls = lazy.null_count().collect(engine="streaming").row(0)
    low = lazy.select(column.min() for column in numbers.values()).collect(engine="streaming").row(0, named=True)
    high = lazy.select(column.max() for column in numbers.values()).collect(engine="streaming").row(0, named=True)
    for name, count in zip(schema, nulls, strict=True):
        found[name] = (count, low.get(name), high.get(name))
    return found


def _in_place(frame: pl.DataFrame, form: Form) -> Form:
    """Moments with a zone say where the place is; else it is UTC until somebody says otherwise."""
    zones = [dtype.time_zone for dtype in frame.dtypes if isinstance(dtype, pl.Datetime) and dtype.time_zone]
    return form.in_zone(zones[0]) if zones else form
