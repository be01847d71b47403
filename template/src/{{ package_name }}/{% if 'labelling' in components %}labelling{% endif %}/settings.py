"""configs/labelling.yaml: what people have labelled, and how much they must agree."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ..configuration import load
from ..contract.types import Name, Section, Share

FILE = Path("configs/labelling.yaml")


class Columns(Section):
    """What the columns of the file are called."""

    row: Annotated[Name, Field(description="What is labelled: any word that is the same for the same row.")] = "row"
    labeller: Annotated[Name, Field(description="Who labelled it.")] = "labeller"
    label: Annotated[Name, Field(description="The label; empty where it was left open.")] = "label"
    moment: Annotated[
        Name | None, Field(description="When, a date or date and time of ISO 8601; null: rates are not followed.")
    ] = None


class Rates(Section):
    """When labels count as more or less frequent than before."""

    period: Annotated[Literal["day", "month", "year"], Field(description="What is compared with all before it.")] = (
        "month"
    )
    level: Annotated[float, Field(gt=0, lt=0.5, description="Of false alarms, over all periods together (Holm).")] = (
        0.05
    )
    least_change: Annotated[
        Share, Field(description="In the share of one label: less is never an alarm, however sure it is.")
    ] = 0.05


class Gate(Section):
    """What makes the command end with a refusal."""

    least_agreement: Annotated[
        float | None,
        Field(ge=-1, le=1, description="Krippendorff's alpha; refused if it is surely lower. null: no gate."),
    ] = None
    least_rows: Annotated[
        int, Field(ge=1, description="So many rows must be labelled by two or more, for the gate.")
    ] = 30
    rates: Annotated[bool, Field(description="Whether a change of the newest period's rates is refused, too.")] = False


class Labelling(Section):
    """All of configs/labelling.yaml."""

    format: Literal[1]
    file: Annotated[str, Field(min_length=1, description="csv with a heading: one label of one person a line.")] = (
        "data/raw/labels.csv"
    )
    columns: Columns = Columns()
    rates: Rates = Rates()
    gate: Gate = Gate()
    resamples: Annotated[int, Field(ge=100, le=100_000, description="Of the intervals' bootstrap over rows.")] = 2000
    seed: Annotated[int, Field(ge=0, description="Of the bootstrap.")] = 0


def load_labelling() -> Labelling:
    """The settings of the current folder; raises `SettingsError` with the line to mend."""
    return load(FILE, Labelling)
