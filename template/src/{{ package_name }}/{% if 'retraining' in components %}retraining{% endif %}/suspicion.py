"""What cannot be right in rows that are about to be learnt from: outcomes that nobody has seen so, or one row again and again.

Columns are looked at window by window (health.py). Outcomes come later, from somebody who may be wrong, or wish ill.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from ..contract.types import Contract
from ..monitoring.counting import count_column
from ..monitoring.readings import reading_of_outcomes
from ..monitoring.summary import CategorySummary, ColumnSummary, NumberSummary
from .health import FEWEST, of_numbers

#: Of all rows, a single one that comes again and again is at least so much,
FLOOD = 0.1
#: and so many times as much as the next: of few columns, some rows are frequent by nature.
ABOVE_NEXT = 10


def suspicions(contract: Contract, learnt: ColumnSummary | None, rows: pl.DataFrame, apart: float) -> tuple[str, ...]:
    """What is wrong, in words; nothing if all may be right.

    Args:
        contract: of the rows.
        learnt: outcomes that the champion learnt from; None if it does not say.
        rows: with the target.
        apart: shares of outcomes that lie so far from those learnt from cannot be right.
    """
    if len(rows) < FEWEST:
        return ()
    values = rows[contract.target.column]
    there = None if learnt is None else count_column(learnt, reading_of_outcomes(contract, values.to_list()).values)
    return (*_of_outcomes(contract.target.column, learnt, there, apart), *_flood(contract, rows))


def _of_outcomes(name: str, learnt: ColumnSummary | None, there: ColumnSummary | None, apart: float) -> Iterator[str]:
    match learnt, there:
        case NumberSummary(), NumberSummary():
            yield from (f"{name}: {said}" for said in of_numbers(learnt, there))
        case CategorySummary(), CategorySummary() if learnt.present:
            shares = {
                word: (count / learnt.present, there.words[word] / there.present)
                for word, count in learnt.words.items()
            }
            moved = (sum(abs(now - before) for before, now in shares.values()) + there.other / there.present) / 2
            word = max(shares, key=lambda each: shares[each][1] - shares[each][0])
            if moved >= apart:
                before, now = shares[word]
                yield f"{name}: `{word}` in {now:.0%} of {there.present} rows, where {before:.0%} were usual"


def _flood(contract: Contract, rows: pl.DataFrame) -> Iterator[str]:
    """Whoever sends the same row a thousand times decides what is learnt."""
    counts = rows.group_by(list(contract.columns)).len()["len"].sort(descending=True)
    first, second = int(counts[0]), int(counts[1]) if len(counts) > 1 else 0
    if first >= FLOOD * len(rows) and first >= ABOVE_NEXT * max(1, second):
        yield f"the same row came {first} times among {len(rows)}, and the next {second} times"
