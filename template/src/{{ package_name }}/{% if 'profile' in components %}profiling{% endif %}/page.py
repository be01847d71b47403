"""The page: numbers in words, figures, and the template that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ..contract.types import Contract
from ..plotting.page import fill
from .gallery import Gallery
from .study import Study

TEMPLATE = Path(__file__).with_name("page.html.j2")
MOST_PAIRS = 15


def render(study: Study, rows: pl.LazyFrame, split: Mapping[str, Any], validation: Mapping[str, Any]) -> str:
    """The page as HTML that loads nothing.

    Args:
        study: of the rows to learn from.
        rows: all rows of the contract, which are only counted.
        split: reports/split.json.
        validation: reports/validation.json.
    """
    gallery = Gallery(study)
    values = {
        "study": study,
        "contract": study.contract,
        "split": split,
        "tables": validation["tables"],
        "anchors": {name: f"c{place}" for place, name in enumerate(study.kinds)},
        "figures": {name: list(gallery.of_column(name)) for name in study.drawn},
        "outcome": list(gallery.of_outcome()),
        "timeline": gallery.of_time(rows, split),
        "matrix": gallery.of_pairs(),
        "pairs": study.pairs[:MOST_PAIRS],
        "used": lambda name: used_as(name, study.contract),
    }
    return fill(TEMPLATE, values)


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
