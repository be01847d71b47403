"""Tables in parquet files, in the types that they have there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import polars as pl
from pyarrow import ArrowException
from pyarrow.parquet import ParquetFile

from ..artifacts import rows_at_once
from ..errors import DataError
from .base import FILLED, LINE, FileSource, Loader, LoaderKind, clean_names

MAGIC = b"PAR1"
#: Bytes of a column that are read at once.
BUFFER = 2**20


class ParquetSource(FileSource):
    """A parquet file, or all of a folder as one table, in the order of their names: its path ends with `/`."""

    kind: Literal["parquet"]


class ParquetLoader(Loader):
    """Loads a parquet file, or those of a folder; `LINE` is the number of the row, from 1, over all of them."""

    advice = "Mend these rows of the table; they are counted from 1."

    @property
    def files(self) -> list[Path]:
        """See `Loader.files`."""
        (path,) = super().files
        return sorted(path.glob("*.parquet")) if self.settings.path.endswith("/") else [path]

    def batches(self) -> Iterator[pl.DataFrame]:
        """See `Loader.batches`: each column has its own type, only blank text is null, and so is NaN."""
        if not (files := self.files):
            raise DataError(f"{self.where} holds no parquet file.", "Put one there, or name another folder.")
        first, rows = None, 0
        for path in files:
            for part in self._file(path):
                first = first or part.schema
                if part.schema != first:
                    raise DataError(
                        f"{path} has other columns, or other types, than {files[0].name}.",
                        "Write the files alike, or read them as sources of their own.",
                    )
                yield part.with_columns(pl.col(LINE) + rows)
            rows += int(part[LINE][-1])

    def _file(self, path: Path) -> Iterator[pl.DataFrame]:
        if not path.is_file():
            raise DataError(
                f"{path} is {'a folder' if path.is_dir() else 'not there'}.",
                "Put the file there, or name one in configs/sources.yaml; the path of a folder of them ends with /.",
            )
        try:
            yield from self._parts(path)
        except (pl.exceptions.PolarsError, OSError, ValueError, ArrowException, pl.exceptions.PanicException) as error:
            raise DataError(
                f"{path} is not a parquet file that can be read: {(str(error).splitlines() or ['damaged'])[0]}",
                "Write the file again, or name another in configs/sources.yaml.",
            ) from None

    def _parts(self, path: Path) -> Iterator[pl.DataFrame]:
        # By Arrow, which needs no more memory where all rows are one group.
        with ParquetFile(path, buffer_size=BUFFER, pre_buffer=False) as file:
            if not file.metadata.num_rows:
                raise DataError(f"{path} has no rows.", "Put a table with rows there.")
            names, line = clean_names(file.schema_arrow.names, path), 1
            for part in file.iter_batches(rows_at_once(len(names))):
                table = pl.DataFrame(pl.from_arrow(part.rename_columns(names)))
                yield table.with_columns(FILLED).with_row_index(LINE, offset=line)
                line += len(table)


def _guess(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as stream:
            return {} if stream.read(len(MAGIC)) == MAGIC else None
    except OSError:
        return None


KIND = LoaderKind("parquet", ParquetSource, ParquetLoader, _guess)
