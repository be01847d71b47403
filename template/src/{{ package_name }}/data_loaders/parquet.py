"""Tables in parquet files, in the types that they have there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import polars as pl

from ..errors import DataError
from .base import FILLED, LINE, FileSource, Loader, LoaderKind, clean_names, cut

MAGIC = b"PAR1"


class ParquetSource(FileSource):
    """A parquet file."""

    kind: Literal["parquet"]


class ParquetLoader(Loader):
    """Loads a parquet file; `LINE` is the number of the row, from 1."""

    advice = "Mend these rows of the table; they are counted from 1."

    def batches(self) -> Iterator[pl.DataFrame]:
        """See `Loader.batches`: each column has its own type, only blank text is null, and so is NaN."""
        (path,) = self.files
        if not path.is_file():
            raise DataError(
                f"{path} is {'a folder' if path.is_dir() else 'not there'}.",
                "Put the file there, or name one parquet file in configs/sources.yaml.",
            )
        try:
            table = pl.read_parquet(path, glob=False, hive_partitioning=False)
        except (pl.exceptions.PolarsError, OSError, pl.exceptions.PanicException) as error:
            raise DataError(
                f"{path} is not a parquet file that can be read: {(str(error).splitlines() or ['damaged'])[0]}",
                "Write the file again, or name another in configs/sources.yaml.",
            ) from None
        if table.is_empty():
            raise DataError(f"{path} has no rows.", "Put a table with rows there.")
        table.columns = clean_names(table.columns, path)
        yield from cut([table.with_columns(FILLED).with_row_index(LINE, offset=1)])


def _guess(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as stream:
            return {} if stream.read(len(MAGIC)) == MAGIC else None
    except OSError:
        return None


KIND = LoaderKind("parquet", ParquetSource, ParquetLoader, _guess)
