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
from stridewise.placement import OFFSET
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
#: By how much more a leg looks short from behind, where it bends towards the camera and away from
#: it: 19 laboratory runners seen from 4 and 6 m (Fukuchi et al. 2017) miss 1.6 and 4.6 %. From
#: halfway to the side nothing is missed, nor from in front, where the landing leg comes nearer.
_HIDDEN_FROM_BEHIND = 0.03
_MIN_YAW_SD_DEG = 2.0
#: Points that differ from the stated view by more than this are not believed.
_CONTRADICTION_DEG = 60.0


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
    note : str
        Where the points contradict what the user states, in plain words; else empty.
    """

    name: ViewName
    yaw_deg: float
    yaw_sd_deg: float
    facing: Facing
    leg_length: float
    flat: bool = True
    note: str = ""

    @property
    def off_sagittal_deg(self) -> float:
        """Angle between the camera and the nearest pure side view; 0 for 3D sources."""
        return off_sagittal(self.yaw_deg) if self.flat else 0.0

    @property
    def off_frontal_deg(self) -> float:
        """Angle between the camera and the nearest pure front or back view; 0 for 3D sources."""
        return 90.0 - off_sagittal(self.yaw_deg) if self.flat else 0.0


def off_sagittal(yaw_deg: float) -> float:
    """Return the angle between a camera and the nearest pure side view, 0 to 90 degrees."""
    yaw = abs(yaw_deg)
    return min(yaw, 180.0 - yaw)


def find_view(recording: Recording, context: Context) -> View:
    """Find the view from the points, or take the one the user states.

    Raises
    ------
    InputError
        When the legs are not seen well enough to tell their size, or the user states one side and
        the points show the other.
    """
    leg = leg_length(recording)
    if recording.depth is not None:
        return View("right", 0.0, 0.0, "right", leg, flat=False)
    yaw, sd = _yaw(recording, leg)
    if yaw < 0:
        leg *= 1.0 + _HIDDEN_FROM_BEHIND * max(-float(np.cos(np.radians(2 * yaw))), 0.0)
    name: ViewName = min(VIEW_YAW, key=lambda view: abs(_wrap(yaw - VIEW_YAW[view])))
    if context.view != "auto" and context.view != name:
        return _stated(context.view, name, yaw, sd, leg)
    return View(name, _wrap(yaw), sd, _FACING[name], leg)


def _stated(stated: ViewName, found: ViewName, yaw: float, sd: float, leg: float) -> View:
    """Take the view that the user states; the points refine it when they do not contradict it."""
    if {stated, found} == {"left", "right"}:
        raise InputError(
            f"The view is stated as {stated}, but knees and toes point to the {_FACING[found]} of "
            f"the picture, so that the camera sees the runner's {found} side",
            hint=f"Say --view {found}, also for a mirrored picture, or leave it out",
        )
    off = _wrap(yaw - VIEW_YAW[stated])
    if abs(off) <= _CONTRADICTION_DEG:
        return View(stated, _wrap(VIEW_YAW[stated] + off), sd, _FACING[stated], leg)
    note = (
        f"The view is stated as {stated}, but the points look like {found}; if the pose estimator "
        "mixed up left and right, so are the sides here."
    )
    return View(stated, VIEW_YAW[stated], sd, _FACING[stated], leg, note=note)


def _wrap(degrees: float) -> float:
    """Bring an angle into [-180, 180)."""
    return (degrees + 180.0) % 360.0 - 180.0


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


@dataclass(frozen=True)
class _Cue:
    """A mean distance between body points that shows how far the camera is turned.

    `mean` and `sd` (between runners) are in leg lengths, seen at full length; `points` is by how
    much the errors of the points add up, against that of one point.
    """

    mean: float
    sd: float
    points: float

    def read(self, distance: float) -> tuple[float, float]:
        """Return a distance in the image, leg lengths, as a share of the full one, and its SD."""
        share = distance / self.mean
        own = self.sd / self.mean * min(abs(share), 1.0)
        return share, float(np.hypot(own, self.points * OFFSET / self.mean))


#: Stride averages of 19 laboratory runners (Fukuchi et al. 2017).
_KNEE_AHEAD = _Cue(0.145, 0.011, 1.5**0.5)  # of the middle of hip and ankle
_TOE_AHEAD = _Cue(0.184, 0.031, 2**0.5)  # of the heel
_HIP_WIDTH = _Cue(0.183, 0.018, 2**0.5)
#: Shoulder joint to shoulder joint: 0.23 of stature (Winter 2009, fig. 4.1, 0.129 each side less
#: the deltoid) over a leg length of 0.53.
_SHOULDER_WIDTH = _Cue(0.42, 0.03, 2**0.5)


def _yaw(recording: Recording, leg: float) -> tuple[float, float]:
    """Yaw and its standard deviation, in degrees."""

    def mean_dx(to: str, origin: str) -> float:
        """Mean image x from one point to another, leg lengths; NaN when never seen together."""
        dx = recording.point(to)[:, 0] - recording.point(origin)[:, 0]
        dx = dx[np.isfinite(dx)]
        return float(dx.mean()) / leg if dx.size else float("nan")

    cosines = []
    for side in SIDES:
        knee, ankle = (mean_dx(f"{side}_knee", f"{side}_{part}") for part in ("hip", "ankle"))
        cosines.append(_KNEE_AHEAD.read((knee + ankle) / 2))
        cosines.append(_TOE_AHEAD.read(mean_dx(f"{side}_big_toe", f"{side}_heel")))
    sines = [
        _HIP_WIDTH.read(mean_dx("left_hip", "right_hip")),
        _SHOULDER_WIDTH.read(mean_dx("left_shoulder", "right_shoulder")),
    ]
    cos, cos_sd = _combine(cosines)
    sin, sin_sd = _combine(sines)
    yaw = np.arctan2(sin, cos)
    # Only errors across the direction turn it: a side view is as sure as its sine, a front view as
    # its cosine.
    sd = np.hypot(np.cos(yaw) * sin_sd, np.sin(yaw) * cos_sd)
    return float(np.degrees(yaw)), max(float(np.degrees(sd)), _MIN_YAW_SD_DEG)


def _combine(observed: list[tuple[float, float]]) -> tuple[float, float]:
    """Inverse-variance mean of the finite observations; unknown (0 +- 1) when there are none."""
    known = np.array([o for o in observed if np.isfinite(o[0])])
    if not len(known):
        return 0.0, 1.0
    weight = 1.0 / known[:, 1] ** 2
    return float((known[:, 0] * weight).sum() / weight.sum()), float(weight.sum() ** -0.5)
