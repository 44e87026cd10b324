"""What the networks for still pictures see: one pose, in numbers.

Training and use share this module.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from stridewise.skeletons import SIDES

Array = NDArray[np.float64]

_PARTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel", "big_toe")
#: Keypoints that are looked at, left before right.
POINTS: tuple[str, ...] = tuple(f"{side}_{part}" for part in _PARTS for side in SIDES)
#: Points that are drawn with them, and not looked at.
HEAD: tuple[str, ...] = ("left_ear", "right_ear", "nose", "head_top")
#: Index of each point's twin on the other side.
MIRROR = np.arange(len(POINTS)) ^ 1

_JOINED = (
    ("shoulder", "elbow"),
    ("elbow", "wrist"),
    ("hip", "knee"),
    ("knee", "ankle"),
    ("heel", "big_toe"),
    ("shoulder", "hip"),
)
_SEGMENTS = np.array(
    [
        (POINTS.index(f"{side}_{a}"), POINTS.index(f"{side}_{b}"))
        for a, b in _JOINED
        for side in SIDES
    ]
)
#: Across the body: shoulders, hips, knees, ankles.
_ACROSS = np.array(
    [
        (POINTS.index(f"left_{part}"), POINTS.index(f"right_{part}"))
        for part in ("shoulder", "hip", "knee", "ankle")
    ]
)
_ALL = np.concatenate([_SEGMENTS, _ACROSS])
_HIPS = [POINTS.index(f"{side}_hip") for side in SIDES]
#: Thigh and shank, and trunk, as shares of leg length (Winter 2009, fig. 4.1).
_THIGH_SHANK, _TRUNK = 0.93, 0.54
FEATURES = 3 * len(POINTS) + 3 * len(_ALL)
_LIMIT = 4.0

#: Where in the stride a pose is. A stance is thirds: landing, the middle, pushing off.
Phase = Literal[
    "left contact",
    "left mid-stance",
    "left push-off",
    "flight after left",
    "right contact",
    "right mid-stance",
    "right push-off",
    "flight after right",
]
PHASES: tuple[Phase, ...] = get_args(Phase)
#: Ends of contact and mid-stance as shares of stance.
STANCE_PARTS = (0.2, 0.7)


def encode(xy: Array) -> Array:
    """Turn poses into features.

    Parameters
    ----------
    xy : ndarray, shape (poses, len(POINTS), 2)
        In any unit, y down as in a picture; NaN where missing.

    Returns
    -------
    ndarray, shape (poses, FEATURES)
        Places about the hips in leg lengths, presence, and lengths and directions of the segments;
        0 where a point is missing.
    """
    xy = np.asarray(xy, dtype=float) * [1.0, -1.0]
    size = leg_length(xy)[:, None, None]
    known = np.isfinite(xy).all(axis=2)
    place = (xy - _centre(xy)[:, None]) / size
    along = (xy[:, _ALL[:, 1]] - xy[:, _ALL[:, 0]]) / size
    length = np.hypot(along[..., 0], along[..., 1])
    with np.errstate(invalid="ignore", divide="ignore"):
        direction = along / np.maximum(length, 1e-6)[..., None]
    parts = [place.reshape(len(xy), -1), known, length, direction.reshape(len(xy), -1)]
    features = np.concatenate([np.nan_to_num(part) for part in parts], axis=1)
    return np.asarray(np.clip(features, -_LIMIT, _LIMIT))


def leg_length(xy: Array) -> Array:
    """Leg length in the unit of the points, by the longest of legs and trunk, shape (poses,).

    NaN where neither a leg nor the trunk is seen.
    """

    def part(a: str, b: str) -> Array:
        ends = xy[:, POINTS.index(a)] - xy[:, POINTS.index(b)]
        return np.asarray(np.hypot(ends[:, 0], ends[:, 1]))

    seen = [
        (part(f"{s}_hip", f"{s}_knee") + part(f"{s}_knee", f"{s}_ankle")) / _THIGH_SHANK
        for s in SIDES
    ] + [part(f"{s}_shoulder", f"{s}_hip") / _TRUNK for s in SIDES]
    longest = np.fmax.reduce(np.stack(seen))
    return np.where(longest > 0, longest, np.nan)


def _centre(xy: Array) -> Array:
    """Middle of the hips that are seen, shape (poses, 2); of all points where none is."""
    with np.errstate(invalid="ignore"):
        hips = _mean(xy[:, _HIPS])
    return np.where(np.isfinite(hips), hips, _mean(xy))


def _mean(points: Array) -> Array:
    known = np.isfinite(points)
    count = known.sum(axis=1)
    total = np.where(known, points, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def mirrored(xy: Array) -> Array:
    """Turn the picture round: left becomes right."""
    turned: Array = xy[:, MIRROR] * [-1.0, 1.0]
    return turned
