"""Foot contacts from geometry: candidate instants, and how they are fused.

No single rule finds contact well at every speed, foot strike and view. So each contact is timed by
several rules (pelvis falling fastest, foot reaching belt speed, toe coming to rest, knee opening),
each with its known lag and error on laboratory runners, and the rules that the view and the points
allow are fused by generalised least squares. Rules after Milner & Paquette 2015 (pelvis), De Witt
2010 (toe), Fellin et al. 2010 (knee extension at toe-off) and Smith et al. 2015 (foot velocity).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.motion import EventKind
from stridewise.repair.smooth import derivative, low_pass
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]

FOOT_CUTOFF_HZ = 15.0
PELVIS_CUTOFF_HZ = 8.0
#: Steps per second in which to look for the rhythm of running; wider than any runner (78 to 300
#: steps/min), so that what lies outside can be named instead of forced into the range.
STEP_RATE_HZ = (1.3, 5.0)


@dataclass(frozen=True)
class Rules:
    """The moving points that the rules look at, in leg lengths and seconds, y up.

    Parameters
    ----------
    time : ndarray, shape (frames,)
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
    forward: Mapping[tuple[str, Side], Array]
    knee: Mapping[Side, Array]

    @property
    def fps(self) -> float:
        """Frames per second."""
        return float((len(self.time) - 1) / (self.time[-1] - self.time[0]))


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
        Time between falls, in seconds.
    candidates : mapping of rule name to float
        Seconds; NaN where the rule found nothing.
    """

    side: Side
    fall: float
    rise: float
    step_time: float
    candidates: Mapping[str, float]


#: Rules by the event that they time.
RULES: dict[EventKind, tuple[str, ...]] = {
    "initial_contact": (
        "pelvis_falls",
        "foot_reaches_belt_speed",
        "ankle_reaches_belt_speed",
        "toe_falls_fastest",
        "toe_comes_to_rest",
        "knee_opens",
    ),
    "toe_off": (
        "pelvis_rises",
        "toe_lifts",
        "ankle_leaves_belt_speed",
        "knee_opens_again",
        "ankle_lifts_fastest",
    ),
}


def step_rate(pelvis_velocity: Array, fps: float) -> float:
    """Dominant rate of the pelvis' rise and fall in steps per second; NaN when there is none."""
    signal = pelvis_velocity[np.isfinite(pelvis_velocity)]
    if len(signal) < fps:
        return float("nan")
    signal = signal[: int(120 * fps)]
    signal = (signal - signal.mean()) * np.hanning(len(signal))
    size = 1 << int(np.ceil(np.log2(8 * len(signal))))
    power = np.abs(np.fft.rfft(signal, size)) ** 2
    rate = np.fft.rfftfreq(size, 1 / fps)
    band = (rate >= STEP_RATE_HZ[0]) & (rate <= STEP_RATE_HZ[1])
    if not band.any() or not power[band].any():
        return float("nan")
    return float(rate[band][np.argmax(power[band])])


def find_stances(rules: Rules) -> list[Stance]:
    """Find every stance and time it by every rule that the points allow.

    Returns
    -------
    list of Stance
        In order of time, the two feet taking turns; a foot that would come twice in a row after a
        hole in the recording stays as it is.
    """
    from scipy.signal import find_peaks

    time, fps = rules.time, rules.fps
    if len(time) < 16:
        return []
    pelvis_velocity = derivative(low_pass(rules.pelvis, PELVIS_CUTOFF_HZ, fps), fps)
    rate = step_rate(pelvis_velocity, fps)
    if not np.isfinite(rate):
        return []
    step = 1.0 / rate
    usable = np.where(np.isfinite(pelvis_velocity), pelvis_velocity, 0.0)
    falls, _ = find_peaks(
        -usable, distance=max(1, int(0.6 * step * fps)), prominence=0.3 * float(np.std(usable))
    )
    found = [
        (i, rise)
        for i in falls
        if 2 <= i < len(time) - 3
        and np.isfinite(pelvis_velocity[i - 1 : i + 2]).all()
        and np.isfinite(rise := _extremum(time, pelvis_velocity, time[i], time[i] + 0.95 * step))
    ]
    if not found:
        return []
    instants = np.array([[_vertex(time, -pelvis_velocity, i), rise] for i, rise in found])
    tracks = {side: _Track.of(rules, side) for side in SIDES}
    sides = _sides(instants, rules, step)
    speed = _belt_speed(tracks)
    return [
        Stance(side, fall, rise, step, _candidates(rules, tracks[side], speed, fall, rise, step))
        for side, (fall, rise) in zip(sides, instants.tolist(), strict=True)
        if side is not None
    ]


@dataclass(frozen=True)
class _Track:
    """Velocities of one foot, filtered, in leg lengths per second; None where not seen."""

    ankle_forward: Array | None
    foot_forward: Array | None
    ankle_up: Array | None
    toe_up: Array | None
    knee: Array | None

    @classmethod
    def of(cls, rules: Rules, side: Side) -> _Track:
        fps = rules.fps

        def velocity(values: Array | None) -> Array | None:
            if values is None:
                return None
            return derivative(low_pass(values, FOOT_CUTOFF_HZ, fps), fps)

        heel, toe = rules.forward.get(("heel", side)), rules.forward.get(("big_toe", side))
        foot = (heel + toe) / 2 if heel is not None and toe is not None else None
        knee = rules.knee.get(side)
        return cls(
            ankle_forward=velocity(rules.forward.get(("ankle", side))),
            foot_forward=velocity(foot),
            ankle_up=velocity(rules.height.get(("ankle", side))),
            toe_up=velocity(rules.height.get(("big_toe", side))),
            knee=None if knee is None else low_pass(knee, FOOT_CUTOFF_HZ, fps),
        )


def _belt_speed(tracks: Mapping[Side, _Track]) -> dict[str, float]:
    """How fast each point goes backwards under the runner in stance, in leg lengths/s."""
    speed = {}
    for name in ("ankle_forward", "foot_forward"):
        values = [v for t in tracks.values() if (v := getattr(t, name)) is not None]
        if values:
            # Ankle and foot spend over a third of the stride at belt speed, so that this
            # percentile lies on the plateau of stance, not on its noise.
            speed[name] = -float(np.nanpercentile(np.concatenate(values), 10))
    return speed


def _sides(instants: Array, rules: Rules, step: float) -> list[Side | None]:
    """Say whose stance each one is: the foot that stays lower; feet take turns in a row."""
    lower = np.full(len(instants), np.nan)
    heights = {s: rules.height.get(("ankle", s)) for s in SIDES}
    if heights["left"] is None or heights["right"] is None:
        return [None] * len(instants)
    gap = heights["right"] - heights["left"]
    first = np.searchsorted(rules.time, instants[:, 0])
    last = np.searchsorted(rules.time, instants[:, 0] + 0.4 * step)
    for i, (a, b) in enumerate(zip(first, last, strict=True)):
        seen = gap[a:b][np.isfinite(gap[a:b])]
        if seen.size:
            lower[i] = seen.mean()
    sides: list[Side | None] = [None] * len(instants)
    # Within an unbroken row of steps only the parity is open; all steps vote on it.
    breaks = np.flatnonzero(np.diff(instants[:, 0]) > 1.5 * step) + 1
    for row in np.split(np.arange(len(instants)), breaks):
        signs = np.where(np.arange(len(row)) % 2 == 0, 1.0, -1.0)
        vote = np.nansum(signs * lower[row])
        if vote == 0:
            continue
        for i, sign in zip(row, signs, strict=True):
            sides[i] = "left" if sign * vote > 0 else "right"
    return sides


def _candidates(
    rules: Rules,
    track: _Track,
    speed: Mapping[str, float],
    fall: float,
    rise: float,
    step: float,
) -> dict[str, float]:
    """Time one stance by every rule."""
    time = rules.time
    out = {"pelvis_falls": fall, "pelvis_rises": rise}
    before, after = fall - 0.35 * step, fall + 0.15 * step
    lift, swing = rise - 0.3 * step, rise + 0.4 * step
    if track.foot_forward is not None:
        out["foot_reaches_belt_speed"] = _crossing(
            time, -track.foot_forward, 0.5 * speed["foot_forward"], before, after, last=True
        )
    if track.ankle_forward is not None:
        ankle, belt = track.ankle_forward, speed["ankle_forward"]
        out["ankle_reaches_belt_speed"] = _crossing(
            time, -ankle, 0.5 * belt, before, after, last=True
        )
        out["ankle_leaves_belt_speed"] = _crossing(time, ankle, -0.7 * belt, lift, swing, last=True)
    if track.toe_up is not None:
        lowest = _extremum(time, -track.toe_up, before, after)
        out["toe_falls_fastest"] = lowest
        if np.isfinite(lowest):
            peak = float(np.interp(lowest, time, track.toe_up))
            out["toe_comes_to_rest"] = _crossing(
                time, track.toe_up, 0.5 * peak, lowest, lowest + 0.3 * step
            )
        # Backwards from the sure swing, so that noise in late stance does not pass for lift-off.
        away = _crossing(time, track.toe_up, 0.8, lift, rise + 0.7 * step)
        out["toe_lifts"] = _crossing(time, track.toe_up, 0.3, lift, away, last=True)
    if track.ankle_up is not None:
        out["ankle_lifts_fastest"] = _extremum(time, track.ankle_up, lift, swing)
    if track.knee is not None:
        out["knee_opens"] = _extremum(time, -track.knee, before, fall + 0.02 * step)
        out["knee_opens_again"] = _extremum(time, -track.knee, lift, swing)
    return out


def _vertex(time: Array, values: Array, i: int) -> float:
    """Instant of the parabola's top through a maximum and its neighbours."""
    if not 0 < i < len(values) - 1:
        return float(time[i])
    a, b, c = values[i - 1 : i + 2]
    bend = a - 2 * b + c
    shift = 0.5 * (a - c) / bend if bend < 0 else 0.0
    return float(time[i] + np.clip(shift, -0.5, 0.5) * (time[1] - time[0]))


def _extremum(time: Array, values: Array, start: float, stop: float) -> float:
    """Instant of the maximum inside a window, finer than a frame; NaN when it is on the rim."""
    i, j = np.searchsorted(time, (start, stop))
    if j - i < 3 or j >= len(time) or not np.isfinite(values[i:j]).all():
        return float("nan")
    k = i + int(np.argmax(values[i:j]))
    return _vertex(time, values, k) if i < k < j - 1 else float("nan")


def _crossing(
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
