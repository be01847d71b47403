"""reports/tuning.html: how the loss fell from trial to trial, and which settings mattered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from ..plotting.figures import BROAD, Line, Sheet, bars, lines
from ..plotting.page import fill
from ..plotting.wording import shown

TEMPLATE = Path(__file__).with_name("page.html.j2")
#: Of one bar, and what stands above and below all of them; in points.
BAR, AROUND = 18, 24


@dataclass(frozen=True)
class Picture:
    """A drawing, and what it shows."""

    caption: str
    drawing: Markup


def render(report: Mapping[str, Any]) -> str:
    """The page as HTML that loads nothing, of reports/tuning.json."""
    sheet = Sheet()
    figures = {name: list(_figures(sheet, told, report["metric"])) for name, told in report["candidates"].items()}
    return fill(TEMPLATE, {"report": report, "figures": figures})


def _figures(sheet: Sheet, told: Mapping[str, Any], metric: str) -> Iterator[Picture]:
    """Of one candidate."""
    if any(value is not None for value in told["curve"]):
        least = np.array([np.nan if value is None else value for value in told["curve"]])
        line = Line(f"least {metric}", least, least, least)
        usual = told["folds"]["defaults"]
        caption = f"Least {metric} of the folds up to each trial; dashed with the defaults"
        trials = np.arange(1, len(least) + 1)
        yield Picture(caption, sheet.draw(caption, lambda axes: lines(axes, trials, [line], usual=usual), size=BROAD))
    if told["importance"]:
        shares = dict(sorted(told["importance"].items(), key=lambda item: -item[1]))
        counts, names = np.array(list(shares.values())), [shown(name) for name in shares]
        caption = "What a forest of the trials says of each setting: its share of the order of the losses"
        size = (BROAD[0], AROUND + BAR * max(len(names), 3))
        yield Picture(caption, sheet.draw(caption, lambda axes: bars(axes, counts, 1.0), names, size=size))
