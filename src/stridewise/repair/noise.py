"""How noisy the keypoints are, judged from the recording itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.recording import Recording
from stridewise.repair.smooth import fill_gaps

#: Above this share of the frame rate, running leaves little but noise in a keypoint.
_FLOOR_FROM = 0.35
_LONGEST = 8192


def noise_level(recording: Recording) -> NDArray[np.float64]:
    """Estimate the white noise of each keypoint from the floor of its power spectrum.

    Parameters
    ----------
    recording : Recording
        On a uniform time base, not smoothed.

    Returns
    -------
    ndarray, shape (keypoints,)
        Standard deviation per coordinate in the unit of the recording; NaN for absent points.
        Noise that the pose estimator smoothed away before is not seen.
    """
    from scipy.signal import detrend

    xy = recording.xy[:_LONGEST]
    level = np.full(len(recording.keypoints), np.nan)
    if len(xy) < 32:
        return level
    seen = np.isfinite(xy[..., 0]).mean(axis=0) > 0.5
    filled = fill_gaps(xy[:, seen])
    window = np.hanning(len(xy))[:, None, None]
    spectrum = np.abs(np.fft.rfft(detrend(filled, axis=0) * window, axis=0)) ** 2
    power = spectrum / (window**2).sum()
    floor = power[int(_FLOOR_FROM * 2 * (len(power) - 1)) :]
    # The median of an exponential distribution is ln 2 times its mean; it ignores motion peaks.
    level[seen] = np.sqrt(np.median(floor, axis=(0, 2)) / np.log(2.0))
    return level
