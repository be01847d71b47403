"""Which served rows are learnt from, and by which the models are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from .served import MOMENT
from .settings import Growing, Retraining, SinceChange

#: From when to when, both included.
Span = tuple[datetime, datetime]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Rows in the order in which they were served.

    Args:
        learn: to learn from.
        newest: the newest ones, by which the models are compared: neither learns from them.
        says: how they were chosen, in words.
    """

    learn: pl.DataFrame
    newest: pl.DataFrame
    says: str


def without(rows: pl.DataFrame, broken: Sequence[Span]) -> pl.DataFrame:
    """Rows that were not served while something was broken."""
    kept = rows
    for begin, end in broken:
        kept = kept.filter(~pl.col(MOMENT).is_between(begin, end))
    return kept


def choose(
    rows: pl.DataFrame, settings: Retraining, since: datetime | None, until: datetime, broken: Sequence[Span] = ()
) -> Chosen:
    """Of served rows with outcomes those to learn from and those to compare by.

    Args:
        rows: with `MOMENT`, in its order.
        settings: the window, and how many to compare by.
        since: when the world began to be another; None if it is not said to have.
        until: the moment of the newest row that takes part.
        broken: when something was broken: such rows take no part.
    """
    known = rows.filter(pl.col(MOMENT) <= until)
    whole = without(known, broken)
    newest = whole.tail(settings.compare.rows)
    before = whole.head(len(whole) - len(newest))
    window = settings.window
    if isinstance(window, SinceChange) and since is not None:
        before = before.filter(pl.col(MOMENT) >= since)
    learn = before if isinstance(window, Growing) else before.tail(window.rows)
    lost = len(known) - len(whole)
    out = f"; {lost} left out, served while something was broken" if lost else ""
    return Chosen(
        learn=learn,
        newest=newest,
        says=f"{len(learn)} served rows ({window.kind}), and {len(newest)} to compare by{out}",
    )
