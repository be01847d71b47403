"""The overview as one HTML file that loads nothing."""

from __future__ import annotations

import os
from pathlib import Path

from markupsafe import Markup

from ..plotting.page import fill
from .drawing import draw
from .looking import RUNBOOK, Overview
from .subject import Need

TEMPLATE = Path(__file__).with_name("page.html.j2")
_MOST_NEEDS = 40


def render(overview: Overview, file: Path) -> str:
    """The page.

    Args:
        overview: what it tells.
        file: where it will lie, from which it refers to the runbook.
    """
    place = overview.place
    return fill(
        TEMPLATE,
        {
            "own": Markup(TEMPLATE.with_name("page.css").read_text(encoding="utf-8")),  # noqa: S704 - it is this package's own
            "name": place.project.root.resolve().name,
            "at": f"{place.now:%Y-%m-%d %H:%M} (UTC)",
            "needs": [(need, link(place.project.root, need, file)) for need in overview.needs[:_MOST_NEEDS]],
            "more": max(0, len(overview.needs) - _MOST_NEEDS),
            "facts": [fact for _, told in overview.parts for fact in told.facts],
            "parts": [(subject, told, list(told.blocks())) for subject, told in overview.parts],
            "draw": draw,
        },
    )


def link(root: Path, need: Need, file: Path) -> str:
    """From the page to what the runbook says of a need; nothing if the project has no such page."""
    page = root / RUNBOOK / f"{need.page}.md"
    if not page.is_file():
        return ""
    return Path(os.path.relpath(page.resolve(), file.resolve().parent)).as_posix()
