"""Figures as SVG that stands in the page: small, the same bytes each time, in the colours of the page's style sheet."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import count
from pathlib import Path

import matplotlib.style
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import PolyCollection
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from .wording import percent, shown, tick

STYLE = Path(__file__).with_name("page.mplstyle")
#: What is drawn in these colours takes those of the page, by day and by night.
MUTED, UP, DOWN = "#020202", "#040404", "#050505"
SERIES = ("#0a0a01", "#0a0a02", "#0a0a03", "#0a0a04")
_COLOURS = {"#010101": "ink", MUTED: "muted", "#030303": "rule", UP: "up", DOWN: "down"} | {
    colour: f"series-{number}" for number, colour in enumerate(SERIES, 1)
}
#: In points, as all lengths here; of a figure and of a broad one.
SIZE, BROAD = (270.0, 150.0), (430.0, 150.0)
#: Of a matrix: of a cell, and of the names at its left and below it.
CELL, LEFT, BELOW = 16, 125, 105
DAY, YEAR = 86_400, 31_556_952
#: About the years 970 and 2970: what tables write for "never" lies beyond.
FAR = 1000 * YEAR
#: Weaker associations are not drawn.
WEAK = 0.05


@dataclass(frozen=True)
class Line:
    """One line of a figure over k parts or times: float64 [k], NaN where nothing is known, and a band around it."""

    name: str
    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray
    tick: Callable[[float], str] = tick


class Sheet:
    """Draws the figures of one page. Names inside of a figure are made of its number, so that no two share one."""

    def __init__(self) -> None:
        self._numbers = count()

    def draw(
        self,
        title: str,
        paint: Callable[[Axes], object],
        names: Sequence[str] = (),
        size: tuple[float, float] = SIZE,
        margins: tuple[float, float, float] | None = None,
    ) -> Markup:
        """A figure.

        Args:
            title: for those who cannot see it.
            paint: draws on its axes.
            names: of levels, from the top.
            size: width and height.
            margins: left, below and above, if not by names and legend.
        """
        # "default": of nobody's own settings.
        style = ("default", STYLE, {"svg.hashsalt": str(next(self._numbers))})
        with matplotlib.style.context(style), warnings.catch_warnings():
            # Of fonts: the letters of all scripts are the browser's.
            warnings.simplefilter("ignore", UserWarning)
            figure = Figure(figsize=(size[0] / 72, size[1] / 72), frameon=False)
            axes = figure.add_axes((0, 0, 1, 1), frame_on=True, facecolor="none")
            for axis in (axes.xaxis, axes.yaxis):
                _ticks(axis, tick)
            axes.xaxis.grid(visible=bool(names))
            axes.yaxis.grid(visible=not names)
            if names:
                axes.set_yticks(np.arange(len(names)), names)
                axes.set_ylim(max(len(names), 3) - 0.4, -0.6)
            paint(axes)
            labels = axes.get_legend_handles_labels()[1]
            if len(labels) > 1:
                place = {"bbox_to_anchor": (0.5, 1.01), "bbox_transform": figure.transFigure}
                axes.legend(loc="upper center", ncols=4, handlelength=1, columnspacing=1, **place)
            by_names = 12 + 4.6 * max(map(len, names), default=5)
            left, below, above = margins or (by_names, 18, 16 if len(labels) > 1 else 6)
            box = np.array([left, below, size[0] - left - 8, size[1] - below - above]) / [*size, *size]
            axes.set_position((box[0], box[1], box[2], box[3]))
            return _svg(figure, title)


def spread(axes: Axes, counts: np.ndarray, edges: np.ndarray, *, moments: bool = False) -> None:
    """Rows by bins of equal width."""
    axes.stairs(counts, dated(axes, edges) if moments else edges, fill=True, color=SERIES[0])


def bars(axes: Axes, counts: np.ndarray, rows: float) -> None:
    """Rows by level [k], with their share of all."""
    drawn = axes.barh(np.arange(len(counts)), counts, 0.72, color=SERIES[0])
    axes.bar_label(drawn, [percent(number / rows) for number in counts], padding=3, color=MUTED)
    axes.set_xlim(0, counts.max(initial=1) * 1.24)


def lines(
    axes: Axes, x: np.ndarray, told: Sequence[Line], *, moments: bool = False, usual: float | None = None
) -> None:
    """Lines over numbers or moments; one alone with its band. A dashed one where all rows lie."""
    places, dot = dated(axes, x) if moments else x, "." if len(x) < 30 else ""  # noqa: PLR2004
    if usual is not None:
        axes.axhline(usual, color=MUTED, linewidth=0.8, linestyle=(0, (3, 3)))
    for line, colour in zip(told, SERIES, strict=False):
        if len(told) == 1:
            axes.fill_between(places, line.low, line.high, color=colour, alpha=0.18, linewidth=0)
        axes.plot(places, line.middle, color=colour, label=shown(line.name, 12), marker=dot)
    _ticks(axes.yaxis, told[0].tick)


def dots(axes: Axes, told: Sequence[Line], *, usual: float | None) -> None:
    """What is told of each level, with its interval. A dashed line where all rows lie."""
    if usual is not None:
        axes.axvline(usual, color=MUTED, linewidth=0.8, linestyle=(0, (3, 3)))
    for number, (line, colour) in enumerate(zip(told, SERIES, strict=False)):
        places = np.arange(len(line.middle)) + (number - (len(told) - 1) / 2) * 0.16
        axes.hlines(places, line.low, line.high, color=colour, alpha=0.6)
        axes.plot(line.middle, places, "o", markersize=3.5, color=colour, label=shown(line.name, 12))
    _ticks(axes.xaxis, told[0].tick)


def rows_over_time(axes: Axes, edges: np.ndarray, counts: np.ndarray, cut: float) -> None:
    """Rows between k + 1 moments; those from the cut on are judged."""
    *places, at = dated(axes, np.append(edges, cut))
    axes.stairs(counts, places, fill=True, color=SERIES[0], alpha=0.75)
    axes.set_ylim(0, counts.max() * 1.16)
    axes.axvspan(at, places[-1], color=MUTED, alpha=0.18, linewidth=0)
    axes.text(places[-1], counts.max() * 1.06, "hold-out", ha="right", color=MUTED)


def matrix(axes: Axes, names: Sequence[str], values: np.ndarray) -> None:
    """The lower half of a matrix [k, k] of associations: the stronger, the fuller; signs have colours of their own."""
    rows, columns = np.nonzero(np.tril(np.abs(values) >= WEAK, -1))
    corners = np.stack([columns, rows], axis=1)[:, None] + 0.04 + 0.92 * np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    strengths = values[rows, columns].round(2)
    fills = [(UP if strength > 0 else DOWN, abs(float(strength))) for strength in strengths]
    axes.add_collection(PolyCollection(list(corners), facecolor=fills))
    axes.set(xlim=(0, len(names)), ylim=(len(names), 0))
    axes.set_xticks(np.arange(len(names)) + 0.5, names, rotation=90)
    axes.set_yticks(np.arange(len(names)) + 0.5, names)
    axes.grid(visible=False)


def dated(axes: Axes, seconds: np.ndarray) -> np.ndarray:
    """Moments as the axis wants them; far from today, where a calendar ends, years."""
    if not np.all(np.abs(seconds) < FAR):
        return 1970 + seconds / YEAR
    locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    return seconds / DAY


def _ticks(axis: Axis, say: Callable[[float], str]) -> None:
    axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: say(value)))


def _svg(figure: Figure, title: str) -> Markup:
    """The figure without what only a file of its own needs, each number with two decimals."""
    text = StringIO()
    figure.savefig(text, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    inside = text.getvalue().partition("<svg")[2].partition(">")[2]
    width, height = figure.get_size_inches() * 72
    used = set(re.findall(r"#(\w+)[\")]", inside))
    inside = re.sub(r"<defs>\s*<style.*?</defs>\s*", "", inside, flags=re.DOTALL)
    inside = re.sub(r"<[^>]+>", lambda tag: _lean(tag[0], used), inside)
    inside = re.sub(r">\s+<", "><", inside)
    head = Markup('<svg viewBox="0 0 {:.0f} {:.0f}" style="--width:{:.0f}px" role="img" aria-label="{}">')
    return head.format(width, height, width, title) + Markup(inside)  # noqa: S704 - matplotlib escapes what it writes


def _lean(tag: str, used: set[str]) -> str:
    """A tag without names that nothing uses, with short numbers, in the page's colours and font."""
    tag = re.sub(r' id="([^"]*)"', lambda name: name[0] if name[1] in used else "", tag)
    tag = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1", tag)
    tag = re.sub(r' transform="rotate\(-0 [^"]*"', "", tag)
    tag = re.sub(r"-?\d+\.\d+", lambda number: f"{round(float(number[0]), 2):g}", tag)
    tag = re.sub(r"#[0-9a-f]{6}", lambda colour: f"var(--{_COLOURS.get(colour[0], 'ink')})", tag)
    return re.sub(r"\s*\n\s*|: |; ", lambda gap: gap[0].strip() or " ", tag)
