"""What every kind of step on the rows to learn from offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from ...contract.digests import row_digests
from ...contract.types import Contract, Name, Section
from ..lesson import Sample

SAMPLING = "configs/sampling.yaml"

Columns = Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]
Positive = Annotated[float, Field(gt=0)]


class RowSettings(Section, ABC):
    """What every step says; what else it says depends on its kind."""

    kind: Annotated[str, Field(description="The kind of step.")]

    def problems(self, contract: Contract) -> Iterator[str]:  # noqa: ARG002
        """Why the step cannot be done with the rows of a contract."""
        yield from ()

    @abstractmethod
    def apply(self, sample: Sample, contract: Contract, random: np.random.Generator) -> Sample:
        """Rows to learn from to other such rows; all chance is drawn from `random`."""


class OfClasses(RowSettings):
    """A step on rows by their class."""

    def problems(self, contract: Contract) -> Iterator[str]:
        """A number has no classes."""
        if not contract.labels:
            yield f"`{self.kind}` needs classes, and the task of the contract is a regression"


def taken(sample: Sample, index: np.ndarray) -> Sample:
    """The rows at an index, as often as they stand there."""
    weight = None if sample.weight is None else sample.weight[index]
    return replace(sample, rows=sample.rows[index], weight=weight)


def by_content(sample: Sample, contract: Contract) -> np.ndarray:
    """The index of the rows in an order that depends on what they are, and not on their place in a file."""
    return np.argsort(row_digests(sample.rows, contract), kind="stable")


def by_chance(sample: Sample, contract: Contract, random: np.random.Generator) -> np.ndarray:
    """A number between 0 and 1 for each row, [N]; the same for a row wherever it stands."""
    places = np.empty(len(sample.rows))
    places[by_content(sample, contract)] = random.random(len(places))
    return places


def numeric(columns: tuple[str, ...], contract: Contract, also: tuple[str, ...] = ()) -> Iterator[str]:
    """Why columns cannot be worked on: they are no features with numbers, nor any of some others."""
    for name in columns:
        column = contract.columns.get(name)
        if name not in also and (column is None or column.kind not in {"number", "integer"}):
            yield f"`{name}` is no number among the columns of the contract"
