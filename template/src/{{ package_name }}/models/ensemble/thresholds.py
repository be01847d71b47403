"""Thresholds of trees that compare the same in the graph, which holds them as float32."""

from __future__ import annotations

import numpy as np


def largest_float32_not_above(values: np.ndarray) -> np.ndarray:
    """Float64 [n] to the float32 values at or just below, as float64 [n].

    A float32 value is at or below a threshold exactly if it is at or below the largest float32 that does not exceed it. So
    thresholds that are moved there change no prediction, and the graph sends no row down another branch.
    """
    nearest = values.astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf))
    return np.asarray(np.where(nearest.astype(np.float64) > values, below, nearest), dtype=np.float64)
