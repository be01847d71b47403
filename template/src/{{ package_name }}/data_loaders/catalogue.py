"""What is known of a source besides how it is read: whose it is, what it means, and how old it may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated

import polars as pl
from pydantic import Field

from ..contract.durations import span_of
from ..contract.types import Duration, Name, Section
from ..problems import Problem


class Freshness(Section):
    """How old a source may be when something is learnt from it."""

    maximum_age: Annotated[Duration, Field(description="Hours, days or weeks: 36h, 2d, 1w.")]
    column: Annotated[
        Name | None,
        Field(description="Its newest moment up to now counts; without it, when the file or object was written."),
    ] = None


class Catalogue(Section):
    """What people want to know of a source; nothing of it need be said."""

    owner: Annotated[str, Field(description="Who answers for it.")] = ""
    licence: Annotated[str, Field(description="What may be done with it: CC0-1.0, or a contract.")] = ""
    description: Annotated[str, Field(description="What it is, and what one row of it is.")] = ""
    refresh: Annotated[str, Field(description="When and how it is renewed.")] = ""
    promised: Annotated[
        dict[Name, str],
        Field(
            alias="schema", description="What its columns mean; `validate` stops if one that stands here is not there."
        ),
    ] = {}  # noqa: RUF012
    freshness: Annotated[Freshness | None, Field(description="`validate` stops if it is older.")] = None


def unkept(
    source: Catalogue, table: pl.LazyFrame, modified: Callable[[], datetime | None], now: datetime
) -> Iterator[Problem]:
    """What a table does not keep of what the catalogue says of it.

    Args:
        source: what is said.
        table: as it was read, in canonical types.
        modified: when the file or object was written, None if it is neither.
        now: in the place's time zone.
    """
    kinds = table.collect_schema()
    for name in source.promised:
        if name not in kinds:
            says = f"it is not there, but in the schema of its source{_whom(source)}"
            yield Problem(check="schema", column=name, says=says)
    if (limit := source.freshness) is not None:
        newest = modified() if limit.column is None else _newest(table, limit.column, now)
        said = "it was written" if limit.column is None else f"the newest `{limit.column}` is of"
        if newest is None:
            says = f"no moment tells how old it is: name a `column` that is read as a datetime, and has values{_whom(source)}"
            yield Problem(check="freshness", says=says)
        elif now - newest > span_of(limit.maximum_age):
            age = now - newest
            says = (
                f"{said} {newest:%Y-%m-%d %H:%M}, {age.days} d {age.seconds // 3600} h ago; at most {limit.maximum_age}"
            )
            yield Problem(
                check="freshness", says=f"{says} is allowed (`freshness` in configs/sources.yaml){_whom(source)}"
            )


def _newest(table: pl.LazyFrame, name: str, now: datetime) -> datetime | None:
    """The newest moment of a column that is not in the future; None if it has none."""
    if not isinstance(table.collect_schema().get(name), pl.Datetime | pl.Date):
        return None
    moment = pl.col(name).cast(pl.Datetime("us"))
    if getattr(table.collect_schema()[name], "time_zone", None):
        moment = pl.col(name).dt.convert_time_zone(str(now.tzinfo)).dt.replace_time_zone(None)
    local = now.replace(tzinfo=None)
    newest = table.select(moment.filter(moment <= local).max()).collect(engine="streaming").item()
    return newest.replace(tzinfo=now.tzinfo) if newest else None


def _whom(source: Catalogue) -> str:
    """Whom to ask, as far as it is known."""
    known = [f"owner: {source.owner}" if source.owner else "", f"refresh: {source.refresh}" if source.refresh else ""]
    return f" ({'; '.join(filter(None, known))})" if any(known) else ""
