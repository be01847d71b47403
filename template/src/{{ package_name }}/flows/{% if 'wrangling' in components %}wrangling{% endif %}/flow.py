"""The flow that configs/wrangling.yaml sets: tables to tables, and parts of rows to parts of rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl

from ...configuration import refused
from ...contract.types import Contract
from ...counts import counted
from ...errors import LeakageError, SettingsError
from ...problems import listed, reason
from ..base import Flow, Tables
from .aggregates import added
from .file import FILE, Aggregated, Wrangling, load_wrangling
from .sql import aggregate, expression

Where = tuple[str | int, ...]
Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


@dataclass(frozen=True)
class Change:
    """What is done to rows: those for which `made` is true stay, or it is a new column.

    Args:
        where: where it stands in the file.
        text: as it stands there.
        column: the new column's name; None for a condition.
    """

    where: Where
    text: str
    column: str | None = None

    @property
    def made(self) -> pl.Expr:
        """The condition, or the values."""
        return expression(self.text)

    def of(self, rows: Frame) -> Frame:
        """The rows that are left, or with the new column."""
        return rows.filter(self.made) if self.column is None else rows.with_columns(self.made.alias(self.column))


class Wrangled:
    """What a project's file says, and how many rows each of its conditions has left out so far."""

    def __init__(self, root: Path, contract: Contract) -> None:
        self.path = root / FILE
        self.said: Wrangling = load_wrangling(root)
        self.changes = list(_changes(self.said))
        self.later = {contract.target.column, *contract.known_later}
        self.left_out: dict[Change, int] = {}
        self._forbid_later_knowledge(contract)

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns that conditions and new columns are about."""
        needed: dict[str, None] = {}
        made: set[str | None] = set()
        for change in self.changes:
            needed |= dict.fromkeys(name for name in change.made.meta.root_names() if name not in made)
            made.add(change.column)
        return tuple(needed)

    def before(self, tables: Tables) -> dict[str, pl.LazyFrame]:
        """Tables without the rows that are left out, and with aggregates of the rows that are left."""
        filtered = dict(tables)
        for source, conditions in self.said.prefilter.items():
            for place, text in enumerate(conditions):
                change = Change(("prefilter", source, place), text)
                table = self._table(change.where[:2], source, filtered)
                filtered[source] = self._done(change, table)
                with self._computing(change):
                    kept = change.made.fill_null(value=False).sum()
                    counts = table.select(pl.len(), kept=kept).collect(engine="streaming")
                self.left_out[change] = counts["len"][0] - counts["kept"][0]
        made = dict(filtered)
        for source, several in self.said.aggregates.items():
            for place, said in enumerate(several):
                where = ("aggregates", source, place)
                table, other = self._table(where, source, made), self._table(where, said.source, filtered)
                self._fits(where, said, table, other)
                made[source] = added(table, other, said)
        return made

    def after(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows [N] with the new columns, without those that are left out."""
        for change in self.changes:
            changed = self._done(change, rows)
            if change.column is None:
                self.left_out[change] = self.left_out.get(change, 0) + len(rows) - len(changed)
            rows = changed
        return rows

    def notes(self) -> list[str]:
        """How many rows each condition has left out, and what flatters."""
        flatters = "by what is known only later, which flatters: rows to predict cannot be chosen so"
        found = [
            f"{change.where[0]} `{change.text}`: {counted(count, 'row')} left out"
            + (f", {flatters}" if self.later & set(change.made.meta.root_names()) else "")
            for change, count in self.left_out.items()
        ]
        return found + [
            f"{', '.join(said.columns)} of {source}: of rows of any time, later ones among them, which flatters: say "
            "`before` and `at`"
            for source, several in self.said.aggregates.items()
            for said in several
            if said.before is None
        ]

    def _done(self, change: Change, rows: Frame) -> Frame:
        names = rows.lazy().collect_schema().names()
        if absent := [name for name in change.made.meta.root_names() if name not in names]:
            raise self._refused(change.where, f"there is no column `{absent[0]}`; there are {listed(names)}")
        with self._computing(change):
            done = change.of(rows)
            done.lazy().collect_schema()
        return done

    @contextmanager
    def _computing(self, change: Change) -> Iterator[None]:
        """Errors of what is computed as those of the line that asks for it; raises `SettingsError`."""
        try:
            yield
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            said = f"`{change.text}` cannot be computed: {reason(error)}"
            raise self._refused(change.where, said) from None

    def _table(self, where: Where, source: str, tables: Tables) -> pl.LazyFrame:
        if source not in tables:
            raise self._refused(where, f"there is no source `{source}`; there are {listed(sorted(tables))}")
        return tables[source]

    def _fits(self, where: Where, said: Aggregated, table: pl.LazyFrame, other: pl.LazyFrame) -> None:
        """Refuse aggregates of columns that are not there, or are of another kind; raises `SettingsError`."""
        own, its = table.collect_schema(), other.collect_schema()
        roots = [name for text in said.columns.values() for name in aggregate(text)[0].meta.root_names()]
        for names, schema, source in (
            ([*said.key, said.before], own, where[1]),
            ([*(said.its or said.key), said.at, *roots], its, said.source),
        ):
            if absent := [name for name in names if name is not None and name not in schema]:
                raise self._refused(where, f"{source} has no column `{absent[0]}`; it has {listed(schema.names())}")
        for name, same in zip(said.key, said.its or said.key, strict=True):
            if own[name] != its[same]:
                raise self._refused(where, f"`{name}` is {own[name]} here and {its[same]} in {said.source}{_KINDS}")
        for moment, schema in ((said.before, own), (said.at, its)):
            if moment is not None and not schema[moment].is_temporal():
                raise self._refused(where, f"`{moment}` is no date and time{_KINDS}")
        if there := [name for name in said.columns if name in own]:
            raise self._refused((*where, "columns", there[0]), f"{where[1]} has a column of that name")
        try:
            added(table, other, said).collect_schema()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            raise self._refused(where, f"cannot be computed: {reason(error)}{_KINDS}") from None

    def _refused(self, where: Where, problem: str) -> SettingsError:
        return refused(self.path, where, problem)

    def _forbid_later_knowledge(self, contract: Contract) -> None:
        """Refuse features that are computed of the outcome, or of what is known only later; raises `LeakageError`."""
        later = set(self.later)
        for change in self.changes:
            if change.column is not None and (roots := later & set(change.made.meta.root_names())):
                later.add(change.column)
                if change.column in contract.columns:
                    raise LeakageError(
                        f"{FILE}: the feature `{change.column}` is computed of `{min(roots)}`, which is known only later.",
                        "Compute it of what is known in time, or of earlier rows (aggregates, with `before` and `at`).",
                    )


_KINDS = "; its kind is said in configs/sources.yaml: without one it is text"


def _changes(said: Wrangling) -> Iterator[Change]:
    """What is done to dataset.py's rows, in order."""
    yield from (Change(("filter", place), text) for place, text in enumerate(said.filter))
    yield from (Change(("processor", name), text, column=name) for name, text in said.processor.items())
    yield from (Change(("postfilter", place), text) for place, text in enumerate(said.postfilter))


FLOW = Flow("wrangling", Wrangled)
