"""What kind a column is, judged by its values. Pure: a column in, a guess out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from ..contract.types import LARGEST_EXACT, Kind, Part
from ..features.identifiers import names_rows

#: One column as a kind, by the code that will read it; what it cannot be is null.
Reading = Callable[[pl.Series, Kind], pl.Series]

LARGEST_FLOAT = 3e38
#: With at most this share of other words, a column may have been meant to be numbers or dates.
STRAY = 0.05
ALMOST: dict[Kind, str] = {"number": "all numbers but for", "datetime": "all dates but for"}
#: Beyond these, no range can be computed with.
TINY, HUGE = 1e-300, 1e300
#: With fewer of its whole numbers left apart in a model's float32, a column is names.
APART = 0.5
SHOWN_WORDS = 8
_EMAIL = r"^\s*[^@\s]+@[^@\s]+\.[^@\s.]+\s*$"
#: So few values that they say nothing about how far others may lie.
RARE, FAR, TWO = 0.01, 10, 2
YEAR = timedelta(days=365)
_WRITTEN = {"integer": r"^\s*[+-]?(?:0|[1-9]\d*)\s*$", "number": r"^\s*[+-]?(?:[^0\s+-]|0(?:\D|$))"}


@dataclass(frozen=True)
class Guess:
    """What was guessed of one column.

    Args:
        values: the column as its kind, [N].
        kind: None if it can be none.
        keys: what the contract says of it besides.
        remark: what was seen.
        ignored: why it is no feature; None if it is one.
    """

    values: pl.Series
    kind: Kind | None
    keys: dict[str, Any]
    remark: str
    ignored: str | None = None

    @property
    def name(self) -> str:
        """Of the column."""
        return self.values.name

    def personal(self) -> Guess:
        """The same of a column whose values are never shown."""
        why = (self.ignored or "").partition(":")[0] or None
        return replace(self, keys=self.keys | {"pii": True}, remark="personal, as it was before", ignored=why)


def guess_column(column: pl.Series, read: Reading) -> Guess:
    """Kind, range and remark of a column as it came (csv: text; parquet: typed)."""
    known = column.drop_nulls()
    if column.dtype.is_nested() or isinstance(column.dtype, pl.Binary | pl.Object | pl.Time | pl.Duration):
        return Guess(column, None, {}, "", f"its values are of type {column.dtype}, which no model takes")
    if known.is_empty():
        return Guess(column, None, {}, "", "empty in all rows")
    if len(known) == len(column) and known.n_unique() == 1:
        return Guess(column, None, {}, "", f"the same in every row: {str(known[0])[:40]}")
    kind, values = _kind_of(column, read)
    if kind in {"number", "integer"}:
        kind, keys, remark = _number(values, kind)
    elif kind == "datetime":
        keys, remark = _moments(values)
    else:
        keys, remark = {}, "; ".join(part for part in (_strays(column, read), _words(values, kind)) if part)
    lacking = values.null_count()
    keys |= {"missing": True} if lacking else {}
    remark = "; ".join(part for part in (remark, f"{lacking:,} missing" if lacking else "") if part)
    return Guess(values, kind, keys, remark, _why_no_feature(values, kind))


def _kind_of(column: pl.Series, read: Reading) -> tuple[Kind, pl.Series]:
    """The first kind as which all cells can be read, and are written: `3.0` is no whole number, `007` no number."""
    missing = read(column, "text").null_count()
    typed = {
        "integer": column.dtype.is_integer(),
        "number": column.dtype.is_numeric(),
        "boolean": column.dtype == pl.Boolean,
        "datetime": column.dtype.is_temporal(),
    }
    kind: Kind
    for kind in ("integer", "number", "boolean", "datetime"):
        if typed[kind] or (column.dtype == pl.String and column.str.contains(_WRITTEN.get(kind, "")).all()):
            values = read(column, kind)
            if values.null_count() == missing:
                if kind == "integer" and _merged(values):
                    break
                return kind, values
    words = read(column, "category")
    return "text" if _is_text(words.drop_nulls()) else "category", words


def _strays(column: pl.Series, read: Reading) -> str:
    """What makes words of a column that is numbers or dates otherwise; "" if it is not."""
    known = column.drop_nulls()
    for kind, said in ALMOST.items() if known.dtype == pl.String else ():
        other = known.filter(read(known, kind).is_null())
        if 0 < len(other) <= STRAY * len(known):
            return f"{said} {', '.join(f'`{word[:30]}`' for word in other.unique(maintain_order=True).head(3))}"
    return ""


def _merged(values: pl.Series) -> bool:
    """Whole numbers of many digits that a model would not tell apart, such as those of accounts."""
    known = values.drop_nulls()
    return known.cast(pl.Float32).n_unique() < APART * known.n_unique()


def _is_text(words: pl.Series) -> bool:
    """Mostly different, and mostly of several words."""
    return 2 * words.n_unique() > len(words) and 2 * words.str.contains(r"\S\s+\S").sum() > len(words)


def _number(values: pl.Series, kind: Kind) -> tuple[Kind, dict[str, Any], str]:
    numbers = values.drop_nulls().cast(pl.Float64)
    low, high, remark = widened(numbers)
    if kind == "integer" and _largest(numbers) <= LARGEST_EXACT:
        return kind, {"minimum": max(int(low), -LARGEST_EXACT), "maximum": min(int(high), LARGEST_EXACT)}, remark
    keys: dict[str, Any] = {"minimum": low, "maximum": high}
    if (
        kind == "integer"
        or ((numbers == numbers.round()) & (numbers.cast(pl.Float32).cast(pl.Float64) != numbers)).any()
    ):
        return "number", keys | {"rounded": True}, f"{remark}, which a model sees rounded to 7 digits"
    return "number", keys, remark


def _largest(numbers: pl.Series) -> float:
    return max(abs(float(numbers.min())), abs(float(numbers.max())))  # type: ignore[arg-type]


def widened(numbers: pl.Series) -> tuple[float, float, str]:
    """A range for numbers yet to come, and a remark.

    It is wider than what was seen, by the width of that, on both sides; by ten times the width where few values lie far
    from the others. What is never negative (or positive) stays so.
    """
    low, high = float(numbers.min()), float(numbers.max())  # type: ignore[arg-type]
    width, seen = (high - low) or abs(high) or 1.0, f"seen {low:.6g} to {high:.6g}"
    if not TINY < width < HUGE:
        return low, high, seen
    sides = (numbers > (low + high) / 2, numbers < (low + high) / 2)
    far_up, far_down = (
        FAR if side.sum() < RARE * len(numbers) and len(numbers.unique()) > TWO else 1 for side in sides
    )
    step = 10.0 ** math.floor(math.log10(width))
    bottom, top = math.floor((low - far_down * width) / step) * step, math.ceil((high + far_up * width) / step) * step
    bottom, top = (max(bottom, 0.0) if low >= 0 else bottom), (min(top, 0.0) if high <= 0 else top)
    # Rounding to few digits may go further than the width.
    return min(low, float(f"{bottom:.9g}")), max(high, float(f"{top:.9g}")), seen


def _moments(values: pl.Series) -> tuple[dict[str, Any], str]:
    low, high = _ends(values)
    bounds = {"minimum": _day(low, -max(high - low, YEAR)), "maximum": _day(high, max(high - low, 10 * YEAR))}
    return {"parts": parts_of(values), **bounds}, f"seen {low:%Y-%m-%d} to {high:%Y-%m-%d}"


def _ends(values: pl.Series) -> tuple[datetime, datetime]:
    low, high = values.min(), values.max()
    assert isinstance(low, datetime)
    assert isinstance(high, datetime)
    return low, high


def _day(moment: datetime, away: timedelta) -> datetime:
    try:
        return (moment + away).replace(hour=0, minute=0, second=0, microsecond=0)
    except OverflowError:
        return moment


def parts_of(values: pl.Series) -> tuple[Part, ...]:
    """The parts of moments that are not always the same; of one that is always the same, whether it is there."""
    known = values.drop_nulls()
    low, high = _ends(known)
    varies: dict[Part, bool] = {
        "year": known.dt.year().n_unique() > 1,
        "month": known.dt.month().n_unique() > 1,
        "day": known.dt.day().n_unique() > 1,
        "weekday": known.dt.weekday().n_unique() > 1,
        "day_of_year": high - low > YEAR,
        "hour": known.dt.time().n_unique() > 1,
    }
    return tuple(part for part, does in varies.items() if does) or ("weekday",)


def recurring_parts(values: pl.Series) -> tuple[Part, ...]:
    """The parts of moments that order the rows which will come back: the others are new in every row that is to come."""
    low, high = _ends(values)
    wanted = {"weekday", "hour", "month"} if high - low > YEAR else {"weekday", "hour"}
    return tuple(part for part in parts_of(values) if part in wanted)


def _words(values: pl.Series, kind: Kind) -> str:
    known = values.drop_nulls()
    if kind == "text":
        return f"{known.n_unique():,} different texts"
    common = known.cast(pl.String).value_counts(sort=True)[values.name].head(SHOWN_WORDS)
    more = f" and {known.n_unique() - len(common):,} more" if known.n_unique() > len(common) else ""
    return f"seen {', '.join(word[:30] for word in common)}{more}"


def _why_no_feature(values: pl.Series, kind: Kind) -> str | None:
    """Whether a column is beyond a model, personal, or names rows rather than telling something about them."""
    known = values.drop_nulls()
    largest = _largest(known) if kind == "number" else 0.0
    if largest > LARGEST_FLOAT:
        return f"seen {largest:g}, which is more than a model computes with"
    if kind in {"category", "text"} and 2 * known.cast(pl.String).str.contains(_EMAIL).sum() > len(known):
        return f"personal: {known.n_unique():,} different e-mail addresses"
    return names_rows(values, kind)
