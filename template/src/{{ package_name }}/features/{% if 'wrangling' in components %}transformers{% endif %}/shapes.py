"""Other shapes of a number, for linear models: logarithm and root, which keep the sign, and a power that is learnt."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import PowerTransformer

from ...contract.types import Section
from ..chains import Transformer

#: Beyond these, float32 has no room for what becomes of a number far out.
POWERS = (-2.0, 4.0)


class Shape(Section):
    """A number's own unit."""

    unit: Annotated[float, Field(gt=0, description="Numbers far below it stay as they are to each other.")] = 1.0


class Nothing(Section):
    """It has no settings."""


class Compressed(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """sign(x) · log(1 + |x| / unit), or sign(x) · √(|x| / unit)."""

    def __init__(self, unit: float, by: Literal["log", "sqrt"]) -> None:
        self.unit = unit
        self.by = by

    def fit(self, numbers: Any, target: Any = None) -> Self:  # noqa: ARG002 - as scikit-learn has it
        """Nothing is learnt of numbers [N, n]."""
        self.width_ = numbers.shape[1]
        return self

    def transform(self, numbers: Any) -> np.ndarray:
        """Numbers [N, n], a missing one still missing."""
        values = np.asarray(numbers, dtype=np.float32)
        size = np.abs(values) / np.float32(self.unit)
        # In float32 as the graph has it, also where log1p would be more exact.
        shaped = np.log(np.float32(1) + size) if self.by == "log" else np.sqrt(size)
        return np.asarray(np.sign(values) * shaped, dtype=np.float32)


class Power(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The power that makes numbers most normal (I.-K. Yeo, R. A. Johnson 2000), a column each."""

    def fit(self, numbers: Any, target: Any = None) -> Self:  # noqa: ARG002 - as scikit-learn has it
        """Learn median, interquartile range and power of numbers [N, n]; a column of one number or none keeps its shape."""
        values = np.asarray(numbers, dtype=np.float64)
        self.width_ = values.shape[1]
        self.middle_ = np.zeros(self.width_, dtype=np.float32)
        self.spread_ = np.ones(self.width_, dtype=np.float32)
        self.power_ = np.ones(self.width_, dtype=np.float32)
        for place, column in enumerate(values.T):
            known = column[~np.isnan(column)]
            if len(known) == 0 or known.std() <= 1e-7 * np.abs(known).max():
                continue
            # By quartiles, so that one number far out does not press all others together.
            first, middle, third = np.quantile(known, [0.25, 0.5, 0.75])
            spread = third - first or known.std()
            self.middle_[place], self.spread_[place] = middle, spread
            standard = ((known - middle) / spread).reshape(-1, 1)
            learnt = PowerTransformer(standardize=False).fit(standard).lambdas_[0]
            # Two decimals: near 0 and 2 the formula would divide what float32 rounds by almost nothing.
            self.power_[place] = np.round(np.clip(learnt, *POWERS), 2)
        return self

    def transform(self, numbers: Any) -> np.ndarray:
        """Numbers [N, n], a missing one still missing."""
        values = (np.asarray(numbers, dtype=np.float32) - self.middle_) / self.spread_
        size = np.abs(values) + np.float32(1)
        return np.where(values < 0, -_raised(size, 2 - self.power_), _raised(size, self.power_))


def _raised(size: np.ndarray, power: np.ndarray) -> np.ndarray:
    """(size ^ power - 1) / power, or log(size) for a power of 0; float32 [N, n]."""
    some = np.where(power == 0, np.float32(1), power)
    return np.where(power == 0, np.log(size), (size**some - np.float32(1)) / some)


LOG = Transformer(name="log", settings=Shape, build=lambda said, _: Compressed(said.unit, "log"), exact=False)
SQRT = Transformer(name="sqrt", settings=Shape, build=lambda said, _: Compressed(said.unit, "sqrt"), exact=False)
POWER = Transformer(name="power", settings=Nothing, build=lambda *_: Power(), exact=False)
