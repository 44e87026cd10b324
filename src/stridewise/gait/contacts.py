"""Foot contacts from geometry: when each stance is, whose it is, and its candidate instants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stridewise.gait import angles
from stridewise.gait.body import Body
from stridewise.gait.rules import LegMotion, candidates, peak, vertex
from stridewise.repair.smooth import derivative, low_pass
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]

FOOT_CUTOFF_HZ = 15.0
PELVIS_CUTOFF_HZ = 8.0
#: Steps per second in which to look for the rhythm of running; wider than any runner (78 to 300
#: steps/min), so that what lies outside can be named instead of forced into the range.
STEP_RATE_HZ = (1.3, 5.0)
_RATE_FROM_S = 120.0
#: Below this standard deviation of its velocity, leg lengths per second, the pelvis is at rest; in
#: running it is about 0.5.
_STILL = 0.02


@dataclass(frozen=True)
class ContactPoints:
    """The moving points that contacts are found from, in leg lengths, not smoothed.

    Parameters
    ----------
    time : ndarray, shape (frames,)
        Seconds, evenly spaced.
    pelvis : ndarray, shape (frames,)
        Height of the mid-hip.
    height, forward : mapping of (point, side) to ndarray, shape (frames,)
        Height, and distance ahead of the mid-hip, of `ankle`, `big_toe` and `heel` where seen.
        `forward` is empty when the camera does not see the runner from the side.
    knee : mapping of side to ndarray, shape (frames,)
        Knee flexion in degrees; empty likewise.
    """

    time: Array
    pelvis: Array
    height: Mapping[tuple[str, Side], Array]
    forward: Mapping[tuple[str, Side], Array] = field(default_factory=dict)
    knee: Mapping[Side, Array] = field(default_factory=dict)

    @property
    def fps(self) -> float:
        """Frames per second."""
        return float((len(self.time) - 1) / (self.time[-1] - self.time[0]))

    @classmethod
    def of(cls, body: Body) -> ContactPoints:
        """Take what the view shows of a body."""
        hips = (body.raw("left_hip") + body.raw("right_hip")) / 2
        height: dict[tuple[str, Side], Array] = {}
        forward: dict[tuple[str, Side], Array] = {}
        knee: dict[Side, Array] = {}
        for side in SIDES:
            for part in ("ankle", "heel", "big_toe"):
                if not body.recording.has(f"{side}_{part}"):
                    continue
                points = body.raw(f"{side}_{part}")
                height[part, side] = points[:, 1]
                if body.strides:
                    forward[part, side] = body.forward(points - hips)[:, 0]
            if body.strides:
                leg = (body.forward(body.raw(f"{side}_{p}")) for p in ("hip", "knee", "ankle"))
                hip, joint, ankle = leg
                knee[side] = angles.knee_flexion(
                    angles.from_vertical(hip, joint), angles.from_vertical(joint, ankle)
                )
        return cls(body.recording.time, hips[:, 1], height, forward, knee)


@dataclass(frozen=True)
class Stance:
    """The candidate instants of one stance.

    Parameters
    ----------
    side : {"left", "right"}
    fall, rise : float
        Instants at which the pelvis falls fastest (just after contact) and rises fastest (just
        before toe-off), in seconds.
    step_time : float
        Typical time between falls, in seconds.
    candidates : mapping of rule name to float
        Seconds; NaN where the rule found nothing.
    """

    side: Side
    fall: float
    rise: float
    step_time: float
    candidates: Mapping[str, float]


def find_stances(points: ContactPoints) -> list[Stance]:
    """Find every stance and time it by every rule that the points allow.

    Returns
    -------
    list of Stance
        In order of time, the two feet taking turns; a foot that would come twice in a row after a
        gap in the recording stays as it is.
    """
    time = points.time
    if len(time) < 16:
        return []
    pelvis_velocity = _velocity(points.pelvis, PELVIS_CUTOFF_HZ, points.fps)
    rate = step_rate(pelvis_velocity, points.fps)
    if not np.isfinite(rate):
        return []
    step = 1.0 / rate
    instants = _falls_and_rises(time, pelvis_velocity, step)
    legs = {side: _leg_motion(points, side) for side in SIDES}
    sides = _sides(instants, points, step)
    belt = _belt(legs, instants, sides)
    return [
        Stance(side, fall, rise, step, candidates(legs[side], belt, fall, rise, step))
        for side, (fall, rise) in zip(sides, instants, strict=True)
        if side is not None
    ]


def step_rate(pelvis_velocity: Array, fps: float) -> float:
    """Dominant rate of the pelvis' rise and fall in steps per second; NaN when there is none.

    Parameters
    ----------
    pelvis_velocity : ndarray, shape (frames,)
        Upwards, leg lengths per second; gaps are NaN.
    fps : float
        Frames per second.
    """
    signal = pelvis_velocity[np.isfinite(pelvis_velocity)][: int(_RATE_FROM_S * fps)]
    if len(signal) < fps or np.std(signal) < _STILL:
        return float("nan")
    signal = (signal - signal.mean()) * np.hanning(len(signal))
    size = 1 << int(np.ceil(np.log2(8 * len(signal))))
    power = np.abs(np.fft.rfft(signal, size)) ** 2
    rate = np.fft.rfftfreq(size, 1 / fps)
    band = (rate >= STEP_RATE_HZ[0]) & (rate <= STEP_RATE_HZ[1])
    if not power[band].any():
        return float("nan")
    return float(rate[band][np.argmax(power[band])])


def _velocity(values: Array, cutoff_hz: float, fps: float) -> Array:
    return derivative(low_pass(values, cutoff_hz, fps), fps)


def _falls_and_rises(time: Array, velocity: Array, step: float) -> list[tuple[float, float]]:
    """Find the instants of each step at which the pelvis falls fastest, then rises fastest."""
    from scipy.signal import find_peaks

    seen = np.isfinite(velocity)
    falling = np.where(seen, -velocity, 0.0)
    apart = max(1, int(0.6 * step / (time[1] - time[0])))
    lows, _ = find_peaks(falling, distance=apart, prominence=0.3 * float(np.std(falling)))
    found = []
    for i in lows:
        if not seen[i - 1 : i + 2].all():  # the rim of a gap is no turning point
            continue
        rise = peak(time, velocity, time[i], min(time[i] + 0.95 * step, time[-1]))
        if np.isfinite(rise):
            found.append((vertex(time, -velocity, int(i)), rise))
    return found


def _leg_motion(points: ContactPoints, side: Side) -> LegMotion:
    def velocity(values: Array | None) -> Array | None:
        return None if values is None else _velocity(values, FOOT_CUTOFF_HZ, points.fps)

    heel, toe = (points.forward.get((part, side)) for part in ("heel", "big_toe"))
    foot = None if heel is None or toe is None else (heel + toe) / 2
    knee = points.knee.get(side)
    return LegMotion(
        points.time,
        ankle_forward=velocity(points.forward.get(("ankle", side))),
        foot_forward=velocity(foot),
        toe_up=velocity(points.height.get(("big_toe", side))),
        knee=None if knee is None else low_pass(knee, FOOT_CUTOFF_HZ, points.fps),
    )


def _belt(
    legs: Mapping[Side, LegMotion],
    instants: list[tuple[float, float]],
    sides: list[Side | None],
) -> dict[str, float]:
    """Typical velocities in the middle of stance, when the foot lies on the belt."""
    velocities: dict[str, list[Array]] = {"ankle_forward": [], "foot_forward": [], "toe_up": []}
    for side, (fall, rise) in zip(sides, instants, strict=True):
        if side is None:
            continue
        leg = legs[side]
        i, j = np.searchsorted(leg.time, fall + (rise - fall) * np.array([0.2, 0.8]))
        for name, found in velocities.items():
            velocity = getattr(leg, name)
            if velocity is not None:
                found.append(velocity[i:j])
    return {name: _median(np.concatenate([*found, []])) for name, found in velocities.items()}


def _median(values: Array) -> float:
    """Median of the known values; NaN when there are none."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else float("nan")


def _sides(
    instants: list[tuple[float, float]], points: ContactPoints, step: float
) -> list[Side | None]:
    """Say whose stance each one is: the foot that stays lower; feet take turns in a row."""
    left, right = (points.height.get(("ankle", side)) for side in SIDES)
    sides: list[Side | None] = [None] * len(instants)
    if left is None or right is None or not instants:
        return sides
    falls = np.array(instants)[:, 0]
    right_higher = np.array(
        [_mean_between(points.time, right - left, t, 0.4 * step) for t in falls]
    )
    # Within an unbroken row of steps only the parity is open; all steps vote on it.
    breaks = np.flatnonzero(np.diff(falls) > 1.5 * step) + 1
    for row in np.split(np.arange(len(falls)), breaks):
        turns = np.where(np.arange(len(row)) % 2 == 0, 1.0, -1.0)
        vote = float(np.nansum(turns * right_higher[row]))
        if vote == 0:
            continue
        for i, turn in zip(row, turns, strict=True):
            sides[i] = "left" if turn * vote > 0 else "right"
    return sides


def _mean_between(time: Array, values: Array, start: float, duration: float) -> float:
    """Mean of the known values from `start` on; NaN when there are none."""
    i, j = np.searchsorted(time, (start, start + duration))
    seen = values[i:j][np.isfinite(values[i:j])]
    return float(seen.mean()) if seen.size else float("nan")
