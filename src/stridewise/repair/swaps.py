"""Left and right that changed places: found over the whole recording at once.

When the two sides of a pair of limbs change places, the sum of their positions stays and the
difference between them, left minus right, turns its sign. In running that difference moves smoothly
on a loop (the legs are in anti-phase: it comes round once per stride) that may pass near zero but
never stops there. So the question is which signs make it smooth, and the answer is the cheapest
path through a chain of two states, kept and exchanged (Viterbi 1967), with a price for every change
of state and a small one for every second exchanged. Where the difference does pass near zero, as
that of the arms does in a side view, the rest of the recording tells which sign it should have:
arms swing against the legs, hips and shoulders keep their order in a front view.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stridewise.recording import Recording

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Parts that change places together, from the trunk outwards.
LEGS = ("hip", "knee", "ankle", "heel", "big_toe", "small_toe")
ARMS = ("shoulder", "elbow", "wrist")
FACE = ("eye", "ear")

#: Price of a change of state and of one second exchanged, as negative log-probabilities: bursts are
#: rare, and most of a recording is labelled as it should be.
_CHANGE, _SECOND = 10.0, 4.0
#: Frames further apart than this say nothing about each other.
_APART_S = 0.2
#: The last velocity is trusted in full up to this frame rate; above it, noise drowns it.
_VELOCITY_FPS = 60.0
#: Smallest scale of the prediction error, leg lengths, and the degrees of freedom of its tails:
#: motion is uneven and single points jump.
_SCALE, _TAILS = 0.01, 4.0
#: Median of the squared error of a plane, from its lower quartile, which swaps leave alone.
_TYPICAL = 2.4
#: What the rest of the recording predicts errs alike over this time.
_ALIKE_S = 0.1
#: Heel and toes err along with the ankle, so each counts as this share of an independent point.
_SHARE = {"heel": 0.3, "big_toe": 0.3, "small_toe": 0.3}
#: Sides closer together than this share of their distance within this time have merged.
_CLOSE, _SUDDEN_S = 0.6, 0.05
#: How often what is expected is learnt again from what was put in order.
_ROUNDS = 2


def find_swaps(
    recording: Recording,
    parts: Sequence[str],
    leg_length: float,
    guides: Sequence[str] = (),
) -> Mask:
    """Find the frames in which left and right have changed places.

    Parameters
    ----------
    recording : Recording
        Times may be uneven, points may be missing.
    parts : sequence of str
        Paired parts that change places together, such as `LEGS`.
    leg_length : float
        In the unit of the recording.
    guides : sequence of str
        Paired parts, already in order, that move along with these.

    Returns
    -------
    ndarray of bool, shape (frames,)
        The fewer frames of the two labellings that are mirror images of each other.
    """
    out = np.zeros(recording.frames, dtype=bool)
    if recording.frames < 3:
        return out
    whole = _difference(recording, parts) / leg_length
    telling = _telling(whole)
    if not telling.any():
        return out
    # Arms do pass each other all at once; they have the legs to tell their order.
    merged = np.zeros_like(out) if guides else _merged(whole[:, telling], recording.fps)
    seen = np.flatnonzero(np.isfinite(whole[..., 0]).any(axis=1) & ~merged)
    if len(seen) < 3:
        return out
    apart, time = whole[seen], recording.time[seen]
    guide = _difference(recording, guides)[seen] / leg_length
    weights = np.array([_SHARE.get(part, 1.0) for part in _paired(recording, parts)]) * telling
    steps = np.diff(time, prepend=time[0])
    motion = _motion_costs(apart, time, weights)
    swapped = np.zeros(len(seen), dtype=bool)
    for _ in range(_ROUNDS):
        expected = _expected(np.where(swapped[:, None, None], -apart, apart), guide)
        found = _cheapest(motion, _state_costs(apart, expected, steps, weights))
        if np.array_equal(found, swapped):
            break
        swapped = found
    if 2 * np.count_nonzero(swapped) > len(seen):
        swapped = ~swapped
    out[seen] = swapped
    # A merged frame is turned when it lies opposite to those in order before and after it.
    ordered = np.where(swapped[:, None, None], -apart, apart)
    between = np.flatnonzero(merged)
    after = np.searchsorted(seen, between).clip(1, len(seen) - 1)
    opposite = [
        np.nansum(whole[between] * ordered[near], axis=(1, 2)) < 0 for near in (after - 1, after)
    ]
    out[between] = opposite[0] & opposite[1]
    return out


def exchange(recording: Recording, parts: Sequence[str], frames: Mask) -> Recording:
    """Let left and right of these parts change places in these frames."""
    mirror = np.arange(len(recording.keypoints))
    for left, right in _pairs(recording, parts):
        mirror[[left, right]] = right, left

    def turned(values: Array) -> Array:
        values = values.copy()
        values[frames] = values[frames][:, mirror]
        return values

    return recording.with_(
        xy=turned(recording.xy),
        confidence=turned(recording.confidence),
        depth=None if recording.depth is None else turned(recording.depth),
    )


def _paired(recording: Recording, parts: Sequence[str]) -> list[str]:
    """Return those parts that the recording has on both sides."""
    names = set(recording.keypoints)
    return [part for part in parts if {f"left_{part}", f"right_{part}"} <= names]


def _pairs(recording: Recording, parts: Sequence[str]) -> list[tuple[int, int]]:
    index = {name: i for i, name in enumerate(recording.keypoints)}
    found = _paired(recording, parts)
    return [(index[f"left_{part}"], index[f"right_{part}"]) for part in found]


def _difference(recording: Recording, parts: Sequence[str]) -> Array:
    """Left minus right, shape (frames, pairs, 2), or (frames, pairs, 3) with depth."""
    pairs = np.array(_pairs(recording, parts), dtype=int).reshape(-1, 2)
    apart = recording.xy[:, pairs[:, 0]] - recording.xy[:, pairs[:, 1]]
    if recording.depth is None:
        return apart
    depth = recording.depth[:, pairs[:, 0]] - recording.depth[:, pairs[:, 1]]
    return np.concatenate([apart, depth[..., None]], axis=2)


def _merged(apart: Array, fps: float) -> Mask:
    """Find frames in which the two sides are suddenly close to each other.

    Estimators that smooth over time let the points of both sides run through each other when they
    change places; such frames belong to neither state. Running brings the legs together less
    suddenly, and never all points at once.
    """
    from scipy.ndimage import median_filter

    half = round(_SUDDEN_S * fps)
    if half < 3:
        return np.zeros(len(apart), dtype=bool)
    distance = (apart**2).sum(axis=2)
    count = np.isfinite(distance).sum(axis=1)
    size = np.where(count > 0, np.sqrt(np.nansum(distance, axis=1) / np.maximum(count, 1)), np.inf)
    close: Mask = size < _CLOSE * median_filter(size, 2 * half + 1, mode="nearest")
    return close


def _telling(apart: Array) -> Mask:
    """Tell the pairs whose sides are apart by more than noise, shape (pairs,).

    Noise alone changes from frame to frame by more than its own size, twice in the mean square.
    """
    size, change = (
        _quantiles((values**2).sum(axis=2), 50.0) for values in (apart, np.diff(apart, axis=0))
    )
    telling: Mask = change < size
    return telling


def _motion_costs(apart: Array, time: Array, weights: Array) -> Array:
    """Cost of each frame given the two before it, shape (frames, 2, 2).

    The second index tells whether the state changes into this frame, the third whether it changed
    into the frame before.
    """
    frames, pairs, axes = apart.shape
    steps = np.diff(time)
    now, last = apart[1:], apart[:-1]
    trust = min(1.0, _VELOCITY_FPS * float(np.median(steps)))
    ahead = np.zeros((frames - 1, 1, 1))
    ahead[1:, 0, 0] = trust * np.clip(steps[1:] / steps[:-1], 0.5, 2.0)
    ahead[1:][steps[:-1] > _APART_S] = 0.0
    before = np.concatenate([last[:1], last[:-1]])
    ahead = np.where(np.isfinite(before), ahead, 0.0)
    before = np.nan_to_num(before)
    error = np.empty((2, 2, frames - 1, pairs))
    for changed, sign in enumerate((1.0, -1.0)):
        guess = (1 + ahead) * last - sign * ahead * before
        error[0, changed] = ((now - guess) ** 2).sum(axis=2)
        error[1, changed] = ((now + guess) ** 2).sum(axis=2)
    error[:, :, steps > _APART_S] = np.nan
    out = np.zeros((frames, 2, 2))
    out[1:] = np.moveaxis(_misfit(error, error[0, 0], axes, weights), 2, 0)
    return out


def _misfit(error: Array, typical: Array, axes: int, weights: Array) -> Array:
    """Negative log-likelihood of squared errors (..., frames, pairs) with heavy tails (Student)."""
    scale = np.maximum(_TYPICAL * _quantiles(typical, 25.0), _SCALE**2)
    each = (_TAILS + axes) / 2 * np.log1p(error / (_TAILS * scale))
    total: Array = np.nansum(weights * each, axis=-1)
    return total


def _quantiles(values: Array, percent: float) -> Array:
    """Percentile of the known values of each column; 0 where there are none."""
    if len(values) and np.isfinite(values).all():
        whole: Array = np.percentile(values, percent, axis=0)
        return whole
    known = [column[np.isfinite(column)] for column in values.T]
    return np.array([np.percentile(column, percent) if column.size else 0.0 for column in known])


def _expected(apart: Array, guide: Array) -> Array:
    """Predict the difference from that of the guides and its mean, by least squares."""
    frames, pairs = apart.shape[:2]
    known = [np.ones((frames, 1)), guide.reshape(frames, -1)]
    factors = np.concatenate(known, axis=1)
    factors = factors[:, np.isfinite(factors).mean(axis=0) > 0.5]
    whole = np.isfinite(factors).all(axis=1)
    out = np.zeros_like(apart)
    for k in range(pairs):
        rows = whole & np.isfinite(apart[:, k]).all(axis=1)
        if np.count_nonzero(rows) > 4 * factors.shape[1]:
            weights, *_ = np.linalg.lstsq(factors[rows], apart[rows, k], rcond=None)
            out[whole, k] = factors[whole] @ weights
    return out


def _state_costs(apart: Array, expected: Array, steps: Array, weights: Array) -> Array:
    """Cost of being kept and exchanged in each frame, shape (frames, 2)."""
    error = np.stack([((apart - sign * expected) ** 2).sum(axis=2) for sign in (1.0, -1.0)])
    weight = np.minimum(steps / _ALIKE_S, 1.0)
    costs = weight * _misfit(error, error[0], apart.shape[2], weights)
    costs[1] += _SECOND * steps
    out: Array = costs.T
    return out


def _cheapest(motion: Array, state: Array) -> Mask:
    """Return the states (True is exchanged) along the cheapest path."""
    # Total cost by state before and state now (0 kept, 1 exchanged).
    t00, t01, t10, t11 = 0.0, np.inf, np.inf, 0.0
    came = []
    own = state[1:].tolist()
    for (on, on_after, off, off_after), (kept, exchanged) in zip(
        motion[1:].reshape(-1, 4).tolist(), own, strict=True
    ):
        # Each pair: without and with a change into the frame before.
        a00, b00 = t00 + on, t10 + on_after
        a01, b01 = t00 + off, t10 + off_after
        a11, b11 = t11 + on, t01 + on_after
        a10, b10 = t11 + off, t01 + off_after
        came.append((b00 < a00, b01 < a01, b10 < a10, b11 < a11))
        t00 = (b00 if b00 < a00 else a00) + kept
        t01 = (b01 if b01 < a01 else a01) + exchanged + _CHANGE
        t10 = (b10 if b10 < a10 else a10) + kept + _CHANGE
        t11 = (b11 if b11 < a11 else a11) + exchanged
    now = int(min(t01, t11) < min(t00, t10))
    before = int(t11 < t01) if now else int(t10 < t00)
    path = [now]
    for changed in reversed(came):
        path.append(before)
        before, now = before ^ changed[2 * before + now], before
    return np.array(path[::-1], dtype=bool)
