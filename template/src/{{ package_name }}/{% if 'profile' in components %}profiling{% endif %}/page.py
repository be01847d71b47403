"""The page: numbers in words, figures, and the template that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ..contract.types import Contract
from .gallery import Gallery
from .study import Study
from .wording import coded, number, percent, shown

HERE = Path(__file__).parent
MOST_PAIRS = 15


def render(study: Study, rows: pl.LazyFrame, split: Mapping[str, Any], validation: Mapping[str, Any]) -> str:
    """The page as HTML that loads nothing.

    Args:
        study: of the rows to learn from.
        rows: all rows of the contract, which are only counted.
        split: reports/split.json.
        validation: reports/validation.json.
    """
    pages = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    pages.filters |= {"number": number, "count": "{:,}".format, "share": percent, "shown": shown, "coded": coded}
    gallery = Gallery(study)
    page = pages.get_template("page.html.j2")
    return page.render(
        study=study,
        contract=study.contract,
        split=split,
        tables=validation["tables"],
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),  # noqa: S704 - it is this package's own
        anchors={name: f"c{place}" for place, name in enumerate(study.kinds)},
        figures={name: list(gallery.of_column(name)) for name in study.drawn},
        outcome=list(gallery.of_outcome()),
        timeline=gallery.of_time(rows, split),
        matrix=gallery.of_pairs(),
        pairs=study.pairs[:MOST_PAIRS],
        used=lambda name: used_as(name, study.contract),
    )


def used_as(name: str, contract: Contract) -> str:
    """What becomes of a column, in words."""
    if name in contract.ignored:
        return f"ignored: {contract.ignored[name]}"
    if name in contract.known_later:
        return "known later"
    roles = ["feature"] * (name in contract.columns) + ["target"] * (name == contract.target.column)
    for role in ("key", "time", "group", "weight", "slices", "protected"):
        named = getattr(contract, role) or ()
        roles += [role] * (name in ((named,) if isinstance(named, str) else named))
    return ", ".join(roles) or "not in the contract"
