"""A dashboard as a table of panels, which Grafana's JSON is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

#: Where files with a `Board` are.
FOLDER = "alerts/boards"

Kind = Literal["timeseries", "stat", "bargauge"]
Unit = Literal["short", "percentunit", "s", "reqps", "bytes", "dtdurations", "dateTimeFromNow"]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One picture.

    Args:
        queries: by legend, in PromQL; `$job` stands for the label of this project, labels in a legend as `{{label}}`.
        unit: of the values, as Grafana calls it.
        wide: of 24 columns.
        says: what a reader should know of it.
    """

    title: str
    queries: Mapping[str, str]
    unit: Unit = "short"
    kind: Kind = "timeseries"
    wide: int = 12
    says: str = ""


@dataclass(frozen=True, kw_only=True)
class Board:
    """A dashboard: rows are filled from the left."""

    name: str
    title: str
    panels: Sequence[Panel]
