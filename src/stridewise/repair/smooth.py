"""Smoothing: a zero-lag Butterworth filter that leaves gaps as gaps."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Two passes of a second-order filter lower its cut-off by this factor (Winter 2009, ch. 3).
_TWO_PASSES = (2**0.5 - 1) ** 0.25


def fill_gaps(values: Array, limit: int | None = None) -> Array:
    """Fill NaN runs along the first axis: short gaps smoothly, or everything by straight lines.

    Parameters
    ----------
    values : ndarray, shape (frames, ...)
    limit : int, optional
        Longest run to fill, in frames, by a monotone cubic; longer runs, and runs at the ends,
        stay NaN. Without a limit everything is filled by straight lines and held ends, so that a
        filter can pass.

    Returns
    -------
    ndarray
        A filled copy; a column without any value stays NaN.
    """
    flat = values.reshape(len(values), -1).copy()
    rows = np.arange(len(flat))
    for column in flat.T:
        bad = ~np.isfinite(column)
        if not bad.any() or bad.all():
            continue
        known = ~bad
        if limit is None or known.sum() < 2:
            column[bad] = np.interp(rows[bad], rows[known], column[known])
            continue
        from scipy.interpolate import PchipInterpolator

        short = bad & ~_long_runs(bad, limit)
        column[short] = PchipInterpolator(rows[known], column[known])(rows[short])
    return flat.reshape(values.shape)


def _long_runs(bad: NDArray[np.bool_], limit: int) -> NDArray[np.bool_]:
    """Mark runs of True that are longer than `limit` or touch an end."""
    edges = np.flatnonzero(np.diff(np.r_[False, bad, False].astype(np.int8)))
    long = np.zeros_like(bad)
    for start, stop in edges.reshape(-1, 2):
        if stop - start > limit or start == 0 or stop == len(bad):
            long[start:stop] = True
    return long


def low_pass(values: Array, cutoff_hz: float, fps: float) -> Array:
    """Low-pass along the first axis without delay; gaps are bridged for the filter and put back.

    Fourth-order effective Butterworth: second order, forwards and backwards, with the cut-off
    corrected for the two passes (Winter 2009, Biomechanics and Motor Control, ch. 3).

    Parameters
    ----------
    values : ndarray, shape (frames, ...)
    cutoff_hz : float
        Effective -3 dB frequency; held below 0.45 of the frame rate.
    fps : float
        Frames per second of the uniform time base.
    """
    from scipy.signal import sosfiltfilt

    if len(values) < 16:
        return values.copy()
    sections = _sections(cutoff_hz, fps)
    gaps = ~np.isfinite(values)
    filled = fill_gaps(values) if gaps.any() else values
    flat = np.ascontiguousarray(filled.reshape(len(values), -1).T)
    smooth: Array = np.ascontiguousarray(sosfiltfilt(sections, flat, axis=1).T)
    smooth = smooth.reshape(values.shape)
    if gaps.any():
        smooth[gaps] = np.nan
    return smooth


@lru_cache(maxsize=64)
def _sections(cutoff_hz: float, fps: float) -> Array:
    """Design the filter of one pass; the same few are asked for over and over."""
    from scipy.signal import butter

    sections: Array = butter(2, min(cutoff_hz / _TWO_PASSES, 0.45 * fps), fs=fps, output="sos")
    return sections


def noise_gain(cutoff_hz: float, fps: float) -> float:
    """Return by how much `low_pass` shrinks the standard deviation of white noise."""
    return float(np.sqrt(min(1.0, cutoff_hz / _TWO_PASSES / (fps / 2))))


def derivative(values: Array, fps: float) -> Array:
    """Central differences along the first axis, per second."""
    out: Array = np.gradient(values, 1.0 / fps, axis=0)
    return out
