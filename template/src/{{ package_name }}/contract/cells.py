"""What a cell of each kind may look like: the one place where values of a table become the types of the contract.

number    `3`, `-.5`, `1e3`; with `decimal: ","` also `3,5`; never `inf`, never with separators of thousands
integer   a number that is whole: `3`, `3.0`, `1e5`
boolean   true, false, yes, no, t, f, y, n, 1, 0, in any case; `1.0` and `0.0` are what tables with missing values write
datetime  `2024-01-31`, `2024-01-31 18:05`, `2024-01-31T18:05:07.25Z`, `...+02:00`; or by the source's `dates`
category, text  any words; a whole number is written without `.0`

Blanks around a value are no part of it, and a blank value is missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import polars as pl

from .types import Contract, Kind

EXPECTED: dict[Kind, str] = {
    "number": "a number",
    "integer": "a whole number",
    "boolean": "yes or no (true, false, yes, no, t, f, y, n, 1, 0)",
    "datetime": "a date and time such as 2024-01-31 or 2024-01-31T18:05Z",
    "category": "a word (without NUL characters)",
    "text": "text (without NUL characters)",
}
CANONICAL: dict[Kind, pl.DataType] = {
    "number": pl.Float64(),
    "integer": pl.Int64(),
    "boolean": pl.Boolean(),
    "datetime": pl.Datetime("us"),
    "category": pl.String(),
    "text": pl.String(),
}
_TRUE = ("true", "t", "yes", "y", "1", "1.0")
_FALSE = ("false", "f", "no", "n", "0", "0.0")
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?$"
_MOMENT = (
    r"^(?<date>\d{4}-\d{2}-\d{2})(?:[Tt ](?<time>\d{2}:\d{2})(?::(?<second>[0-5]\d)(?:[.,](?<fraction>\d{1,9}))?)?"
    r" ?(?<zone>[Zz]|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)?)?$"
)
#: The parts of `dates`, as Python's strptime calls them.
_PARTS = {
    **dict.fromkeys("dmHI", r"\d{1,2}"),
    **dict.fromkeys("yMS", r"\d{2}"),
    **dict.fromkeys("bB", r"\p{L}+"),
    "Y": r"\d{4}",
    "j": r"\d{3}",
    "p": "(?i:am|pm)",
    "z": r"[+-]\d{2}:?\d{2}",
    "%": "%",
}


class Unreadable(Exception):  # noqa: N818 - it reads as what it says
    """A column's type that cannot become a kind; the message names both."""


@dataclass(frozen=True)
class Form:
    """How a source writes its cells.

    Args:
        decimal: the decimal separator, "." or ",".
        dates: how dates are written if not as ISO 8601 says, in the words of strptime; the first that fits is taken.
        missing: values that stand for none.
        zone: the place's time zone, into whose time moments with an offset are converted.
    """

    decimal: str = "."
    dates: tuple[str, ...] = ()
    missing: tuple[str, ...] = ("",)
    zone: str = "UTC"

    def in_zone(self, zone: str) -> Self:
        """The same form for another place."""
        return replace(self, zone=zone)


def kinds_of(contract: Contract) -> dict[str, Kind]:
    """The kind of every column that a contract names, but for `known_later` and `ignored`; a feature's own kind goes first."""
    found: dict[str | None, Kind] = {name: column.kind for name, column in contract.columns.items()}
    roles: dict[str | None, Kind] = {
        **dict.fromkeys((*contract.slices, *contract.protected, *contract.key, contract.group), "category"),
        contract.weight: "number",
        contract.time: "datetime",
        contract.target.column: "number" if contract.task == "regression" else "category",
    }
    return {name: kind for name, kind in (found | roles | found).items() if name is not None}


def read_cells(values: pl.Series, kind: Kind, form: Form) -> tuple[pl.Series, pl.Series]:
    """A column [N] of any type as the canonical type of a kind, and which cells [N] are wrong; those are null, too.

    Raises:
        Unreadable: the column's type has no such values.
    """
    given = _simple(values)
    if given.dtype == pl.String:
        given = given.str.strip_chars()
        given = given.set(given.is_in(form.missing), None)
    read = _READERS[kind](given, form).cast(CANONICAL[kind]).alias(values.name)
    return read, given.is_not_null() & read.is_null()


def _simple(values: pl.Series) -> pl.Series:
    """One of few types instead of many: text, truth, numbers and moments; NaN is missing."""
    dtype = values.dtype
    if isinstance(dtype, pl.Categorical | pl.Enum | pl.Null):
        return values.cast(pl.String)
    if dtype.is_float():
        return (values if dtype == pl.Float32 else values.cast(pl.Float64)).fill_nan(None)
    if dtype.is_numeric() or isinstance(dtype, pl.String | pl.Boolean | pl.Datetime | pl.Date):
        return values
    raise Unreadable(f"values of the type {dtype} cannot be read; make another type of them where the table is written")


def _refuse(values: pl.Series, kind: Kind) -> Unreadable:
    return Unreadable(f"values of the type {values.dtype} are not {EXPECTED[kind]}")


def _number(values: pl.Series, form: Form) -> pl.Series:
    if values.dtype == pl.String:
        if form.decimal == ",":
            values = values.set(values.str.contains(".", literal=True), "").str.replace(",", ".", literal=True)
        values = values.set(~values.str.contains(_NUMBER), None)
    if values.dtype.is_temporal():
        raise _refuse(values, "number")
    numbers = values.cast(pl.Float64, strict=False)
    return numbers.set(~numbers.is_finite(), None)


def _integer(values: pl.Series, form: Form) -> pl.Series:
    if values.dtype.is_integer() or values.dtype == pl.Boolean:
        return values.cast(pl.Int64, strict=False)
    if values.dtype.is_temporal():
        raise _refuse(values, "integer")
    exact = values.cast(pl.Int64, strict=False) if values.dtype == pl.String else None
    numbers = _number(values, form)
    whole = numbers.set((numbers != numbers.floor()) | (numbers.abs() > 2**53), None).cast(pl.Int64)
    return whole if exact is None else exact.zip_with(exact.is_not_null(), whole)


def _boolean(values: pl.Series, form: Form) -> pl.Series:  # noqa: ARG001
    if values.dtype == pl.Boolean:
        return values
    if values.dtype.is_temporal():
        raise _refuse(values, "boolean")
    words = _words(values).str.to_lowercase()
    return words.replace_strict(
        dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False), default=None, return_dtype=pl.Boolean
    )


def _text(values: pl.Series, form: Form) -> pl.Series:  # noqa: ARG001
    return _words(values)


def _words(values: pl.Series) -> pl.Series:
    """Any values as they are written; a whole number without decimals, since a column with missing ones is made of floats."""
    if values.dtype.is_temporal():
        return values.dt.to_string("iso:strict")
    if values.dtype.is_float():
        whole = values.set((values != values.floor()) | (values.abs() > 2**53), None).cast(pl.Int64, strict=False)
        written = values.set(~values.is_finite(), None).cast(pl.String)
        return whole.cast(pl.String).zip_with(whole.is_not_null(), written)
    words = values.cast(pl.String)
    # A graph would cut them there.
    return words.set(words.str.contains("\0", literal=True), None)


def _datetime(values: pl.Series, form: Form) -> pl.Series:
    if values.dtype.is_temporal():
        moments = values
    elif values.dtype == pl.String:
        moments = _iso(values, form)
        for pattern in form.dates:
            moments = moments.zip_with(moments.is_not_null(), _by_pattern(values, pattern, form))
    else:
        raise _refuse(values, "datetime")
    moments = _local(moments, form).cast(pl.Datetime("us"))
    # The years that Python's datetime knows, and with it every report and answer.
    return moments.set(~moments.dt.year().is_between(1, 9999), None)


def _local(moments: pl.Series, form: Form) -> pl.Series:
    if getattr(moments.dtype, "time_zone", None) is None:
        return moments
    return moments.dt.convert_time_zone(form.zone).dt.replace_time_zone(None)


def _iso(values: pl.Series, form: Form) -> pl.Series:
    parts = values.str.extract_groups(_MOMENT).struct.unnest()
    seconds = pl.col("second").fill_null("00")
    micro = pl.col("fraction").fill_null("0").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64)
    sign = pl.when(pl.col("zone").str.starts_with("-")).then(-1).otherwise(1)
    digits = pl.col("zone").str.replace_all(r"\D", "").str.pad_end(4, "0").cast(pl.Int64)
    offset = sign * (digits // 100 * 60 + digits % 100)
    written = pl.concat_str("date", pl.lit("T"), pl.col("time").fill_null("00:00"), pl.lit(":"), seconds)
    naive = written.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False) + pl.duration(microseconds=micro)
    read = parts.select(naive=naive, utc=naive - pl.duration(minutes=offset), given=pl.col("zone").is_not_null())
    here = _local(read["utc"].dt.replace_time_zone("UTC"), form)
    return here.zip_with(read["given"], read["naive"])


def _by_pattern(values: pl.Series, pattern: str, form: Form) -> pl.Series:
    """Moments by a strptime pattern; a month or year without a day is its first."""
    lacking = [
        part for part, others in (("%m", "mbBj"), ("%d", "dj")) if not any(f"%{other}" in pattern for other in others)
    ]
    complete = values.set(~values.str.contains(shape_of(pattern)), None) + " 1" * len(lacking)
    moments = complete.str.to_datetime(" ".join([pattern, *lacking]), time_unit="us", strict=False)
    return _local(moments, form)


def shape_of(pattern: str) -> str:
    """The regular expression of a strptime pattern, stricter than the parser: a year of two digits is none of four.

    Raises:
        ValueError: a part is not known, or the year is missing.
    """
    shape, used = "", ""
    for literal, part in re.findall(r"([^%]*)(?:%(.?))?", pattern):
        if part and part not in _PARTS:
            raise ValueError(
                f"%{part} is not known; known are {', '.join(f'%{known}' for known in _PARTS if known != '%')}"
            )
        shape += re.escape(literal) + _PARTS.get(part, "")
        used += part
    if not {"Y", "y"} & set(used):
        raise ValueError("a date has a year: %Y (2024) or %y (24)")
    return f"^{shape}$"


_READERS: dict[Kind, Callable[[pl.Series, Form], pl.Series]] = {
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "category": _text,
    "text": _text,
    "datetime": _datetime,
}
