"""Tables in csv files."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from ..errors import DataError
from .base import LINE, Loader, TableSchema

SHOWN_LINES = 8
#: Separators of other programs, and how they are called.
OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
#: Bytes that no text holds, whatever its encoding, except UTF-16 and UTF-32.
NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


class CsvLoader(Loader):
    """Loads a UTF-8 csv file with a header, comma-separated, one row a line.

    All is read as text first and converted then, so that a wrong value is reported with its line.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self, schema: TableSchema) -> pl.DataFrame:
        """See `Loader.load`."""
        text = self._read_text(schema)
        self._check_columns(text.columns, schema)
        text = text.select(schema.columns.keys()).with_row_index(LINE, offset=2)
        typed = text.with_columns(_convert(name, dtype) for name, dtype in schema.columns.items())
        problems = [
            describe(wrong, f"column `{name}`: not {_plain(dtype)}")
            for name, dtype in schema.columns.items()
            if len(wrong := text.filter(pl.col(name).is_not_null() & typed[name].is_null())[LINE])
        ]
        if problems:
            raise DataError(
                "\n".join(f"{self.path}: {problem}" for problem in problems), "Mend these lines of the file."
            )
        return typed

    def _read_text(self, schema: TableSchema) -> pl.DataFrame:
        """All columns as text, `missing` as null."""
        try:
            content = self.path.read_bytes()
            content.decode("utf-8")
        except OSError as error:
            raise DataError(
                f"{self.path} cannot be read: {error.strerror}.", "Put the file there, or name another in params.yaml."
            ) from None
        except UnicodeDecodeError as error:
            raise self._not_utf8(content, error.start) from None
        if not content.strip():
            raise DataError(f"{self.path} is empty.", "Put a csv file with a header line there.")
        self._check_separator(content.splitlines()[0].decode("utf-8-sig"), schema)
        try:
            return pl.read_csv(content, infer_schema=False, null_values=list(schema.missing))
        except pl.exceptions.PolarsError as error:
            raise DataError(
                f"{self.path} is not a csv file: {str(error).splitlines()[0]}", "Each line needs the header's columns."
            ) from None

    def _not_utf8(self, content: bytes, where: int) -> DataError:
        """The error for bytes that are not UTF-8, with what they are instead if that can be told."""
        convert = f"Convert the file: iconv -f {{}} -t UTF-8 {self.path} > converted.csv"
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return DataError(f"{self.path} is UTF-16 text, not UTF-8.", convert.format("UTF-16"))
        if NOT_TEXT.search(content):
            return DataError(f"{self.path} is not a text file.", "Put a csv file there: save it as csv, UTF-8.")
        line = content.count(b"\n", 0, where) + 1
        return DataError(
            f"{self.path}: line {line} is not UTF-8 text.",
            f"{convert.format('WINDOWS-1252')} (if that is what it was written in)",
        )

    def _check_separator(self, header: str, schema: TableSchema) -> None:
        """Refuse another separator by its name: what follows from it would be hard to understand."""
        for separator, called in OTHER_SEPARATORS.items():
            names = {name.strip().strip('"') for name in header.split(separator)}
            if len(names & schema.columns.keys()) > 1:
                raise DataError(
                    f"{self.path}: line 1 is separated by {called}, not by commas.",
                    "Save the file with commas between the columns and points in decimal numbers.",
                )

    def _check_columns(self, names: list[str], schema: TableSchema) -> None:
        absent = [name for name in schema.columns if name not in names]
        if absent:
            raise DataError(
                f"{self.path}: line 1 lacks the column{'s' if len(absent) > 1 else ''} {', '.join(absent)}.",
                f"Its columns are: {', '.join(names)}.",
            )


def describe(lines: pl.Series, problem: str) -> str:
    """`column `x`: not a number: lines 3, 7 and 2 more`."""
    shown = ", ".join(str(line) for line in lines.head(SHOWN_LINES))
    more = f" and {len(lines) - SHOWN_LINES} more" if len(lines) > SHOWN_LINES else ""
    return f"{problem}: line{'s' if len(lines) > 1 else ''} {shown}{more}"


def _convert(name: str, dtype: type[pl.DataType] | pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return column.str.to_datetime("%Y-%m-%dT%H:%MZ", time_unit=dtype.time_unit, strict=False).dt.replace_time_zone(
            dtype.time_zone
        )
    typed = column.cast(dtype, strict=False)
    # "nan" and "inf" are read as numbers, but are none.
    return pl.when(typed.is_finite()).then(typed).alias(name) if dtype == pl.Float64 else typed


def _plain(dtype: type[pl.DataType] | pl.DataType) -> str:
    if isinstance(dtype, pl.Datetime):
        return "a time such as 2013-01-31T18:05Z"
    return "a whole number" if dtype == pl.Int64 else "a number"
