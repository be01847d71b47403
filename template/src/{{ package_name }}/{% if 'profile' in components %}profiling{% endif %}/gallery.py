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
from .figures import Sheet
from .study import Study
from .views import Line, histogram_of, numbers_in, over_time, period_of, periods_of
from .wording import number, percent, shown

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
        self._study, self._sheet, self._every = study, Sheet(), ""
        contract = study.contract
        self._told = f"Median `{shown(study.target)}`"
        if contract.labels:
            positive = contract.target.positive
            self._told = f"Share of `{shown(positive)}`" if positive else "Share of each class"
        if study.time:
            moments = study.summaries[study.time]
            most = min(60, max(6, len(study.sample) // FEWEST))
            self._every = period_of(moments.low, moments.high, most)
            self._periods = periods_of(study.sample[study.time], self._every)

    def of_column(self, name: str) -> Iterator[Figure]:
        """How its values are spread, what they say of the outcome, and how they change over time."""
        study, kind, values = self._study, self._study.kinds[name], self._study.sample[name]
        parts = study.parts[name]
        if not len(parts):
            return
        yield self._spread(name, kind)
        told, outcome = study.outcome.by(parts), study.outcome
        moments = kind == "datetime"
        usual, caption = outcome.usual(), f"{self._told}, by this column"
        if parts.middles is None:
            drawing = self._sheet.dots(self._told, parts, told, usual=usual)
        else:
            x = parts.middles / (MICRO if moments else 1)
            drawing = self._sheet.lines(self._told, x, told, moments=moments, usual=usual)
            without = values.is_null().to_numpy()
            if usual is not None and without.sum() >= FEWEST_MISSING:
                where = outcome.usual(without) or 0.0
                caption += f"; {percent(where) if outcome.is_share else number(where)} where it is missing"
        yield Figure(caption, drawing)
        if self._every and not moments:
            lines = over_time(values, kind, parts, self._periods)
            said = "Share" if lines[0].is_share else "Median length" if kind == "text" else "Median"
            yield self._by_time(said, lines)

    def of_outcome(self) -> Iterator[Figure]:
        """Values and their spread, and how the outcome changes over time."""
        study = self._study
        if not study.contract.labels:
            yield self._spread(study.target, "number")
        if self._every:
            yield self._by_time(self._told, study.outcome.by(self._periods))

    def of_time(self, rows: pl.LazyFrame, split: Mapping[str, Any]) -> Figure | None:
        """All rows by period, and where the hold-out begins."""
        time = self._study.time
        if not time:
            return None
        moment = selectors.by_name(time)
        low, high = rows.select(low=moment.min(), high=moment.max()).collect(engine="streaming").row(0)
        every = period_of(low, high, 60)
        counted = rows.select(begin=moment.dt.truncate(every)).group_by("begin").len().collect(engine="streaming")
        begin = pl.select(pl.lit(low).dt.truncate(every)).item()
        edges = pl.datetime_range(begin, high, every, eager=True).alias("begin").to_frame()
        counts = edges.join(counted, on="begin", how="left", maintain_order="left")["len"].fill_null(0).to_numpy()
        seconds = edges["begin"].extend(edges["begin"].tail(1).dt.offset_by(every)).dt.epoch("s").to_numpy()
        cut = datetime.fromisoformat(split["holdout"]["time"][0]).replace(tzinfo=UTC).timestamp()
        return Figure(f"Rows by {PERIODS[every]}", self._sheet.rows_over_time("Rows over time", seconds, counts, cut))

    def of_pairs(self) -> Markup | None:
        """Associations between columns; None if there is nothing to compare."""
        names = [shown(name) for name in self._study.compared]
        if len(names) < 3:  # noqa: PLR2004
            return None
        return self._sheet.matrix("Associations", names, np.nan_to_num(self._study.associations))

    def _spread(self, name: str, kind: Kind) -> Figure:
        study, values = self._study, self._study.sample[name]
        parts = study.parts.get(name)
        if parts is not None and parts.middles is None:
            caption = "Rows by word" if kind == "text" else "Rows by value"
            return Figure(caption, self._sheet.bars(caption, parts, len(values)))
        scale = MICRO if kind == "datetime" else 1
        counts, edges, beyond = histogram_of(numbers_in(values) / scale)
        caption = "Rows by value" + (f"; {beyond:,} lie beyond" if beyond else "")
        return Figure(caption, self._sheet.histogram(caption, counts, edges, moments=kind == "datetime"))

    def _by_time(self, told: str, lines: list[Line]) -> Figure:
        assert self._periods.middles is not None
        caption = f"{told} by {PERIODS[self._every]}"
        drawing = self._sheet.lines(caption, self._periods.middles, lines, moments=True)
        return Figure(caption, drawing)
