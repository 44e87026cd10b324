"""Joint and segment angles from points in a plane; the package's only definition of each.

Frames: in the sagittal plane `x` is forward and `y` is up; in the frontal plane `z` is to the
runner's right and `y` is up. All functions take arrays of shape (..., 2) with the horizontal
coordinate first, return degrees of shape (...), and pass NaN through.

Signs follow the clinical custom: flexion, dorsiflexion, adduction, contralateral drop, forward
lean and lean to the stance side are positive; standing is 0 (Wu & Cavanagh 1995, Wu et al. 2002).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.skeletons import Side

Array = NDArray[np.float64]


def _wrap(degrees: Array) -> Array:
    """Bring angles into [-180, 180)."""
    return (degrees + 180.0) % 360.0 - 180.0


def from_vertical(upper: Array, lower: Array) -> Array:
    """Inclination of the segment from `upper` down to `lower`; + when the lower end is ahead.

    With hip and knee this is the thigh angle (+ knee ahead), with knee and ankle the shank angle
    (+ ankle ahead of the knee).
    """
    d = lower - upper
    return np.degrees(np.arctan2(d[..., 0], -d[..., 1]))


def trunk_lean(mid_hip: Array, mid_shoulder: Array) -> Array:
    """Lean of the trunk from the vertical; + forward."""
    d = mid_shoulder - mid_hip
    return np.degrees(np.arctan2(d[..., 0], d[..., 1]))


def foot_pitch(heel: Array, toe: Array) -> Array:
    """Angle of the line from heel to toe with the ground; + toes up. Offset not removed."""
    d = toe - heel
    return np.degrees(np.arctan2(d[..., 1], d[..., 0]))


def knee_flexion(thigh: Array, shank: Array) -> Array:
    """Knee flexion from thigh and shank angles."""
    return _wrap(thigh - shank)


def hip_flexion(thigh: Array, trunk: Array) -> Array:
    """Hip flexion against the trunk (not the pelvis) from thigh angle and trunk lean."""
    return _wrap(thigh + trunk)


def ankle_dorsiflexion(foot: Array, shank: Array) -> Array:
    """Ankle dorsiflexion from foot pitch (offset removed) and shank angle."""
    return _wrap(foot - shank)


def elbow_flexion(shoulder: Array, elbow: Array, wrist: Array) -> Array:
    """Elbow flexion; 0 with a straight arm."""
    u, v = shoulder - elbow, wrist - elbow
    cross = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]
    dot = (u * v).sum(axis=-1)
    included: Array = np.degrees(np.arctan2(np.abs(cross), dot))
    return 180.0 - included


def pelvic_obliquity(left_hip: Array, right_hip: Array) -> Array:
    """Tilt of the hip line in the frontal plane; + when the right hip is higher."""
    d = right_hip - left_hip
    return np.degrees(np.arctan2(d[..., 1], d[..., 0]))


def contralateral_drop(obliquity: Array, stance: Side) -> Array:
    """Drop of the swing-side hip below the stance-side hip, for a stance on `stance`."""
    return obliquity if stance == "right" else -obliquity


def thigh_adduction(hip: Array, knee: Array, side: Side) -> Array:
    """Thigh against the vertical in the frontal plane; + with the knee towards the midline."""
    d = knee - hip
    medial = -d[..., 0] if side == "right" else d[..., 0]
    return np.degrees(np.arctan2(medial, -d[..., 1]))


def hip_adduction(thigh_adduction: Array, drop: Array) -> Array:
    """Femoral adduction against the pelvis: thigh adduction plus contralateral drop."""
    return thigh_adduction + drop


def frontal_knee_angle(hip: Array, knee: Array, ankle: Array, side: Side) -> Array:
    """Frontal-plane projection angle of the knee; + with the knee medial of hip-ankle line."""
    return _wrap(thigh_adduction(hip, knee, side) - thigh_adduction(knee, ankle, side))


def lateral_lean(mid_hip: Array, mid_shoulder: Array, stance: Side) -> Array:
    """Lean of the trunk in the frontal plane; + towards the stance side."""
    d = mid_shoulder - mid_hip
    lean = np.degrees(np.arctan2(d[..., 0], d[..., 1]))
    return lean if stance == "right" else -lean
