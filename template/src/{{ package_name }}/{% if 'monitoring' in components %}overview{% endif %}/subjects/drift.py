"""Whether what is served is still what was learnt: the windows of the prediction log."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from ...counts import counted
from ...monitoring.judging import Alarm, Judged, alarms
from ...monitoring.settings import Monitoring
from ...monitoring.summary import Subject as Of
from ..place import Place
from ..subject import Block, Chart, Charts, Need, Point, Subject, Table, Told, Words, count, moment

_MOST_CHARTS, _MOST_ROWS = 60, 300
Entry = Mapping[str, Any]


def _of(place: Place) -> Told:
    windows = [each for each in place.said.get("drift", ()) if isinstance(each.get("verdicts"), list)]
    if not windows:
        line = "no window of the prediction log is judged; `monitor drift` judges those that are complete"
        return Told(line=line, facts=[("0", "windows judged")], document={"windows": 0}, blocks=lambda: [Words(line)])
    raised = _alarms(windows, place.settings)
    newest = windows[-1]
    moved = sorted({_subject(verdict) for verdict in newest["verdicts"] if verdict.get("drifted")})
    subjects = {_subject(verdict) for verdict in newest["verdicts"]}
    rows, until = count(newest.get("rows")), moment(newest.get("end"))
    line = (
        f"{counted(len(windows), 'window')}; the newest of {rows:,} rows to {until}: "
        f"{len(moved)} of {len(subjects)} {'has' if len(moved) == 1 else 'have'} drifted"
    )
    return Told(
        line=line,
        facts=[(f"{len(windows):,}", "windows judged"), (f"{len(moved)}", f"drifted in the newest, of {rows:,} rows")],
        needs=[_need(alarm) for alarm in raised],
        document={
            "windows": len(windows),
            "newest": {name: newest.get(name) for name in ("index", "begin", "end", "rows", "reference")},
            "drifted": [each._asdict() for each in moved],
            "alarms": [{**alarm._asdict(), "subject": alarm.subject._asdict()} for alarm in raised],
        },
        blocks=lambda: _blocks(windows, {alarm.subject for alarm in raised}, line),
    )


def _alarms(windows: Sequence[Entry], settings: Monitoring) -> Sequence[Alarm]:
    own = [each for each in windows[-settings.alarm.of * 4 :] if each.get("reference") == windows[-1].get("reference")]
    judged = []
    for each in own[-settings.alarm.of :]:
        try:
            fields = {name: each[name] for name in Judged.model_fields}
            judged.append(Judged.model_validate_json(json.dumps(fields)))
        except (KeyError, ValidationError):
            continue
    return alarms(judged, settings) if judged else ()


def _need(alarm: Alarm) -> Need:
    says = (
        f"`{alarm.subject}` has drifted in {alarm.drifted} of the newest {alarm.of} windows ({alarm.rows:,} rows), "
        f"since window {alarm.since}: {', '.join(alarm.tests)}."
    )
    return Need(says=says, do="`monitor drift` says which test, how large, and on how many rows.", page="drift-found")


def _subject(verdict: Entry) -> Of:
    return Of(verdict.get("role", "input"), str(verdict.get("column", "")))


def _blocks(windows: Sequence[Entry], raised: set[Of], line: str) -> Iterator[Block]:
    yield Words(f"{line[0].upper()}{line[1:]}.")
    yield Words(
        "Each picture is a column. Its line is the largest effect that a test found in a window, as a multiple of what counts: "
        "below the dashed line nothing counts. A dot is a window in which chance does not explain it. "
        "A dotted upright is where another model began to be compared."
    )
    series = _series(windows)
    changes = [
        place
        for place in range(1, len(windows))
        if windows[place].get("reference") != windows[place - 1].get("reference")
    ]
    last = len(windows) - 1
    order = sorted(series, key=lambda of: (of not in raised, not _is_hit(series[of], last), -series[of][-1].value))
    charts = [_chart(of, series[of], windows, changes, is_grave=of in raised) for of in order[:_MOST_CHARTS]]
    yield Charts("What has drifted, over the windows", charts)
    if len(order) > len(charts):
        yield Words(f"The {len(charts)} of {len(order)} that moved most have a picture; the table below has more.")
    yield Table(
        f"The newest window, of {count(windows[-1].get('rows')):,} rows",
        ("column", "test", "drifted", "effect", "counts from", "chance"),
        list(_rows(windows[-1]["verdicts"]))[:_MOST_ROWS],
        numbers=3,
        folded=True,
    )


def _series(windows: Sequence[Entry]) -> dict[Of, list[Point]]:
    """Of each subject, in each window that knows of it, the largest effect as a multiple of what counts."""
    found: dict[tuple[str, str], list[Point]] = {}
    for place, window in enumerate(windows):
        largest: dict[tuple[str, str], list[float]] = {}
        for verdict in window["verdicts"]:
            told = largest.setdefault((verdict.get("role", "input"), verdict.get("column", "")), [0.0, 0.0])
            effect = verdict.get("effect", 0.0) / (verdict.get("least") or 1.0)
            told[0] = max(told[0], effect)
            told[1] += bool(verdict.get("drifted"))
        for of, (effect, hits) in largest.items():
            found.setdefault(of, []).append(Point(at=place, value=effect, hit=hits > 0))
    return {Of(role, str(name)): points for (role, name), points in found.items()}  # type: ignore[arg-type]


def _is_hit(points: Sequence[Point], last: int) -> bool:
    return points[-1].hit and points[-1].at == last


def _chart(
    of: Of, points: Sequence[Point], windows: Sequence[Entry], changes: Sequence[int], *, is_grave: bool
) -> Chart:
    newest, hits = points[-1], sum(point.hit for point in points)
    says = (
        f"newest {newest.value:.2g} × what counts{', drifted' if newest.hit else ''}; "
        f"drifted in {hits:,} of {len(points):,} windows"
    )
    return Chart(
        title=str(of),
        says=says,
        points=points,
        expected=(0.0, 1.0),
        begin=moment(windows[int(points[0].at)].get("begin"))[:10],
        end=moment(windows[int(newest.at)].get("end"))[:10],
        changes=changes,
        is_grave=is_grave,
        most=1.5,
    )


def _rows(verdicts: Sequence[Entry]) -> Iterator[Sequence[object]]:
    for verdict in sorted(verdicts, key=lambda each: not each.get("drifted")):
        p = verdict.get("p")
        yield (
            f"`{_subject(verdict)}`",
            verdict.get("test", ""),
            "yes" if verdict.get("drifted") else "",
            f"{verdict.get('effect', 0.0):.3f}",
            f"{verdict.get('least', 0.0):g}",
            "–" if p is None else f"{p:.2g}",
        )


DRIFT = Subject(name="drift", title="Drift", order=10, of=_of)
