"""configs/quantised.yaml: how far the smaller graph may differ, and what it must be worth."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ..contract.types import Section

CONFIG = "configs/quantised.yaml"


class QuantisedSettings(Section):
    """The bounds of the gates."""

    format: Literal[1]
    largest_difference: Annotated[
        float,
        Field(gt=0, description="Of any prediction to the graph's, times the largest of 1, it, and their median."),
    ] = 0.02
    changed_labels: Annotated[float, Field(ge=0, le=1, description="The share of rows that may get another.")] = 0.005
    loss_rise: Annotated[
        float, Field(ge=0, description="Of the training rows' mean loss, as a share of it: more may not be possible.")
    ] = 0.01
    gain: Annotated[
        float, Field(gt=0, lt=1, description="By which share the file must be smaller, or a prediction faster.")
    ] = 0.2
    cost: Annotated[float, Field(ge=0, description="By which share the other of the two may be worse.")] = 0.25


def quantised_schema() -> dict[str, Any]:
    """The JSON Schema of configs/quantised.yaml, by which editors explain keys; it stands in configs/quantised.schema.json."""
    return QuantisedSettings.model_json_schema()
