"""Interpolation: one way to fill gaps and to move a recording to another time base."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Instants closer than this, in seconds, are the same.
_SAME_S = 1e-9


def resample(time: Array, values: Array, new_time: Array, widest_s: float) -> Array:
    """Interpolate one point over time, but not across gaps.

    Akima's piecewise cubics: unlike a spline they overshoot little when the samples are noisy, and
    unlike monotone cubics they keep the peaks of a swinging foot.

    Parameters
    ----------
    time : ndarray, shape (frames,)
        Increasing seconds.
    values : ndarray, shape (frames, coordinates)
        A frame counts as missing when any coordinate is NaN.
    new_time : ndarray, shape (new frames,)
        Increasing seconds.
    widest_s : float
        Instants between two known samples further apart than this become NaN; so do those outside
        the known samples.

    Returns
    -------
    ndarray, shape (new frames, coordinates)
    """
    from scipy.interpolate import Akima1DInterpolator

    out = np.full((len(new_time), values.shape[1]), np.nan)
    known = np.isfinite(values).all(axis=1)
    at, samples = time[known], values[known]
    if not len(at):
        return out
    near = np.searchsorted(at, new_time).clip(1, max(len(at) - 1, 1))
    if len(at) > 1:
        bridged = at[near] - at[near - 1] <= widest_s + _SAME_S
        bridged &= (new_time >= at[0]) & (new_time <= at[-1])
        out[bridged] = Akima1DInterpolator(at, samples)(new_time[bridged])
    # What was measured stays, also alone between two gaps.
    nearest = nearest_index(at, new_time)
    same = np.abs(at[nearest] - new_time) < _SAME_S
    out[same] = samples[nearest[same]]
    return out


def nearest_index(time: Array, asked: Array) -> NDArray[np.intp]:
    """Return, for each instant asked for, the index of the nearest of the increasing times."""
    after = np.searchsorted(time, asked).clip(0, len(time) - 1)
    before = (after - 1).clip(0)
    index: NDArray[np.intp] = np.where(asked - time[before] < time[after] - asked, before, after)
    return index
