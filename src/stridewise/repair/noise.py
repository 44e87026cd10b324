"""How noisy the keypoints are, judged from the recording itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.recording import Recording
from stridewise.repair.smooth import runs

Array = NDArray[np.float64]

#: Above this share of the frame rate, running leaves little but noise in a keypoint.
FLOOR_FROM = 0.35
_SHORTEST, _LONGEST = 16, 8192


def noise_level(recording: Recording) -> Array:
    """Estimate the white noise of each keypoint from the floor of its power spectrum.

    Parameters
    ----------
    recording : Recording
        On an even time base, not smoothed.

    Returns
    -------
    ndarray, shape (keypoints,)
        Standard deviation per coordinate in the unit of the recording, from the longest stretch
        without a gap; NaN for points without a stretch of 16 frames. Noise that the pose estimator
        smoothed away before is not seen, nor all of that of a recording with uneven time stamps,
        because resampling smooths a little.
    """
    level = np.full(len(recording.keypoints), np.nan)
    # Points with the same stretch go together, mostly all of them: one transform instead of many.
    alike: dict[tuple[int, int], list[int]] = {}
    for k in range(len(level)):
        stretches = runs(np.isfinite(recording.xy[:, k, 0]))
        start, stop = max(stretches, key=lambda run: run[1] - run[0], default=(0, 0))
        if stop - start >= _SHORTEST:
            alike.setdefault((start, min(stop, start + _LONGEST)), []).append(k)
    for (start, stop), points in alike.items():
        level[points] = _floor(recording.xy[start:stop, points])
    return level


def _floor(xy: Array) -> Array:
    """Return the standard deviation of white noise in positions, shape (frames, points, 2)."""
    from scipy.signal import detrend

    columns = np.ascontiguousarray(xy.transpose(1, 2, 0))
    window = np.hanning(columns.shape[-1])
    spectrum = np.fft.rfft(detrend(columns) * window)
    above = int(np.ceil(FLOOR_FROM * columns.shape[-1]))
    power = np.abs(spectrum[..., above:]) ** 2 / float((window**2).sum())
    # The median of an exponential distribution is ln 2 times its mean; it ignores motion peaks.
    middle = np.median(power.reshape(len(power), -1), axis=1)
    level: Array = np.sqrt(middle / np.log(2.0))
    return level
