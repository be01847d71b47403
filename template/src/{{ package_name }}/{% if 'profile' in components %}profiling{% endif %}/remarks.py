"""What a person should look at, the gravest first. Values of columns never stand here, but for those that are no secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ..contract.types import Contract, Kind
from ..features.leakage import Finding
from ..plotting.wording import percent, shown
from .summaries import Summary

MOSTLY, ALIKE, SHIFTED, RARE = 0.5, 0.95, 0.25, 0.05
#: An end lies far off beyond so many times the width between the median and the other end.
FAR = 20
Grave = Literal["leak", "look", "note"]


@dataclass(frozen=True)
class Remark:
    """A sentence about a column, or about all."""

    grave: Grave
    says: str
    column: str | None = None


def about_leaks(found: Mapping[str, Finding], contract: Contract) -> Iterator[Remark]:
    """Columns that know the outcome, or tell much alone."""
    alarm = contract.acceptance.too_good
    bound = alarm.single_column or 1.0
    for name, item in found.items():
        told = item.structure or f"it tells {item.strength:.3f} alone, at least {item.low:.3f} for sure"
        if name in alarm.columns and (item.structure or item.low > bound):
            yield Remark("note", f"{told}; it may, says the contract: {alarm.columns[name]}", name)
        elif item.structure or item.low > bound:
            yield Remark("leak", f"{told}. Find out when it is known; if after the outcome, it is `known_later`.", name)


def about_columns(
    summaries: Mapping[str, Summary], kinds: Mapping[str, Kind], shifts: Mapping[str, float]
) -> Iterator[Remark]:
    """Columns that say nothing or are mostly missing, far ends, and change over time.

    Args:
        summaries: of all rows.
        kinds: of the columns to look at.
        shifts: by column, how far the later half of the rows differs from the earlier one.
    """
    for name, kind in kinds.items():
        summary = summaries[name]
        if summary.distinct <= 1 and not (summary.distinct and summary.missing):
            yield Remark("look", "the same in every row: it tells nothing", name)
        if summary.missing > MOSTLY * summary.rows:
            yield Remark("look", f"missing in {percent(summary.missing / summary.rows)} of the rows", name)
        if shifts.get(name, 0.0) >= SHIFTED:
            said = f"changes over time: {percent(shifts[name])} of its later half is unlike the earlier one"
            yield Remark("look", said, name)
        if kind in {"number", "integer"} and _far(summary):
            yield Remark("note", "a few values lie far from all others: an error, or a long tail", name)


def _far(summary: Summary) -> bool:
    if summary.low is None or summary.distinct <= 2:  # noqa: PLR2004
        return False
    below, above = summary.median - summary.low, summary.high - summary.median
    return bool(max(below, above) > FAR * min(below, above) > 0)


def about_pairs(pairs: list[tuple[str, str, float]], target: str) -> Iterator[Remark]:
    """Columns of which one says nearly what the other does; the target's are the leak alarm's."""
    for one, other, strength in pairs:
        if abs(strength) >= ALIKE and target not in (one, other):
            yield Remark("note", f"says nearly the same as `{other}` ({strength:.2f})", one)


def about_classes(counts: Mapping[str, int]) -> Iterator[Remark]:
    """Classes of which there are few."""
    total = sum(counts.values())
    if rare := {label: rows for label, rows in counts.items() if rows < RARE * total}:
        said = [f"`{shown(label)}` ({rows:,} rows, {percent(rows / total)})" for label, rows in rare.items()]
        more = f" and {len(said) - 5} more" if len(said) > 5 else ""  # noqa: PLR2004
        yield Remark("note", f"few rows to learn from: {', '.join(said[:5])}{more}")
