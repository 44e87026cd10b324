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
#: Each stretch is continued, mirrored in its end points, for this many periods of the cut-off and
#: frames at least before it is filtered: what the filter does at the far ends has then died away.
_PADDING, _MIN_PADDING = 2.0, 40


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
        if stretch.shape[-1] < 2:
            return stretch
        around = [(0, 0)] * (stretch.ndim - 1) + [(padding, padding)]
        longer = np.pad(stretch, around, mode="reflect", reflect_type="odd")
        out: Array = sosfiltfilt(sections, longer, axis=-1, padlen=0)[..., padding:-padding]
        return out

    sections = _sections(cutoff_hz, fps)
    padding = max(int(np.ceil(_PADDING * fps / cutoff_hz)), _MIN_PADDING)
    if not values.size:
        return values.copy()
    columns = np.array(values.reshape(len(values), -1).T, order="C")
    known = np.isfinite(columns)
    whole = known.all(axis=1)
    if whole.any():
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

    frequencies = np.pi * (np.arange(1024) + 0.5) / 1024
    _, response = sosfreqz(_sections(cutoff_hz, fps), worN=frequencies)
    return float(np.sqrt(np.mean(np.abs(response) ** 4)))


def derivative(values: Array, fps: float) -> Array:
    """Central differences along the first axis, per second."""
    out: Array = np.gradient(values, 1.0 / fps, axis=0)
    return out
