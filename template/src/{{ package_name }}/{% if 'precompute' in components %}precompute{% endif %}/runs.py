"""A run: the predictions of one model for one file. It is named once, and goes on after it was killed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a run does, whoever runs it and when.

    Args:
        model: the model's name.
        version: and its version.
        source: a digest of the file that is predicted.
        rows: how many it has.
    """

    model: str
    version: str
    source: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run as it stands.

    Args:
        name: later ones have greater names.
        begun: the moment that its predictions bear.
        done: rows whose predictions are kept.
    """

    name: str
    begun: datetime
    done: int


def runs_table(name: str) -> sa.Table[Any]:
    """The table of the runs that wrote to a table of predictions."""
    text = sa.String(255)
    return sa.Table(
        f"{name}_runs",
        sa.MetaData(),
        sa.Column("run_id", text, primary_key=True),
        *(sa.Column(column, text, nullable=False) for column in ("model_name", "model_version", "source_digest")),
        *(sa.Column(column, sa.BigInteger(), nullable=False) for column in ("row_count", "rows_done")),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    )


def begin(database: sa.Connection, runs: sa.Table[Any], work: Work) -> Run:
    """The last run, if it was for the same work: where it was killed it goes on, and where it ended it is proved again. Else a new one.

    A model that comes back after another has a run of its own, so that its predictions are the newest ones again.
    """
    last = database.execute(sa.select(runs).order_by(runs.c.started_at.desc(), runs.c.run_id.desc()).limit(1)).first()
    if last and (last.model_version, last.source_digest) == (work.version, work.source):
        # Some databases know no time zones; all moments here are UTC.
        begun = last.started_at if last.started_at.tzinfo else last.started_at.replace(tzinfo=UTC)
        return Run(name=last.run_id, begun=begun, done=0 if last.finished_at else last.rows_done)
    begun = datetime.now(UTC)
    name = f"{begun:%Y%m%dT%H%M%S.%fZ}-{work.source[:8]}"
    database.execute(
        sa.insert(runs).values(
            run_id=name,
            model_name=work.model,
            model_version=work.version,
            source_digest=work.source,
            row_count=work.rows,
            rows_done=0,
            started_at=begun,
        )
    )
    return Run(name=name, begun=begun, done=0)


def advance(database: sa.Connection, runs: sa.Table[Any], run: Run, done: int) -> None:
    """Say that the predictions of so many rows are kept, in the transaction that keeps them."""
    ended = {"finished_at": sa.case((runs.c.row_count == done, datetime.now(UTC)), else_=runs.c.finished_at)}
    database.execute(sa.update(runs).where(runs.c.run_id == run.name).values(rows_done=done, **ended))
