"""configs/wrangling.yaml: which rows there are and what is computed of them, before and after dataset.py."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ...configuration import load
from ...contract.types import Duration, Name, Names, Section
from .sql import Aggregate, Condition, Expression

FILE = "configs/wrangling.yaml"

Conditions = Annotated[tuple[Condition, ...], Field(strict=False)]


class Aggregated(Section):
    """Columns of a source that are computed from the rows of another, or its own, that have the same key."""

    source: Annotated[Name, Field(description="Whose rows are aggregated.")]
    key: Annotated[Names, Field(min_length=1, description="Columns in which rows agree, of this source.")]
    its: Annotated[Names, Field(description="What they are called in the other, if not the same.")] = ()
    before: Annotated[
        Name | None, Field(description="The column of this source with the moment before which a row must be known.")
    ] = None
    at: Annotated[Name | None, Field(description="The column of the other with the moment at which a row came up.")] = (
        None
    )
    known_after: Annotated[Duration, Field(description="How long from then until it is known: 12h, 1d.")] = "0h"
    within: Annotated[Duration | None, Field(description="How far back rows count: 7d. All, if not said.")] = None
    columns: Annotated[dict[Name, Aggregate], Field(min_length=1, description="New columns, each by its aggregate.")]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.before is None) != (self.at is None):
            raise ValueError("`before` and `at` go together: without both, later rows count as well")
        if self.before is None and (self.within or self.known_after != "0h"):
            raise ValueError("`within` and `known_after` need `before` and `at`")
        if self.its and len(self.its) != len(self.key):
            raise ValueError("`its` names as many columns as `key`")
        return self


class Wrangling(Section):
    """All of configs/wrangling.yaml."""

    format: Literal[1]
    prefilter: Annotated[
        dict[Name, Conditions], Field(description="By source: which of its rows dataset.py gets.")
    ] = {}  # noqa: RUF012
    aggregates: Annotated[
        dict[Name, Annotated[tuple[Aggregated, ...], Field(strict=False)]],
        Field(description="By source: columns from rows of others."),
    ] = {}  # noqa: RUF012
    filter: Annotated[Conditions, Field(description="Which rows of dataset.py the model is about.")] = ()
    processor: Annotated[dict[Name, Expression], Field(description="Columns computed of others, in order.")] = {}  # noqa: RUF012
    postfilter: Annotated[Conditions, Field(description="The same as filter, with the columns of the processor.")] = ()


def load_wrangling(root: Path) -> Wrangling:
    """What a project sets; nothing if there is no file. Raises `SettingsError` that names the line to mend."""
    path = root / FILE
    return load(path, Wrangling) if path.is_file() else Wrangling(format=1)
