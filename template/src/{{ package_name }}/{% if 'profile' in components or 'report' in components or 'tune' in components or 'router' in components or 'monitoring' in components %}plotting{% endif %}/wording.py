"""Numbers and words of a table as a page can show them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

#: Letters of a word that a figure has room for.
SHOWN = 22


def number(value: Any) -> str:
    """A number with four digits that count, or a moment without a time of midnight."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == datetime.min.time() else f"{value:%Y-%m-%d %H:%M}"
    if 10_000 <= abs(value) < 1e15:  # noqa: PLR2004
        return f"{value:,.0f}"
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def percent(part: float) -> str:
    """A share in per cent; what is there is never 0 %."""
    if part == 0:
        return "0 %"
    return "<0.1 %" if 0 < part < 0.001 else f"{100 * part:.1f} %"  # noqa: PLR2004


def tick(value: float) -> str:
    """A number in the width of a tick: 12k, 35M, 0.004."""
    units = {1e9: "G", 1e6: "M", 1e3: "k"} if 1e4 <= abs(value) < 1e12 else {}  # noqa: PLR2004
    return next((f"{value / unit:.4g}{units[unit]}" for unit in units if abs(value) >= unit), f"{value:.5g}")


def share_tick(value: float) -> str:
    """A share in the width of a tick."""
    return f"{100 * value:.3g} %"


def shown(text: str, most: int = SHOWN) -> str:
    """A word of the table as a figure can show it: printable, in one line, not too long."""
    clean = "".join(letter if letter.isprintable() else "\ufffd" for letter in text[: most + 1])
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"


def coded(text: str) -> Markup:
    """A sentence in which names stand between ` and `, as HTML."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before
