"""A page that loads nothing: a template of the folder that asks, in the one frame and style."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .wording import coded, number, percent, shown

HERE = Path(__file__).parent


def fill(template: Path, values: dict[str, Any]) -> str:
    """The template with the values. It may extend `frame.html.j2`, and import `pieces.html.j2`."""
    loader = FileSystemLoader([template.parent, HERE])
    pages = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    pages.filters |= {"number": number, "count": "{:,}".format, "share": percent, "shown": shown, "coded": coded}
    style = Markup((HERE / "page.css").read_text(encoding="utf-8"))  # noqa: S704 - it is this package's own
    return pages.get_template(template.name).render(style=style, **values)
