"""The batches that were ingested: what their checks found, and what got worse."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from ...counts import counted
from ...monitoring.batches import KIND, Batch, Checked, batches
from ...monitoring.quality import Worse, alarming, worse
from ...monitoring.telling_quality import failed_of, words
from ..place import Place
from ..subject import Block, Chart, Charts, Need, Point, Subject, Table, Told, Words, moment

_MOST_CHARTS, _SHOWN, _DRAWN = 24, 12, 200


def _of(place: Place) -> Told:
    found = batches(_entries(place))
    if not found:
        line = "no batch was checked yet; `pipeline` ingests one and keeps what its checks find"
        return Told(line=line, document={"batches": 0}, blocks=lambda: [Words(line)])
    told = worse(found, place.settings.level)
    alarms, newest = alarming(told), found[-1]
    failed = failed_of(newest)
    line = (
        f"{counted(len(found), 'batch', 'batches')}; the newest, {newest.digest[:12]}, of {newest.size:,} rows, checked {moment(newest.at)}: "
        + ("all checks held" if failed == "-" else f"failed {failed}")
    )
    return Told(
        line=line,
        facts=[(f"{newest.size:,}", f"rows in the newest batch, checked {moment(newest.at)}")],
        needs=[_need(each) for each in alarms],
        document={
            "batches": len(found),
            "newest": {"batch": newest.digest, "at": newest.at, "rows": newest.rows},
            "alarms": [each._asdict() for each in alarms],
            "worse": [each._asdict() for each in told],
        },
        blocks=lambda: _blocks(found, told, line),
    )


def _entries(place: Place) -> list[Checked]:
    entries = []
    for said in place.said.get(KIND, ()):
        try:
            entries.append(Checked.model_validate_json(json.dumps(said)))
        except ValidationError:
            continue
    return entries


def _need(told: Worse) -> Need:
    do = "`monitor quality` shows the batches before. Mend the data where it comes from, or the rule if that is wrong."
    return Need(says=f"{words(told)}.", do=do, page="pipeline-failed")


def _blocks(found: Sequence[Batch], told: Sequence[Worse], line: str) -> Iterator[Block]:
    yield Words(f"{line[0].upper()}{line[1:]}.")
    for each in told:
        yield Words(f"{words(each)}.")
    recent = found[-_DRAWN:]
    places = {place for batch in recent for place, count in batch.missing.items() if count}
    shares = {place: _shares(recent, place) for place in places}
    order = sorted((place for place in shares if shares[place]), key=lambda place: (-shares[place][-1].value, place))
    if len(recent) == 1:
        yield _missing_now(found[-1], order)
    elif order:
        yield Words("Each picture is a column of which values were missing: their share, batch by batch.")
        grave = {(each.table, each.column) for each in told}
        charts = [_chart(place, shares[place], recent, is_grave=place in grave) for place in order[:_MOST_CHARTS]]
        yield Charts("Missing values, over the batches", charts)
    rows = [
        (moment(batch.at), batch.digest[:12], failed_of(batch), f"{batch.size:,}", f"{len(batch.findings)}")
        for batch in reversed(found[-_SHOWN:])
    ]
    yield Table("The newest batches", ("checked", "batch", "failed", "rows", "findings"), rows, numbers=3)


def _missing_now(batch: Batch, order: Sequence[tuple[str, str]]) -> Table:
    """In place of pictures as long as there is nothing to compare."""
    rows = [
        (
            f"`{column}`",
            table,
            f"{batch.missing[table, column]:,}",
            _share(batch.missing[table, column], batch.rows[table]),
        )
        for table, column in order[:_MOST_CHARTS]
    ]
    return Table("Missing values", ("column", "table", "rows", "share"), rows, numbers=2)


def _share(found: int, rows: int) -> str:
    return "<0.1 %" if 0 < found < rows / 1000 else f"{100 * found / rows:.1f} %"


def _shares(found: Sequence[Batch], place: tuple[str, str]) -> list[Point]:
    points = []
    for at, batch in enumerate(found):
        rows = batch.rows.get(place[0], 0)
        if rows and place in batch.missing:
            points.append(Point(at=at, value=100 * batch.missing[place] / rows))
    return points


def _chart(place: tuple[str, str], points: Sequence[Point], found: Sequence[Batch], *, is_grave: bool) -> Chart:
    newest = points[-1]
    batch = found[int(newest.at)]
    return Chart(
        title=f"{place[0]}: {place[1]}",
        says=f"newest {_share(batch.missing[place], batch.rows[place[0]])} of {batch.rows[place[0]]:,} rows are missing",
        points=points,
        begin=moment(found[int(points[0].at)].at)[:10],
        end=moment(batch.at)[:10],
        is_grave=is_grave,
        most=5.0,
        unit=" %",
    )


QUALITY = Subject(name="quality", title="Data quality", order=30, of=_of)
