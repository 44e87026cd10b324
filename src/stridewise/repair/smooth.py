"""Smoothing: a zero-lag Butterworth filter that leaves gaps as gaps."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Two passes of a second-order filter lower its cut-off by this factor (Winter 2009, ch. 3).
_TWO_PASSES = (2**0.5 - 1) ** 0.25
#: Highest cut-off as a share of the frame rate.
_HIGHEST = 0.45
#: Frames by which each stretch is continued, mirrored in its end points, before it is filtered.
_PADDING = 9


def low_pass(values: Array, cutoff_hz: float, fps: float) -> Array:
    """Low-pass along the first axis without delay; each stretch between gaps for itself.

    Fourth-order effective Butterworth: second order, forwards and backwards, with the cut-off
    corrected for the two passes (Winter 2009, Biomechanics and Motor Control, ch. 3).

    Parameters
    ----------
    values : ndarray, shape (frames, ...)
        NaN in gaps, which stay.
    cutoff_hz : float
        Effective -3 dB frequency; held below 0.45 of the frame rate.
    fps : float
        Frames per second of the even time base.

    Returns
    -------
    ndarray, shape (frames, ...)
    """
    from scipy.signal import sosfiltfilt

    def smooth(stretch: Array) -> Array:
        padding = min(_PADDING, stretch.shape[-1] - 1)
        out: Array = sosfiltfilt(sections, stretch, axis=-1, padlen=padding)
        return out

    sections = _sections(cutoff_hz, fps)
    columns = np.array(values.reshape(len(values), -1).T, order="C")
    known = np.isfinite(columns)
    whole = known.all(axis=1)
    if whole.any() and len(values):
        columns[whole] = smooth(columns[whole])
    for i in np.flatnonzero(~whole):
        for start, stop in runs(known[i]):
            columns[i, start:stop] = smooth(columns[i, start:stop])
    return np.ascontiguousarray(columns.T).reshape(values.shape)


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return where each unbroken run of True starts and stops (exclusive)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


@lru_cache(maxsize=64)
def _sections(cutoff_hz: float, fps: float) -> Array:
    """Design the filter of one pass; the same few are asked for over and over."""
    from scipy.signal import butter

    # The correction holds for an analogue filter, whose frequency is the tangent of the digital's.
    analogue = np.tan(np.pi * min(cutoff_hz / fps, _HIGHEST)) / _TWO_PASSES
    sections: Array = butter(2, 2 / np.pi * np.arctan(analogue), output="sos")
    return sections


@lru_cache(maxsize=64)
def noise_gain(cutoff_hz: float, fps: float) -> float:
    """Return by how much `low_pass` shrinks the standard deviation of white noise."""
    from scipy.signal import sosfreqz

    _, response = sosfreqz(_sections(cutoff_hz, fps), worN=1024)
    return float(np.sqrt(np.mean(np.abs(response) ** 4)))


def derivative(values: Array, fps: float) -> Array:
    """Central differences along the first axis, per second."""
    out: Array = np.gradient(values, 1.0 / fps, axis=0)
    return out
