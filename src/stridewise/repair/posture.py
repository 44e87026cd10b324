"""Posture as a clock: strides are alike, so where in the stride a frame is tells when it was taken.

The points of a runner, seen from the hips, go round one closed path per stride. The path is found
as the mean over strides, as a Fourier series of the stride's phase, and each frame is then put
where on the path it fits best, by all points, so that one that jumps, or legs that change places,
hardly matter. That tells the time to within a few milliseconds, at any frame rate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.recording import Recording
from stridewise.repair.smooth import low_pass
from stridewise.skeletons import SIDES

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Parts whose points tell the posture; those of the legs may have changed places.
ARMS, LEGS = ("shoulder", "elbow", "wrist"), ("knee", "ankle", "heel", "big_toe")
#: Fewer strides do not tell what is usual in them.
STRIDES = 4.0
#: A point seen in fewer frames than this share is left aside.
_SEEN = 0.7
#: Frequencies around that of strides, as shares of it, in which their phase is first found, and the
#: share of the power of a rhythm that its half must have to be the stride's.
_BAND, _HALF = (0.6, 1.4), 0.15
#: Harmonics of the stride that the path is made of, and their highest frequency per frame.
_HARMONICS, _HIGHEST = 8, 0.4
#: Share of the frequency of strides up to which the clock follows the runner's own rhythm, in one
#: round after the other.
_FOLLOW = (0.4, 0.8, 0.8)
#: The same before the path is known.
_SLOW = 0.2
#: Steps towards the place on the path that fits best; how far one of them and all may go, in
#: radians of the stride.
_STEPS, _STEP, _REACH = 2, 0.6, 1.2
#: Robust standard deviations at which a coordinate counts half.
_ODD = 2.0
#: Places along the stride among which a frame is put when nothing is known of its time.
_PLACES = 72
#: By how much better exchanged sides must fit, as a logarithm of likelihood.
_EXCHANGED = 4.0


@dataclass(frozen=True, eq=False)
class Clock:
    """What posture tells of time.

    Parameters
    ----------
    strides : ndarray, shape (frames,)
        How many strides have passed at each frame.
    miss : callable
        Takes which frames, and postures as phases of the stride in radians; tells how far each
        frame is from each posture, (frames, postures).
    """

    strides: Array
    miss: Callable[[slice, Array], Array]

    def time(self, stamp: Array) -> Array:
        """When each frame was taken, in seconds, if strides come evenly and the file is right."""
        slope, start = np.polyfit(self.strides, stamp, 1)
        told: Array = start + slope * self.strides
        return told

    def anywhere(self, frames: slice) -> Array:
        """Tell where in the stride frames are, 0 to 1, whatever was before and after."""
        share = np.arange(_PLACES) / _PLACES
        place: Array = share[np.argmin(self.miss(frames, 2 * np.pi * share), axis=1)]
        return place


def posture_clock(recording: Recording) -> Clock | None:
    """Tell how far in the stride each frame is by the posture of the runner.

    Parameters
    ----------
    recording : Recording
        Points may be missing, left and right exchanged, times wrong.

    Returns
    -------
    Clock or None
        None where there are fewer than `STRIDES` strides, or no rhythm.
    """
    x, twins = _postures(recording)
    if len(x) < 2 or not len(twins):
        return None
    phase = _first_phase(x, recording.time)
    if phase is None or phase[-1] - phase[0] < 2 * np.pi * STRIDES:
        return None
    seen = np.isfinite(x)
    x = np.where(seen, x, np.nanmedian(x, axis=0))
    # As they came, with the legs exchanged, and with all.
    orders = [np.arange(x.shape[1]), twins, np.roll(np.arange(x.shape[1]), x.shape[1] // 2)]
    ways = np.stack([x[:, order] for order in orders])
    shown = np.stack([seen[:, order] for order in orders])
    per_frame = float(phase[-1] - phase[0]) / (2 * np.pi * (len(x) - 1))
    harmonics = np.arange(1, max(2, min(_HARMONICS, int(_HIGHEST / per_frame))) + 1)
    trust = np.ones((len(x), 1))
    for follow in _FOLLOW:
        series = _series(phase, harmonics)[0]
        path = np.linalg.lstsq(trust * series, trust * x, rcond=None)[0]
        scale = 1.4826 * np.median(np.abs(x - series @ path), axis=0) + 1e-9
        own = np.zeros(len(x))
        for _ in range(_STEPS):
            series, slope = _series(phase + own, harmonics)
            fit, speed = series @ path, slope @ path / scale
            x, seen = _in_order(ways, shown, fit, scale)
            miss = (x - fit) / scale
            weight = seen / (1 + (miss / _ODD) ** 2)
            towards = (weight * speed * miss).sum(1) / ((weight * speed**2).sum(1) + 1e-9)
            own = np.clip(own + np.clip(towards, -_STEP, _STEP), -_REACH, _REACH)
        steady = low_pass(own, follow * per_frame, 1.0)
        phase = phase + steady
        trust = 1 / np.sqrt(1 + np.minimum((miss / _ODD) ** 2, 10.0).mean(1, keepdims=True))

    def miss_of(frames: slice, phases: Array) -> Array:
        postures = _series(phases, harmonics)[0] @ path
        away = (ways[:, frames, None] - postures) / scale / _ODD
        far: Array = (np.log1p(away**2) * shown[:, frames, None]).sum(3).min(0)
        return far

    return Clock((phase + own - steady) / (2 * np.pi), miss_of)


def _postures(recording: Recording) -> tuple[Array, NDArray[np.intp]]:
    """Return points from the middle of the hips, (frames, coordinates), and legs' other sides.

    Coordinates are those of the left points and then, in the same order, those of the right ones.
    """
    middle = (recording.point("left_hip") + recording.point("right_hip")) / 2
    parts = [
        part
        for part in (*ARMS, *LEGS)
        if all(
            np.isfinite(recording.point(f"{side}_{part}")[:, 0]).mean() > _SEEN for side in SIDES
        )
    ]
    points = [recording.point(f"{side}_{part}") - middle for side in SIDES for part in parts]
    if not points:
        return np.zeros((recording.frames, 0)), np.zeros(0, dtype=np.intp)
    twins = np.arange(2 * len(points))
    legs = np.repeat([part in LEGS for part in parts], 2)
    left, right = np.flatnonzero(legs), np.flatnonzero(legs) + len(points)
    twins[left], twins[right] = right, left
    return np.concatenate(points, axis=1), twins


def _first_phase(x: Array, stamp: Array) -> Array | None:
    """Return the phase of the stride of each frame from the rhythm of left against right."""
    apart = x[:, : x.shape[1] // 2] - x[:, x.shape[1] // 2 :]
    apart = np.nan_to_num(apart - np.nanmean(apart, axis=0))
    even = np.linspace(stamp[0], stamp[-1], len(stamp))
    apart = np.stack([np.interp(even, stamp, column) for column in apart.T], axis=1)
    size = 1 << int(np.ceil(np.log2(4 * len(x))))
    spectrum = np.fft.rfft(apart * np.hanning(len(x))[:, None], size, axis=0)
    power = (np.abs(spectrum) ** 2).sum(1)
    power[: 2 * size // len(x)] = 0.0
    strongest = int(np.argmax(power))
    half = slice(int(0.46 * strongest), int(0.54 * strongest) + 2)
    if power[half].max() > _HALF * power[strongest]:
        strongest = half.start + int(np.argmax(power[half]))
    if not power[strongest] > 0:
        return None
    # The part of the motion that goes round once per stride, by all coordinates together.
    spectrum = np.fft.fft(apart, axis=0)
    frequency = np.fft.fftfreq(len(x)) * size / strongest
    spectrum[(frequency < _BAND[0]) | (frequency > _BAND[1])] = 0.0
    turning = np.fft.ifft(spectrum, axis=0)
    together = np.linalg.eigh(turning.conj().T @ turning)[1][:, -1]
    phase = np.unwrap(np.angle(turning @ together))
    # Near the ends the rhythm of the middle goes on.
    frames, stride = np.arange(len(x)), size / strongest
    inner = frames[round(stride / 2) : -round(stride / 2)]
    step = np.polyfit(inner, phase[inner], 1)[0]
    slow = low_pass(phase[inner] - inner * step, _SLOW / stride, 1.0)
    steady: Array = np.interp(stamp, even, frames * step + np.interp(frames, inner, slow))
    return steady


def _series(phase: Array, harmonics: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return the terms of a Fourier series, (frames, terms), and their slopes."""
    turns = np.exp(1j * np.outer(phase, harmonics))
    ones = np.ones((len(phase), 1))
    return (
        np.concatenate([ones, turns.real, turns.imag], axis=1),
        np.concatenate([0 * ones, -harmonics * turns.imag, harmonics * turns.real], axis=1),
    )


def _in_order(ways: Array, shown: Mask, fit: Array, scale: Array) -> tuple[Array, Mask]:
    """Take each frame the way in which it fits best: the first, if there is little between them."""
    cost = (np.log1p(((ways - fit) / scale / _ODD) ** 2) * shown).sum(2)
    cost[0] -= _EXCHANGED
    way, frames = np.argmin(cost, axis=0), np.arange(cost.shape[1])
    return ways[way, frames], shown[way, frames]
