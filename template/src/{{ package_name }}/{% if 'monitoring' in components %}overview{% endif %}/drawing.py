"""A chart as SVG that stands in the page: one line, its interval, where it is to be, and a dot where it is not.

Written by hand and not by Matplotlib, which takes longer for one than this takes for a page of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from markupsafe import Markup, escape

from ..plotting.wording import shown, tick
from .subject import Chart, Point

_WIDTH, _HEIGHT = 260, 92
_LEFT, _RIGHT, _TOP, _BOTTOM = 36, 8, 8, 16
#: More points than a small picture can show are thinned out.
_MOST_POINTS = 130


def draw(chart: Chart) -> Markup:
    """The picture, with what it says for those who cannot see it."""
    points = thinned(chart.points)
    low, high = _range(chart, points)
    first, last = chart.points[0].at, chart.points[-1].at

    def across(at: float) -> float:
        share = (at - first) / (last - first) if last > first else 0.5
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def up(value: float) -> float:
        return _TOP + (high - value) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)

    label = shown(f"{chart.title}: {chart.says}", 300)
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" style="--width:{_WIDTH}px" role="img" aria-label="{escape(label)}">',
        *_axes(chart, low, high, across, up),
        *_line(points, across, up),
        "</svg>",
    ]
    return Markup("".join(parts))  # noqa: S704 - numbers, and texts that are escaped


def thinned(points: Sequence[Point]) -> list[Point]:
    """No more than can be told apart: of neighbours one that is out of what is expected, else the largest."""
    if len(points) <= _MOST_POINTS:
        return list(points)
    edges = [number * len(points) // _MOST_POINTS for number in range(_MOST_POINTS + 1)]
    parts = (points[begin:end] for begin, end in pairwise(edges))
    kept = [max(part, key=lambda point: (point.hit, point.value)) for part in parts]
    # What is newest is what is looked for.
    return [*kept[:-1], points[-1]]


def _range(chart: Chart, points: Sequence[Point]) -> tuple[float, float]:
    values = [bound for point in points for bound in (point.value, point.low, point.high) if bound is not None]
    values += chart.expected or ()
    if chart.most is not None:
        return 0.0, max(*values, chart.most)
    low, high = min(values), max(values)
    spare = 0.06 * (high - low) or 0.5 * abs(high) or 1.0
    return low - spare, high + spare


def _axes(
    chart: Chart, low: float, high: float, across: Callable[[float], float], up: Callable[[float], float]
) -> Iterator[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    if chart.expected is not None:
        least, most = chart.expected
        yield f'<rect class="band" x="{_LEFT}" y="{up(most):.1f}" width="{right - _LEFT}" height="{up(least) - up(most):.1f}"/>'
        yield f'<path class="limit" d="M{_LEFT} {up(most):.1f}H{right}"/>'
        if least > low:
            yield f'<path class="limit" d="M{_LEFT} {up(least):.1f}H{right}"/>'
    yield f'<path class="rule" d="M{_LEFT} {bottom}H{right}"/>'
    for at in chart.changes:
        if chart.points[0].at < at <= chart.points[-1].at:
            yield f'<path class="change" d="M{across(at):.1f} {_TOP}V{bottom}"/>'
    for value, y in ((high, _TOP + 4), (low, bottom)):
        yield f'<text x="{_LEFT - 4}" y="{y}" text-anchor="end">{escape(tick(float(f"{value:.2g}")))}{chart.unit}</text>'
    if chart.begin != chart.end:
        yield f'<text x="{_LEFT}" y="{_HEIGHT - 3}">{escape(chart.begin)}</text>'
    yield f'<text x="{right}" y="{_HEIGHT - 3}" text-anchor="end">{escape(chart.end)}</text>'


def _line(points: Sequence[Point], across: Callable[[float], float], up: Callable[[float], float]) -> Iterator[str]:
    known = [(point.at, point.low, point.high) for point in points if point.low is not None and point.high is not None]
    if len(known) > 1:
        edge = [f"{across(at):.1f} {up(high):.1f}" for at, _, high in known if high is not None]
        edge += [f"{across(at):.1f} {up(low):.1f}" for at, low, _ in reversed(known) if low is not None]
        yield f'<path class="interval" d="M{"L".join(edge)}Z"/>'
    elif known and known[0][1] is not None and known[0][2] is not None:
        at, low, high = known[0]
        yield f'<path class="line" d="M{across(at):.1f} {up(low):.1f}V{up(high):.1f}"/>'
    line = "L".join(f"{across(point.at):.1f} {up(point.value):.1f}" for point in points)
    yield f'<path class="line" d="M{line}"/>'
    for point in points:
        if point.hit:
            yield f'<circle class="hit" cx="{across(point.at):.1f}" cy="{up(point.value):.1f}" r="2.6"/>'
    newest = points[-1]
    if not newest.hit:
        yield f'<circle class="newest" cx="{across(newest.at):.1f}" cy="{up(newest.value):.1f}" r="2"/>'
