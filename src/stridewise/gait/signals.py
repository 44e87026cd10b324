"""Signals of a body: what each plane shows, or the reason why it does not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.body import Body
from stridewise.gait.motion import Signal
from stridewise.placement import bent, left_over, turned, wrong
from stridewise.skeletons import Side

Array = NDArray[np.float64]
Signals = dict[tuple[str, Side | None], Signal]

#: Lengths between points in leg lengths: 19 laboratory runners (Fukuchi et al. 2017; foot from heel
#: to tip of the big toe), and Winter 2009, fig. 4.1, over a leg of 0.53 of stature for the rest.
THIGH = 0.47
SHANK = 0.45
FOOT = 0.30
UPPER_ARM = 0.35
FOREARM = 0.275
TRUNK = 0.55
HIP_WIDTH = 0.18
SHOULDER_WIDTH = 0.42
#: Gap between the knees in hip widths (norms).
_KNEE_GAP = 0.84
#: A foot is about this far from flat where its pitch matters; flat is its zero.
_FROM_FLAT_DEG = 20.0
#: A runner who covers more than this many leg lengths is not on a treadmill.
_TRAVEL = 2.0


def lasting(
    offset: float, *, hip_width: float = HIP_WIDTH, trunk: float = TRUNK
) -> dict[str, float]:
    """Return what lasting offsets of the points make of each signal, standard deviations.

    Parameters
    ----------
    offset : float
        Of each point per coordinate, leg lengths (`stridewise.placement`).
    hip_width, trunk : float
        As seen, in leg lengths.
    """
    # The middle of the hips and that of the shoulders are two points each.
    half = 0.5 / trunk
    thigh, shank, tilt = (turned(offset, length) for length in (THIGH, SHANK, hip_width))
    foot = turned(offset, FOOT) * left_over(_FROM_FLAT_DEG)
    of_middle = 1.5**0.5 * offset
    return {
        "thigh": thigh,
        "shank": shank,
        "foot": foot,
        "knee_flexion": bent(offset, THIGH, SHANK),
        # Knee, own hip, which is half of the trunk's lower end, other hip and both shoulders.
        "hip_flexion": wrong(offset, 1 / THIGH, 1 / THIGH + half, half, half, half),
        "ankle_dorsiflexion": float(np.hypot(foot, shank)),
        "trunk_lean": wrong(offset, half, half, half, half),
        "upper_arm": turned(offset, UPPER_ARM),
        "elbow_flexion": bent(offset, UPPER_ARM, FOREARM),
        "shoulder_rotation": turned(offset, SHOULDER_WIDTH),
        "ankle_ahead": of_middle,
        "foot_ahead": of_middle,
        "pelvic_obliquity": tilt,
        "thigh_adduction": thigh,
        "hip_adduction": float(np.hypot(thigh, tilt)),
        "frontal_knee": bent(offset, THIGH, SHANK),
        "trunk_lateral": wrong(offset, half, half, half, half),
        "ankle_lateral": of_middle,
        # The knees' offsets move the gap, the hips' its unit.
        "knee_gap": 2**0.5 * offset / hip_width * float(np.hypot(1.0, _KNEE_GAP)),
        "wrist_lateral": of_middle / SHOULDER_WIDTH,
    }


class Collector:
    """Gathers signals, and the reasons for those that are not there.

    Attributes
    ----------
    points_sd : dict of str to float
        What lasting offsets of the points make of signals, by name (`lasting`).
    """

    def __init__(self) -> None:
        self.points_sd: dict[str, float] = {}
        self.signals: Signals = {}
        self.absent: dict[str, str] = {}

    def add(
        self,
        name: str,
        side: Side | None,
        value: Array,
        sd: float,
        bias_sd: float = 0.0,
        *,
        points: str,
    ) -> None:
        """Add a signal, or that its `points` (plural) are not seen when `value` is all NaN.

        `bias_sd` is the lasting error without what offsets of the points make of it.
        """
        if np.isfinite(value).any():
            offset = self.points_sd.get(name, 0.0)
            whole = float(np.hypot(bias_sd, offset))
            self.signals[name, side] = Signal(value, float(sd), whole, offset)
        else:
            self.absent[name] = f"{points} are not seen together"


def segment_sd(noise_a: float, noise_b: float, length: float) -> float:
    """Random error of a segment's direction, degrees, from the noise of its two ends."""
    return float(np.degrees(np.hypot(noise_a, noise_b) / length))


def typical(values: Array, default: float) -> float:
    """Median of the known values; `default` when there are none or it is not above 0."""
    known = values[np.isfinite(values)]
    median = float(np.median(known)) if known.size else 0.0
    return median if median > 0 else default


def distance(a: Array, b: Array) -> Array:
    """Distance between two points, shape (frames,)."""
    return np.hypot(a[:, 0] - b[:, 0], a[:, 1] - b[:, 1])


def add_pelvis(body: Body, out: Collector) -> None:
    """Add how the pelvis moves, which every view shows."""
    hips = (body.smooth("left_hip") + body.smooth("right_hip")) / 2
    sd = body.noise_of("left_hip") / 2**0.5
    out.add("pelvis_height", None, hips[:, 1], sd, points="the hips")
    if not body.sagittal:
        out.absent["pelvis_travel"] = "the camera does not see the runner pass from the side"
        return
    travel = body.forward(hips[:, :2])[:, 0]
    if _passes(travel):
        out.add("pelvis_travel", None, travel, sd, points="the hips")
    else:
        out.absent["pelvis_travel"] = "the runner stays in place in the picture"


def _passes(travel: Array) -> bool:
    """Say whether the runner covers ground, rather than wander on a treadmill."""
    seen = travel[np.isfinite(travel)]
    if not seen.size:
        return False
    covered = abs(seen[-1] - seen[0])
    return bool(covered > _TRAVEL and np.ptp(seen) < 1.5 * covered)
