"""Figures as SVG that stands in the page: small, the same bytes each time, in the colours of the page's style sheet."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import count
from typing import Any, Literal

import matplotlib as mpl
import matplotlib.style
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import PolyCollection
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from .views import Line, Parts
from .wording import percent, shown

#: What is drawn in these colours takes those of the page, by day and by night.
INK, MUTED, RULE, UP, DOWN = "#010101", "#020202", "#030303", "#040404", "#050505"
SERIES = ("#0a0a01", "#0a0a02", "#0a0a03", "#0a0a04")
_COLOURS = {INK: "ink", MUTED: "muted", RULE: "rule", UP: "up", DOWN: "down"} | {
    colour: f"series-{number}" for number, colour in enumerate(SERIES, 1)
}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 2,
    "ytick.major.size": 0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "legend.fontsize": 8,
}
WIDTH, HEIGHT, BROAD = 270, 150, 430
DAY, YEAR = 86_400, 31_556_952
#: About the years 970 and 2970: what tables write for "never" lies beyond.
FAR = 1000 * YEAR


@dataclass(frozen=True)
class Frame:
    """Around a figure, in points: where its grid lies, names at the left, and where the axes lie if not by these."""

    grid: Literal["x", "y", "none"]
    names: Sequence[str] | None = None
    legend: bool = False
    width: float = WIDTH
    height: float = HEIGHT
    box: tuple[float, float, float, float] | None = None


class Sheet:
    """Draws the figures of one page. Names inside of a figure are made of its number, so that no two share one."""

    def __init__(self) -> None:
        self._numbers = count()

    def histogram(self, title: str, counts: np.ndarray, edges: np.ndarray, *, moments: bool = False) -> Markup:
        """Rows by bins of equal width."""
        with self._drawn(title, Frame("y")) as (axes, found):
            axes.stairs(counts, _dated(axes, edges) if moments else edges, fill=True, color=SERIES[0])
            axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
        return found[0]

    def bars(self, title: str, parts: Parts, rows: int) -> Markup:
        """Rows by level, with their share of all."""
        counts = parts.counts()
        with self._drawn(title, Frame("x", names=parts.names)) as (axes, found):
            places = np.arange(len(parts))
            corners = [
                [(0, at - 0.36), (number, at - 0.36), (number, at + 0.36), (0, at + 0.36)]
                for at, number in zip(places, counts, strict=True)
            ]
            axes.add_collection(PolyCollection(corners, facecolor=SERIES[0]))
            most = counts.max(initial=1)
            for at, number in zip(places, counts, strict=True):
                axes.text(float(number + 0.02 * most), float(at), percent(number / rows), va="center", color=MUTED)
            axes.set_xlim(0, most * 1.24)
            axes.xaxis.set_major_locator(MaxNLocator(3, integer=True))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
        return found[0]

    def lines(
        self,
        title: str,
        x: np.ndarray,
        lines: Sequence[Line],
        *,
        moments: bool = False,
        usual: float | None = None,
    ) -> Markup:
        """Lines over numbers or moments; one alone with its band."""
        with self._drawn(title, Frame("y", legend=len(lines) > 1)) as (axes, found):
            places = _dated(axes, x) if moments else x
            if usual is not None:
                axes.axhline(usual, color=MUTED, linewidth=0.8, linestyle=(0, (3, 3)))
            for line, colour in zip(lines, SERIES, strict=False):
                if len(lines) == 1:
                    axes.fill_between(places, line.low, line.high, color=colour, alpha=0.18, linewidth=0)
                label, dot = shown(line.name, 12), "." if len(x) < 30 else ""  # noqa: PLR2004
                axes.plot(places, line.middle, color=colour, linewidth=1.4, label=label, marker=dot, markersize=4)
            _measured(axes.yaxis, lines)
        return found[0]

    def dots(self, title: str, parts: Parts, lines: Sequence[Line], *, usual: float | None) -> Markup:
        """What is told of each level, with its interval; a line where all rows lie."""
        with self._drawn(title, Frame("x", names=parts.names, legend=len(lines) > 1)) as (axes, found):
            if usual is not None:
                axes.axvline(usual, color=MUTED, linewidth=0.8, linestyle=(0, (3, 3)))
            for number, (line, colour) in enumerate(zip(lines, SERIES, strict=False)):
                places = np.arange(len(parts)) + (number - (len(lines) - 1) / 2) * 0.16
                axes.hlines(places, line.low, line.high, color=colour, linewidth=1.4, alpha=0.6)
                label = shown(line.name, 12)
                axes.plot(line.middle, places, linestyle="", marker="o", markersize=3.5, color=colour, label=label)
            _measured(axes.xaxis, lines)
        return found[0]

    def rows_over_time(self, title: str, begins: np.ndarray, counts: np.ndarray, cut: float) -> Markup:
        """Rows between k + 1 moments; those from the cut on are judged."""
        with self._drawn(title, Frame("y", width=BROAD)) as (axes, found):
            *places, at = _dated(axes, np.append(begins, cut))
            axes.stairs(counts, places, fill=True, color=SERIES[0], alpha=0.75)
            axes.set_ylim(0, counts.max() * 1.16)
            axes.axvspan(at, places[-1], color=MUTED, alpha=0.18, linewidth=0)
            axes.text(places[-1], counts.max() * 1.06, "hold-out", ha="right", color=MUTED)
            axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
        return found[0]

    def matrix(self, title: str, names: Sequence[str], values: np.ndarray) -> Markup:
        """The lower half of a matrix [k, k] of associations: the stronger, the fuller; signs have colours of their own."""
        size = 16 * len(names)
        frame = Frame("none", width=size + 130, height=size + 110, box=(125, 105, size, size))
        with self._drawn(title, frame) as (axes, found):
            for colour, sign in ((UP, 1), (DOWN, -1)):
                told = [
                    (row, column, strength)
                    for row, column in zip(*np.tril_indices(len(names), -1), strict=True)
                    if (strength := round(float(values[row, column] * sign), 2)) >= 0.05  # noqa: PLR2004
                ]
                corners = [
                    [(column + dx, row + dy) for dx, dy in ((0.04, 0.04), (0.96, 0.04), (0.96, 0.96), (0.04, 0.96))]
                    for row, column, _ in told
                ]
                axes.add_collection(PolyCollection(corners, facecolor=[(colour, strength) for *_, strength in told]))
            axes.set(xlim=(0, len(names)), ylim=(len(names), 0))
            axes.set_xticks(np.arange(len(names)) + 0.5, names, rotation=90)
            axes.set_yticks(np.arange(len(names)) + 0.5, names)
            axes.tick_params(colors=INK)
            axes.spines["bottom"].set_visible(False)
        return found[0]

    @contextmanager
    def _drawn(self, title: str, frame: Frame) -> Iterator[tuple[Axes, list[Markup]]]:
        """Axes to draw on, and a place where the figure lies once that is done."""
        names, width, height = frame.names, frame.width, frame.height
        left = 34 if names is None else 12 + 4.6 * max(map(len, names))
        x, y, across, up = frame.box or (left, 18, width - left - 8, height - (34 if frame.legend else 24))
        found: list[Markup] = []
        # Of nobody's own settings.
        own = {**_STYLE, "svg.hashsalt": str(next(self._numbers))}
        with mpl.style.context(("default", own)), warnings.catch_warnings():
            # Of fonts: the letters of all scripts are the browser's.
            warnings.simplefilter("ignore", UserWarning)
            figure = Figure(figsize=(width / 72, height / 72), frameon=False)
            axes = figure.add_axes((x / width, y / height, across / width, up / height))
            axes.patch.set_visible(False)
            axes.xaxis.set_major_locator(MaxNLocator(5))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
            yield axes, found
            axes.margins(x=0.02)
            axes.xaxis.grid(visible=frame.grid == "x")
            axes.yaxis.grid(visible=frame.grid == "y")
            if names is not None:
                axes.set_yticks(np.arange(len(names)), names)
                axes.set_ylim(max(len(names), 3) - 0.4, -0.6)
                axes.tick_params(axis="y", colors=INK)
            if frame.legend:
                place = {"bbox_to_anchor": (0.5, 1.01), "bbox_transform": figure.transFigure}
                axes.legend(loc="upper center", ncols=4, handlelength=1, columnspacing=1, **place)
            found.append(_svg(figure, title))


def _dated(axes: Axes, seconds: np.ndarray) -> np.ndarray:
    """Moments as the axis wants them; far from today, where a calendar ends, years."""
    if not np.all(np.abs(seconds) < FAR):
        return 1970 + seconds / YEAR
    locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]
    return seconds / DAY


def _measured(axis: Axis, lines: Sequence[Line]) -> None:
    share = any(line.is_share for line in lines)
    axis.set_major_locator(MaxNLocator(4))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g} %" if share else _short(value)))


def _short(value: float) -> str:
    """A number in the width of a tick: 12k, 35M, 0.004."""
    for bound, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if max(bound, 1e4) <= abs(value) < 1e12:  # noqa: PLR2004
            return f"{value / bound:.4g}{unit}"
    return f"{value:.4g}"


def _svg(figure: Figure, title: str) -> Markup:
    """The figure without what only a file of its own needs, each number with one decimal."""
    text = StringIO()
    figure.savefig(text, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    body = text.getvalue().partition("<svg")[2].partition(">")
    width, height = figure.get_size_inches() * 72
    used = set(re.findall(r"#(\w+)[\")]", body[2]))
    inside = re.sub(r"<defs>\s*<style.*?</defs>\s*", "", body[2], flags=re.DOTALL)
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
