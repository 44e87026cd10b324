"""Short gaps: filled as the point moves on both sides, and at the length of its bone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.repair.resample import resample
from stridewise.repair.smooth import runs

Array = NDArray[np.float64]

#: A polynomial of this degree over this much of the motion on each side, and four frames at least.
#: Of gaps of 50 to 100 ms in the knees and ankles of laboratory runners it misses a third less than
#: Akima's cubics, which know one frame on each side.
_DEGREE, _BESIDE_S, _FRAMES = 6, 0.1, 4
#: With fewer known frames on a side, Akima's cubics are left.
_FEWEST = 3
#: Bones whose length beside a gap does not vary by more than this lie in the plane of the picture;
#: their length then counts for this much against the point's own motion.
_STEADY, _PULL = 0.93, 0.7


def fill(time: Array, values: Array, widest_s: float) -> Array:
    """Fill short gaps of one point, from least squares over what lies on both sides.

    Parameters
    ----------
    time : ndarray, shape (frames,)
        Even seconds.
    values : ndarray, shape (frames, coordinates)
        A frame counts as missing when any coordinate is NaN.
    widest_s : float
        Longest time between two known frames that is bridged.

    Returns
    -------
    ndarray, shape (frames, coordinates)
        Known frames as they are.
    """
    out = resample(time, values, time, widest_s)
    known = np.asarray(np.isfinite(values).all(axis=1), dtype=bool)
    for start, stop in _bridged(known, out):
        beside = _beside(time, start, stop)
        at = np.flatnonzero(known[beside]) + beside.start
        if min((at < start).sum(), (at >= stop).sum()) < _FEWEST:
            continue
        middle, half = (time[start] + time[stop - 1]) / 2, (time[at[-1]] - time[at[0]]) / 2
        degree = min(_DEGREE, len(at) - 2)
        fit = np.polynomial.chebyshev.chebfit((time[at] - middle) / half, values[at], degree)
        inside = (time[start:stop] - middle) / half
        out[start:stop] = np.polynomial.chebyshev.chebval(inside, fit).T
    return out


def keep_length(time: Array, known: NDArray[np.bool_], lower: Array, upper: Array) -> Array:
    """Pull filled frames of a joint towards where its bone has the length it has beside the gap.

    Parameters
    ----------
    time : ndarray, shape (frames,)
        Even seconds.
    known : ndarray of bool, shape (frames,)
        Frames in which the joint was seen, which stay as they are.
    lower, upper : ndarray, shape (frames, coordinates)
        The joint, filled, and the other end of its bone.

    Returns
    -------
    ndarray, shape (frames, coordinates)
        `lower`, changed where the bone shows nearly the same length on both sides of the gap, so
        that it lies in the plane of the picture.
    """
    out = lower.copy()
    bone = lower - upper
    length = np.sqrt((bone**2).sum(axis=1))
    for start, stop in _bridged(known, lower):
        beside = _beside(time, start, stop)
        seen = known[beside] & np.isfinite(length[beside])
        around = length[beside][seen]
        if len(around) < _FRAMES or around.min() < _STEADY * around.max():
            continue
        line = np.polynomial.Polynomial.fit(time[beside][seen], around, 1)
        share = line(time[start:stop]) / length[start:stop] - 1.0
        pulled = out[start:stop] + _PULL * share[:, None] * bone[start:stop]
        out[start:stop] = np.where(np.isfinite(pulled), pulled, out[start:stop])
    return out


def _bridged(known: NDArray[np.bool_], filled: Array) -> list[tuple[int, int]]:
    """Return the gaps that have been filled."""
    return [(a, b) for a, b in runs(~known) if np.isfinite(filled[a:b]).all()]


def _beside(time: Array, start: int, stop: int) -> slice:
    """Return the frames from before a gap to after it."""
    margin = max(round(_BESIDE_S * (len(time) - 1) / float(time[-1] - time[0])) + 1, _FRAMES)
    return slice(max(start - margin, 0), min(stop + margin, len(time)))
