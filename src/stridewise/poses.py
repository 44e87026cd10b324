"""The body at the key instants of a typical step, for drawing."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.angles import contralateral_drop
from stridewise.gait.body import MAX_OFF_FRONTAL_DEG, MAX_OFF_SAGITTAL_DEG
from stridewise.gait.motion import Motion
from stridewise.gait.strides import Steps
from stridewise.recording import Recording
from stridewise.repair.smooth import low_pass
from stridewise.result import Pose
from stridewise.skeletons import SIDES, Side
from stridewise.view import View

Array = NDArray[np.float64]
Phase = Literal["initial_contact", "mid_stance", "toe_off"]

_PHASES: tuple[Phase, ...] = ("initial_contact", "mid_stance", "toe_off")
_ANGLES = (
    "hip_flexion",
    "knee_flexion",
    "ankle_dorsiflexion",
    "thigh",
    "shank",
    "foot",
    "trunk_lean",
    "upper_arm",
    "elbow_flexion",
    "hip_adduction",
    "frontal_knee",
    "trunk_lateral",
)
#: Frames around an instant that are smoothed for its picture.
_AROUND = 40


def key_poses(recording: Recording, motion: Motion, steps: Steps, view: View) -> tuple[Pose, ...]:
    """Take the body at the key instants of each side's most typical step.

    Typical is the step whose contact time lies nearest to the median. A side without a whole step
    has no poses.
    """
    poses = []
    for side in SIDES:
        own = steps.of(side)
        duration = own.toe_off - own.initial_contact
        whole = np.flatnonzero(np.isfinite(duration + own.mid_stance))
        if not whole.size:
            continue
        typical = whole[np.argmin(np.abs(duration[whole] - np.median(duration[whole])))]
        for phase in _PHASES:
            time = float(getattr(own, phase)[typical])
            xy = _positions(recording, time)
            angles = _angles(motion, side, time)
            poses.append(Pose(phase, side, time, recording.keypoints, xy, angles, _plane(view)))
    return tuple(poses)


def _plane(view: View) -> Literal["sagittal", "frontal"] | None:
    if view.off_sagittal_deg <= MAX_OFF_SAGITTAL_DEG:
        return "sagittal"
    return "frontal" if view.off_frontal_deg <= MAX_OFF_FRONTAL_DEG else None


def _angles(motion: Motion, side: Side, time: float) -> dict[str, float]:
    """Angles of one side and the midline at an instant, in degrees."""
    wanted = {
        name: signal.value
        for (name, whose), signal in motion.signals.items()
        if whose in (side, None) and name in _ANGLES
    }
    if ("pelvic_obliquity", None) in motion.signals:
        obliquity = motion.signals["pelvic_obliquity", None].value
        wanted["contralateral_drop"] = contralateral_drop(obliquity, side)
    angles = {name: float(np.interp(time, motion.time, v)) for name, v in wanted.items()}
    return {name: value for name, value in angles.items() if np.isfinite(value)}


def _positions(recording: Recording, time: float) -> Array:
    """Positions at an instant, smoothed over the frames around it, shape (keypoints, 2)."""
    middle = int(np.searchsorted(recording.time, time))
    near = slice(max(0, middle - _AROUND), middle + _AROUND)
    smooth = low_pass(recording.xy[near], 12.0, recording.fps)
    clock = recording.time[near]
    xy: Array = np.array(
        [[np.interp(time, clock, axis) for axis in point] for point in smooth.transpose(1, 2, 0)]
    )
    return xy
