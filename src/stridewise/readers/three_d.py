"""From points in a laboratory's space to a recording seen from the runner's right side."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.skeletons import KEYPOINTS, REQUIRED, SIDES

Array = NDArray[np.float64]

#: A mid-hip that ends more leg lengths than this from where it began has travelled: the direction
#: of running is then that of the travel, otherwise (treadmill) that of the feet.
TRAVEL_LEG_LENGTHS = 2.0

#: Feet that point within this of a laboratory axis run along it: belts are set up that way, and
#: feet tell the direction to about 2 degrees only.
ALONG_AXIS_DEG = 5.0


def to_recording(
    points: Mapping[str, Array], time: Array, *, notes: tuple[str, ...] = ()
) -> Recording:
    """Turn points in any laboratory frame into a recording with depth.

    The vertical is the laboratory axis nearest to the mean line from ankles to hips. Forward is
    where the hips travel, or on a treadmill where the feet point (a laboratory axis, if one is
    near), or without feet the normal of the hip line. `xy` is then x forward and y down, and
    `depth` grows to the runner's left.

    Parameters
    ----------
    points : mapping of str to ndarray, shape (frames, 3)
        Canonical names and positions in metres, in one right-handed frame of any orientation; NaN
        where missing. Left-handed frames are recognised and mirrored.
    time : ndarray, shape (frames,)
        Seconds.
    notes : tuple of str
        What the reader has to say already.

    Returns
    -------
    Recording
        In metres, with depth.

    Raises
    ------
    InputError
        When hip, knee or ankle of a side is never seen.
    """
    missing = [k for k in REQUIRED if k not in points or not np.isfinite(points[k]).any()]
    if missing:
        raise InputError(
            f"Points are missing: {', '.join(missing)}",
            expected="hip, knee and ankle of both legs, seen in one frame at least",
        )
    rotation, more = _orientation(points)
    names = tuple(k for k in KEYPOINTS if k in points)
    xyz = np.stack([points[k] for k in names], axis=1) @ rotation.T
    xyz[~np.isfinite(xyz).all(axis=2)] = np.nan
    return Recording(
        xy=xyz[..., :2] * (1.0, -1.0),
        confidence=np.ones(xyz.shape[:2]),
        time=time,
        keypoints=names,
        unit="m",
        depth=-xyz[..., 2],
        notes=(*notes, *more),
    )


def _orientation(points: Mapping[str, Array]) -> tuple[Array, list[str]]:
    """Return the rotation (rows forward, up, right) and what to say about it."""
    leg = sum((_mean_line(points, f"{side}_ankle", f"{side}_hip") for side in SIDES), np.zeros(3))
    axis = int(np.argmax(np.abs(leg)))
    up = np.zeros(3)
    up[axis] = np.sign(leg[axis])
    right_hip = _horizontal(_mean_line(points, "left_hip", "right_hip"), up)
    feet = _horizontal(
        sum(
            (
                _mean_line(points, f"{side}_heel", f"{side}_{toe}")
                for side in SIDES
                for toe in ("big_toe", "small_toe")
            ),
            start=np.zeros(3),
        ),
        up,
    )
    facing = feet if feet.any() else np.cross(up, right_hip)
    travel = _horizontal(_travel(points), up)
    long = np.linalg.norm(travel) > TRAVEL_LEG_LENGTHS * np.linalg.norm(leg) / 2
    forward = np.copysign(1.0, travel @ facing) * _unit(travel) if long else _snap(_unit(facing))
    if not forward.any():
        raise InputError(
            "The direction of running cannot be found", expected="hips apart, or heels and toes"
        )
    right = np.cross(forward, up)
    notes = []
    if right @ right_hip < 0:
        right = -right
        notes.append("The axes of the file are left-handed; they were mirrored.")
    return np.stack((forward, up, right)), notes


def _mean_line(points: Mapping[str, Array], start: str, end: str) -> Array:
    """Return the mean vector from one point to another; zero where they are never seen together."""
    if start not in points or end not in points:
        return np.zeros(3)
    line = points[end] - points[start]
    line = line[np.isfinite(line).all(axis=1)]
    return line.mean(axis=0) if len(line) else np.zeros(3)


def _travel(points: Mapping[str, Array]) -> Array:
    """Return how far the mid-hip moves from the first to the last frame in which it is seen."""
    middle = (points["left_hip"] + points["right_hip"]) / 2
    middle = middle[np.isfinite(middle).all(axis=1)]
    return middle[-1] - middle[0] if len(middle) else np.zeros(3)


def _horizontal(vector: Array, up: Array) -> Array:
    return vector - (vector @ up) * up


def _snap(direction: Array) -> Array:
    """Return the laboratory axis that a unit vector nearly lies along, or the vector itself."""
    axis = int(np.argmax(np.abs(direction)))
    if np.abs(direction[axis]) < np.cos(np.radians(ALONG_AXIS_DEG)):
        return direction
    snapped = np.zeros(3)
    snapped[axis] = np.sign(direction[axis])
    return snapped


def _unit(vector: Array) -> Array:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector
