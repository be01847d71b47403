"""The database in which predictions are kept: a row for each key and version of the model, and a view of the newest ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.schema import CreateView

from ..connections.database import connected
from ..connections.upserts import column_of, require_form, upsert
from ..errors import DataError, SettingsError
from .runs import Run, Work, advance, begin, runs_table
from .settings import PRECOMPUTE, Precompute

#: What a row says beside its key and the answer.
VERSION, RUN, MOMENT = "model_version", "run_id", "predicted_at"
_TRUTH = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, kw_only=True)
class Store:
    """The predictions of one project.

    Args:
        root: the project's folder.
        settings: configs/precompute.yaml.
        key: columns that name a row.
    """

    root: Path
    settings: Precompute
    key: tuple[str, ...]

    def write(self, work: Work, batches: Iterable[pl.DataFrame], empty: pl.DataFrame) -> tuple[Run, int]:
        """Keep the predictions of a file, a batch in a transaction; returns the run as it was begun, and how many rows were written.

        Args:
            work: what this run does.
            batches: of key and answers, in the order of the file; each of `batch` rows but the last.
            empty: the same without rows, for their types.

        Raises:
            DataError: the table has another form, or the database refuses; the batches before are kept.
        """
        runs, table = runs_table(self.settings.table), self._table(empty)
        with self._connected() as database:
            runs.create(database, checkfirst=True)
            if sa.inspect(database).has_table(table.name):
                require_form(database, table, (*self.key, VERSION), f"{table.name} of {self.settings.url}")
            else:
                table.create(database)
                database.execute(CreateView(self._newest(table), f"{table.name}_newest"))
            run = begin(database, runs, work)
        stamps, done, written = {VERSION: work.version, RUN: run.name, MOMENT: run.begun}, 0, 0
        for batch in batches:
            done += len(batch)
            if done <= run.done:
                continue
            with self._connected() as database:
                rows = [row | stamps for row in batch.to_dicts()]
                written += upsert(database, table, (*self.key, VERSION), {MOMENT}, rows)
                advance(database, runs, run, done)
        return run, written

    def newest(self, values: Mapping[str, str]) -> dict[str, Any]:
        """The newest prediction for a key whose values are written as texts.

        Raises:
            SettingsError: these are not the columns of the key, or a text is no such value.
            DataError: nothing was predicted for it, or the database refuses.
        """
        if set(values) != set(self.key):
            raise SettingsError(
                f"A prediction is found by {', '.join(self.key)}, and by all of them.",
                "Name each once: NAME=VALUE.",
            )
        with connected(self.settings.url, self.root) as database:
            name = f"{self.settings.table}_newest"
            if name not in sa.inspect(database).get_view_names():
                raise DataError("Nothing has been predicted beforehand.", "Run `precompute run` first.")
            view = sa.Table(name, sa.MetaData(), autoload_with=database)
            wanted = [view.c[column] == _value(text, view.c[column]) for column, text in values.items()]
            row = database.execute(sa.select(view).where(*wanted)).first()
        if row is None:
            said = ", ".join(f"{column}={text}" for column, text in values.items())
            raise DataError(f"Nothing was predicted for {said}.", "See how the key is written in what was predicted.")
        return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's name for what is public

    def _connected(self) -> AbstractContextManager[sa.Connection]:
        return connected(self.settings.url, self.root, writes=True)

    def _table(self, empty: pl.DataFrame) -> sa.Table[Any]:
        """The table as it is made, where there is none."""
        if own := [name for name in (VERSION, RUN, MOMENT) if name in empty.columns]:
            raise SettingsError(
                f"{PRECOMPUTE}: a column of the key is called `{own[0]}`, as one that says who predicted.",
                "Rename it where rows are assembled.",
            )
        columns = [column_of(name, kind, key=name in self.key) for name, kind in empty.schema.items()]
        columns += [column_of(VERSION, pl.String(), key=True), sa.Column(RUN, sa.String(255), nullable=False)]
        columns += [sa.Column(MOMENT, sa.DateTime(timezone=True), nullable=False)]
        return sa.Table(self.settings.table, sa.MetaData(), *columns)

    def _newest(self, table: sa.Table[Any]) -> sa.Select[Any]:
        """Of each key the row of the latest run; a view with a window cannot be written to."""
        order = (table.c[MOMENT].desc(), table.c[RUN].desc())
        place = sa.func.row_number().over(partition_by=[table.c[name] for name in self.key], order_by=order)
        # No two names of columns that a table can have end alike with a no-break space.
        ranked = sa.select(table, place.label("place\u00a0among\u00a0runs")).subquery()
        *columns, rank = ranked.c
        return sa.select(*columns).where(rank == sa.literal_column("1"))


def _value(text: str, column: sa.ColumnElement[Any]) -> Any:
    """What a text says, as a column holds it."""
    kind = column.type.python_type
    try:
        if kind is bool:
            return _TRUTH[text.lower()]
        if kind in {date, datetime}:
            return kind.fromisoformat(text)
        return kind(text)
    except (KeyError, ValueError, ArithmeticError):
        raise SettingsError(f"{text!r} is no {kind.__name__}, as this key is.", "Mend it.") from None
