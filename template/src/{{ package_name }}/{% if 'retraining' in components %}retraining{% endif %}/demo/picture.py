"""The picture of the demo: a year a line, what was planted, the alarms, what the loop did; and its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from .played import Event, Played
from .scenarios import WEEKS

_WIDTH, _LEFT, _GAP, _PLOT, _ROW, _TOP = 1060, 64, 44, 450, 176, 78
_HIGH = 104
_COLOURS = {
    "promote": "#1a7f37",
    "watch": "#1a7f37",
    "keep": "#57606a",
    "refuse": "#9a6700",
    "roll back": "#cf222e",
}
_SAID = {
    "promote": "promoted",
    "watch": "stays",
    "keep": "champion stays",
    "refuse": "refused",
    "roll back": "taken back",
}
_INK, _MUTED, _LINE, _PLANT, _GRID = "#1f2328", "#59636e", "#0969da", "#fff1c9", "#d8dee4"
_ALARM, _WORSE = "#cf222e", "#e8873a"
_FONT = 'font-family="system-ui, sans-serif" font-size="12"'
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2328; background: #fff }
body { max-width: 1080px; margin: 2rem auto; padding: 0 1rem }
svg { width: 100%; height: auto } h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin: 1.6rem 0 .2rem }
table { border-collapse: collapse } td { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top }
td:first-child { white-space: nowrap }
.wrong { color: #cf222e; font-weight: 600 }
"""


def picture(played: Sequence[Played], *, is_share: bool) -> str:
    """An SVG: a line a scenario, the year with the plant at the left, its twin at the right.

    Args:
        played: in pairs, each with its twin behind it.
        is_share: whether the line is a share of rows, else a distance.
    """
    pairs = [played[place : place + 2] for place in range(0, len(played), 2)]
    height = _TOP + _ROW * len(pairs)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" {_FONT}>',
        f"<title>{len(pairs)} years of traffic, each with its twin</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        _text(_LEFT, 20, "with something planted", weight="600"),
        _text(_LEFT + _PLOT + _GAP, 20, "its twin, without", weight="600"),
        *_legend("share of labels that were right" if is_share else "mean distance from the outcome"),
    ]
    for number, pair in enumerate(pairs):
        top = _TOP + number * _ROW
        low, high = _range(pair, is_share=is_share)
        title, planted = pair[0].scenario.title, pair[0].scenario.says.partition(". ")[0]
        parts.append(_text(_LEFT, top + 4, title, weight="600"))
        parts.append(_text(_LEFT + 18 + 6.8 * len(title), top + 4, f"{planted}.", colour=_MUTED))
        for place, each in enumerate(pair):
            left = _LEFT + place * (_PLOT + _GAP)
            parts += _year(each, left, top + 30, low, high)
        parts += [
            _text(_LEFT - 6, top + 30 + 9, f"{high:.2g}", anchor="end", colour=_MUTED),
            _text(_LEFT - 6, top + 30 + _HIGH, f"{low:.2g}", anchor="end", colour=_MUTED),
            _text(_LEFT - 6, top + 30 + _HIGH + 14, "week", anchor="end", colour=_MUTED),
        ]
    return "\n".join([*parts, "</svg>\n"])


def page(drawing: str, played: Sequence[Played], facts: str) -> str:
    """HTML that loads nothing: the picture, and what happened in words."""
    told = "\n".join(_told(each) for each in played)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The loop</title>'
        f"<style>{_STYLE}</style></head><body><h1>Years of the loop</h1><p>{escape(facts)}</p>{drawing}{told}</body></html>\n"
    )


def words(played: Sequence[Played]) -> Iterator[str]:
    """Each year in a line or two."""
    for each in played:
        name = each.scenario.name + ("" if each.is_planted else ", twin")
        did = ", ".join(f"{_SAID[event.told.action]} in week {event.week}" for event in _news(each.events)) or "nothing"
        first = f"first alarm in week {each.first}" if each.first is not None else "no alarm"
        yield f"{name:<22} {first}; {did}"
        yield from (f"{'':<22} WRONG: {problem}" for problem in each.problems())


def _year(played: Played, left: float, top: float, low: float, high: float) -> Iterator[str]:
    def across(week: float) -> float:
        return left + _PLOT * week / WEEKS

    def up(value: float) -> float:
        return top + _HIGH * (high - value) / (high - low)

    scenario, bottom = played.scenario, top + _HIGH
    if played.is_planted:
        width = across(scenario.end) - across(scenario.begin)
        yield f'<rect x="{across(scenario.begin):.1f}" y="{top}" width="{width:.1f}" height="{_HIGH}" fill="{_PLANT}"/>'
    yield f'<rect x="{left}" y="{top}" width="{_PLOT}" height="{_HIGH}" fill="none" stroke="{_GRID}"/>'
    for week in range(0, WEEKS + 1, 13):
        yield _text(across(week), bottom + 14, str(week), anchor="middle", colour=_MUTED)
    points = " ".join(f"{across(week + 0.5):.1f},{up(value):.1f}" for week, value in enumerate(played.right))
    yield f'<polyline points="{points}" fill="none" stroke="{_LINE}" stroke-width="1.6"/>'
    for colour, weeks in ((_WORSE, played.asked), (_ALARM, played.drifted)):
        for week in weeks:
            width = _PLOT / WEEKS
            yield f'<rect x="{across(week):.1f}" y="{bottom - 7}" width="{width:.1f}" height="7" fill="{colour}"/>'
    news = _news(played.events)
    for place, event in enumerate(news):
        x, said = across(event.week + 1), f"{_SAID[event.told.action]} ({event.week})"
        colour, is_last = _COLOURS[event.told.action], place == len(news) - 1
        yield f'<line x1="{x:.1f}" y1="{top - 4}" x2="{x:.1f}" y2="{bottom}" stroke="{colour}" stroke-dasharray="3 2"/>'
        # What comes last is said at the right of its line, what was before at the left of its own.
        yield _text(x + (3 if is_last else -3), top - 4, said, anchor="start" if is_last else "end", colour=colour)


def _news(events: Sequence[Event]) -> list[Event]:
    """Without what is the same as before."""
    return [
        event for place, event in enumerate(events) if not place or events[place - 1].told.action != event.told.action
    ]


def _range(pair: Sequence[Played], *, is_share: bool) -> tuple[float, float]:
    values = [value for each in pair for value in each.right]
    return (0.0, 1.0) if is_share else (0.0, max(values) * 1.1 or 1.0)


def _legend(line: str) -> Iterator[str]:
    x = float(_LEFT)
    told = ((_LINE, line), (_PLANT, "planted"), (_ALARM, "an alarm of drift"), (_WORSE, "worse than promised"))
    for colour, said in told:
        yield f'<rect x="{x:.0f}" y="34" width="14" height="9" fill="{colour}" stroke="{_GRID}"/>'
        yield _text(x + 20, 43, said, colour=_MUTED)
        x += 40 + 6.4 * len(said)
    yield _text(x, 43, "in brackets: in which week", colour=_MUTED)


def _told(played: Played) -> str:
    """What was said in a year, without weeks of waiting for the same."""
    title = escape(played.scenario.title) + ("" if played.is_planted else ": its twin")
    said = f"<p>{escape(played.scenario.says)}</p>" if played.is_planted else ""
    rows = "".join(
        f"<tr><td>week {event.week}</td><td>{_SAID[event.told.action]}</td><td>{escape(event.told.says)}</td></tr>"
        for event in _news(played.events)
    )
    wrong = "".join(f'<p class="wrong">{escape(problem)}</p>' for problem in played.problems())
    happened = f"<table>{rows}</table>" if rows else "<p>Nothing was done.</p>"
    return f"<h2>{title}</h2>{said}{happened}{wrong}"


def _text(  # noqa: PLR0913 - as SVG names them
    x: float, y: float, said: str, *, anchor: str = "start", colour: str = _INK, weight: str = "400"
) -> str:
    said_how = f'text-anchor="{anchor}" fill="{colour}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {said_how}>{escape(said)}</text>'
