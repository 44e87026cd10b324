"""What a pose estimator does to a perfect recording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.recording import Recording

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Noise:
    """How much goes wrong, and how often; all zero is a perfect estimator.

    Sizes are standard deviations per coordinate as a share of leg length. Bursts start at random
    (Poisson) and last an exponentially distributed time.

    Parameters
    ----------
    white : float
        Jitter that is new in every frame.
    slow, slow_s : float
        Jitter that wanders, and its correlation time in seconds (first-order autoregressive).
    systematic : float
        Offset of every point that lasts the whole recording: joints are not where the estimator
        was taught they are.
    gaps_per_min, gap_s : float
        Bursts of one point lost: how many per point and minute, mean length in seconds.
    weak_per_min, weak_s : float
        Bursts of one point seen with low confidence (0.1 to 0.4) and three times the jitter.
    swaps_per_min, swap_s : float
        Bursts in which left and right legs change places.
    outliers : float
        Share of single points that jump about `outlier_size` leg lengths away.
    outlier_size : float
        Standard deviation of the jump per coordinate, as a share of leg length.
    dropped_frames : float
        Share of frames that are lost; the others keep their times.
    time_jitter_s : float
        Standard deviation of the error of the time stamps; the order of frames is kept.
    """

    white: float = 0.0
    slow: float = 0.0
    slow_s: float = 0.15
    systematic: float = 0.0
    gaps_per_min: float = 0.0
    gap_s: float = 0.1
    weak_per_min: float = 0.0
    weak_s: float = 0.1
    swaps_per_min: float = 0.0
    swap_s: float = 0.08
    outliers: float = 0.0
    outlier_size: float = 0.3
    dropped_frames: float = 0.0
    time_jitter_s: float = 0.0


#: Plain names for the command line; rough classes of video, not measurements of an estimator.
LEVELS: Mapping[str, Noise] = {
    "none": Noise(),
    "low": Noise(white=0.003, slow=0.003, systematic=0.01),
    "typical": Noise(
        white=0.005,
        slow=0.006,
        systematic=0.02,
        gaps_per_min=1.0,
        weak_per_min=3.0,
        swaps_per_min=0.5,
        outliers=0.0005,
        time_jitter_s=0.0005,
    ),
    "poor": Noise(
        white=0.012,
        slow=0.012,
        systematic=0.04,
        gaps_per_min=6.0,
        weak_per_min=15.0,
        swaps_per_min=6.0,
        outliers=0.005,
        dropped_frames=0.02,
        time_jitter_s=0.002,
    ),
}


def kept_frames(frames: int, noise: Noise, rng: np.random.Generator) -> Mask:
    """Draw which frames are not lost, shape (frames,)."""
    kept: Mask = rng.random(frames) >= noise.dropped_frames
    return kept


def degrade(
    recording: Recording, noise: Noise, leg_length_px: float, rng: np.random.Generator
) -> Recording:
    """Return the recording as an estimator with this noise would have written it.

    Parameters
    ----------
    recording : Recording
        Perfect points.
    noise : Noise
        What goes wrong.
    leg_length_px : float
        Length of the runner's leg in the unit of the recording.
    rng : numpy.random.Generator
        Same generator state, same result.

    Returns
    -------
    Recording
        With fewer frames where frames are dropped.
    """
    recording = recording.take(kept_frames(recording.frames, noise, rng))
    time, names = recording.time, recording.keypoints
    shape = recording.xy.shape
    weak = _bursts(time, shape[1], noise.weak_per_min, noise.weak_s, rng)
    jitter = noise.white * rng.standard_normal(shape) * np.where(weak, 3.0, 1.0)[..., None]
    jitter += noise.slow * wander(
        time, np.full(shape[1:], noise.slow_s), rng.standard_normal(shape)
    )
    jitter += noise.systematic * rng.standard_normal(shape[1:])
    jumps = rng.random(shape[:2]) < noise.outliers
    jitter += noise.outlier_size * rng.standard_normal(shape) * jumps[..., None]
    xy = recording.xy + leg_length_px * jitter
    confidence = np.where(
        weak, rng.uniform(0.1, 0.4, shape[:2]), recording.confidence * _sure(noise, shape[:2], rng)
    )
    swapped = _bursts(time, 1, noise.swaps_per_min, noise.swap_s, rng)[:, 0]
    mirror = _leg_mirror(names)
    xy[swapped] = xy[swapped][:, mirror]
    confidence[swapped] = confidence[swapped][:, mirror]
    xy[_bursts(time, shape[1], noise.gaps_per_min, noise.gap_s, rng)] = np.nan
    return recording.with_(xy=xy, confidence=confidence, time=_stamp(time, noise, rng))


def _bursts(
    time: Array, count: int, per_min: float, mean_s: float, rng: np.random.Generator
) -> Mask:
    """Draw independent bursts for `count` points, shape (frames, count)."""
    mask = np.zeros((len(time), count), dtype=bool)
    if per_min <= 0 or len(time) == 0:
        return mask
    duration = time[-1] - time[0]
    for column, n in enumerate(rng.poisson(per_min * duration / 60, count)):
        starts = time[0] + duration * rng.random(n)
        for start, end in zip(starts, starts + rng.exponential(mean_s, n), strict=True):
            mask[(time >= start) & (time < end), column] = True
    return mask


def wander(time: Array, correlation_s: Array, noise: Array) -> Array:
    """Let white noise of unit variance wander: correlation exp(-lag / correlation_s).

    Parameters
    ----------
    time : ndarray, shape (frames,)
    correlation_s : ndarray, any shape
        Correlation time of each series, in seconds.
    noise : ndarray, shape (frames, *correlation_s.shape)
    """
    slow = noise.copy()
    step = np.diff(time).reshape(-1, *[1] * correlation_s.ndim)
    keep = np.exp(-step / np.maximum(correlation_s, 1e-9))
    new = np.sqrt(1 - keep**2) * noise[1:]
    for i in range(len(new)):
        slow[i + 1] = keep[i] * slow[i] + new[i]
    return slow


def _sure(noise: Noise, shape: tuple[int, ...], rng: np.random.Generator) -> Array | float:
    """Draw the confidence of points that are seen well; 1 for a perfect estimator."""
    return 1.0 if noise == Noise() else rng.uniform(0.8, 1.0, shape)


def _leg_mirror(names: tuple[str, ...]) -> list[int]:
    """Return, per keypoint, the index of its twin on the other leg; its own elsewhere."""
    legs = ("hip", "knee", "ankle", "heel", "big_toe", "small_toe")
    twins = {
        f"{a}_{p}": f"{b}_{p}" for p in legs for a, b in (("left", "right"), ("right", "left"))
    }
    index = {name: i for i, name in enumerate(names)}
    return [index.get(twins.get(name, name), i) for i, name in enumerate(names)]


def _stamp(time: Array, noise: Noise, rng: np.random.Generator) -> Array:
    """Add stamp errors, held below 0.4 of the shortest frame so that time still increases."""
    if noise.time_jitter_s == 0 or len(time) < 2:
        return time
    limit = 0.4 * np.diff(time).min()
    stamped: Array = time + np.clip(
        noise.time_jitter_s * rng.standard_normal(len(time)), -limit, limit
    )
    return stamped
