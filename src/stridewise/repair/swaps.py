"""Left and right that changed places for a moment: found where rhythm and motion both say so.

When the two sides of a pair of limbs change places, the sum of their positions stays and the
difference between them, left minus right, turns its sign. Two things tell the right sign of a
frame. Running comes round with every stride, so that the difference is known from other strides
(`stridewise.repair.rhythm`); and it moves smoothly, so that a change of places is a jump on its
way in and on its way out. Both are put together in the cheapest path through a chain of two states,
kept and exchanged (Viterbi 1967), with a price for every change of state. Where the rhythm is not
clear, or nearly half of the frames lie on its other side, nothing is exchanged: pose estimators
exchange the legs for one to four frames, and putting right what was right does more harm than they
do.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stridewise.recording import Recording
from stridewise.repair.rhythm import find_loop, heights, step_phase

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Parts that change places together, from the trunk outwards. Hips tell nothing from the side, and
#: estimators mostly leave them where they are.
LEGS = ("knee", "ankle", "heel", "big_toe", "small_toe")
HIPS = ("hip",)
ARMS = ("shoulder", "elbow", "wrist")
FACE = ("eye", "ear")

#: What goes on for longer than this is looked at in pieces of this length: views and rhythms drift.
_PIECE_S = 10.0
#: A typical frame lies within this share of the loop's size where the rhythm is clear and all sides
#: are in order; the more frames lie on the other side, the less is enough.
_CLEAR = 0.3
#: Price of a change of state, and how much speaks for the hips to go along when the arms do and
#: against it when they do not, as logarithms of probabilities.
_CHANGE, _WITH = 4.0, 3.0
#: Frames nearer than this err alike.
_ALIKE_S = 1 / 60
#: Frames further apart than this say nothing about each other's motion.
_APART_S = 0.2
#: The last velocity is trusted in full up to this frame rate; above it, noise drowns it.
_VELOCITY_FPS = 60.0
#: Smallest scale of an error, leg lengths, and the degrees of freedom of its tails: motion is
#: uneven and single points jump.
_SCALE, _TAILS = 0.01, 4.0
#: Median of the squared error of a plane, from its lower quartile, which swaps leave alone.
_TYPICAL = 2.4
#: Heel and toes err along with the ankle, so each counts as this share of an independent point.
_SHARE = {"heel": 0.3, "big_toe": 0.3, "small_toe": 0.3}


class Swaps(NamedTuple):
    """Frames in which parts of the body have changed sides, each of shape (frames,)."""

    legs: Mask
    hips: Mask
    arms: Mask

    @property
    def face(self) -> Mask:
        """The face goes along where legs and arms both do."""
        return self.legs & self.arms

    @property
    def any(self) -> Mask:
        """Frames in which anything has changed sides."""
        return self.legs | self.arms


def find_swaps(recording: Recording, leg_length: float) -> Swaps:
    """Find the frames in which left and right have changed places.

    Parameters
    ----------
    recording : Recording
        Times may be uneven, points may be missing.
    leg_length : float
        In the unit of the recording.

    Returns
    -------
    Swaps
        Of two labellings that are mirror images of each other, the one with fewer exchanged frames;
        nothing where it is not clear.
    """
    found = Swaps(*np.zeros((3, recording.frames), dtype=bool))
    if recording.frames < 3:
        return found
    time, rising = recording.time, heights(recording, leg_length)
    apart = {parts: _difference(recording, parts) / leg_length for parts in (LEGS, HIPS, ARMS)}
    for piece in _pieces(time):
        phase = step_phase(rising[piece], time[piece])
        if phase is None:
            continue
        legs = _turned(apart[LEGS][piece], phase, time[piece], _weights(recording, LEGS))
        if legs is None:  # Then it is not clear for the arms either.
            continue
        arms = _turned(apart[ARMS][piece], phase, time[piece], _weights(recording, ARMS))
        found.legs[piece] = legs
        found.arms[piece] = False if arms is None else arms
        found.hips[piece] = _along(apart[HIPS][piece], legs, found.arms[piece])
    return found


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


def _pairs(recording: Recording, parts: Sequence[str]) -> list[tuple[int, int]]:
    """Return where left and right of those parts are that the recording has on both sides."""
    index = {name: i for i, name in enumerate(recording.keypoints)}
    return [(index[f"left_{part}"], index[f"right_{part}"]) for part in _paired(recording, parts)]


def _paired(recording: Recording, parts: Sequence[str]) -> list[str]:
    names = set(recording.keypoints)
    return [part for part in parts if {f"left_{part}", f"right_{part}"} <= names]


def _weights(recording: Recording, parts: Sequence[str]) -> Array:
    """How much each pair counts."""
    return np.array([_SHARE.get(part, 1.0) for part in _paired(recording, parts)])


def _difference(recording: Recording, parts: Sequence[str]) -> Array:
    """Left minus right, shape (frames, pairs, 2), or (frames, pairs, 3) with depth."""
    pairs = np.array(_pairs(recording, parts), dtype=int).reshape(-1, 2)
    apart = recording.xy[:, pairs[:, 0]] - recording.xy[:, pairs[:, 1]]
    if recording.depth is None:
        return apart
    depth = recording.depth[:, pairs[:, 0]] - recording.depth[:, pairs[:, 1]]
    return np.concatenate([apart, depth[..., None]], axis=2)


def _pieces(time: Array) -> list[slice]:
    """Cut a recording into pieces of about the same length."""
    count = max(1, int((time[-1] - time[0]) / _PIECE_S))
    edges = np.searchsorted(time, np.linspace(time[0], time[-1], count + 1)[1:-1])
    return [slice(a, b) for a, b in pairwise([0, *edges.tolist(), len(time)])]


def _turned(apart: Array, phase: Array, time: Array, weights: Array) -> Mask | None:
    """Find the frames of a piece in which sides have changed places; None where it is not clear."""
    known = weights * np.isfinite(apart[..., 0])
    seen = np.flatnonzero(known.sum(axis=1) > known.max(axis=0, initial=0.0).sum() / 2)
    if len(seen) < len(apart) / 2:
        return None
    loop = find_loop(apart, phase)
    if loop.misfit > _CLEAR * (1.0 - 2.0 * loop.other):
        return None
    turned = np.zeros(len(apart), dtype=bool)
    if loop.other:
        apart, time = apart[seen], time[seen]
        motion = _motion_costs(apart, time, weights)
        state = _state_costs(apart, loop.value[seen], time, weights)
        turned[seen] = _cheapest(motion, state)
    return turned if turned.mean() < 0.5 else None


def _along(hips: Array, legs: Mask, arms: Mask) -> Mask:
    """Find in which runs of exchanged legs the hips changed places too.

    They mostly do when the arms do, and not when the legs do alone, unless the hips say otherwise.
    """
    hips = hips.reshape(len(hips), -1)
    order = hips[~legs & np.isfinite(hips).all(axis=1)]
    if not legs.any() or len(order) < 2:
        return np.zeros_like(legs)
    usual = np.median(order, axis=0)
    spread = float(((order - usual) ** 2).mean()) + _SCALE**2
    side = np.where(legs, -2 * np.nansum(hips * usual, axis=1) / spread, 0.0)
    run = np.cumsum(np.diff(legs, prepend=False))
    length = np.maximum(np.bincount(run), 1)
    whole = np.bincount(run, legs & arms) > length / 2
    # Frames of one run err alike: they count as one.
    clear = np.bincount(run, side) / length + np.where(whole, _WITH, -_WITH) > 0
    along: Mask = legs & clear[run]
    return along


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


def _state_costs(apart: Array, expected: Array, time: Array, weights: Array) -> Array:
    """Cost of being kept and exchanged in each frame, shape (frames, 2)."""
    error = np.stack([((apart - sign * expected) ** 2).sum(axis=2) for sign in (1.0, -1.0)])
    steps = np.diff(time, prepend=2 * time[0] - time[1])
    weight = np.minimum(steps / _ALIKE_S, 1.0)
    costs: Array = (weight * _misfit(error, error.min(axis=0), apart.shape[2], weights)).T
    return costs


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
