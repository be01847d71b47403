"""Gaps that are filled, scales, and numbers cut into ranges."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from ...contract.types import Section
from ...tasks.base import Task
from ..chains import Transformer


class Impute(Section):
    """What stands for a missing number; whether it is there is a column of its own for linear models."""

    by: Annotated[
        Literal["median", "mean", "most_frequent", "constant"], Field(description="Of the training rows.")
    ] = "median"
    value: Annotated[float, Field(description="The constant.")] = 0.0


class Scale(Section):
    """Deviation: mean 0 and deviation 1. Quartiles: median 0 and interquartile range 1. Range: from 0 to 1."""

    by: Annotated[Literal["deviation", "quartiles", "range"], Field(description="Of the training rows.")] = "deviation"


class Discretise(Section):
    """Ranges, each with an indicator; a missing number is in none."""

    bins: Annotated[int, Field(ge=2, le=100, description="How many; fewer if there are not so many numbers.")] = 5
    by: Annotated[
        Literal["quantiles", "width"], Field(description="Of about the same number of training rows, or of one width.")
    ] = "quantiles"
    edges: Annotated[tuple[float, ...], Field(strict=False, description="Instead, where ranges begin, rising.")] = ()

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if any(first >= second for first, second in pairwise(self.edges)):
            raise ValueError("edges rise")
        return self


class Ranges(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Ranges from one edge (with it) to the next (without), all columns' one after the other, [width_]."""

    def __init__(self, bins: int, by: Literal["quantiles", "width"], edges: Sequence[float]) -> None:
        self.bins = bins
        self.by = by
        self.edges = edges

    def fit(self, numbers: Any, target: Any = None) -> Self:  # noqa: ARG002 - as scikit-learn has it
        """Learn the edges of numbers [N, n]."""
        edges = [self._edges(column[~np.isnan(column)]) for column in np.asarray(numbers, dtype=np.float64).T]
        self.column_ = np.repeat(np.arange(len(edges)), [len(inner) + 1 for inner in edges])
        self.low_ = np.concatenate([[-np.inf, *inner] for inner in edges]).astype(np.float32)
        self.high_ = np.concatenate([[*inner, np.inf] for inner in edges]).astype(np.float32)
        self.width_ = len(self.column_)
        return self

    def _edges(self, known: np.ndarray) -> np.ndarray:
        """The edges between the ranges, float32 [at most bins - 1]; a range holds one training row at least."""
        if self.edges or not len(known):
            return np.asarray(self.edges, dtype=np.float32)
        shares = np.linspace(0, 1, self.bins + 1)[1:-1]
        inner = np.quantile(known, shares) if self.by == "quantiles" else known.min() + shares * np.ptp(known)
        found = np.unique(inner.astype(np.float32))
        return np.asarray(found[found > known.astype(np.float32).min()])

    def transform(self, numbers: Any) -> np.ndarray:
        """Numbers [N, n] to 1 for the range that holds it and 0 for others, float32 [N, width_]."""
        values = np.asarray(numbers, dtype=np.float32)[:, self.column_]
        return ((values >= self.low_) & (values < self.high_)).astype(np.float32)


def _impute(said: Impute, _: Task) -> SimpleImputer:
    return SimpleImputer(strategy=said.by, fill_value=said.value, keep_empty_features=True)


def _scale(said: Scale, _: Task) -> Any:
    return {"deviation": StandardScaler, "quartiles": RobustScaler, "range": MinMaxScaler}[said.by]()


def _discretise(said: Discretise, _: Task) -> Ranges:
    return Ranges(said.bins, said.by, said.edges)


IMPUTE = Transformer(name="impute", settings=Impute, build=_impute, exact=True)
SCALE = Transformer(name="scale", settings=Scale, build=_scale, exact=False, makes="scaled")
DISCRETISE = Transformer(name="discretise", settings=Discretise, build=_discretise, exact=True, makes="indicators")
