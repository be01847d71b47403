"""How much each class counts: by weight, or by how many of its rows are learnt from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from ...contract.types import Contract, Word
from ...problems import listed
from ..lesson import Sample
from .base import OfClasses, Positive, by_chance, taken


class ClassWeights(OfClasses):
    """Rows count by their class, besides the contract's weight."""

    kind: Literal["class_weights"]
    weights: Annotated[
        Literal["balanced"] | dict[Word, Positive],
        Field(description="balanced: all classes weigh the same together; or a weight a label, 1 for those not named."),
    ] = "balanced"

    def problems(self, contract: Contract) -> Iterator[str]:
        """Labels that there are not."""
        yield from super().problems(contract)
        for label in (
            sorted({*self.weights} - {*contract.labels}) if self.weights != "balanced" and contract.labels else ()
        ):
            yield f"there is no label `{label}`; there are {listed(contract.labels)}"

    def apply(self, sample: Sample, contract: Contract, random: np.random.Generator) -> Sample:  # noqa: ARG002
        """See `RowSettings.apply`."""
        labels, factors = _labels(sample, contract), np.ones(len(sample.rows))
        weight = np.ones(len(sample.rows)) if sample.weight is None else sample.weight
        totals = {label: weight[labels == label].sum() for label in np.unique(labels)}
        for label, total in totals.items():
            if isinstance(self.weights, dict):
                factors[labels == label] = self.weights.get(str(label), 1.0)
            elif total > 0:
                factors[labels == label] = weight.sum() / (len(totals) * total)
        return replace(sample, weight=weight * factors)


class Oversample(OfClasses):
    """Rows of rare classes are there several times, each of a class as often as the others of it, or once more."""

    kind: Literal["oversample"]
    to: Annotated[
        float, Field(gt=0, le=1, description="Rows of each class, at least, as a share of the largest one's.")
    ] = 1.0

    def apply(self, sample: Sample, contract: Contract, random: np.random.Generator) -> Sample:
        """See `RowSettings.apply`."""
        groups = _shuffled(sample, contract, random)
        least = int(np.ceil(self.to * max(map(len, groups))))
        return taken(sample, np.sort(np.concatenate([np.resize(group, max(len(group), least)) for group in groups])))


class Undersample(OfClasses):
    """Of frequent classes some rows are learnt from, by chance."""

    kind: Literal["undersample"]
    to: Annotated[
        float, Field(ge=1, description="Rows of each class, at most, as a multiple of the smallest one's.")
    ] = 1.0

    def apply(self, sample: Sample, contract: Contract, random: np.random.Generator) -> Sample:
        """See `RowSettings.apply`."""
        groups = _shuffled(sample, contract, random)
        most = int(self.to * min(map(len, groups)))
        return taken(sample, np.sort(np.concatenate([group[:most] for group in groups])))


def _shuffled(sample: Sample, contract: Contract, random: np.random.Generator) -> list[np.ndarray]:
    """The index of the rows of each class, by chance."""
    labels, order = _labels(sample, contract), by_chance(sample, contract, random).argsort(kind="stable")
    return [order[labels[order] == label] for label in np.unique(labels)]


def _labels(sample: Sample, contract: Contract) -> np.ndarray:
    return sample.rows[contract.target.column].to_numpy().astype(str)
