"""Which figures the page has: of each column, of the outcome, of time, and of pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
from markupsafe import Markup
from polars import selectors

from ..contract.types import Kind
from ..plotting.figures import BELOW, BROAD, CELL, LEFT, Line, Sheet, bars, dots, lines, matrix, rows_over_time, spread
from ..plotting.wording import shown
from .study import Study
from .views import histogram_of, numbers_in, over_time, period_of, periods_of

#: Moments are whole microseconds; figures want seconds.
MICRO = 1e6
#: Rows that a period has about, at least.
FEWEST = 150
#: From so many rows on, what is told of those without a value is said.
FEWEST_MISSING = 20
PERIODS = {"1h": "hour", "1d": "day", "1w": "week", "1mo": "month", "1q": "quarter", "1y": "year"}


@dataclass(frozen=True)
class Figure:
    """A drawing, and what it shows."""

    caption: str
    drawing: Markup


class Gallery:
    """Draws the figures of a study."""

    def __init__(self, study: Study) -> None:
        self._study, self._draw, self._every = study, Sheet().draw, ""
        contract = study.contract
        self._told = f"Median `{shown(study.target)}`"
        if contract.labels:
            positive = contract.target.positive
            self._told = f"Share of `{shown(positive)}`" if positive else "Share of each class"
        if study.time:
            moments, most = study.summaries[study.time], max(6, len(study.sample) // FEWEST)
            self._every = period_of(moments.low, moments.high, min(60, most))
            self._periods = periods_of(study.sample[study.time], self._every)

    def of_column(self, name: str) -> Iterator[Figure]:
        """How its values are spread, what they say of the outcome, and how they change over time."""
        study, kind, values = self._study, self._study.kinds[name], self._study.sample[name]
        parts, outcome, moments = study.parts[name], study.outcome, kind == "datetime"
        if not len(parts):
            return
        yield self._spread(name, kind)
        told, usual, caption = outcome.by(parts), outcome.usual(), f"{self._told}, by this column"
        if parts.middles is None:
            drawing = self._draw(caption, lambda axes: dots(axes, told, usual=usual), parts.names)
        else:
            x, without = parts.middles / (MICRO if moments else 1), values.is_null().to_numpy()
            drawing = self._draw(caption, lambda axes: lines(axes, x, told, moments=moments, usual=usual))
            if usual is not None and without.sum() >= FEWEST_MISSING:
                caption += f"; {told[0].tick(outcome.usual(without) or 0.0)} where it is missing"
        yield Figure(caption, drawing)
        if self._every and not moments:
            said = "Median length" if kind == "text" else "Share" if parts.middles is None else "Median"
            yield self._by_time(said, over_time(values, kind, parts, self._periods))

    def of_outcome(self) -> Iterator[Figure]:
        """Values and their spread, and how the outcome changes over time."""
        if not self._study.contract.labels:
            yield self._spread(self._study.target, "number")
        if self._every:
            yield self._by_time(self._told, self._study.outcome.by(self._periods))

    def of_time(self, rows: pl.LazyFrame, split: Mapping[str, Any]) -> Figure | None:
        """All rows by period, and where the hold-out begins."""
        if not self._study.time:
            return None
        moment = selectors.by_name(self._study.time)
        low, high = rows.select(low=moment.min(), high=moment.max()).collect(engine="streaming").row(0)
        every = period_of(low, high, 60)
        counted = rows.select(begin=moment.dt.truncate(every)).group_by("begin").len().collect(engine="streaming")
        begins = pl.datetime_range(counted["begin"].sort()[0], high, every, eager=True).alias("begin")
        found = begins.to_frame().join(counted, on="begin", how="left", maintain_order="left")["len"].fill_null(0)
        edges = begins.extend(begins.tail(1).dt.offset_by(every)).dt.epoch("s").to_numpy()
        cut = datetime.fromisoformat(split["holdout"]["time"][0]).replace(tzinfo=UTC).timestamp()
        caption, counts = f"Rows by {PERIODS[every]}", found.to_numpy()
        return Figure(caption, self._draw(caption, lambda axes: rows_over_time(axes, edges, counts, cut), size=BROAD))

    def of_pairs(self) -> Markup | None:
        """Associations between columns; None if there is nothing to compare."""
        names, values = [shown(name) for name in self._study.compared], np.nan_to_num(self._study.associations)
        if len(names) < 3:  # noqa: PLR2004
            return None
        size = (CELL * len(names) + LEFT + 8, CELL * len(names) + BELOW + 5)
        return self._draw("Associations", lambda axes: matrix(axes, names, values), size=size, margins=(LEFT, BELOW, 5))

    def _spread(self, name: str, kind: Kind) -> Figure:
        values, parts = self._study.sample[name], self._study.parts.get(name)
        if parts is not None and parts.middles is None:
            caption = "Rows by word" if kind == "text" else "Rows by value"
            return Figure(
                caption, self._draw(caption, lambda axes: bars(axes, parts.counts(), len(values)), parts.names)
            )
        moments = kind == "datetime"
        counts, edges, beyond = histogram_of(numbers_in(values) / (MICRO if moments else 1))
        caption = "Rows by value" + (f"; {beyond:,} lie beyond" if beyond else "")
        return Figure(caption, self._draw(caption, lambda axes: spread(axes, counts, edges, moments=moments)))

    def _by_time(self, told: str, found: list[Line]) -> Figure:
        caption, x = f"{told} by {PERIODS[self._every]}", self._periods.middles
        assert x is not None
        return Figure(caption, self._draw(caption, lambda axes: lines(axes, x, found, moments=True)))
