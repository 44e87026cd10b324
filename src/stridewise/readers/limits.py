"""Positions that cannot be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: No camera and no laboratory places a body this far from its origin, whatever the unit.
LARGEST_POSITION = 1e6


def without_huge(positions: Array) -> tuple[Array, list[str]]:
    """Take positions beyond `LARGEST_POSITION` as missing: they would drown all arithmetic.

    Parameters
    ----------
    positions : ndarray, shape (..., 2) or (..., 3)
        In any unit.

    Returns
    -------
    positions : ndarray
        With NaN in all coordinates of such points, and of points with an infinite one.
    notes : list of str
        How many there were.
    """
    huge: NDArray[np.bool_] = np.any(np.abs(positions) > LARGEST_POSITION, axis=-1)
    if not huge.any():
        return positions, []
    kept = np.where(huge[..., None], np.nan, positions)
    return kept, [f"{int(huge.sum())} position(s) beyond {LARGEST_POSITION:,.0f} were left out."]
