"""The rhythm and the weight of a gait, without foot contacts: what tells running from the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.recording import Recording
from stridewise.repair.smooth import low_pass
from stridewise.view import leg_length

Array = NDArray[np.float64]

#: Downward acceleration of the hips, as a share of gravity, without which nobody has left the
#: ground: 19 laboratory runners and one sprinter show 0.9 or more, 10 walkers 0.5 or less.
FLIGHT_FALL = 0.6
#: Share of the power around the strongest rate above which swinging legs have a rhythm.
_CLEAR_RHYTHM = 0.6
#: Hip motion of a step lies below this frequency, in Hz; its noise mostly above.
_HIP_CUTOFF_HZ = 6.0
#: Gravity in leg lengths per second squared, for an adult's leg of 0.90 m.
_GRAVITY = 9.81 / 0.90


def swing_cadence(recording: Recording) -> float | None:
    """Return the steps per minute at which the ankles pass each other.

    The distance between the ankles goes once to and fro in each stride, from every side, at any
    speed and in any slow motion.

    Parameters
    ----------
    recording : Recording
        On an even time base.

    Returns
    -------
    float or None
        None where the ankles are not seen in most frames or have no clear rhythm.
    """
    gap = recording.point("right_ankle") - recording.point("left_ankle")
    known = np.isfinite(gap[:, 0])
    frames = len(gap)
    if known.mean() < 0.5:
        return None
    at = np.arange(frames)
    gap = np.stack([np.interp(at, at[known], column[known]) for column in gap.T])
    gap = (gap - gap.mean(axis=1, keepdims=True)) * np.hanning(frames)
    size = 1 << int(np.ceil(np.log2(8 * frames)))
    power = (np.abs(np.fft.rfft(gap, size)) ** 2).sum(axis=0)
    rate = np.fft.rfftfreq(size, 1 / recording.fps)
    strongest = rate[np.argmax(power)]
    # The window spreads a pure tone over two lines of the spectrum to either side.
    near = np.abs(rate - strongest) <= 2.0 * recording.fps / frames
    if not power.any() or power[near].sum() < _CLEAR_RHYTHM * power.sum() or strongest == 0:
        return None
    return float(120.0 * strongest)


def free_fall(recording: Recording) -> float:
    """Return how fast the hips accelerate downwards at their fastest, as a share of gravity.

    In flight the body falls freely, so that runners come near 1; in walking the hips stay far
    below; seen k times slower than life, the share is k squared times smaller.

    Parameters
    ----------
    recording : Recording
        On an even time base.

    Returns
    -------
    float
        The 95th percentile of downward acceleration over gravity; infinite where the hips are not
        seen for long enough to tell.
    """
    hips = (recording.point("left_hip")[:, 1] + recording.point("right_hip")[:, 1]) / 2
    smooth = low_pass(hips / leg_length(recording), _HIP_CUTOFF_HZ, recording.fps)
    down = np.diff(smooth, 2) * recording.fps**2
    known = down[np.isfinite(down)]
    if len(known) < recording.fps:
        return float("inf")
    return float(np.percentile(known, 95)) / _GRAVITY
