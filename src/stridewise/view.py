"""How the camera sees the runner: direction, angle, size and tilt, found from the points.

An orthographic camera at yaw `a` (0 sees the right side, 90 the front, 180 the left side, -90 the
back) shows a body point at image x = forward * cos(a) - right * sin(a). Averages over whole
strides give both parts: knees bend and toes point forward, which shows cos(a); the right hip and
shoulder lie to the right of the left ones, which shows sin(a).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stridewise.context import Context, ViewName
from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.skeletons import SIDES

Array = NDArray[np.float64]
Facing = Literal["left", "right", "towards", "away"]

VIEW_YAW: dict[ViewName, float] = {"right": 0.0, "front": 90.0, "left": 180.0, "back": -90.0}
_FACING: dict[ViewName, Facing] = {
    "right": "right",
    "left": "left",
    "front": "towards",
    "back": "away",
}

#: Thigh plus shank as a share of leg length (trochanter height): 19 laboratory runners
#: (Fukuchi et al. 2017) 0.930 +- 0.016; Winter's segment table gives 0.926.
THIGH_SHANK = 0.930
#: Stride averages in leg lengths, same runners: mean +- SD between runners.
_KNEE_AHEAD = 0.145  # +- 0.011: knee ahead of the middle of hip and ankle
_TOE_AHEAD = 0.184  # +- 0.031: big toe ahead of heel
_HIP_WIDTH = 0.183  # +- 0.018
#: Shoulder joint to shoulder joint: 0.23 of stature (Winter 2009, fig. 4.1, 0.129 each side less
#: the deltoid) over a leg length of 0.53.
_SHOULDER_WIDTH = 0.42


@dataclass(frozen=True)
class View:
    """How the camera sees the runner.

    Parameters
    ----------
    name : {"left", "right", "front", "back"}
        The nearest of the four plain views.
    yaw_deg : float
        Camera direction around the runner: 0 right side, 90 front, 180 left side, -90 back.
    yaw_sd_deg : float
        Standard deviation of `yaw_deg`.
    facing : {"left", "right", "towards", "away"}
        Where the runner runs in the image.
    leg_length : float
        Leg length (trochanter height) in the unit of the recording.
    flat : bool
        False for three-dimensional sources, which show every plane.
    """

    name: ViewName
    yaw_deg: float
    yaw_sd_deg: float
    facing: Facing
    leg_length: float
    flat: bool = True

    @property
    def off_sagittal_deg(self) -> float:
        """Angle between the camera and the nearest pure side view; 0 for 3D sources."""
        a = abs(self.yaw_deg)
        return min(a, 180.0 - a) if self.flat else 0.0

    @property
    def off_frontal_deg(self) -> float:
        """Angle between the camera and the nearest pure front or back view; 0 for 3D sources."""
        return abs(abs(self.yaw_deg) - 90.0) if self.flat else 0.0


def find_view(recording: Recording, context: Context) -> View:
    """Find the view from the points, or take the one the user states.

    Raises
    ------
    InputError
        When the legs are not seen well enough to tell their size.
    """
    leg = leg_length(recording)
    if recording.depth is not None:
        return View("right", 0.0, 0.0, "right", leg, flat=False)
    yaw, sd = _yaw(recording, leg)
    if context.view != "auto":
        name: ViewName = context.view
        stated = VIEW_YAW[name]
        off = (yaw - stated + 180.0) % 360.0 - 180.0
        # The user knows the side; the points refine the angle when they do not contradict it.
        yaw = stated if abs(off) > 45.0 else stated + off
    else:
        name = min(VIEW_YAW, key=lambda v: abs((yaw - VIEW_YAW[v] + 180.0) % 360.0 - 180.0))
    yaw = (yaw + 180.0) % 360.0 - 180.0
    return View(name, yaw, sd, _FACING[name], leg)


def leg_length(recording: Recording) -> float:
    """Leg length (trochanter height) in the unit of the recording.

    From the 95th percentile of thigh plus shank, where both lie nearly in the image plane.

    Raises
    ------
    InputError
        When no leg is seen whole in at least one frame, or it has no size.
    """
    lengths = []
    for side in SIDES:
        hip, knee, ankle = (recording.point(f"{side}_{p}") for p in ("hip", "knee", "ankle"))
        leg = np.linalg.norm(knee - hip, axis=1) + np.linalg.norm(ankle - knee, axis=1)
        leg = leg[np.isfinite(leg)]
        if leg.size:
            lengths.append(float(np.percentile(leg, 95)))
    if not lengths or not np.isfinite(lengths).all() or min(lengths) <= 0:
        raise InputError(
            "No leg is seen whole, so the runner's size is unknown",
            expected="hip, knee and ankle of at least one leg together in some frames",
        )
    return float(np.mean(lengths)) / THIGH_SHANK


def _mean_dx(recording: Recording, to: str, origin: str) -> float:
    """Mean image x from one point to another; NaN when never seen together."""
    d = recording.point(to)[:, 0] - recording.point(origin)[:, 0]
    d = d[np.isfinite(d)]
    return float(d.mean()) if d.size else float("nan")


def _yaw(recording: Recording, leg: float) -> tuple[float, float]:
    """Yaw and its standard deviation, in degrees."""
    # (observed, its error) for cos and sin, each scaled so that 1 is a full view.
    cosines, sines = [], []
    for side in SIDES:
        knee = _mean_dx(recording, f"{side}_knee", f"{side}_hip")
        ankle = _mean_dx(recording, f"{side}_knee", f"{side}_ankle")
        cosines.append(((knee + ankle) / 2 / leg / _KNEE_AHEAD, 0.1))
        toe = _mean_dx(recording, f"{side}_big_toe", f"{side}_heel")
        cosines.append((toe / leg / _TOE_AHEAD, 0.2))
    hips = _mean_dx(recording, "right_hip", "left_hip") / leg / _HIP_WIDTH
    shoulders = _mean_dx(recording, "right_shoulder", "left_shoulder") / leg / _SHOULDER_WIDTH
    sines += [(-hips, 0.15), (-shoulders, 0.10)]
    cos, cos_sd = _combine(cosines)
    sin, sin_sd = _combine(sines)
    norm = float(np.hypot(cos, sin)) or 1.0
    yaw = float(np.degrees(np.arctan2(sin, cos)))
    c, s = cos / norm, sin / norm
    # Error across the line of sight: a side view is as sure as its sine, a back view its cosine.
    sd = float(np.degrees(np.hypot(c * sin_sd, s * cos_sd)))
    return yaw, max(sd, 2.0)


def _combine(observed: list[tuple[float, float]]) -> tuple[float, float]:
    """Inverse-variance mean of the finite observations; unknown (0 +- 1) when there are none."""
    known = np.array([o for o in observed if np.isfinite(o[0])])
    if not len(known):
        return 0.0, 1.0
    weight = 1.0 / known[:, 1] ** 2
    return float((known[:, 0] * weight).sum() / weight.sum()), float(weight.sum() ** -0.5)
