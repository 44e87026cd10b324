"""Signals of the front or back view: pelvis, hips, knees, trunk, and where the feet land."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.gait import angles
from stridewise.gait.body import Body
from stridewise.gait.signals import Collector, distance, segment_sd, typical
from stridewise.placement import HIP_WIDTH, SHANK, SHOULDER_WIDTH, THIGH, TRUNK, lasting
from stridewise.repair.smooth import low_pass
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]

FRONTAL_SIGNALS = (
    "pelvic_obliquity",
    "thigh_adduction",
    "hip_adduction",
    "frontal_knee",
    "trunk_lateral",
    "ankle_lateral",
    "knee_gap",
    "wrist_lateral",
)
#: A thigh 30 deg forward shows this much false adduction per degree of yaw (C3).
_LEG_PER_YAW = 0.57
#: A trunk that leans a little forward shows this much false lean per degree of yaw.
_TRUNK_PER_YAW = 0.1

#: The hips sway once in each stride, at 1.2 Hz or more; what is slower is where the runner heads.
_LINE_HZ = 0.6


def add_frontal(body: Body, out: Collector) -> None:
    """Add every signal of the front or back view that the points allow."""
    if not body.frontal:
        reason = f"the camera is {body.view.off_frontal_deg:.0f}° away from a front or back view"
        out.absent.update(dict.fromkeys(FRONTAL_SIGNALS, reason))
        return
    point, noise = body.front_plane, body.noise_of
    off = min(float(np.hypot(body.view.off_frontal_deg, body.view.yaw_sd_deg)), 20.0)

    left_hip, right_hip = point("left_hip"), point("right_hip")
    hips = (left_hip + right_hip) / 2
    hip_width = typical(distance(left_hip, right_hip), HIP_WIDTH)
    out.points_sd |= lasting(body.offsets, hip_width=hip_width)
    obliquity = angles.pelvic_obliquity(left_hip, right_hip)
    obliquity_sd = segment_sd(noise("left_hip"), noise("right_hip"), hip_width)
    out.add("pelvic_obliquity", None, obliquity, obliquity_sd, points="both hips")
    shoulders = (point("left_shoulder") + point("right_shoulder")) / 2
    # Stance on the right foot makes lean to the right positive.
    lean = angles.lateral_lean(hips, shoulders, "right")
    lean_sd = segment_sd(noise("left_hip"), noise("left_shoulder"), TRUNK) / 2**0.5
    points = "hips and shoulders"
    out.add("trunk_lateral", None, lean, lean_sd, _TRUNK_PER_YAW * off, points=points)
    gap = (point("right_knee") - point("left_knee"))[:, 0] / hip_width
    gap_sd = float(np.hypot(noise("left_knee"), noise("right_knee"))) / hip_width
    out.add("knee_gap", None, gap, gap_sd, points="both knees")
    for side in SIDES:
        _add_leg(body, side, out, hips, (obliquity, obliquity_sd), _LEG_PER_YAW * off)
        crossed = _crossed(body, side, hips)
        sd = noise(f"{side}_wrist") / SHOULDER_WIDTH
        points = "wrist, hips and shoulders"
        out.add("wrist_lateral", side, crossed, sd, 0.05, points=points)


def _add_leg(
    body: Body,
    side: Side,
    out: Collector,
    hips: Array,
    obliquity: tuple[Array, float],
    bias: float,
) -> None:
    """Add one leg; `obliquity` is that of the pelvis and its error, `bias` that of angles."""
    hip, knee, ankle = (body.front_plane(f"{side}_{p}") for p in ("hip", "knee", "ankle"))
    noise = {p: body.noise_of(f"{side}_{p}") for p in ("hip", "knee", "ankle")}
    thigh_sd = segment_sd(noise["hip"], noise["knee"], THIGH)
    shank_sd = segment_sd(noise["knee"], noise["ankle"], SHANK)
    thigh = angles.thigh_adduction(hip, knee, side)
    out.add("thigh_adduction", side, thigh, thigh_sd, bias, points="hip and knee")
    tilt, tilt_sd = obliquity
    femur = angles.hip_adduction(thigh, angles.contralateral_drop(tilt, side))
    femur_sd = float(np.hypot(thigh_sd, tilt_sd))
    out.add("hip_adduction", side, femur, femur_sd, bias, points="both hips and knee")
    valgus = angles.frontal_knee_angle(hip, knee, ankle, side)
    valgus_sd = float(np.hypot(thigh_sd, shank_sd))
    out.add("frontal_knee", side, valgus, valgus_sd, bias, points="hip, knee and ankle")
    aside = ankle[:, 0] - line_of_progression(hips[:, 0], body.fps)
    out.add("ankle_lateral", side, aside, noise["ankle"], 0.005, points="hips and ankle")


def line_of_progression(hips: Array, fps: float) -> Array:
    """Path that the hips keep to sideways, without their sway from foot to foot.

    Parameters
    ----------
    hips : ndarray, shape (frames,)
        Sideways position of the mid-hip.
    fps : float
        Frames per second.
    """
    return low_pass(hips, _LINE_HZ, fps)


def _crossed(body: Body, side: Side, hips: Array) -> Array:
    """How far the wrist is past the trunk's midline, in shoulder widths; + = crossed."""
    wrist, left, right = map(body.front_plane, (f"{side}_wrist", "left_shoulder", "right_shoulder"))
    shoulders = (left + right) / 2
    height = shoulders[:, 1] - hips[:, 1]
    share = (wrist - hips)[:, 1] / np.where(height > 0, height, np.nan)
    past = wrist[:, 0] - hips[:, 0] - share * (shoulders - hips)[:, 0]
    return (-past if side == "right" else past) / typical(distance(left, right), SHOULDER_WIDTH)
