"""Running speed where nobody stated it."""

from __future__ import annotations

import math

import numpy as np

from stridewise.gait.motion import Motion
from stridewise.gait.strides import WINDOW_POINTS, Steps, between
from stridewise.metrics.data import UNKNOWN_LEG_LENGTH, Measured, Sample
from stridewise.metrics.uncertainty import summarise
from stridewise.skeletons import SIDES

#: Share of stance over which the foot is taken to move with the ground.
_FLAT = (0.3, 0.7)

#: The middle of the stance foot moves back past the hips more slowly than the ground: it rolls, and
#: the hips are slowest in mid-stance. Share of the belt speed, and its standard deviation between
#: runners, in the 57 trials of Fukuchi et al. 2017 (19 runners, 2.5 to 4.5 m/s).
STANCE_SHARE = 0.945
STANCE_SHARE_SD = 0.022


def estimate_speed(
    motion: Motion, steps: Steps, leg_length_m: Measured | None = None
) -> Measured | None:
    """Estimate running speed from the points.

    A static camera past which the runner travels gives it from the distance covered; otherwise it
    is how fast the stance foot moves back past the hips.

    Parameters
    ----------
    motion : Motion
        Signals `pelvis_travel` or `foot_ahead` are used, in that order.
    steps : Steps
        From `find_steps`.
    leg_length_m : Measured, optional
        Without it, a leg length of 0.90 +- 0.06 m is assumed, and the source says so.

    Returns
    -------
    Measured or None
        m/s; None where neither signal is there or fewer than two steps are seen.
    """
    leg = leg_length_m or UNKNOWN_LEG_LENGTH
    found = _from_travel(motion) or _from_stance(motion, steps)
    if found is None:
        return None
    per_second, sd, source = found
    assumed = "" if leg_length_m else f", with {leg.source} ({leg.value:.2f} m)"
    relative = math.hypot(sd / per_second, leg.sd / leg.value)
    value = per_second * leg.value
    return Measured(value, value * relative, source + assumed)


def _from_travel(motion: Motion) -> Measured | None:
    """Distance covered over time, in leg lengths per second."""
    signal = motion.signals.get(("pelvis_travel", None))
    if signal is None:
        return None
    known = np.isfinite(signal.value)
    if known.sum() < 4:
        return None
    time = motion.time[known] - motion.time[known].mean()
    duration = float(time[-1] - time[0])
    per_second = float(time @ signal.value[known] / (time @ time))
    sd = math.hypot(signal.sd * math.sqrt(1 / float(time @ time)), signal.bias_sd / duration)
    return Measured(per_second, sd, "distance covered") if per_second > 0 else None


def _from_stance(motion: Motion, steps: Steps) -> Measured | None:
    """Speed of the stance foot past the hips, in leg lengths per second."""
    first, last = (round(share * (WINDOW_POINTS - 1)) for share in _FLAT)
    share = np.linspace(0, 1, WINDOW_POINTS)[first : last + 1]
    share = share - share.mean()
    speeds, biases = [], []
    for side in SIDES:
        signal = motion.signals.get(("foot_ahead", side))
        if signal is None:
            continue
        own = steps.of(side)
        course = between(motion.time, own.initial_contact, own.toe_off).value(signal.value)
        per_stance = course[:, first : last + 1] @ share / (share @ share)
        speeds.append(-per_stance / (own.toe_off - own.initial_contact))
        biases.append(signal.bias_sd)
    summary = summarise(Sample(np.concatenate(speeds))) if speeds else None
    if summary is None or summary.value <= 0:
        return None
    relative = math.hypot(summary.random_sd / summary.value, STANCE_SHARE_SD / STANCE_SHARE)
    value = summary.value / STANCE_SHARE
    return Measured(value, value * relative, "speed of the stance foot")
