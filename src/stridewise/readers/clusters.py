"""Rigid marker clusters: where a segment is, and the joints that it carries."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LEAST_MARKERS = 3
#: Frames used to find a joint from motion; more only cost time.
_HINGE_FRAMES = 2000


def poses(reference: Array, markers: Array) -> tuple[Array, Array]:
    """Fit a rigid cluster to each frame by least squares.

    Parameters
    ----------
    reference : ndarray, shape (markers, 3)
        The cluster at rest.
    markers : ndarray, shape (frames, markers, 3)
        The same markers over time; NaN where missing.

    Returns
    -------
    rotation : ndarray, shape (frames, 3, 3)
    translation : ndarray, shape (frames, 3)
        Such that ``markers ≈ rotation @ reference + translation``; NaN where fewer than three
        markers are seen.

    Notes
    -----
    Söderkvist & Wedin 1993, J Biomech 26:1473-1477.
    """
    seen = np.isfinite(markers).all(axis=2) & np.isfinite(reference).all(axis=1)
    usable = seen.sum(axis=1) >= _LEAST_MARKERS
    weight = np.where(usable[:, None], seen, True)[..., None]
    filled = np.where(weight & usable[:, None, None], np.nan_to_num(markers), 0.0)
    model = np.where(weight, np.nan_to_num(reference), 0.0)
    count = weight.sum(axis=1)
    model_centre, centre = model.sum(axis=1) / count, filled.sum(axis=1) / count
    a = np.where(weight, model - model_centre[:, None], 0.0)
    b = np.where(weight, filled - centre[:, None], 0.0)
    u, _, vt = np.linalg.svd(np.einsum("fmi,fmj->fij", b, a))
    u[..., 2] *= np.linalg.det(u @ vt)[:, None]
    rotation = u @ vt
    translation = centre - np.einsum("fij,fj->fi", rotation, model_centre)
    rotation[~usable] = np.nan
    translation[~usable] = np.nan
    return rotation, translation


def carry(point: Array, reference: Array, markers: Array) -> Array:
    """Return where a point fixed to the cluster at rest goes, shape (frames, 3)."""
    rotation, translation = poses(reference, markers)
    moved: Array = np.einsum("fij,j->fi", rotation, point) + translation
    return moved


def rest(markers: Array) -> Array:
    """Return the cluster at rest, shape (markers, 3): its mean shape over the recording."""
    first = markers[np.argmax(np.isfinite(markers).all(axis=2).sum(axis=1))]
    rotation, translation = poses(first, markers)
    local = np.einsum("fji,fmj->fmi", rotation, markers - translation[:, None])
    shape: Array = np.full(first.shape, np.nan)
    for i in range(len(first)):
        seen = local[np.isfinite(local[:, i]).all(axis=1), i]
        if len(seen):
            shape[i] = np.median(seen, axis=0)
    return shape


def hinge(proximal: Array, distal: Array) -> Array:
    """Find the joint between two segments from how they move against each other.

    The joint is the point that moves least as seen from both clusters. A hinge leaves its place
    along the axis open; the place nearest to the clusters is taken.

    Parameters
    ----------
    proximal, distal : ndarray, shape (frames, markers, 3)
        Marker clusters of the two segments.

    Returns
    -------
    ndarray, shape (frames, 3)
        The joint, mean of both segments' view of it; NaN where either is not seen.

    Notes
    -----
    Symmetrical centre of rotation estimation, Ehrig et al. 2006, J Biomech 39:2798-2809.
    """
    fits = [poses(rest(m) - np.nanmean(rest(m), axis=0), m) for m in (proximal, distal)]
    (ra, ta), (rb, tb) = fits
    both = np.flatnonzero(np.isfinite(ta[:, 0]) & np.isfinite(tb[:, 0]))
    if not len(both):
        return np.full(ta.shape, np.nan)
    pick = both[:: max(1, len(both) // _HINGE_FRAMES)]
    system = np.concatenate((ra[pick], -rb[pick]), axis=2).reshape(-1, 6)
    # Along the axis the equations say nothing: small singular values are cut off.
    local = np.linalg.pinv(system, rcond=0.1) @ (tb[pick] - ta[pick]).reshape(-1)
    a = np.einsum("fij,j->fi", ra, local[:3]) + ta
    b = np.einsum("fij,j->fi", rb, local[3:]) + tb
    middle: Array = (a + b) / 2
    return middle
