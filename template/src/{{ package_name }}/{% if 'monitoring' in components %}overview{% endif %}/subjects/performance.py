"""Whether the model is as good as its hold-out promised: windows whose outcomes are known, and outcomes that are awaited."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from ...monitoring.performance import PerformanceWindow, alarms
from ...monitoring.settings import Monitoring
from ..place import Place
from ..subject import Block, Chart, Charts, Need, Point, Subject, Table, Told, Words, count, moment

_MOST_CHARTS, _SHOWN = 12, 12
Entry = Mapping[str, Any]


def _of(place: Place) -> Told | None:
    windows = _known(place)
    if not windows:
        return None
    judged = [each for each in windows if each.get("scores")]
    awaited = sum(max(0, count(each.get("rows")) - count(each.get("labelled"))) for each in windows)
    rows = sum(count(each.get("rows")) for each in windows)
    newest = judged[-1] if judged else None
    line = f"{awaited:,} outcomes of {rows:,} predictions are awaited; "
    if newest is None:
        line += "of no window are enough known to judge it"
    else:
        worse = [str(name).replace("_", " ") for name in newest.get("degraded") or ()]
        what = f"worse by {', '.join(worse)}" if worse else "no worse than promised"
        line += (
            f"the newest window that is judged, {newest.get('index')}, of {count(newest.get('labelled')):,} outcomes "
            f"to {moment(newest.get('end'))}: {what}"
        )
    needs = _needs(windows, place.settings)
    return Told(
        line=line,
        facts=[(f"{awaited:,}", f"outcomes awaited, of {rows:,} predictions")],
        needs=needs,
        document={
            "windows": len(windows),
            "judged": len(judged),
            "awaited": awaited,
            "predictions": rows,
            "newest": newest,
            "alarms": [need.says for need in needs],
        },
        blocks=lambda: _blocks(windows, judged, line),
    )


def _known(place: Place) -> list[Entry]:
    """What was said last of each window, in their order."""
    latest = {each["index"]: each for each in place.said.get("performance", ()) if isinstance(each.get("index"), int)}
    return [latest[index] for index in sorted(latest)]


def _needs(windows: Sequence[Entry], settings: Monitoring) -> list[Need]:
    """What `monitor performance` would raise an alarm about."""
    reference = windows[-1].get("reference")
    newest = [each for each in windows if each.get("scores") and each.get("reference") == reference]
    judged = []
    for each in newest[-settings.alarm.of :]:
        with suppress(ValidationError):
            judged.append(PerformanceWindow.model_validate_json(json.dumps(each)))
    return [
        Need(
            says=f"`{alarm.metric}` is worse than the hold-out promised in {alarm.degraded} of the newest {alarm.of} windows "
            f"({alarm.rows:,} outcomes), since window {alarm.since}.",
            do="`monitor performance` says how much; compare with the model before, or learn from newer rows.",
            page="score-low",
        )
        for alarm in (alarms(judged, settings) if judged else ())
    ]


def _blocks(windows: Sequence[Entry], judged: Sequence[Entry], line: str) -> Iterator[Block]:
    yield Words(f"{line[0].upper()}{line[1:]}.")
    if judged:
        yield Words(
            "Each picture is a metric over the windows whose outcomes are known, with its interval. The grey band is what the "
            "hold-out promised; a dot is a window that is worse, by more than chance explains."
        )
        metrics = dict.fromkeys(name for each in reversed(judged) for name in each["scores"])
        charts = [chart for name in list(metrics)[:_MOST_CHARTS] if (chart := _chart(name, judged)) is not None]
        yield Charts("Metrics, over the windows", charts)
    rows = [
        (
            each.get("index"),
            moment(each.get("begin")),
            moment(each.get("end")),
            f"{count(each.get('rows')):,}",
            f"{count(each.get('labelled')):,}",
            f"{max(0, count(each.get('rows')) - count(each.get('labelled'))):,}",
        )
        for each in reversed(windows[-_SHOWN:])
    ]
    yield Table(
        "Outcomes that are awaited, in the newest windows",
        ("window", "from", "to", "predictions", "outcomes", "awaited"),
        rows,
        numbers=3,
    )


def _chart(name: str, judged: Sequence[Entry]) -> Chart | None:
    told = [(place, each) for place, each in enumerate(judged) if _number(each, "scores", name, "value") is not None]
    points = [
        Point(
            at=place,
            value=_number(each, "scores", name, "value") or 0.0,
            low=_number(each, "scores", name, "low"),
            high=_number(each, "scores", name, "high"),
            hit=name in (each.get("degraded") or ()),
        )
        for place, each in told
    ]
    if not points:
        return None
    newest, last = points[-1], told[-1][1]
    low, high = (_number(last, "expected", name, bound) for bound in ("low", "high"))
    says = f"newest {newest.value:.3g}"
    if newest.low is not None and newest.high is not None:
        says += f" ({newest.low:.3g} to {newest.high:.3g})"
    says += f" on {count(last.get('labelled')):,} outcomes"
    if (promised := _number(last, "expected", name, "value")) is not None:
        says += f"; promised {promised:.3g}"
    if hits := sum(point.hit for point in points):
        says += f"; worse in {hits:,} of {len(points):,} windows"
    return Chart(
        title=name.replace("_", " "),
        says=says,
        points=points,
        expected=None if low is None or high is None else (low, high),
        begin=moment(told[0][1].get("begin"))[:10],
        end=moment(last.get("end"))[:10],
        is_grave=newest.hit,
    )


def _number(entry: Entry, part: str, name: str, what: str) -> float | None:
    """A number of an entry; None where it says none."""
    told = (entry.get(part) or {}).get(name)
    value = told.get(what) if isinstance(told, Mapping) else None
    return float(value) if isinstance(value, int | float) else None


PERFORMANCE = Subject(name="performance", title="Performance", order=20, of=_of)
