"""Refuse what no analysis can be made of, and what is not the activity asked for."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stridewise.activities import Activity
from stridewise.context import Context
from stridewise.errors import InputError
from stridewise.gait.motion import Motion
from stridewise.gait.rhythm import FLIGHT_FALL, free_fall, swing_cadence
from stridewise.gait.strides import Steps
from stridewise.recording import Recording
from stridewise.skeletons import REQUIRED, SIDES, Side
from stridewise.view import leg_length

Array = NDArray[np.float64]

#: Shorter recordings hold no whole stride of both feet.
MIN_DURATION_S = 1.0
MIN_FPS = 12.0
#: Cadences that differ by less than this share are the same.
_SAME_CADENCE = 0.15
#: Correlation of the height of the hips with the distance between the feet within strides: 22
#: walkers show -0.46 or less, 57 trials of laboratory runners and a sprinter 0.5 or more. Feet that
#: part by less than this, in leg lengths, are seen from the front, where it means nothing.
_WALKING_BELOW, _FEET_PART = -0.3, 0.35
#: Legs whose length between hip and ankle changes by this share of thigh and shank, and so much
#: together, bend together.
_BEND, _TOGETHER = 0.12, 0.8


def check(recording: Recording) -> None:
    """Refuse what no analysis can be made of.

    Raises
    ------
    InputError
        When the recording is too short or too coarse, or a leg point is never seen.
    """
    if recording.frames < 16 or recording.duration < MIN_DURATION_S:
        raise InputError(
            "The recording is too short",
            expected=f"at least {MIN_DURATION_S:g} s of running, better 10 s",
            received=f"{recording.frames} frames over {recording.duration:.2f} s",
        )
    if recording.fps < MIN_FPS:
        raise InputError(
            "The frame rate is too low to see foot contacts",
            expected=f"at least {MIN_FPS:g} frames/s, better 60",
            received=f"{recording.fps:.3g} frames/s",
            hint="If the times are in another unit or the clip plays fast, see --time-scale",
        )
    missing = recording.missing_required()
    if missing:
        raise InputError(
            f"These points are never seen: {', '.join(missing)}",
            expected=f"at least {', '.join(REQUIRED)}",
        )


def decline(
    activity: Activity, recording: Recording, motion: Motion, steps: Steps, context: Context
) -> tuple[str, ...]:
    """Refuse what is not this activity, and say what raises doubt.

    Returns
    -------
    tuple of str
        Doubts in plain words: contacts and swinging legs that show different plausible cadences,
        or a cadence that does not fit the stated time scale.

    Raises
    ------
    InputError
        With the reason in plain words, and the time scale to state where it looks like slow motion.
    """
    named = _other_activity(recording) if activity.limits.flight else None
    if named:
        raise InputError(named)
    contacts = [e for e in motion.events if e.kind == "initial_contact"]
    gaps = np.diff([e.time_s for e in contacts])
    alternating = sum(a.side != b.side for a, b in pairwise(contacts))
    durations = steps.toe_off - steps.initial_contact
    strides = steps.next_same - steps.initial_contact
    duty = durations / strides
    duty = duty[np.isfinite(duty)]
    cadence = 60.0 / float(np.median(gaps)) if len(gaps) else None
    reason = activity.decline_reason(
        alternating_contacts=alternating + 1 if alternating else 0,
        cadence_spm=cadence,
        duty_factor=float(np.median(duty)) if duty.size else None,
        pelvis_movement=_pelvis_movement(motion),
        time_scale=context.time_scale,
    )
    swing = swing_cadence(recording)
    doubts: list[str] = []
    if swing is not None and (cadence is None or abs(swing / cadence - 1.0) > _SAME_CADENCE):
        # The legs have another rhythm than the contacts, so those are none: trust the legs.
        by_legs = activity.decline_reason(
            alternating_contacts=round(swing / 60.0 * recording.duration),
            cadence_spm=swing,
            duty_factor=None,
            time_scale=context.time_scale,
        )
        if by_legs is None and reason is None:
            doubts.append(
                f"The contacts found come at {cadence:.0f} steps/min, but the legs swing at "
                f"{swing:.0f}: look at the contacts before trusting what depends on them."
            )
        reason = by_legs or reason
    odd = activity.cadence_doubt(cadence, context.time_scale) if cadence is not None else None
    if swing is not None and activity.limits.flight and free_fall(recording) < FLIGHT_FALL:
        grounded = (
            "The hips never fall freely, so there is no flight phase, as in walking or in slow "
            "motion (see --time-scale)"
        )
        reason = f"{reason or odd}. {grounded}" if reason or odd else grounded
    if reason:
        raise InputError(reason)
    return (*doubts, f"{odd}.") if odd else tuple(doubts)


def _other_activity(recording: Recording) -> str | None:
    """Name what is no running at any playback speed; None when nothing is recognised."""
    leg = leg_length(recording)
    falls = free_fall(recording) >= FLIGHT_FALL
    swing = swing_cadence(recording)
    if swing is not None and not falls and _steps_without_flight(recording, leg, swing):
        return (
            f"This looks like walking ({swing:.0f} steps/min): the hips are lowest when the feet "
            "are furthest apart, as in walking at any speed of playback, and not in running"
        )
    if not _legs_bend_together(recording):
        return None
    if falls:
        return "This looks like jumping on both feet: both legs bend and stretch together"
    return "This looks like squatting: both legs bend and stretch together and the feet stay"


def _steps_without_flight(recording: Recording, leg: float, swing: float) -> bool:
    """Say whether the hips are carried over the standing foot like a pendulum upside down."""
    hips = -(recording.point("left_hip") + recording.point("right_hip"))[:, 1] / 2 / leg
    gap = recording.point("left_ankle") - recording.point("right_ankle")
    parted = np.abs(gap[:, 0]) / leg
    known: NDArray[np.bool_] = np.isfinite(hips + parted)
    stride = round(120.0 / swing * recording.fps)
    if known.mean() < 0.5 or known.sum() < 1.5 * stride:
        return False
    if np.percentile(parted[known], 95) < _FEET_PART:
        return False
    height, apart = (_within_strides(values, known, stride) for values in (hips, parted))
    return float(np.corrcoef(height, apart)[0, 1]) < _WALKING_BELOW


def _within_strides(values: Array, known: NDArray[np.bool_], stride: int) -> Array:
    """Take out what is slower than a stride; at the ends, half a stride is left out."""
    at = np.arange(len(values))
    whole = np.interp(at, at[known], values[known])
    slow = np.convolve(whole, np.full(stride, 1.0 / stride), mode="valid")
    first = stride // 2
    out: Array = whole[first : first + len(slow)] - slow
    return out


def _legs_bend_together(recording: Recording) -> bool:
    """Say whether both legs bend and stretch at the same time, whatever their size."""

    def straightness(side: Side) -> Array:
        hip, knee, ankle = (recording.point(f"{side}_{p}") for p in ("hip", "knee", "ankle"))
        whole = np.linalg.norm(knee - hip, axis=1) + np.linalg.norm(ankle - knee, axis=1)
        share: Array = np.linalg.norm(hip - ankle, axis=1) / np.where(whole > 0, whole, np.nan)
        return share

    left, right = (straightness(side) for side in SIDES)
    known = np.isfinite(left + right)
    if known.sum() < recording.fps:
        return False
    left, right = left[known], right[known]
    bends = [float(np.ptp(np.percentile(leg, (5.0, 95.0)))) for leg in (left, right)]
    return min(bends) >= _BEND and float(np.corrcoef(left, right)[0, 1]) > _TOGETHER


def _pelvis_movement(motion: Motion) -> float | None:
    """Typical rise and fall of the pelvis within 0.4 s, in leg lengths."""
    signal = motion.signals.get(("pelvis_height", None))
    if signal is None:
        return None
    fps = (len(motion.time) - 1) / float(motion.time[-1] - motion.time[0])
    window = max(2, round(0.4 * fps))
    pieces = signal.value[: len(signal.value) // window * window].reshape(-1, window)
    pieces = pieces[np.isfinite(pieces).all(axis=1)]
    return float(np.median(np.ptp(pieces, axis=1))) if len(pieces) else None
