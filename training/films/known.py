"""Means and medians of what is known, down the first axis; NaN where nothing is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def mean(values: NDArray[Any], where: NDArray[np.bool_] | None = None) -> Array:
    """Return the mean, of what is finite if nothing else is said."""
    where = np.isfinite(values) if where is None else where
    count = where.sum(axis=0)
    found: Array = np.where(where, values, 0.0).sum(axis=0) / np.where(count, count, np.nan)
    return found


def quantile(values: Array, share: float) -> Array:
    """Return the value below which this share of what is finite lies."""
    count = np.isfinite(values).sum(axis=0)
    ranked = np.sort(np.where(np.isfinite(values), values, np.inf), axis=0)
    place = share * np.maximum(count - 1, 0)
    low = np.floor(place).astype(int)
    below, above = (
        np.take_along_axis(ranked, at[None], axis=0)[0]
        for at in (low, np.minimum(low + 1, np.maximum(count - 1, 0)))
    )
    with np.errstate(invalid="ignore"):
        found: Array = np.where(count > 0, below + (place - low) * (above - below), np.nan)
    return found


def median(values: Array) -> Array:
    """Return the median of what is finite."""
    return quantile(values, 0.5)
