"""Refuse what no analysis can be made of, and what is not the activity asked for."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from stridewise.activities import Activity
from stridewise.context import Context
from stridewise.errors import InputError
from stridewise.gait.motion import Motion
from stridewise.gait.rhythm import FLIGHT_FALL, free_fall, swing_cadence
from stridewise.gait.strides import Steps
from stridewise.recording import Recording
from stridewise.skeletons import REQUIRED

#: Shorter recordings hold no whole stride of both feet.
MIN_DURATION_S = 1.0
MIN_FPS = 12.0
#: Cadences that differ by less than this share are the same.
_SAME_CADENCE = 0.15


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
) -> None:
    """Refuse what is not this activity.

    Raises
    ------
    InputError
        With the reason in plain words, and the time scale to state where it looks like slow motion.
    """
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
    if swing is not None and (cadence is None or abs(swing / cadence - 1.0) > _SAME_CADENCE):
        # The legs have another rhythm than the contacts, so those are none: trust the legs.
        reason = (
            activity.decline_reason(
                alternating_contacts=round(swing / 60.0 * recording.duration),
                cadence_spm=swing,
                duty_factor=None,
                time_scale=context.time_scale,
            )
            or reason
        )
    if swing is not None and activity.limits.flight and free_fall(recording) < FLIGHT_FALL:
        grounded = (
            "The hips never fall freely, so there is no flight phase, as in walking or in slow "
            "motion (see --time-scale)"
        )
        reason = f"{reason}. {grounded}" if reason else grounded
    if reason:
        raise InputError(reason)


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
