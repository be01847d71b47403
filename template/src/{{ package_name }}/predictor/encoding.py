"""Raw columns to the arrays of the graph. Training and serving run this same code, so they cannot differ."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from ..contract.types import Contract, DatetimeColumn, Part

Values = np.ndarray | Sequence[Any]
#: A word of an encoded text, for the tokenizers of scikit-learn and of the graph alike: between spaces, all is one word.
WORD = r"[^ ]+"
_DAY = np.timedelta64(1, "D")
_HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True)
class Layout:
    """The columns of the arrays, in order. A date and time has one number a part: `opened.weekday`."""

    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    texts: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All columns, as one frame holds them."""
        return (*self.numbers, *self.categories, *self.texts)


def layout_of(contract: Contract) -> Layout:
    """Which arrays the features of a contract become."""
    numbers: list[str] = []
    words: dict[str, list[str]] = {"category": [], "text": []}
    for name, column in contract.columns.items():
        if isinstance(column, DatetimeColumn):
            numbers += [f"{name}.{part}" for part in column.parts]
        else:
            words.get(column.kind, numbers).append(name)
    return Layout(tuple(numbers), tuple(words["category"]), tuple(words["text"]))


def encode(contract: Contract, columns: Mapping[str, Values]) -> dict[str, np.ndarray]:
    """The graph's inputs by name: `numbers` float32 [N, n], `categories` and `texts` object [N, m]; without columns, none.

    Args:
        contract: says which columns and of what kinds.
        columns: by name [N]; missing is None, NaN or NaT. Moments are datetimes or datetime64 in the place's own time.
    """
    numbers: list[np.ndarray] = []
    words: dict[str, list[np.ndarray]] = {"category": [], "text": []}
    for name, column in contract.columns.items():
        values = columns[name]
        if isinstance(column, DatetimeColumn):
            moments = np.asarray(values, dtype="datetime64[us]")
            numbers += [part_of(moments, part) for part in column.parts]
        elif column.kind in words:
            clean = folded if column.kind == "text" else _plain
            words[column.kind].append(np.array([clean(value) for value in values], dtype=object))
        else:
            numbers.append(np.asarray(values, dtype=np.float64))
    arrays = {"numbers": numbers, "categories": words["category"], "texts": words["text"]}
    types: dict[str, Any] = {"numbers": np.float32}
    return {
        name: np.column_stack(parts).astype(types.get(name, object), copy=False)
        for name, parts in arrays.items()
        if parts
    }


def _plain(value: str | None) -> str:
    return value or ""


def folded(value: str | None) -> str:
    """The words of a text without case and composed (Unicode NFC), a space between two.

    Python says here what a word is; the two regular expression engines of scikit-learn and onnxruntime would not agree.
    """
    return " ".join(_word().findall(unicodedata.normalize("NFC", (value or "").casefold())))


@cache
def _word() -> re.Pattern[str]:
    """Letters, digits, `_`, and the marks behind them, which other scripts write vowels with and Python's class lacks."""
    marks = (letter for letter in map(chr, range(0x300, 0x1F000)) if unicodedata.category(letter).startswith("M"))
    return re.compile(f"\\w+(?:[{''.join(marks)}]+\\w*)*")


def part_of(moments: np.ndarray, part: Part) -> np.ndarray:
    """A part of datetime64[us] moments [N], as float64 [N]; NaT is NaN. Exact in float32, but for seconds in `hour`."""
    values = _PARTS[part](moments)
    return np.asarray(np.where(np.isnat(moments), np.nan, values), dtype=np.float64)


def _since(moments: np.ndarray, unit: str, one: np.timedelta64) -> np.ndarray:
    return np.asarray((moments - moments.astype(f"datetime64[{unit}]")) / one)


_PARTS: dict[Part, Callable[[np.ndarray], np.ndarray]] = {
    "year": lambda moments: moments.astype("datetime64[Y]").astype(np.int64) + 1970,
    "month": lambda moments: moments.astype("datetime64[M]").astype(np.int64) % 12 + 1,
    "day": lambda moments: np.floor(_since(moments, "M", _DAY)) + 1,
    # 1970-01-01 was a Thursday.
    "weekday": lambda moments: (moments.astype("datetime64[D]").astype(np.int64) + 3) % 7 + 1,
    "day_of_year": lambda moments: np.floor(_since(moments, "Y", _DAY)) + 1,
    "hour": lambda moments: _since(moments, "D", _HOUR),
}


def local(moment: datetime, zone: str) -> datetime:
    """A moment in the place's own time, without its offset; one that has none is in that time already."""
    return moment if moment.tzinfo is None else moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
