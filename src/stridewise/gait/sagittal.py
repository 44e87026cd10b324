"""Signals of the side view: segment and joint angles, and what is ahead of what."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from stridewise.gait import angles
from stridewise.gait.body import Body
from stridewise.gait.signals import Collector, distance, segment_sd, typical
from stridewise.placement import FOOT, SHANK, SHOULDER_WIDTH, THIGH, TRUNK, UPPER_ARM, lasting
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]

SAGITTAL_SIGNALS = (
    "thigh",
    "shank",
    "foot",
    "knee_flexion",
    "hip_flexion",
    "ankle_dorsiflexion",
    "elbow_flexion",
    "upper_arm",
    "trunk_lean",
    "ankle_ahead",
    "foot_ahead",
    "wrist_ahead",
    "head_ahead",
    "shoulder_rotation",
)
#: A segment that leans sideways by about this much shows sin(yaw) of it in a side view (C3).
_SIDEWAYS_DEG = 8.0
#: Error of a joint angle per squared degree of yaw (C3: 0.6 deg at 10, 2.4 at 20).
_JOINT_PER_YAW2 = 0.006
#: Forearm and upper arm swing out of the plane.
_ARM_OUT_OF_PLANE_DEG = 5.0


def add_sagittal(body: Body, out: Collector) -> None:
    """Add every signal of the side view that the points allow."""
    if not body.sagittal:
        reason = f"the camera is {body.view.off_sagittal_deg:.0f}° away from a side view"
        out.absent.update(dict.fromkeys(SAGITTAL_SIGNALS, reason))
        return
    point, noise = body.side_plane, body.noise_of
    off = float(np.hypot(body.view.off_sagittal_deg, body.view.yaw_sd_deg))
    segment_bias = _SIDEWAYS_DEG * float(np.sin(np.radians(min(off, 45.0))))
    joint_bias = _JOINT_PER_YAW2 * off**2

    hips = (point("left_hip") + point("right_hip")) / 2
    shoulders = (point("left_shoulder") + point("right_shoulder")) / 2
    trunk = angles.trunk_lean(hips, shoulders)
    trunk_length = typical(distance(hips, shoulders), TRUNK)
    trunk_sd = segment_sd(noise("left_hip"), noise("left_shoulder"), trunk_length) / 2**0.5
    out.points_sd |= lasting(body.offsets, trunk=trunk_length)
    out.add("trunk_lean", None, trunk, trunk_sd, segment_bias, points="hips and shoulders")
    for side in SIDES:
        _add_leg(body, side, out, hips, (trunk, trunk_sd), (segment_bias, joint_bias))
        _add_arm(body, side, out, trunk_length, segment_bias)
    _add_head(body, out, shoulders, trunk_length)
    # + = right shoulder ahead
    turn = (point("right_shoulder") - point("left_shoulder"))[:, 0] / SHOULDER_WIDTH
    rotation = np.degrees(np.arcsin(np.clip(turn, -1.0, 1.0)))
    sd = segment_sd(noise("left_shoulder"), noise("right_shoulder"), SHOULDER_WIDTH)
    out.add("shoulder_rotation", None, rotation, sd, segment_bias, points="both shoulders")


def _add_leg(
    body: Body,
    side: Side,
    out: Collector,
    hips: Array,
    trunk: tuple[Array, float],
    bias: tuple[float, float],
) -> None:
    """Add one leg; `trunk` is the lean and its error, `bias` that of segments and of joints."""
    point, noise = _limb(body, side)
    hip, knee, ankle, heel, toe = map(point, ("hip", "knee", "ankle", "heel", "big_toe"))
    lean, lean_sd = trunk
    segment_bias, joint_bias = bias
    thigh = angles.from_vertical(hip, knee)
    shank = angles.from_vertical(knee, ankle)
    foot = angles.foot_pitch(heel, toe)
    thigh_sd = segment_sd(noise("hip"), noise("knee"), THIGH)
    shank_sd = segment_sd(noise("knee"), noise("ankle"), SHANK)
    foot_sd = segment_sd(noise("heel"), noise("big_toe"), FOOT)
    for name, value, sd, points in (
        ("thigh", thigh, thigh_sd, "hip and knee"),
        ("shank", shank, shank_sd, "knee and ankle"),
        ("foot", foot, foot_sd, "heel and toe"),
    ):
        out.add(name, side, value, sd, segment_bias, points=points)
    for name, value, sd, points in (
        (
            "knee_flexion",
            angles.knee_flexion(thigh, shank),
            np.hypot(thigh_sd, shank_sd),
            "hip, knee and ankle",
        ),
        (
            "hip_flexion",
            angles.hip_flexion(thigh, lean),
            np.hypot(thigh_sd, lean_sd),
            "shoulders, hips and knee",
        ),
        (
            "ankle_dorsiflexion",
            angles.ankle_dorsiflexion(foot, shank),
            np.hypot(foot_sd, shank_sd),
            "knee, ankle, heel and toe",
        ),
    ):
        out.add(name, side, value, float(sd), joint_bias, points=points)
    sole = (heel + toe) / 2
    sole = sole if np.isfinite(sole).any() else ankle
    for name, end in (("ankle_ahead", ankle), ("foot_ahead", sole)):
        out.add(name, side, (end - hips)[:, 0], noise("ankle"), 0.01, points="hips and ankle")


def _add_arm(
    body: Body, side: Side, out: Collector, trunk_length: float, segment_bias: float
) -> None:
    point, noise = _limb(body, side)
    shoulder, elbow, wrist = map(point, ("shoulder", "elbow", "wrist"))
    upper_sd = segment_sd(noise("shoulder"), noise("elbow"), UPPER_ARM)
    upper = angles.from_vertical(shoulder, elbow)
    out.add("upper_arm", side, upper, upper_sd, segment_bias, points="shoulder and elbow")
    bend = angles.elbow_flexion(shoulder, elbow, wrist)
    sd = upper_sd * 2**0.5
    points = "shoulder, elbow and wrist"
    out.add("elbow_flexion", side, bend, sd, _ARM_OUT_OF_PLANE_DEG, points=points)
    reach = (wrist - shoulder)[:, 0] / trunk_length
    out.add("wrist_ahead", side, reach, noise("wrist") / trunk_length, points="shoulder and wrist")


def _add_head(body: Body, out: Collector, shoulders: Array, trunk_length: float) -> None:
    head = (body.side_plane("left_ear") + body.side_plane("right_ear")) / 2
    if not np.isfinite(head).any():
        head = body.side_plane("head_top")
    ahead = (head - shoulders)[:, 0] / trunk_length
    sd = body.noise_of("left_ear") / trunk_length
    out.add("head_ahead", None, ahead, sd, 0.05, points="ears (or top of the head) and shoulders")


def _limb(body: Body, side: Side) -> tuple[Callable[[str], Array], Callable[[str], float]]:
    """Return what gives the position and the noise of a part of one side."""
    return (
        lambda part: body.side_plane(f"{side}_{part}"),
        lambda part: body.noise_of(f"{side}_{part}") * body.far(side),
    )
