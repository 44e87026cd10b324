"""What the gait network sees and says: keypoints to numbers, numbers to signals.

Training and use share this module, so that the network meets in use what it was trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]
Key = tuple[str, Side | None]

#: Frames per second of the network's time base; two frames make one of its steps.
RATE = 60.0
PATCH = 2
_PARTS = (
    "shoulder",
    "elbow",
    "wrist",
    "hip",
    "knee",
    "ankle",
    "heel",
    "big_toe",
    "small_toe",
)
#: Keypoints that the network sees, left before right.
INPUT_POINTS: tuple[str, ...] = tuple(f"{side}_{part}" for part in _PARTS for side in SIDES)
#: Index of each input point's twin on the other side.
MIRROR = np.arange(len(INPUT_POINTS)) ^ 1
#: Segments whose direction in the image is given beside the points: (upper, lower) ends.
_SEGMENTS: tuple[tuple[str, str], ...] = tuple(
    (f"{side}_{upper}", f"{side}_{lower}")
    for upper, lower in (("hip", "knee"), ("knee", "ankle"), ("heel", "big_toe"))
    for side in SIDES
)
_UPPER, _LOWER = np.array([[INPUT_POINTS.index(p) for p in pair] for pair in _SEGMENTS]).T
#: The first segment that is a foot; only feet follow.
_FEET = next(i for i, (upper, _) in enumerate(_SEGMENTS) if upper.endswith("heel"))


def _pair(part: str) -> slice:
    """Where a part of both sides stands among the input points."""
    first = INPUT_POINTS.index(f"left_{part}")
    return slice(first, first + 2)


_SHOULDERS, _HIPS = _pair("shoulder"), _pair("hip")
#: Numbers per frame: two coordinates and presence per point, directions, trunk, frame interval.
FEATURES = 3 * len(INPUT_POINTS) + len(_SEGMENTS) + 2

#: Thigh and shank together, as a share of leg length (see `stridewise.view.THIGH_SHANK`).
_THIGH_SHANK = 0.93
#: Share of frames in which the leg appears shorter than the length that is taken as true.
_LONG = 0.9
#: Standard deviation of the bell that smooths the path of the hips, in frames (0.6 s): the bounce
#: of steps (2 Hz and more) stays, where the runner goes in the picture does not.
_SLOW = 0.6 * RATE
#: Frames of a path that counts as short: a window that is read live.
_SHORT = 200

_SIDED = (
    "thigh",
    "shank",
    "foot",
    "knee_flexion",
    "hip_flexion",
    "ankle_dorsiflexion",
    "thigh_adduction",
    "hip_adduction",
    "frontal_knee",
    "ankle_ahead",
    "foot_ahead",
    "ankle_lateral",
    "elbow_flexion",
    "upper_arm",
    "vertical_force",
    "fore_aft_force",
)
_MIDLINE = ("pelvic_obliquity", "knee_gap", "pelvis_bounce", "trunk_lean", "trunk_lateral")
_TIMES = ("initial_contact", "toe_off")
#: What the network says about each frame, in its order; each with a standard deviation.
OUTPUTS: tuple[Key, ...] = (
    *((name, side) for name in (*_SIDED, *_TIMES) for side in SIDES),
    *((name, None) for name in _MIDLINE),
)
#: Then, without one: logit of contact of each foot, cosine and sine of the camera's yaw.
EXTRAS: tuple[Key, ...] = (
    *(("contact", side) for side in SIDES),
    ("yaw_cos", None),
    ("yaw_sin", None),
)
#: Standard deviation of each output over running, roughly: the network works in these units.
SCALE = {
    "thigh": 25.0,
    "shank": 35.0,
    "foot": 35.0,
    "knee_flexion": 30.0,
    "hip_flexion": 25.0,
    "ankle_dorsiflexion": 15.0,
    "thigh_adduction": 6.0,
    "hip_adduction": 7.0,
    "frontal_knee": 10.0,
    "ankle_ahead": 0.35,
    "foot_ahead": 0.35,
    "ankle_lateral": 0.06,
    "elbow_flexion": 20.0,
    "upper_arm": 25.0,
    "vertical_force": 1.0,
    "fore_aft_force": 0.15,
    "initial_contact": 0.05,
    "toe_off": 0.05,
    "pelvic_obliquity": 4.0,
    "knee_gap": 0.3,
    "pelvis_bounce": 0.03,
    "trunk_lean": 5.0,
    "trunk_lateral": 4.0,
}
#: Events further away than this, in seconds, are not the business of a frame.
NEAR_S = 0.1
#: Outputs that change sign when the runner is mirrored.
_ODD = frozenset({"pelvic_obliquity", "trunk_lateral", "ankle_lateral"})


@dataclass(frozen=True)
class Placing:
    """How pictures are turned so that every runner runs to the right and is as tall.

    Parameters
    ----------
    mirrored : ndarray of bool, shape (recordings,)
        Whether the picture is mirrored.
    leg_length : ndarray, shape (recordings,)
        In the unit of the points, by how long the legs appear.
    """

    mirrored: NDArray[np.bool_]
    leg_length: Array


def to_grid(time: Array, xy: Array) -> tuple[Array, Array]:
    """Bring evenly timed points to `RATE`, from the first time on.

    Recordings much faster than `RATE` are smoothed by a bell of 5 ms first, slower ones are
    interpolated by cubics through the four nearest frames (Catmull and Rom 1974).

    Parameters
    ----------
    time : ndarray, shape (frames,)
        Seconds, evenly spaced.
    xy : ndarray, shape (..., frames, points, 2)
        NaN where missing.

    Returns
    -------
    grid : ndarray, shape (new frames,)
    ndarray, shape (..., new frames, points, 2)
        NaN where one of the two nearest frames is missing.
    """
    interval = float(np.median(np.diff(time)))
    grid = time[0] + np.arange(int(np.floor((time[-1] - time[0]) * RATE + 1e-6)) + 1) / RATE
    if interval < 0.8 / RATE:
        xy = bell(xy, 0.005 / interval, axis=-3)
    return grid, cubic(xy, (grid - time[0]) / interval)


def cubic(values: Array, position: Array) -> Array:
    """Interpolate along the third axis from the end at fractional indices.

    Parameters
    ----------
    values : ndarray, shape (..., frames, points, coordinates)
    position : ndarray, shape (new frames,)
        Between 0 and frames - 1.

    Returns
    -------
    ndarray, shape (..., new frames, points, coordinates)
    """
    last = values.shape[-3] - 1
    nearest = np.rint(position)
    if np.abs(position - nearest).max(initial=0.0) < 1e-3:
        # Frames as often as rows: each row is a frame.
        frames: Array = np.take(values, np.clip(nearest.astype(int), 0, last), axis=-3)
        return frames
    start = np.clip(np.floor(position + 1e-6).astype(int), 0, max(last - 1, 0))
    u = np.clip(position - start, 0.0, 1.0)[:, None, None]
    u[np.abs(u) < 1e-5] = 0.0

    def at(index: NDArray[np.intp]) -> Array:
        found: Array = np.take(values, np.clip(index, 0, last), axis=-3)
        return found

    here, there = at(start), at(start + 1)
    # Beyond a gap, or an end, the line goes on.
    before, after = at(start - 1), at(start + 2)
    before = np.where(np.isfinite(before) & (start > 0)[:, None, None], before, 2 * here - there)
    after = np.where(
        np.isfinite(after) & (start < last - 1)[:, None, None], after, 2 * there - here
    )
    slope_here, slope_there = (there - before) / 2, (after - here) / 2
    curve: Array = (
        here
        + u * slope_here
        + u**2 * (3 * (there - here) - 2 * slope_here - slope_there)
        + u**3 * (2 * (here - there) + slope_here + slope_there)
    )
    return np.where(u == 0.0, here, curve)


def bell(values: Array, sd: float, axis: int) -> Array:
    """Smooth by a bell of `sd` frames; missing values count for nothing and stay missing."""
    from scipy.ndimage import gaussian_filter1d

    known = np.isfinite(values)
    weight = gaussian_filter1d(known.astype(float), sd, axis=axis, mode="constant")
    total = gaussian_filter1d(np.where(known, values, 0.0), sd, axis=axis, mode="constant")
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, total / weight, np.nan)


def bounce(path: Array, axis: int) -> Array:
    """Take where the runner goes out of a path on the grid: its line, then a slow bell."""
    path = np.moveaxis(path, axis, 0)
    if len(path) <= _SHORT and np.isfinite(path).all():
        short = _bounce_of(len(path)) @ path.reshape(len(path), -1)
        return np.moveaxis(short.reshape(path.shape), 0, axis)
    return np.moveaxis(_bounce(path), 0, axis)


@lru_cache(maxsize=8)
def _bounce_of(frames: int) -> Array:
    """Matrix that does the same to a short path without gaps in one step."""
    return _bounce(np.eye(frames))


def _bounce(path: Array) -> Array:
    known = np.isfinite(path)
    t = np.linspace(-1.0, 1.0, len(path)).reshape(-1, *([1] * (path.ndim - 1)))
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, path, 0.0)
    mean_t, mean = (known * t).sum(axis=0) / count, filled.sum(axis=0) / count
    spread = (known * (t - mean_t) ** 2).sum(axis=0)
    slope = (known * (t - mean_t) * (filled - mean)).sum(axis=0) / np.maximum(spread, 1e-9)
    rest = path - mean - slope * (t - mean_t)
    return np.asarray(rest - _slow(np.where(known, rest, np.nan)))


def _slow(values: Array) -> Array:
    """Smooth along the first axis by the slow bell, also across missing values."""
    from scipy.ndimage import gaussian_filter1d

    known = np.isfinite(values)
    if known.all():
        whole = _weight_of_whole(len(values)).reshape(-1, *([1] * (values.ndim - 1)))
        slow: Array = gaussian_filter1d(values, _SLOW, axis=0, mode="constant") / whole
        return slow
    weight = gaussian_filter1d(known.astype(float), _SLOW, axis=0, mode="constant")
    total = gaussian_filter1d(np.where(known, values, 0.0), _SLOW, axis=0, mode="constant")
    return np.asarray(total / np.maximum(weight, 1e-9))


@lru_cache(maxsize=8)
def _weight_of_whole(frames: int) -> Array:
    """How much of the slow bell lies within a path without gaps, shape (frames,)."""
    from scipy.ndimage import gaussian_filter1d

    weight: Array = gaussian_filter1d(np.ones(frames), _SLOW, mode="constant")
    return weight


def placing(xy: Array, other_way: bool = False) -> Placing:
    """Find out how pictures are to be turned.

    Parameters
    ----------
    xy : ndarray, shape (recordings, frames, len(INPUT_POINTS), 2)
        On the grid of `RATE`, y up, in any unit; NaN where missing.
    other_way : bool
        Mirror the other recordings, those who face right instead of left.

    Returns
    -------
    Placing
    """
    return Placing(np.asarray((_forward(xy) < 0) != other_way), _leg_length(xy))


def encode(
    xy: Array, interval_s: float | Array, place: Placing, newest: int | None = None
) -> Array:
    """Turn points on the grid into features.

    The picture is placed, and freed of where the runner goes.

    Parameters
    ----------
    xy : ndarray, shape (recordings, frames, len(INPUT_POINTS), 2)
        As for `placing`.
    interval_s : float or ndarray, shape (recordings,)
        Time between the frames of the source.
    place : Placing
        Of these frames, or of most of them.
    newest : int, optional
        Only so many frames at the end; all by default.

    Returns
    -------
    ndarray, shape (recordings, frames or newest, FEATURES)
    """
    path = xy[:, :, _HIPS].sum(axis=2) / 2
    centre = _bridged(path) - _bridged(bounce(path, axis=1))
    if newest is not None:
        xy, centre = xy[:, -newest:], centre[:, -newest:]
    xy = (xy - centre[:, :, None]) / place.leg_length[:, None, None, None]
    if place.mirrored.any():
        turned = place.mirrored[:, None, None, None]
        xy = np.where(turned, xy[:, :, MIRROR] * [-1.0, 1.0], xy)
    known = np.isfinite(xy[..., 0])
    direction = _direction(xy)
    if not known.all():
        xy = np.where(known[..., None], xy, 0.0)
        direction = np.where(np.isfinite(direction), direction, 0.0)
    n, frames = xy.shape[:2]
    features = np.empty((n, frames, FEATURES))
    points, directions = 2 * len(INPUT_POINTS), 3 * len(INPUT_POINTS)
    features[..., :points] = xy.reshape(n, frames, -1)
    features[..., points:directions] = known
    features[..., directions:-1] = direction
    interval = np.broadcast_to(np.asarray(interval_s, dtype=float), n)
    features[..., -1] = np.log2(np.clip(interval, 1 / 500, 1 / 10) * RATE)[:, None]
    return np.clip(features, -8.0, 8.0, out=features)


def _forward(xy: Array) -> Array:
    """How far knees and toes point to the image's right, shape (recordings,); 0 if unknown."""

    def x(part: str) -> Array:
        return xy[:, :, [INPUT_POINTS.index(f"{side}_{part}") for side in SIDES], 0]

    knees = x("knee") - (x("hip") + x("ankle")) / 2
    toes = x("big_toe") - x("heel")
    return _mean(knees) + _mean(toes)


def _mean(values: Array) -> Array:
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).reshape(len(values), -1).sum(axis=1)
    mean: Array = total / np.maximum(known.reshape(len(values), -1).sum(axis=1), 1)
    return mean


def _leg_length(xy: Array) -> Array:
    """Leg length in the unit of the points, shape (recordings,): legs when they appear long."""
    length = np.zeros((*xy.shape[:2], 2))
    for i, side in enumerate(SIDES):
        hip, knee, ankle = (xy[:, :, INPUT_POINTS.index(f"{side}_{p}")] for p in _LEG)
        length[..., i] = np.linalg.norm(knee - hip, axis=-1) + np.linalg.norm(ankle - knee, axis=-1)
    flat = length.reshape(len(xy), -1)
    known = np.asarray(np.isfinite(flat).any(axis=1))
    found = np.ones(len(xy))
    if np.isfinite(flat).all():
        # The same at a fraction of the time, which counts live.
        place = _LONG * (flat.shape[1] - 1)
        below = min(int(place), flat.shape[1] - 2)
        two = np.partition(flat, (below, below + 1), axis=1)[:, below : below + 2]
        found = (two[:, 0] + (place - below) * (two[:, 1] - two[:, 0])) / _THIGH_SHANK
    elif known.any():
        found[known] = np.nanquantile(flat[known], _LONG, axis=1) / _THIGH_SHANK
    return np.where(found > 0, found, 1.0)


_LEG = ("hip", "knee", "ankle")


def _bridged(path: Array) -> Array:
    """Fill missing stretches of (recordings, frames, 2) by straight lines; 0 where all is lost."""
    if np.isfinite(path).all():
        return path
    path = path.copy()
    frame = np.arange(path.shape[1])
    for series in np.moveaxis(path, 1, -1).reshape(-1, path.shape[1]):
        known = np.isfinite(series)
        if known.any():
            series[~known] = np.interp(frame[~known], frame[known], series[known])
        else:
            series[:] = 0.0
    return path


def _direction(xy: Array) -> Array:
    """Angles of the segments and of the trunk against hanging down, in radians."""
    d = xy.take(_LOWER, axis=2) - xy.take(_UPPER, axis=2)
    lean = (xy[:, :, _SHOULDERS] - xy[:, :, _HIPS]).sum(axis=2)
    across, along = (np.empty((*d.shape[:2], len(_SEGMENTS) + 1)) for _ in range(2))
    across[..., :_FEET], along[..., :_FEET] = d[..., :_FEET, 0], -d[..., :_FEET, 1]
    # Feet lie: measure them from the horizontal, so that the jump is out of reach.
    across[..., _FEET:-1], along[..., _FEET:-1] = d[..., _FEET:, 1], d[..., _FEET:, 0]
    across[..., -1], along[..., -1] = lean[..., 0], lean[..., 1]
    return np.arctan2(across, along)


def unmirror(name: str, side: Side | None, mirrored: bool) -> tuple[Key, float]:
    """Return which output of the network is this signal of the runner, and its sign."""
    if not mirrored:
        return (name, side), 1.0
    if name == "yaw_cos":
        return (name, side), -1.0
    swapped: Side | None = None if side is None else SIDES[1 - SIDES.index(side)]
    return (name, swapped), -1.0 if name in _ODD else 1.0
