"""Coordinates as shares of the image, and the image whose shares they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stridewise.skeletons import SIDES

Array = NDArray[np.float64]

#: Normalised coordinates lie in the image (0 to 1) or little outside it.
LARGEST_NORMALISED = 3.0
#: Width and height to choose from when a file with normalised coordinates states none.
SIZES = ((1920, 1080), (1080, 1920), (1440, 1080), (1080, 1440), (1080, 1080))


def to_pixels(
    xy: Array, names: Sequence[str], size: tuple[int, int] | None = None
) -> tuple[Array, list[str]]:
    """Scale shares of the image to pixels; what is in pixels already stays.

    Parameters
    ----------
    xy : ndarray, shape (frames, keypoints, 2)
        Normalised coordinates, or pixels.
    names : sequence of str
        Canonical names of the keypoints.
    size : (width, height), optional
        Of the image, where it is known.

    Returns
    -------
    xy : ndarray, shape (frames, keypoints, 2)
        Pixels.
    notes : list of str
        Which shape of the image had to be assumed.
    """
    seen = np.abs(xy[np.isfinite(xy)])
    if not seen.size or np.median(seen) > LARGEST_NORMALISED:
        return xy, []
    if size is not None:
        return xy * size, []
    likely = likely_size(xy, names)
    return xy * likely, [
        "The file states no image size; the shape under which thighs and shanks keep the most "
        f"constant length was taken ({likely[0]} x {likely[1]})."
    ]


def likely_size(xy: Array, names: Sequence[str]) -> tuple[int, int]:
    """Return the image size under which leg segments keep the most constant length.

    Parameters
    ----------
    xy : ndarray, shape (frames, keypoints, 2)
        Normalised coordinates.
    names : sequence of str
        Of the keypoints.
    """
    at = {name: xy[:, i] for i, name in enumerate(names)}
    segments = [
        at[f"{side}_{upper}"] - at[f"{side}_{lower}"]
        for side in SIDES
        for upper, lower in (("hip", "knee"), ("knee", "ankle"))
    ]
    segments = [s[np.isfinite(s).all(axis=1)] for s in segments]

    def unsteadiness(size: tuple[int, int]) -> float:
        lengths = [np.linalg.norm(s * size, axis=1) for s in segments if len(s) > 1]
        return float(sum(x.std() / x.mean() for x in lengths if x.mean() > 0))

    return min(SIZES, key=unsteadiness)
