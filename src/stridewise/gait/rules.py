"""Rules that time one stance from moving points: the candidate instants of contact and toe-off.

No single rule finds contact well at every speed, foot strike and view, so each contact is timed by
several, each with its known lag and error on laboratory runners (see `stridewise.gait.fusion`).
After Milner & Paquette 2015 (pelvis), De Witt 2010 (toe), Fellin et al. 2010 (knee extension at
toe-off) and Smith et al. 2015 (foot velocity).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.motion import EventKind

Array = NDArray[np.float64]

#: Rules by the event that they time. The first of each, the pelvis, every stance has.
RULES: dict[EventKind, tuple[str, ...]] = {
    "initial_contact": (
        "pelvis_falls",
        "foot_reaches_belt_speed",
        "ankle_reaches_belt_speed",
        "toe_falls_fastest",
        "toe_comes_to_rest",
        "knee_opens",
    ),
    "toe_off": ("pelvis_rises", "toe_lifts", "knee_opens_again"),
}


@dataclass(frozen=True)
class LegMotion:
    """How one leg moves, smoothed; None where the view or the points do not show it.

    Parameters
    ----------
    time : ndarray, shape (frames,)
        Seconds.
    ankle_forward, foot_forward : ndarray, shape (frames,), optional
        Velocity against the mid-hip, leg lengths per second; the foot is halfway from heel to toe.
    toe_up : ndarray, shape (frames,), optional
        Velocity, leg lengths per second.
    knee : ndarray, shape (frames,), optional
        Knee flexion, degrees.
    """

    time: Array
    ankle_forward: Array | None = None
    foot_forward: Array | None = None
    toe_up: Array | None = None
    knee: Array | None = None


def candidates(
    leg: LegMotion, belt: Mapping[str, float], fall: float, rise: float, step: float
) -> dict[str, float]:
    """Time one stance by every rule.

    Parameters
    ----------
    leg : LegMotion
        The leg in stance.
    belt : mapping of str to float
        Velocities of a foot that rests on the belt (or the floor, seen from the pelvis), leg
        lengths per second: `ankle_forward`, `foot_forward`, and `toe_up`, which is not 0 when the
        camera looks along the belt.
    fall, rise : float
        Instants at which the pelvis falls and rises fastest, seconds.
    step : float
        Step time, seconds.

    Returns
    -------
    dict of rule name to float
        Seconds; NaN where the rule finds nothing, no entry where the leg does not show its points.
    """
    time = leg.time
    out = {"pelvis_falls": fall, "pelvis_rises": rise}
    landing = fall - 0.35 * step, fall + 0.15 * step
    if leg.foot_forward is not None:
        half = 0.5 * belt["foot_forward"]
        out["foot_reaches_belt_speed"] = crossing(
            time, -leg.foot_forward, -half, *landing, last=True
        )
    if leg.ankle_forward is not None:
        out["ankle_reaches_belt_speed"] = crossing(
            time, -leg.ankle_forward, -0.5 * belt["ankle_forward"], *landing, last=True
        )
    if leg.toe_up is not None:
        up = leg.toe_up - belt["toe_up"]
        fastest = peak(time, -up, *landing)
        out["toe_falls_fastest"] = fastest
        half = 0.5 * float(np.interp(fastest, time, up))
        out["toe_comes_to_rest"] = crossing(time, up, half, fastest, fastest + 0.3 * step)
        # Backwards from the sure swing, so that noise in late stance does not pass for lift-off.
        swing = peak(time, up, rise, rise + 0.7 * step)
        lifted = min(0.3, 0.25 * float(np.interp(swing, time, up)))
        out["toe_lifts"] = crossing(time, up, lifted, rise - 0.3 * step, swing, last=True)
    if leg.knee is not None:
        out["knee_opens"] = peak(time, -leg.knee, landing[0], fall + 0.02 * step)
        out["knee_opens_again"] = peak(time, -leg.knee, rise - 0.3 * step, rise + 0.4 * step)
    return out


def vertex(time: Array, values: Array, i: int) -> float:
    """Instant of the top of the parabola through a maximum and its two neighbours."""
    before, top, after = values[i - 1 : i + 2]
    bend = before - 2 * top + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(time[i] + np.clip(shift, -0.5, 0.5) * (time[i + 1] - time[i]))


def peak(time: Array, values: Array, start: float, stop: float) -> float:
    """Instant of the maximum inside a window, finer than a frame.

    NaN when it lies on the rim, or when the window leaves the recording or has gaps.
    """
    if not np.isfinite(start + stop):
        return float("nan")
    i, j = np.searchsorted(time, (start, stop))
    if j - i < 3 or j >= len(time) or not np.isfinite(values[i:j]).all():
        return float("nan")
    k = int(i + np.argmax(values[i:j]))
    return vertex(time, values, k) if i < k < j - 1 else float("nan")


def crossing(
    time: Array, values: Array, level: float, start: float, stop: float, *, last: bool = False
) -> float:
    """Instant of the first (or last) upward crossing of `level` in a window; NaN without one."""
    if not np.isfinite(start + stop):
        return float("nan")
    i = max(int(np.searchsorted(time, start)) - 1, 0)
    j = int(np.searchsorted(time, stop)) + 1
    above = values[i:j] - level
    hits = np.flatnonzero((above[:-1] < 0) & (above[1:] >= 0))
    if not hits.size:
        return float("nan")
    k = int(hits[-1] if last else hits[0])
    share = -above[k] / (above[k + 1] - above[k])
    return float(time[i + k] + share * (time[i + k + 1] - time[i + k]))
