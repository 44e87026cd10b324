"""Signals of a body: what each plane shows, or the reason why it does not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.body import Body
from stridewise.gait.motion import Signal
from stridewise.skeletons import Side

Array = NDArray[np.float64]
Signals = dict[tuple[str, Side | None], Signal]

#: A runner who covers more than this many leg lengths is not on a treadmill.
_TRAVEL = 2.0


class Collector:
    """Gathers signals, and the reasons for those that are not there.

    Attributes
    ----------
    points_sd : dict of str to float
        What lasting offsets of the points make of signals, by name (`stridewise.placement`).
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
