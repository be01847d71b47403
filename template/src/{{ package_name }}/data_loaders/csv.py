"""Tables in csv files: one row a line, or more where a quoted value has several; names in the first one."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Literal

import numpy as np
import polars as pl

from ..contract.cells import Form
from ..errors import DataError
from ..problems import Problem
from .base import LINE, Loader, LoaderKind, Typing, clean_name, cut, located
from .blocks import LONGEST, whole_rows
from .csv_form import CsvSource
from .csv_hints import cell_hints, guess_csv, separator_of, setting, width_hint
from .decoding import text_blocks
from .structure import Dialect, MalformedError, Structure, structure_of

QUOTES = {"double": '"', "single": "'", "none": ""}
QUOTE_ADVICE = (
    "Mend that line: a value with quotes in it stands in quotes, and those inside it are doubled. If quotes are signs like any "
    "other, write `quote: none` to the source in configs/sources.yaml; if values have several lines, `multiline: true`."
)
SHOWN_WIDTHS = 5
#: The first line by which Excel is told the separator.
_SEPARATOR_LINE = re.compile(rb'"?sep=([^\w"\n])"?\n', re.IGNORECASE)


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
        try:
            names, parts = self._opened()
            called: dict[str, str] = {}
            for part in _without_empty_end(parts):
                called = called or self._called(names, part)
                self._require_names(part, called)
                kept = part.select(LINE, *called).rename(called)
                missing = kept.select(pl.exclude(LINE).is_in(["", *self.settings.missing]))
                yield from cut(
                    [kept.with_columns(pl.when(~missing[name]).then(pl.col(name)) for name in missing.columns)]
                )
        except MalformedError as error:
            raise self._refused(f"{error}.", QUOTE_ADVICE) from None
        if not called:
            raise self._refused("there are names and no values.", "Put a table with rows there.")

    def _refused(self, problem: str, advice: str) -> DataError:
        return DataError(f"{self.where}: {problem}", advice)

    def _opened(self) -> tuple[list[str], Iterator[pl.DataFrame]]:
        """The columns' names, "" where there is none, and the table in parts: all cells as text, and `LINE`."""
        (path,) = self.files
        dialect, texts = self._dialect(text_blocks(path, self.settings.encoding))
        parts = filter(lambda rows: len(rows.starts), self._structures(texts, dialect))
        if (first := next(parts, None)) is None:
            raise self._refused("there are no rows.", "Put a csv file with a line of names and rows there.")
        names, rows = self._names(first, dialect)
        if not len(rows.starts):
            raise self._refused("there are names and no rows.", "Put a table with rows there.")
        line = int(first.lines[0])
        return names, (self._cells(part, len(names), line, dialect) for part in chain([rows], parts))

    def _dialect(self, texts: Iterator[bytes]) -> tuple[Dialect, Iterator[bytes]]:
        """How a text is written, and the text with empty lines for what stands above its names."""
        settings, separator = self.settings, self.settings.separator
        text = next(texts)
        while text.count(b"\n") <= settings.header and len(text) < LONGEST and (more := next(texts, None)) is not None:
            text += more
        if told := _SEPARATOR_LINE.match(text):
            separator, text = told[1].decode(), text[told.end() - 1 :]
        *above, text = text.split(b"\n", max(0, settings.header - 1))
        dialect = Dialect(separator, QUOTES[settings.quote], settings.comment, settings.multiline)
        return dialect, chain([b"\n" * len(above) + text], texts)

    def _structures(self, texts: Iterator[bytes], dialect: Dialect) -> Iterator[Structure]:
        for before, text in whole_rows(texts, dialect):
            if dialect.separator == " ":
                # Columns are aligned with as many blanks as it takes.
                text = re.sub(rb"(?m)^ +| +$", b"", re.sub(rb" {2,}", b" ", text))  # noqa: PLW2901
            yield structure_of(text, dialect, before)

    def _names(self, rows: Structure, dialect: Dialect) -> tuple[list[str], Structure]:
        """The columns' names, "" where there is none, and the rows below."""
        names, line = [""] * int(rows.widths[0]), int(rows.lines[0])
        if self.settings.header:
            names, rows = self._split(rows.row(0), dialect), rows.below(1)
        if len(names) == 1 and (other := separator_of(rows.text)) not in {None, dialect.separator}:
            raise self._refused(f"line {line} holds no `{dialect.separator}`.", setting("separator", str(other)))
        closing = np.frombuffer(rows.text, dtype=np.uint8)[rows.ends - 1] == ord(dialect.separator)
        if len(closing) and (closing & (rows.widths == len(names) + 1)).all():
            names.append("")
        self._require_width(rows, len(names), line, dialect)
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

    def _require_width(self, rows: Structure, names: int, line: int, dialect: Dialect) -> None:
        """Refuse rows with more or fewer values than there are names."""
        if (rows.widths == names).all():
            return
        lines = pl.DataFrame({LINE: rows.lines})
        said = [
            str(
                located(
                    lines, pl.Series(rows.widths == width), Problem(says=f"{width} value{'s' if width > 1 else ''}")
                )
            )
            for width in np.unique(rows.widths[rows.widths != names])[:SHOWN_WIDTHS]
        ]
        raise self._refused(f"{', '.join(said)}, where line {line} has {names}.", width_hint(rows, dialect, names))

    def _called(self, names: list[str], part: pl.DataFrame) -> dict[str, str]:
        """The names that columns get, by the place of the column, judged by the first part of the table."""
        # A column with neither name nor value is what a separator at the end of every line leaves.
        called = {
            place: name or f"column_{number}"
            for number, (place, name) in enumerate(zip(part.drop(LINE).columns, names, strict=True), 1)
            if name or self._known(part, place).any()
        }
        if repeated := sorted(name for name, times in Counter(called.values()).items() if times > 1):
            raise self._refused(
                f"line {self.settings.header}: several columns are called `{repeated[0]}`.",
                "Name them apart in the file, or write all names to its source in configs/sources.yaml: `names: [...]`.",
            )
        return called

    def _known(self, part: pl.DataFrame, place: str) -> pl.Series:
        return ~part[place].is_in(["", *self.settings.missing])

    def _require_names(self, part: pl.DataFrame, called: dict[str, str]) -> None:
        """Refuse values in a column that had neither name nor value in the first part of the table."""
        for place in part.columns:
            if place not in called and place != LINE and (known := self._known(part, place)).any():
                said = located(part, known, Problem(says="a value in a column that has no name"))
                raise self._refused(f"{said}.", "Name every column, in the file or by `names` in configs/sources.yaml.")

    def _cells(self, rows: Structure, width: int, line: int, dialect: Dialect) -> pl.DataFrame:
        """The values of rows as text without blanks around them, and `LINE`."""
        self._require_width(rows, width, line, dialect)
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
        return table.select(pl.Series(LINE, rows.lines), pl.all().str.strip_chars())


def _without_empty_end(parts: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """A table without the rows at its end that have no value, which is what the empty end of a sheet leaves."""
    waiting: list[pl.DataFrame] = []
    for part in parts:
        filled = part.select(pl.any_horizontal(pl.exclude(LINE) != "")).to_series().arg_true()
        behind = filled[-1] + 1 if len(filled) else 0
        if behind:
            yield pl.concat([*waiting, part.head(behind)])
            waiting = []
        waiting.append(part.slice(behind))


KIND = LoaderKind("csv", CsvSource, CsvLoader, guess_csv)
