"""The rows to guess from: all of a file, or of a large one every nth, so that memory is bounded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from ..contract.cells import CANONICAL, Form, Unreadable, read_cells
from ..contract.types import Kind
from ..data_loaders.base import LINE, clean_name
from ..data_loaders.sources import guess, loader_kinds

#: A file with more bytes is looked at in a sample.
LARGE = 300_000_000
MOST_ROWS = 200_000
HEAD = 20_000_000


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
    source = _guess_head(file) if file.is_file() and file.stat().st_size > LARGE else guess(file)
    offer = loader_kinds()[source["kind"]]
    loader = offer.loader(offer.settings.model_validate(source))
    place = file.resolve()
    inside = place.is_relative_to(root.resolve())
    source["path"] = (place.relative_to(root.resolve()) if inside else place).as_posix()
    lazy = _lazy(file, source) if file.stat().st_size > LARGE else None
    frame = pl.concat(loader.batches()).drop(LINE) if lazy is None else pl.DataFrame()
    rows = len(frame)
    if lazy is not None:
        rows = lazy.select(pl.len()).collect(engine="streaming").item()
        frame = lazy.gather_every(-(-rows // MOST_ROWS)).collect(engine="streaming")
    # Moments with a zone say where the place is; else it is UTC until somebody says otherwise.
    zones = [dtype.time_zone for dtype in frame.dtypes if isinstance(dtype, pl.Datetime) and dtype.time_zone]
    return Sample(frame, rows, loader.form.in_zone(zones[0]) if zones else loader.form, source)


def _guess_head(file: Path) -> dict[str, Any]:
    """How a large file is written, by its beginning; packed ones and parquet files are told whole."""
    with file.open("rb") as stream:
        head = stream.read(HEAD)
    if head.startswith((b"PAR1", b"\x1f\x8b")):
        return guess(file)
    with TemporaryDirectory() as folder:
        part = Path(folder) / file.name
        part.write_bytes(head[: head.rfind(b"\n") + 1])
        return guess(part)


def _lazy(file: Path, source: dict[str, Any]) -> pl.LazyFrame | None:
    """A file that polars can read bit by bit; None if it is packed, or written otherwise, and has to be read whole."""
    if source["kind"] == "parquet":
        return pl.scan_parquet(file, glob=False).rename(clean_name)
    if source.keys() - {"kind", "path", "separator", "missing", "decimal", "dates"} or file.suffix == ".gz":
        return None
    separator = {"tab": "\t"}.get(source.get("separator", ","), source.get("separator", ","))
    missing = ["", *source.get("missing", ["NA"])]
    lazy = pl.scan_csv(file, separator=separator, infer_schema=False, null_values=missing, glob=False)
    return lazy.rename(lambda name: clean_name(re.sub("^$", "column_1", name)))
