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


@dataclass(frozen=True)
class Coded(Sequence[Any]):
    """Many words [N], each different one kept once.

    Args:
        words: object [K], different ones, None among them.
        places: of each value the place of its word, int [N].
    """

    words: np.ndarray
    places: np.ndarray

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, place: Any) -> Any:
        return self.words[self.places[place]]

    def each(self, change: Callable[[str | None], str]) -> np.ndarray:
        """The words [N], changed."""
        changed: np.ndarray = np.array([change(word) for word in self.words], dtype=object)[self.places]
        return changed

    def count(self, wanted: Callable[[str | None], bool]) -> int:
        """How many of the values are wanted."""
        found = np.bincount(self.places, minlength=len(self.words))
        return int(sum(found[place] for place, word in enumerate(self.words) if wanted(word)))


Values = np.ndarray | Sequence[Any]
#: A word of an encoded text, for the tokenizers of scikit-learn and of the graph alike: between spaces, all is one word.
WORD = r"[^ ]+"
_WORDS = ("category", "text")
_FEW_ROWS = 64
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
    words: dict[str, list[str]] = {kind: [] for kind in _WORDS}
    for name, column in contract.columns.items():
        if isinstance(column, DatetimeColumn):
            numbers += [f"{name}.{part}" for part in column.parts]
        else:
            words.get(column.kind, numbers).append(name)
    return Layout(tuple(numbers), tuple(words["category"]), tuple(words["text"]))


class Encoder:
    """Makes the arrays of one contract: which columns they have is worked out once."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._has_moments = any(isinstance(column, DatetimeColumn) for column in contract.columns.values())
        self._layout = layout_of(contract)

    def encode(self, columns: Mapping[str, Values]) -> dict[str, np.ndarray]:
        """The graph's inputs by name: `numbers` float32 [N, n], `categories` and `texts` object [N, m]; without columns, none.

        Args:
            columns: by name [N]; missing is None, NaN or NaT. Only words may be coded. Moments are datetimes or datetime64 in the place's own time.
        """
        layout = self._layout
        arrays = {}
        if layout.numbers:
            arrays["numbers"] = self._numbers(columns)
        if layout.categories:
            arrays["categories"] = _words([_filled(columns[name]) for name in layout.categories])
        if layout.texts:
            arrays["texts"] = _words([_folded(columns[name]) for name in layout.texts])
        return arrays

    def _numbers(self, columns: Mapping[str, Values]) -> np.ndarray:
        numbers = self._parts(columns) if self._has_moments else [columns[name] for name in self._layout.numbers]
        if len(numbers[0]) <= _FEW_ROWS:
            # Of a few rows an array is made as a whole: each array has a price of its own.
            return np.array(numbers, dtype=np.float64).T.astype(np.float32, order="C")
        filled = np.empty((len(numbers[0]), len(numbers)), dtype=np.float32)
        for index, values in enumerate(numbers):
            filled[:, index] = np.asarray(values, dtype=np.float64)
        return filled

    def _parts(self, columns: Mapping[str, Values]) -> list[Values]:
        """The columns of `numbers`, where some are parts of a moment."""
        numbers: list[Values] = []
        for name, column in self._contract.columns.items():
            if isinstance(column, DatetimeColumn):
                moments = np.asarray(columns[name], dtype="datetime64[us]")
                numbers += [part_of(moments, part) for part in column.parts]
            elif column.kind not in _WORDS:
                numbers.append(columns[name])
        return numbers


def _filled(values: Values) -> Sequence[str] | np.ndarray:
    return values.each(lambda word: word or "") if isinstance(values, Coded) else [value or "" for value in values]


def _folded(values: Values) -> Sequence[str] | np.ndarray:
    return values.each(folded) if isinstance(values, Coded) else [folded(value) for value in values]


def _words(columns: list[Sequence[str] | np.ndarray]) -> np.ndarray:
    return np.ascontiguousarray(np.array(columns, dtype=object).T)


def encode(contract: Contract, columns: Mapping[str, Values]) -> dict[str, np.ndarray]:
    """The graph's inputs of one contract, as `Encoder.encode` gives them."""
    return Encoder(contract).encode(columns)


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
