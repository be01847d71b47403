"""What kind a column is, judged by its values. Pure: a column in, a guess out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from .types import LARGEST_EXACT, Kind, Part

#: One column as a kind: what it cannot be is null. The same code that reads it later.
Reading = Callable[[pl.Series, Kind], pl.Series]

#: With fewer rows nothing can be told from values that never repeat.
FEW_ROWS = 20
#: A column with a greater share of different values names rows.
NAMES_ROWS = 0.95
NAMES = "names rows"
LARGEST_FLOAT = 3e38
SHOWN_WORDS = 8
#: Texts are judged by this many values.
TEXTS = 20_000
NAMED_ID = re.compile(
    r"(^|[^a-z])(id|ids|uuid|guid|key|no|nr|index|rowid|rownames?|row)$|Id$|ID$|^(Unnamed: ?\d+|_c0|column_1)$"
)
ROW_NUMBER = re.compile(
    r"^(Unnamed: ?\d+|index|level_0|row|rowid|rownames?|row_?(id|number|nr|no)|_c0|column_1|X)$", re.IGNORECASE
)
YEAR = 365
YEARS_AHEAD = timedelta(days=3653)


@dataclass(frozen=True)
class Guess:
    """What was guessed of one column.

    Args:
        values: the column as its kind, [N]; as it came, if it is left out.
        kind: None if it is left out.
        keys: what the contract says of it besides its kind.
        remark: what was seen, and why this was guessed.
        ignored: why it is left out.
    """

    name: str
    values: pl.Series
    kind: Kind | None
    keys: dict[str, Any] = field(default_factory=dict)
    remark: str = ""
    ignored: str | None = None

    @property
    def missing(self) -> int:
        """Rows without a value."""
        return self.values.null_count()

    @property
    def words(self) -> int:
        """Different values, missing not among them."""
        return self.values.drop_nulls().n_unique()


def guess_column(column: pl.Series, read: Reading) -> Guess:
    """Kind, range and remark of a column as it came (csv: text; parquet: typed)."""
    known = column.drop_nulls()
    if known.is_empty():
        return _left_out(column, "empty in all rows")
    if column.dtype.is_nested() or column.dtype in (pl.Binary, pl.Object, pl.Time, pl.Duration):
        return _left_out(column, f"its values are of type {column.dtype}, which no model takes")
    if known.n_unique() == 1 and len(known) == len(column):
        return _left_out(column, f"the same in every row: {str(known[0])[:40]}")
    for kind, guess in _GUESSES.items():
        values = read(column, kind)
        if values.null_count() == read(column, "text").null_count() and _written_as(column, kind):
            return guess(column.name, values)
    return _guess_words(column.name, read(column, "category"))


def _written_as(column: pl.Series, kind: Kind) -> bool:
    """Whether the cells are written so, and could not only be read so: `3.0` is no whole number, and `007` is a word."""
    match kind:
        case "boolean":
            return not column.dtype.is_numeric()
        case "integer":
            return (
                _all(column, r"^\s*[+-]?(0|[1-9]\d*)\s*$")
                and column.dtype != pl.Boolean
                and not column.dtype.is_float()
            )
        case "number":
            return column.dtype != pl.Boolean and _all(column, r"^\s*[+-]?(?:[^0\s+-]|0(?:\D|$))")
        case _:
            return True


def _all(column: pl.Series, pattern: str) -> bool:
    return column.dtype != pl.String or bool(column.str.contains(pattern).all())


def _left_out(values: pl.Series, why: str) -> Guess:
    return Guess(values.name, values, None, ignored=why)


def _with_missing(values: pl.Series, **keys: Any) -> dict[str, Any]:
    return keys | ({"missing": True} if values.null_count() else {})


def _guess_boolean(name: str, values: pl.Series) -> Guess:
    return Guess(name, values, "boolean", _with_missing(values))


def keep(guess: Guess) -> Guess:
    """A column that was left out because it names rows, as a feature after all."""
    if not (guess.ignored or "").startswith(NAMES):
        return guess
    if guess.values.dtype == pl.String:
        return Guess(guess.name, guess.values, "category", _with_missing(guess.values), guess.ignored or "")
    return _as_integer(guess.name, guess.values)


def _guess_integer(name: str, values: pl.Series) -> Guess:
    why = row_identifier(name, values)
    return _left_out(values, why) if why else _as_integer(name, values)


def _as_integer(name: str, values: pl.Series) -> Guess:
    if _largest(values) <= LARGEST_EXACT:
        low, high, why = widened(values)
        bounds = {"minimum": max(int(low), -LARGEST_EXACT), "maximum": min(int(high), LARGEST_EXACT)}
        return Guess(name, values, "integer", _with_missing(values, **bounds), why)
    return _guess_number(name, values.cast(pl.Float64))


def row_identifier(name: str, values: pl.Series) -> str | None:
    """Why whole numbers name rows rather than tell something about them; None if they do not."""
    known = values.drop_nulls()
    if len(known) < FEW_ROWS or known.n_unique() < NAMES_ROWS * len(known):
        return None
    counts = known.n_unique() == len(values) and bool((values.diff().drop_nulls().abs() == 1).all())
    if counts or ROW_NUMBER.search(name):
        return f"{NAMES}, from 1 to {len(values):,} or so"
    ordered = known.n_unique() == len(values) and (known.is_sorted() or known.is_sorted(descending=True))
    if NAMED_ID.search(name) or (ordered and _largest(known) > LARGEST_EXACT):
        return f"{NAMES}: {known.n_unique():,} different values in {len(values):,} rows"
    return None


def _guess_number(name: str, values: pl.Series) -> Guess:
    largest = _largest(values)
    if not largest <= LARGEST_FLOAT:
        return _left_out(values, f"a value is as large as {largest:g}, more than a model computes with")
    low, high, why = widened(values)
    keys: dict[str, Any] = {"minimum": low, "maximum": high}
    known = values.drop_nulls()
    if ((known == known.round()) & (known.cast(pl.Float32).cast(pl.Float64) != known)).any():
        if known.n_unique() >= NAMES_ROWS * len(known) >= NAMES_ROWS * FEW_ROWS and NAMED_ID.search(name):
            return _left_out(values, f"{NAMES}: {known.n_unique():,} different values in {len(values):,} rows")
        keys["rounded"] = True
        why += f"; beyond {LARGEST_EXACT:,}, where a model sees them rounded to 7 digits"
    return Guess(name, values, "number", _with_missing(values, **keys), why)


def _largest(values: pl.Series) -> float:
    return max(abs(float(values.min() or 0)), abs(float(values.max() or 0)))  # type: ignore[arg-type]


def widened(values: pl.Series) -> tuple[float, float, str]:
    """A range for values yet to come, and what was seen: wider by its own width on both sides, of the same sign."""
    low, high = float(values.min()), float(values.max())  # type: ignore[arg-type]
    width = (high - low) or abs(high) or 1.0
    step = 10.0 ** math.floor(math.log10(width))
    bottom, top = math.floor((low - width) / step) * step, math.ceil((high + width) / step) * step
    bottom, top = (max(bottom, 0.0) if low >= 0 else bottom), (min(top, 0.0) if high <= 0 else top)
    return float(f"{bottom:.6g}"), float(f"{top:.6g}"), f"seen {low:.6g} to {high:.6g}"


def _guess_datetime(name: str, values: pl.Series) -> Guess:
    low, high = _ends(values)
    width = high - low
    keys = {
        "parts": parts_of(values),
        "minimum": _day(low, -max(width, timedelta(days=YEAR))),
        "maximum": _day(high, max(width, YEARS_AHEAD)),
    }
    return Guess(name, values, "datetime", _with_missing(values, **keys), f"seen {low:%Y-%m-%d} to {high:%Y-%m-%d}")


def _ends(values: pl.Series) -> tuple[datetime, datetime]:
    low, high = values.min(), values.max()
    assert isinstance(low, datetime)
    assert isinstance(high, datetime)
    return low, high


def _day(moment: datetime, away: timedelta) -> datetime:
    try:
        return (moment + away).replace(hour=0, minute=0, second=0, microsecond=0)
    except OverflowError:
        return datetime.min if away < timedelta() else datetime(9999, 12, 31)  # noqa: DTZ001, DTZ901 - the place's own time


def parts_of(values: pl.Series, *, orders: bool = False) -> tuple[Part, ...]:
    """The parts of moments that can tell something.

    Args:
        values: moments, [N].
        orders: whether they order the rows: then parts that never come back (year, day of a time line) are left out.
    """
    low, high = _ends(values)
    days = (high - low).days
    known = values.drop_nulls().dt
    wanted: dict[Part, bool] = {
        "year": known.year().n_unique() > 1 and not orders,
        "month": known.month().n_unique() > 1 and (days > YEAR or not orders),
        "day": known.day().n_unique() > 1 and not orders,
        "weekday": known.weekday().n_unique() > 1,
        "day_of_year": days > YEAR and not orders,
        "hour": known.time().n_unique() > 1,
    }
    return tuple(part for part, want in wanted.items() if want)


def _guess_words(name: str, values: pl.Series) -> Guess:
    known = values.drop_nulls().cast(pl.String)
    sample = known if len(known) <= TEXTS else known.sample(TEXTS, seed=0)
    repeated = known.n_unique() < len(known) / 2
    spaces = sample.str.count_matches(r"\s+")
    if not repeated and (spaces > 0).sum() > len(sample) / 2:
        why = f"mostly different, {1 + spaces.sum() / len(sample):.1f} words each"
        return Guess(name, values, "text", _with_missing(values), why)
    if known.n_unique() >= NAMES_ROWS * len(known) and len(known) >= FEW_ROWS:
        return _left_out(values, f"{NAMES}: {known.n_unique():,} different values in {len(values):,} rows")
    common = known.value_counts(sort=True)[name].head(SHOWN_WORDS).to_list()
    more = f" and {known.n_unique() - len(common):,} more" if known.n_unique() > len(common) else ""
    return Guess(
        name, values, "category", _with_missing(values), f"seen {', '.join(word[:30] for word in common)}{more}"
    )


#: In this order: whole numbers are numbers, too, and 1 and 0 can be read as yes and no.
_GUESSES: dict[Kind, Callable[[str, pl.Series], Guess]] = {
    "integer": _guess_integer,
    "number": _guess_number,
    "boolean": _guess_boolean,
    "datetime": _guess_datetime,
}
