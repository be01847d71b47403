"""What the figures show, as numbers: a column cut into levels or bins, and what is told of each part. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from ..contract.types import Contract, Kind
from ..features.strength import numbers_of
from ..plotting.figures import Line
from ..plotting.wording import share_tick, shown
from ..tasks.base import task_of

#: So many words of a column, classes of the outcome, and bins of equal size are shown.
MOST_LEVELS, MOST_CLASSES, BINS = 8, 4, 10
#: Whole numbers of so few values are levels.
FEW_VALUES = 12
OTHER, MISSING = "(other)", "(missing)"
LARGEST = 1e100
#: For intervals of 95 %.
Z = 1.96


def numbers_in(values: pl.Series) -> np.ndarray:
    """Numbers, truth values or moments as float64 [n] of which a figure can take differences; missing is NaN."""
    return np.asarray(np.clip(numbers_of(values), -LARGEST, LARGEST))


@dataclass(frozen=True)
class Parts:
    """A column [n] cut into k parts.

    Args:
        of: the part of each row, int64 [n]; -1 for none.
        rows: where a row can be in several parts, the row of each entry of `of`.
        names: of levels, [k]; of bins of numbers none.
        middles: of bins of numbers their medians, float64 [k].
    """

    of: np.ndarray
    names: tuple[str, ...] = ()
    middles: np.ndarray | None = None
    rows: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.names) if self.middles is None else len(self.middles)

    def counts(self) -> np.ndarray:
        """Rows of each part, [k]."""
        return np.bincount(self.of[self.of >= 0], minlength=len(self))


@dataclass(frozen=True)
class Outcome:
    """What is to be told of rows [n]: by class an indicator, one for the positive label; or values with their name."""

    told: dict[str, np.ndarray]
    is_share: bool

    def usual(self, rows: Any = ...) -> float | None:
        """Of some rows, or of all, if one thing is told."""
        if len(self.told) > 1:
            return None
        values = next(iter(self.told.values()))[rows]
        return float(values.mean() if self.is_share else np.median(values))

    def by(self, parts: Parts) -> list[Line]:
        """The outcome in each part: shares with their intervals, or medians with quartiles."""
        line = share_line if self.is_share else median_line
        told = self.told if parts.rows is None else {name: values[parts.rows] for name, values in self.told.items()}
        return [line(name, values, parts) for name, values in told.items()]


def outcome_of(rows: pl.DataFrame, contract: Contract) -> Outcome:
    """The outcome of rows; of many classes the most frequent ones."""
    column = contract.target.column
    target = task_of(contract).target(rows[column], contract)
    if not contract.labels:
        return Outcome({shown(column): np.clip(target, -LARGEST, LARGEST)}, is_share=False)
    frequent = np.argsort(-np.bincount(target, minlength=len(contract.labels)), kind="stable")[:MOST_CLASSES]
    labels = [contract.target.positive or contract.labels[at] for at in sorted(frequent)]
    told = {shown(label): (target == contract.labels.index(label)).astype(np.float64) for label in labels}
    return Outcome(told, is_share=True)


def cut(values: pl.Series, kind: Kind) -> Parts:
    """A column by its levels or its bins, as its kind and its values suggest."""
    if kind in {"number", "datetime"} or (kind == "integer" and values.drop_nulls().n_unique() > FEW_VALUES):
        return bins_of(numbers_in(values))
    if kind == "text":
        return words_of(values)
    return levels_of(values, ordered=kind == "integer")


def levels_of(values: pl.Series, *, ordered: bool = False) -> Parts:
    """By the most frequent values, in the order of their number or value; then all others, then those without."""
    counted = values.drop_nulls().alias("level").value_counts(name="rows")
    most = counted.sort("rows", "level", descending=[True, False])["level"]
    levels = most.sort() if ordered else most.head(MOST_LEVELS)
    place = values.replace_strict(levels, pl.int_range(len(levels), eager=True), default=len(levels))
    of = place.set(values.is_null(), len(levels) + 1).to_numpy()
    names = [*(shown(level) for level in levels.cast(pl.String)), OTHER, MISSING]
    there = np.flatnonzero(np.bincount(of, minlength=len(names)))
    return Parts(np.searchsorted(there, of), tuple(names[at] for at in there))


def bins_of(numbers: np.ndarray) -> Parts:
    """By bins of about equally many rows; what is not finite is in none."""
    known = np.isfinite(numbers)
    edges = np.unique(np.quantile(numbers[known], np.linspace(0, 1, BINS + 1)[1:-1])) if known.any() else np.empty(0)
    of = np.where(known, np.searchsorted(edges, numbers), -1)
    there = np.unique(of[known])
    of = np.where(known, np.searchsorted(there, of), -1)
    return Parts(of, middles=np.array([np.median(numbers[of == at]) for at in range(len(there))]))


def period_of(low: datetime, high: datetime, most: int) -> str:
    """The finest period of the calendar of which there are at most so many between two moments, as polars writes it."""
    hours = (high - low).total_seconds() / 3600
    spans = {"1h": 1, "1d": 24, "1w": 168, "1mo": 730, "1q": 2190}
    return next((every for every, length in spans.items() if hours / length <= most), "1y")


def periods_of(moments: pl.Series, every: str) -> Parts:
    """By period; `middles` are their beginnings, in seconds since 1970."""
    begins, of = np.unique(moments.dt.truncate(every).dt.epoch("s").to_numpy(), return_inverse=True)
    return Parts(of, middles=begins.astype(np.float64))


def share_line(name: str, hits: np.ndarray, parts: Parts) -> Line:
    """The share of hits (0 or 1, [n]) in each part, with its interval.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927), 209-212.
    """
    inside, rows = parts.of >= 0, parts.counts()
    share = np.bincount(parts.of[inside], hits[inside], minlength=len(parts)) / rows
    centre = (share + Z**2 / (2 * rows)) / (1 + Z**2 / rows)
    half = Z / (1 + Z**2 / rows) * np.sqrt(share * (1 - share) / rows + Z**2 / (4 * rows**2))
    return Line(name, share, centre - half, centre + half, share_tick)


def median_line(name: str, numbers: np.ndarray, parts: Parts) -> Line:
    """Median and quartiles of numbers [n] in each part."""
    found = np.full((3, len(parts)), np.nan)
    for at in range(len(parts)):
        inside = numbers[(parts.of == at) & np.isfinite(numbers)]
        if len(inside):
            found[:, at] = np.quantile(inside, [0.5, 0.25, 0.75])
    return Line(name, found[0], found[1], found[2])


def over_time(values: pl.Series, kind: Kind, parts: Parts, periods: Parts) -> list[Line]:
    """A column in each period: the shares of its first levels, or median and quartiles of numbers, of texts of their length."""
    if kind == "text":
        return [median_line("length", numbers_in(values.str.len_chars()), periods)]
    if parts.middles is not None:
        return [median_line(shown(values.name), numbers_in(values), periods)]
    if kind == "boolean":
        return [share_line("true", numbers_in(values) == 1, periods)]
    most = [at for at in np.argsort(-parts.counts(), kind="stable") if parts.names[at] != OTHER][:MOST_CLASSES]
    return [share_line(parts.names[at], (parts.of == at).astype(np.float64), periods) for at in sorted(most)]


def shift_of(parts: Parts) -> float:
    """How far the earlier half of rows, which are in order of time, differs from the later: 0 alike, 1 nothing in common.

    It is the share of rows that would have to move to another part (total variation distance); none counts as a part.
    """
    middle = len(parts.of) // 2
    halves = [np.bincount(half + 1, minlength=len(parts) + 1) for half in (parts.of[:middle], parts.of[middle:])]
    early, late = (half / max(int(half.sum()), 1) for half in halves)
    return float(np.abs(early - late).sum() / 2)


def words_of(texts: pl.Series) -> Parts:
    """By the most frequent words of three letters or more; each row is in those that it has."""
    words = texts.str.to_lowercase().str.extract_all(r"[\p{L}\p{N}]{3,}").list.unique(maintain_order=True)
    entries = pl.DataFrame({"row": np.arange(len(texts)), "word": words}).explode("word").drop_nulls()
    parts = levels_of(entries["word"])
    place = np.where(parts.of < MOST_LEVELS, parts.of, -1)
    return Parts(place, parts.names[:MOST_LEVELS], rows=entries["row"].to_numpy())


def histogram_of(numbers: np.ndarray, most: int = 30) -> tuple[np.ndarray, np.ndarray, int]:
    """Counts and edges of bins of equal width, and how many rows lie beyond them; far ends are cut off."""
    known = numbers[np.isfinite(numbers)]
    low, high = np.min(known), np.max(known)
    near_low, near_high = np.quantile(known, [0.005, 0.995])
    if near_high > near_low and high / 5 - low / 5 > near_high - near_low:
        low, high = near_low, near_high
    edges = np.linspace(low, high, most + 1)
    if np.all(known == np.floor(known)) and high - low < 1e9:  # noqa: PLR2004
        # As many whole numbers in each bin: else some would look frequent that are not.
        step = np.ceil((high - low + 1) / most)
        edges = np.arange(np.floor(low), high + step + 1, step) - 0.5
    if not np.all(np.diff(edges) > 0):
        edges = np.array([low - 0.5, low + 0.5])
    counts, _ = np.histogram(known, edges)
    return counts, edges, len(known) - int(counts.sum())
