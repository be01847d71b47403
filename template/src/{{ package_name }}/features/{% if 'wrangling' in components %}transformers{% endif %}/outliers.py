"""Outliers: numbers beyond limits become the limit (`clip`), or are marked beside themselves (`flag`)."""

from __future__ import annotations

import warnings
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from sklearn.base import BaseEstimator, TransformerMixin

from ...contract.types import Section
from ..chains import Transformer

Quantile = Annotated[float, Field(ge=0, le=1)]


class Limits(Section):
    """Where a number begins to be an outlier."""

    quantiles: Annotated[
        tuple[Quantile, Quantile],
        Field(strict=False, description="Of the training rows, the lower and the upper limit."),
    ] = (0.01, 0.99)
    fences: Annotated[
        float | None,
        Field(gt=0, description="Instead: so many interquartile ranges beyond the quartiles; Tukey's are 1.5."),
    ] = None
    low: Annotated[float | None, Field(description="Instead, a lower limit that is known.")] = None
    high: Annotated[float | None, Field(description="Instead, an upper limit that is known.")] = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.quantiles[0] >= self.quantiles[1]:
            raise ValueError("the lower quantile is not below the upper one")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("low is not below high")
        return self


class Outliers(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Limits of each column, [n]; NaN, beyond which nothing lies, for one without a number."""

    def __init__(self, limits: Limits, makes: Literal["clip", "flag"]) -> None:
        self.limits = limits
        self.makes = makes

    def fit(self, numbers: Any, target: Any = None) -> Self:  # noqa: ARG002 - as scikit-learn has it
        """Learn the limits of numbers [N, n]."""
        said, values = self.limits, np.asarray(numbers, dtype=np.float64)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            low, high = np.nanquantile(values, said.quantiles if said.fences is None else (0.25, 0.75), axis=0)
        if said.fences is not None:
            low, high = low - said.fences * (high - low), high + said.fences * (high - low)
        self.low_ = np.asarray(low if said.low is None else np.full_like(low, said.low), dtype=np.float32)
        self.high_ = np.asarray(high if said.high is None else np.full_like(high, said.high), dtype=np.float32)
        self.width_ = values.shape[1]
        return self

    def transform(self, numbers: Any) -> np.ndarray:
        """Numbers [N, n] within their limits, or 1 for those beyond and 0 for others, a missing one among them."""
        values = np.asarray(numbers, dtype=np.float32)
        below, above = values < self.low_, values > self.high_
        if self.makes == "flag":
            return (below | above).astype(np.float32)
        return np.where(below, self.low_, np.where(above, self.high_, values))


CLIP = Transformer(name="clip", settings=Limits, build=lambda said, _: Outliers(said, "clip"), exact=True)
FLAG = Transformer(
    name="flag", settings=Limits, build=lambda said, _: Outliers(said, "flag"), exact=True, makes="beside"
)
