"""Mean and spread of many numbers, of which none is kept."""

from __future__ import annotations

import math
from typing import Annotated, Self

import numpy as np
from pydantic import Field

from ..contract.types import Section

Count = Annotated[int, Field(ge=0)]


class Moments(Section):
    """Mean and spread of so many numbers; Chan, Golub, LeVeque, "Updating formulae", 1979.

    Args:
        m2: the sum of squared distances from the mean.
    """

    rows: Count = 0
    mean: float = 0.0
    m2: Annotated[float, Field(ge=0)] = 0.0

    @classmethod
    def of(cls, values: np.ndarray) -> Self:
        """Of numbers [N]."""
        if not len(values):
            return cls()
        mean = float(values.mean())
        apart = values - mean
        # Not `@`: of so little work its library makes threads, which cost more.
        return cls(rows=len(values), mean=mean, m2=float(np.einsum("i,i", apart, apart)))

    def __add__(self, other: Moments) -> Moments:
        if not self.rows or not other.rows:
            return other if other.rows else self
        rows, apart = self.rows + other.rows, other.mean - self.mean
        m2 = self.m2 + other.m2 + apart * apart * self.rows * other.rows / rows
        return Moments(rows=rows, mean=self.mean + apart * other.rows / rows, m2=m2)

    @property
    def variance(self) -> float:
        """Without bias; 0 of fewer than two numbers."""
        return self.m2 / (self.rows - 1) if self.rows > 1 else 0.0

    @property
    def deviation(self) -> float:
        """The standard deviation."""
        return math.sqrt(self.variance)
