"""configs/retraining.yaml: what asks for a new model and what forbids one, what it learns from, how it is judged."""

from __future__ import annotations

from functools import cache, reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, create_model, model_validator

from ..configuration import load
from ..contract.types import Duration, Section
from ..discovery import discover_classes
from .rules.base import FOLDER, Rule

RETRAINING = Path("configs/retraining.yaml")
Rows = Annotated[int, Field(ge=50, le=100_000_000)]


class Sliding(Section):
    """The newest rows."""

    kind: Literal["sliding"]
    rows: Annotated[Rows, Field(description="How many.")] = 5000


class Growing(Section):
    """The rows of the sources, and all that were served since."""

    kind: Literal["growing"]


class SinceChange(Section):
    """The rows since what asks for a new model began; where nothing has changed, the newest."""

    kind: Literal["since_change"]
    rows: Annotated[Rows, Field(description="How many at most.")] = 5000


RowWindow = Annotated[
    Sliding | Growing | SinceChange, Field(discriminator="kind", description="Which rows are learnt from.")
]


class Stop(Section):
    """What forbids a new model for now."""

    cool_down: Annotated[
        Duration, Field(description="After a run; twice as long after one whose model was taken back, and so on.")
    ] = "7d"
    a_week: Annotated[int, Field(ge=1, le=1000, description="At most so many runs in seven days.")] = 2
    rows: Annotated[
        Rows, Field(description="Of rows to learn from, and of rows new since the last run, at least so many.")
    ] = 500
    outcomes_apart: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            description="Outcomes whose shares lie so far from those of the champion are not learnt from.",
        ),
    ] = 0.4
    lost_after: Annotated[
        Duration, Field(description="A run of another machine that says nothing for so long is lost.")
    ] = "1d"


class Compare(Section):
    """How the new model is judged."""

    rows: Annotated[Rows, Field(description="The newest rows with outcomes: neither model learns from them.")] = 300


class Watch(Section):
    """How the new model is watched once it serves."""

    rows: Annotated[Rows, Field(description="It is looked at after each so many rows with outcomes.")] = 200
    looks: Annotated[int, Field(ge=1, le=100, description="So often; then it stays.")] = 3
    sureness: Annotated[float, Field(gt=0.5, lt=1, description="How sure it is, over all looks, that it is worse.")] = (
        0.95
    )
    at_most: Annotated[Duration, Field(description="After so long it stays, however few outcomes came.")] = "60d"
    metrics: Annotated[
        str | None,
        Field(pattern=r"^https?://\S+$", description="The service's page of metrics, on which failures are counted."),
    ] = None
    failures: Annotated[float, Field(gt=0, lt=1, description="The share of requests that may fail.")] = 0.01


class Retraining(Section):
    """All of configs/retraining.yaml.

    Args:
        rules: what asks for a new model.
        rows: served ones, from the prediction log and the outcomes, or those of configs/sources.yaml.
        without: steps that are left out.
        seconds: between two looks.
    """

    format: Literal[1]
    rules: tuple[Any, ...] = ()
    stop: Stop = Stop()
    rows: Annotated[
        Literal["served", "sources"],
        Field(
            description="Learnt from: what was served and has an outcome, or what configs/sources.yaml holds by now."
        ),
    ] = "served"
    window: RowWindow = SinceChange(kind="since_change")
    compare: Compare = Compare()
    watch: Watch = Watch()
    without: Annotated[
        tuple[str, ...],
        Field(
            strict=False,
            description="Steps that a run leaves out, and their gates; without `tune` its last find counts.",
        ),
    ] = ()
    seconds: Annotated[float, Field(gt=0, le=86_400, description="Between two looks of `retrain`.")] = 300.0

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.rows == "sources" and self.window.kind != "growing":
            raise ValueError("rows of the sources are taken whole: `window: {kind: growing}`")
        return self


@cache
def retraining_type() -> type[Retraining]:
    """The whole file, by the rules that there are."""
    kinds: Any = reduce(or_, discover_classes(FOLDER, Rule))  # type: ignore[type-abstract]
    rule = Annotated[kinds, Field(discriminator="kind", description="What asks for a new model.")]
    rules = Annotated[tuple[rule, ...], Field(strict=False, description="What asks for a new model; one is enough.")]
    return create_model("Retraining", __base__=Retraining, __doc__=Retraining.__doc__, rules=(rules, ()))


def load_retraining(root: Path) -> Retraining:
    """Read configs/retraining.yaml; raises `SettingsError` that names the line to mend."""
    return load(root / RETRAINING, retraining_type())


def schema() -> dict[str, Any]:
    """The JSON Schema of the file, by which editors explain keys; it stands in configs/retraining.schema.json."""
    return retraining_type().model_json_schema()
