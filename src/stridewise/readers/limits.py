"""Positions that cannot be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError

Array = NDArray[np.float64]

#: No camera and no laboratory places a body this far from its origin, whatever the unit.
LARGEST_POSITION = 1e6
#: Numbers of one array, or of all bodies of a file, that are read at most (400 MB; reading takes up
#: to ten times that): 100,000 frames of 5 people with 33 points are 49.5 million. A small file may
#: say that it holds more than any memory does.
LARGEST_ARRAY = 50_000_000


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
    # The largest of all first: it is found at a fraction of the time, and mostly all are well.
    ends = [end.reduce(positions, axis=None, initial=0.0) for end in (np.fmin, np.fmax)]
    if not np.abs(ends).max() > LARGEST_POSITION:
        return positions, []
    huge: NDArray[np.bool_] = np.any(np.abs(positions) > LARGEST_POSITION, axis=-1)
    kept = np.where(huge[..., None], np.nan, positions)
    return kept, [f"{int(huge.sum())} position(s) beyond {LARGEST_POSITION:,.0f} were left out."]


def check_size(name: str, numbers: float) -> None:
    """Refuse an array before it is read.

    Parameters
    ----------
    name : str
        Of the array, for people.
    numbers : float
        How many numbers of eight bytes it takes.

    Raises
    ------
    InputError
        When there are more than `LARGEST_ARRAY`.
    """
    if numbers > LARGEST_ARRAY:
        raise InputError(
            f"The array {name} is too large",
            expected=f"{LARGEST_ARRAY:,} numbers at most",
            received=f"{numbers:,.0f}",
        )
