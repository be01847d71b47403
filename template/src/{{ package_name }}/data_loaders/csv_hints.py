"""What a csv file looks like: which settings to write for it, all at once or after something was refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any

import polars as pl

from ..contract.cells import Form, read_cells, shape_of
from ..contract.types import Kind
from .base import SAMPLE, Typing
from .csv_form import CsvSource
from .decoding import likely_encoding, text_blocks
from .structure import Dialect, Structure

#: In this order; blanks are in any text.
SEPARATORS = (",", ";", "\t", "|", " ")
#: Parts of a table by which it is guessed how cells are written.
BEGINNING = 5
#: Signs that stand for no value in columns of numbers and dates.
_SIGNS = frozenset({"?", "-", "--", "---", ".", "..", "*", "#", "/", "n.a.", "N.A."})
_DAYS = (
    *(f"%{first}{sign}%{second}{sign}%{year}" for sign in "./-" for first, second in ("dm", "md") for year in "Yy"),
    *("%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y", "%b %d %Y"),
    *("%b %Y", "%Y-%m", "%Y/%m", "%m/%Y"),
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", "T%H:%M:%S")
_DECIMAL_COMMA = r"^[+-]?\d+,\d+$"
_THOUSANDS = r"^[+-]?\d{1,3}([,. ']\d{3})+([.,]\d+)?$"


def setting(name: str, value: str) -> str:
    """What to write to configs/sources.yaml."""
    written = value.replace("\t", "\\t")
    return f'Write `{name}: "{written}"` to its source in configs/sources.yaml.'


def _lines(text: bytes) -> list[str]:
    """The first lines, without what stands in quotes, and with one blank in place of several."""
    sample = text[: 2**18].decode("utf-8", "ignore")
    sample = re.sub(r'"[^"]*"', lambda quoted: "\n" * quoted[0].count("\n"), sample)
    return [re.sub(" +", " ", line.strip(" ")) for line in sample.split("\n")[:SAMPLE]]


def _common(lines: Iterable[str], separator: str) -> tuple[int, int]:
    """How many separators most lines have, and how many lines that are."""
    return next(iter(Counter(line.count(separator) for line in lines).most_common(1)), (0, 0))


def separator_of(text: bytes) -> str | None:
    """The separator that nearly all lines have equally often; None if there is none."""
    lines = [line for line in _lines(text) if line.strip()]
    best, most = None, (0.79, 0)
    for separator in SEPARATORS:
        if separator == " " and best:
            break
        number, times = _common(lines, separator)
        if number and (times / len(lines), number) > most:
            best, most = separator, (times / len(lines), number)
    return best


def comment_of(text: bytes, separator: str) -> str:
    """The sign by which lines begin that have not as many separators as the others; "" if there are none."""
    lines = [line for line in _lines(text) if line.strip()]
    for sign in "#%":
        marked = {line.count(separator) for line in lines if line.startswith(sign)}
        number, times = _common((line for line in lines if not line.startswith(sign)), separator)
        if marked and times and number not in marked:
            return sign
    return ""


def header_of(text: bytes, separator: str) -> int:
    """The line of the names: the first with as many separators as most lines have; 0 if it holds numbers instead."""
    lines = _lines(text)
    common, _ = _common((line for line in lines if line.strip()), separator)
    found = ((number, line) for number, line in enumerate(lines, 1) if line.strip() and line.count(separator) == common)
    number, line = next(found, (1, ""))
    names = [name.strip() for name in line.split(separator)]
    if all(re.fullmatch(r"[+-]?\d+([.,]\d+)?", name) for name in names):
        return 0
    return 0 if any(re.fullmatch(r"[+-]?\d*[.,]\d+(e[+-]?\d+)?", name) for name in names) else number


def width_hint(rows: Structure, dialect: Dialect, names: int) -> str:
    """What to do about rows that have more or fewer values than names."""
    if (other := separator_of(rows.text)) not in {None, dialect.separator}:
        return setting("separator", str(other))
    if not dialect.comment and (comment := comment_of(rows.text, dialect.separator)):
        return setting("comment", comment)
    common, times = Counter(rows.widths.tolist()).most_common(1)[0]
    if common > names + 1 and times > 1:
        header = int(rows.lines[rows.widths == common][0])
        return f"If the names stand on line {header}, write `header: {header}` to its source in configs/sources.yaml."
    if times == len(rows.widths):
        return "All rows have as many values: name every column, or put values with the separator in them in quotes."
    return "Mend these lines: a value with the separator in it, such as a decimal comma, stands in quotes."


def patterns_of(values: pl.Series) -> list[str]:
    """The patterns that all dates [N, text] fit; one alone says how they are written, of two nobody can know."""
    patterns = (day + time for day, time in product(_DAYS, _TIMES))
    likely = [pattern for pattern in patterns if values.head(9).str.contains(shape_of(pattern)).all()]
    return [pattern for pattern in likely if not read_cells(values, "datetime", Form(dates=(pattern,)))[1].any()]


def cell_hints(typing: Typing, missing: tuple[str, ...]) -> list[str]:
    """What may be written to a source whose cells are not of their kinds."""
    found: dict[str, None] = {}
    for name, wrong in typing.wrong.items():
        if (kind := typing.kinds[name]) in {"number", "integer", "datetime"}:
            found |= dict.fromkeys(_hints_of(wrong, kind, typing.form, missing))
    return list(found)


def _hints_of(wrong: pl.Series, kind: Kind, form: Form, missing: tuple[str, ...]) -> Iterator[str]:
    signs = [value for value in wrong if value in _SIGNS]
    if signs:
        words = ", ".join(f'"{word}"' for word in (*missing, *signs))
        yield f"If {', '.join(signs)} stands for no value, write `missing: [{words}]` to its source in configs/sources.yaml."
    rest = wrong.filter(~wrong.is_in(list(_SIGNS)))
    if kind == "datetime":
        if len(rest):
            perhaps = " or ".join(f'`dates: "{pattern}"`' for pattern in patterns_of(rest) or ["%d.%m.%Y"])
            yield f"Write how its dates are written to its source in configs/sources.yaml, perhaps {perhaps}."
        return
    other = "," if form.decimal == "." else "."
    if len(rest) and rest.str.contains(_DECIMAL_COMMA if other == "," else r"^[+-]?\d*\.\d+$").all():
        yield setting("decimal", other)
    if len(rest) and rest.str.contains(_THOUSANDS).any():
        yield "Separators of thousands have no place in numbers: take them out of the file."


def guess_csv(path: Path) -> dict[str, Any]:
    """The settings of a file that are not as usual, told by its beginning.

    Raises:
        DataError: it is no csv file that can be read.
    """
    from .csv import CsvLoader

    settings: dict[str, Any] = {}
    if (encoding := likely_encoding(path)) != "utf-8":
        settings["encoding"] = encoding
    text = next(text_blocks(path, encoding))
    if (separator := separator_of(text) or ",") != ",":
        settings["separator"] = separator
    if comment := comment_of(text, separator):
        settings["comment"] = comment
    elif not text.startswith(b"sep=") and (header := header_of(text, separator)) != 1:
        settings["header"] = header
    source = CsvSource.model_validate({"kind": "csv", "path": str(path), **settings})
    beginning = pl.concat(islice(CsvLoader(source).batches(), BEGINNING))
    return settings | _guess_cells(beginning, source.missing, separator)


def _guess_cells(table: pl.DataFrame, missing: tuple[str, ...], separator: str) -> dict[str, Any]:
    """Decimal comma, dates, and signs for no value in columns of numbers and dates."""
    found: dict[str, Any] = {}
    patterns: set[str] = set()
    signs: set[str] = set()
    for values in table.select(pl.col(pl.String)):
        sign = values.is_in(list(_SIGNS))
        plain = values.filter(~sign).drop_nulls().unique(maintain_order=True).head(SAMPLE)
        if not plain.str.contains(r"\d").all():
            continue
        told = not all(read_cells(plain, kind, Form())[1].any() for kind in ("number", "datetime"))
        if not told and separator != "," and not read_cells(plain, "number", Form(decimal=","))[1].any():
            found["decimal"], told = ",", True
        if not told and len(fitting := patterns_of(plain)) == 1:
            patterns, told = patterns | set(fitting), True
        if told:
            signs |= set(values.filter(sign))
    if patterns:
        found["dates"] = sorted(patterns)
    if signs:
        found["missing"] = [*missing, *sorted(signs)]
    return found
