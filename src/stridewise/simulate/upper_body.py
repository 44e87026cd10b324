"""Trunk, arms and head on top of a moving pelvis."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]

SIGN: dict[Side, int] = {"right": 1, "left": -1}
#: Head points from the middle of the shoulders, as a share of height: ahead, up, to the right.
HEAD = {
    "head_top": (0.000, 0.182, 0.000),
    "nose": (0.060, 0.110, 0.000),
    "left_eye": (0.047, 0.125, -0.018),
    "right_eye": (0.047, 0.125, 0.018),
    "left_ear": (0.005, 0.115, -0.043),
    "right_ear": (0.005, 0.115, 0.043),
}
#: The head follows this share of the trunk's lean.
HEAD_FOLLOWS = 0.4


def upper_body(
    lengths: Mapping[str, float],
    height_m: float,
    pelvis: Array,
    angle: Mapping[tuple[str, Side | None], Array],
) -> dict[str, Array]:
    """Place trunk, arms and head.

    Parameters
    ----------
    lengths : mapping of str to float
        Of a `Person`: trunk, shoulder_width, upper_arm and forearm, in metres.
    height_m : float
        Body height.
    pelvis : ndarray, shape (frames, 3)
        Middle of the hips in metres; x forward, y up, z to the runner's right.
    angle : mapping of (name, side or None) to ndarray, shape (frames,)
        Degrees: trunk_lean, trunk_lateral and shoulder_rotation of the midline; upper_arm,
        upper_arm_out, forearm and forearm_out of each side.

    Returns
    -------
    dict of str to ndarray, shape (frames, 3)
        Canonical keypoints in the frame of `pelvis`.
    """
    lean, lateral = angle["trunk_lean", None], angle["trunk_lateral", None]
    neck = pelvis - lengths["trunk"] * down(-lean, -lateral, 1)
    turn = angle["shoulder_rotation", None]
    right = lengths["shoulder_width"] / 2 * across(-0.5 * lateral, turn)
    found = {"neck": neck}
    for side in SIDES:
        sign = SIGN[side]
        found[f"{side}_shoulder"] = shoulder = neck + sign * right
        found[f"{side}_elbow"] = elbow = shoulder + lengths["upper_arm"] * down(
            angle["upper_arm", side], angle["upper_arm_out", side], sign
        )
        found[f"{side}_wrist"] = elbow + lengths["forearm"] * down(
            angle["forearm", side], angle["forearm_out", side], sign
        )
    up = -down(-HEAD_FOLLOWS * lean, -HEAD_FOLLOWS * lateral, 1)
    sideways = np.array([0.0, 0.0, 1.0]) - up[:, 2:] * up
    sideways /= np.linalg.norm(sideways, axis=1, keepdims=True)
    ahead = np.cross(up, sideways)
    for name, (x, y, z) in HEAD.items():
        found[name] = neck + height_m * (x * ahead + y * up + z * sideways)
    return found


def down(sagittal: Array, out: Array, sign: int) -> Array:
    """Return unit vectors that point down, turned forward and outward by these degrees."""
    a, b = np.radians(sagittal), np.radians(out)
    return np.stack([np.cos(b) * np.sin(a), -np.cos(b) * np.cos(a), sign * np.sin(b)], axis=-1)


def across(tilt: Array, turn: Array) -> Array:
    """Return unit vectors to the right, tilted up and turned ahead by these degrees."""
    a, b = np.radians(tilt), np.radians(turn)
    return np.stack([np.cos(a) * np.sin(b), np.sin(a), np.cos(a) * np.cos(b)], axis=-1)
