"""Angles and positions of a simulated run, from its points in space."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.gait import angles
from stridewise.simulate.run import Run
from stridewise.skeletons import KEYPOINTS, SIDES, Side

Array = NDArray[np.float64]
Signals = dict[tuple[str, Side | None], Array]

_SAGITTAL, _FRONTAL = [0, 1], [2, 1]
_LIMB = ("hip", "knee", "ankle", "heel", "big_toe", "shoulder", "elbow", "wrist")


def leg_length(run: Run) -> float:
    """Return the height of the hip joint above the floor in standing, in metres."""
    return sum(run.person.lengths[part] for part in ("thigh", "shank", "ankle_height"))


def signals(run: Run, xyz: Array) -> Signals:
    """Work out angles (degrees) and positions (leg lengths) from points in space."""
    length = leg_length(run)

    def point(name: str) -> Array:
        points: Array = xyz[:, KEYPOINTS.index(name)]
        return points

    def flat(name: str, plane: list[int]) -> Array:
        return point(name)[:, plane]

    hip, shoulder = point("mid_hip"), point("neck")
    trunk = run.person.lengths["trunk"]
    across = point("right_shoulder") - point("left_shoulder")
    lean = angles.trunk_lean(hip[:, _SAGITTAL], shoulder[:, _SAGITTAL])
    obliquity = angles.pelvic_obliquity(flat("left_hip", _FRONTAL), flat("right_hip", _FRONTAL))
    ears = (point("left_ear") + point("right_ear")) / 2
    found: Signals = {
        ("trunk_lean", None): lean,
        ("trunk_lateral", None): angles.lateral_lean(
            hip[:, _FRONTAL], shoulder[:, _FRONTAL], "right"
        ),
        ("pelvic_obliquity", None): obliquity,
        ("pelvis_height", None): hip[:, 1] / length,
        ("shoulder_rotation", None): np.degrees(np.arctan2(across[:, 0], across[:, 2])),
        ("head_ahead", None): (ears - shoulder)[:, 0] / trunk,
        ("knee_gap", None): (point("right_knee") - point("left_knee"))[:, 2]
        / run.person.lengths["hip_width"],
    }
    if run.travels:
        found["pelvis_travel", None] = (hip[:, 0] - hip[0, 0]) / length
    for side in SIDES:
        sagittal = {n: flat(f"{side}_{n}", _SAGITTAL) for n in _LIMB}
        frontal = {n: flat(f"{side}_{n}", _FRONTAL) for n in _LIMB}
        thigh = angles.from_vertical(sagittal["hip"], sagittal["knee"])
        shank = angles.from_vertical(sagittal["knee"], sagittal["ankle"])
        foot = angles.foot_pitch(sagittal["heel"], sagittal["big_toe"]) - run.foot.flat_pitch
        adduction = angles.thigh_adduction(frontal["hip"], frontal["knee"], side)
        drop = angles.contralateral_drop(obliquity, side)
        feet = (point(f"{side}_heel") + point(f"{side}_big_toe")) / 2
        inward = -1 if side == "right" else 1
        wrist = point(f"{side}_wrist")
        found |= {
            ("thigh", side): thigh,
            ("shank", side): shank,
            ("foot", side): foot,
            ("knee_flexion", side): angles.knee_flexion(thigh, shank),
            ("hip_flexion", side): angles.hip_flexion(thigh, lean),
            ("ankle_dorsiflexion", side): angles.ankle_dorsiflexion(foot, shank),
            ("upper_arm", side): angles.from_vertical(sagittal["shoulder"], sagittal["elbow"]),
            ("elbow_flexion", side): angles.elbow_flexion(
                sagittal["shoulder"], sagittal["elbow"], sagittal["wrist"]
            ),
            ("ankle_ahead", side): (point(f"{side}_ankle") - hip)[:, 0] / length,
            ("foot_ahead", side): (feet - hip)[:, 0] / length,
            ("wrist_ahead", side): (wrist - point(f"{side}_shoulder"))[:, 0] / trunk,
            ("thigh_adduction", side): adduction,
            ("hip_adduction", side): angles.hip_adduction(adduction, drop),
            ("frontal_knee", side): angles.frontal_knee_angle(
                frontal["hip"], frontal["knee"], frontal["ankle"], side
            ),
            # The line that the runner keeps to is z = 0.
            ("ankle_lateral", side): point(f"{side}_ankle")[:, 2] / length,
            ("wrist_lateral", side): inward
            * (wrist[:, 2] - _midline_z(hip, shoulder, wrist[:, 1]))
            / run.person.lengths["shoulder_width"],
        }
    return found


def _midline_z(hip: Array, shoulder: Array, height: Array) -> Array:
    """Where the line from mid-hip to mid-shoulder lies, sideways, at this height."""
    share = (height - hip[:, 1]) / (shoulder - hip)[:, 1]
    middle: Array = hip[:, 2] + share * (shoulder - hip)[:, 2]
    return middle
