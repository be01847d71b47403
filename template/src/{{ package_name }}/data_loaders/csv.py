"""Tables in csv files: one row a line, or more where a quoted value has several; names in the first one."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import polars as pl
from pydantic import AfterValidator, BeforeValidator, Field

from ..contract.cells import Form, shape_of
from ..contract.types import Names, Section, Word
from ..errors import DataError
from ..problems import Problem
from .base import LINE, FileSource, Loader, LoaderKind, Typing, clean_name, cut, located
from .csv_hints import cell_hints, guess_csv, separator_of, setting, width_hint
from .decoding import decode, read_bytes
from .structure import Dialect, MalformedError, Structure, structure_of

#: What programs write for a value that is not there. "-", "?" and "." are words for it, too, but also categories and grades.
MISSING = ("NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None")
QUOTES = {"double": '"', "single": "'", "none": ""}
QUOTE_ADVICE = (
    "Mend that line: a value with quotes in it stands in quotes, and those inside it are doubled. If quotes are signs like any "
    "other, write `quote: none` to the source in configs/sources.yaml; if values have several lines, `multiline: true`."
)
SHOWN_WIDTHS = 5
#: The first line by which Excel is told the separator.
_SEPARATOR_LINE = re.compile(rb'"?sep=([^\w"\n])"?\n', re.IGNORECASE)


def _one_sign(text: str) -> str:
    text = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(text) != 1 or not text.isascii() or text.isalnum() or text in "\"'.\r\n\0":
        raise ValueError('one sign is expected: "," or ";" or "|" or tab or a blank')
    return text


def _codec(name: str) -> str:
    try:
        "a".encode(name).decode(name)
    except (LookupError, UnicodeError):
        raise ValueError("no such encoding; utf-8, utf-16, cp1252, latin-1, gb18030 are some") from None
    return name


def _pattern(pattern: str) -> str:
    shape_of(pattern)
    return pattern


class CsvForm(Section):
    """How csv is written, wherever it comes from."""

    separator: Annotated[
        str,
        AfterValidator(_one_sign),
        Field(description="Between values; tab is a word for one, and one blank stands for any number."),
    ] = ","
    decimal: Annotated[Literal[".", ","], Field(description="Between a number and its decimals.")] = "."
    encoding: Annotated[str, AfterValidator(_codec), Field(description="A byte order mark goes before it.")] = "utf-8"
    quote: Annotated[Literal["double", "single", "none"], Field(description="Around values.")] = "double"
    missing: Annotated[tuple[Word, ...], Field(strict=False, description="Words for no value.")] = MISSING
    dates: Annotated[
        tuple[Annotated[str, AfterValidator(_pattern)], ...],
        BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
        Field(
            strict=False,
            description='How dates are written, if not as 2024-01-31: "%d.%m.%Y"; the first pattern that fits is taken.',
            json_schema_extra={"type": ["array", "string"]},
        ),
    ] = ()
    header: Annotated[int, Field(ge=0, description="The line of the names; 0 if there is none.")] = 1
    names: Annotated[Names, Field(description="Names of all columns, instead of those in the file.")] = ()
    comment: Annotated[str, Field(pattern=r"^[!-~]?$", description="Lines that begin with it are no rows.")] = ""
    multiline: Annotated[bool, Field(description="Quoted values over several lines may look like rows.")] = False

    def source(self, file: Path) -> CsvSource:
        """The settings by which a file is read that is written so."""
        form = {name: getattr(self, name) for name in CsvForm.model_fields}
        return CsvSource(kind="csv", path=str(file), **form)


class CsvSource(FileSource, CsvForm):
    """A csv file, packed with gzip or not."""

    kind: Literal["csv"]


class CsvLoader(Loader):
    """Loads a csv file. All is read as text first and converted then, so that a wrong value is reported with its line."""

    settings: CsvSource
    advice = "Mend these lines of the file."

    @property
    def form(self) -> Form:
        """See `Loader.form`."""
        return Form(decimal=self.settings.decimal, dates=self.settings.dates)

    def mend(self, typing: Typing) -> str:
        """See `Loader.mend`."""
        return " ".join([self.advice, *cell_hints(typing, self.settings.missing)])

    def batches(self) -> Iterator[pl.DataFrame]:
        """See `Loader.batches`: all columns are text."""
        (path,) = self.files
        text, dialect = self._dialect(decode(read_bytes(path), self.settings.encoding, path))
        try:
            rows = structure_of(text, dialect)
        except MalformedError as error:
            raise self._refused(f"{error}.", QUOTE_ADVICE) from None
        names, rows = self._names(rows, dialect)
        table = self._cells(rows, dialect)
        # A column with neither name nor value is what a separator at the end of every line leaves.
        called = {
            place: name or f"column_{number}"
            for number, (place, name) in enumerate(zip(table.columns, names, strict=True), 1)
            if name or table[place].count()
        }
        self._require_apart(list(called.values()))
        yield from cut([table.select(pl.Series(LINE, rows.lines[: len(table)]), *called).rename(called)])

    def _refused(self, problem: str, advice: str) -> DataError:
        return DataError(f"{self.where}: {problem}", advice)

    def _dialect(self, text: bytes) -> tuple[bytes, Dialect]:
        """The text with empty lines for what stands above its names, and how it is written."""
        settings, separator = self.settings, self.settings.separator
        if told := _SEPARATOR_LINE.match(text):
            separator, text = told[1].decode(), text[told.end() - 1 :]
        if separator == " ":
            # Columns are aligned with as many blanks as it takes.
            text = re.sub(rb"(?m)^ +| +$", b"", re.sub(rb" {2,}", b" ", text))
        *above, text = text.split(b"\n", max(0, settings.header - 1))
        return b"\n" * len(above) + text, Dialect(
            separator, QUOTES[settings.quote], settings.comment, settings.multiline
        )

    def _names(self, rows: Structure, dialect: Dialect) -> tuple[list[str], Structure]:
        """The columns' names, "" where there is none, and the rows below, each with a value for each name."""
        if not len(rows.starts):
            raise self._refused("there are no rows.", "Put a csv file with a line of names and rows there.")
        names, line = [""] * int(rows.widths[0]), int(rows.lines[0])
        if self.settings.header:
            names, rows = self._split(rows.row(0), dialect), rows.below(1)
        if len(names) == 1 and (other := separator_of(rows.text)) not in {None, dialect.separator}:
            raise self._refused(f"line {line} holds no `{dialect.separator}`.", setting("separator", str(other)))
        closing = np.frombuffer(rows.text, dtype=np.uint8)[rows.ends - 1] == ord(dialect.separator)
        if len(closing) and (closing & (rows.widths == len(names) + 1)).all():
            names.append("")
        if (rows.widths != len(names)).any():
            raise self._ragged(rows, len(names), line, dialect)
        given = self.settings.names
        if given and len(given) != len(names):
            raise self._refused(f"`names` has {len(given)} names for {len(names)} columns.", "Name every column.")
        return list(given) or names, rows

    def _split(self, row: str, dialect: Dialect) -> list[str]:
        """The names in one row."""
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE
        try:
            names = next(
                csv.reader([row], delimiter=dialect.separator, quotechar=dialect.quote or None, quoting=quoting)
            )
        except csv.Error as error:
            raise self._refused(f"the line of the names cannot be read: {error}.", QUOTE_ADVICE) from None
        return [clean_name(name) for name in names]

    def _ragged(self, rows: Structure, names: int, line: int, dialect: Dialect) -> DataError:
        """The error for rows with more or fewer values than there are names."""
        lines = pl.DataFrame({LINE: rows.lines})
        said = [
            str(
                located(
                    lines, pl.Series(rows.widths == width), Problem(says=f"{width} value{'s' if width > 1 else ''}")
                )
            )
            for width in np.unique(rows.widths[rows.widths != names])[:SHOWN_WIDTHS]
        ]
        return self._refused(f"{', '.join(said)}, where line {line} has {names}.", width_hint(rows, dialect, names))

    def _require_apart(self, names: list[str]) -> None:
        if repeated := sorted(name for name, times in Counter(names).items() if times > 1):
            raise self._refused(
                f"line {self.settings.header}: several columns are called `{repeated[0]}`.",
                "Name them apart in the file, or write all names to its source in configs/sources.yaml: `names: [...]`.",
            )

    def _cells(self, rows: Structure, dialect: Dialect) -> pl.DataFrame:
        """The values of all rows as text without blanks around them; missing is null. The empty end of a sheet is left out."""
        if not len(rows.starts):
            raise self._refused("there are names and no rows.", "Put a table with rows there.")
        table = pl.read_csv(
            rows.body,
            has_header=False,
            separator=dialect.separator,
            quote_char=dialect.quote or None,
            infer_schema=False,
            empty_string_is_null=False,
        )
        if len(table) != len(rows.starts):
            raise self._refused("its rows cannot be told apart.", QUOTE_ADVICE)
        table = table.with_columns(pl.all().str.strip_chars())
        filled = table.select(pl.any_horizontal(pl.all() != "")).to_series().arg_true()
        if not len(filled):
            raise self._refused("there are names and no values.", "Put a table with rows there.")
        table = table.head(filled[-1] + 1)
        return table.with_columns(pl.when(~pl.all().is_in(["", *self.settings.missing])).then(pl.all()))


KIND = LoaderKind("csv", CsvSource, CsvLoader, guess_csv)
