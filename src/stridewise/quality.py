"""How good a recording is for judging running form, in a grade and plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stridewise.gait.motion import Motion
from stridewise.recording import Recording
from stridewise.repair.roll import Roll, find_roll
from stridewise.result import Quality
from stridewise.view import View

_GRADES: tuple[Quality, ...] = ("A", "B", "C", "D")
#: Frame rates are rarely exactly what they are called (29.97 for 30).
_FPS_TOLERANCE = 0.97
#: Signals that turn with the picture. Joint angles do not, nor does the pitch of the foot, whose
#: zero is the foot lying flat in the same picture, nor, but for its zero, what speed is read from.
_TILTED = (
    "thigh",
    "shank",
    "trunk_lean",
    "upper_arm",
    "trunk_lateral",
    "pelvic_obliquity",
    "thigh_adduction",
    "ankle_ahead",
    "head_ahead",
)


def grade(
    recording: Recording,
    view: View,
    noise: float,
    steps: int,
    tilt: Roll | None = None,
    doubts: Sequence[str] = (),
) -> tuple[Quality, tuple[str, ...]]:
    """Grade a recording by its weakest point.

    Parameters
    ----------
    recording : Recording
        Cleaned.
    view : View
        How the camera sees the runner.
    noise : float
        Keypoint noise as a share of leg length; NaN where it is not known.
    steps : int
        Ground contacts found.
    tilt : Roll, optional
        From `find_tilt`.
    doubts : sequence of str
        What makes the reading of the gait doubtful.

    Returns
    -------
    quality : {"A", "B", "C", "D"}
    notes : tuple of str
        What lowered the grade and what to do about it.
    """
    return _weakest(
        [
            *_capture(recording, view, noise, recording.fps),
            _tilt(tilt),
            _steps(steps),
            (1, view.note) if view.note else (0, ""),
            *((2, doubt) for doubt in doubts if doubt),
        ]
    )


def grade_capture(
    recording: Recording, view: View, noise: float, fps: float, tilt: Roll | None = None
) -> tuple[Quality, tuple[str, ...]]:
    """Grade how the camera is set up, as `grade` does, from a few seconds and quickly.

    Parameters
    ----------
    recording : Recording
        The last seconds.
    view : View
    noise : float
        Keypoint noise as a share of leg length; NaN where it is not known.
    fps : float
        Frames per second of the camera.
    tilt : Roll, optional
        From `find_tilt`.
    """
    return _weakest([*_capture(recording, view, noise, fps), _turn_level(tilt)])


def _capture(recording: Recording, view: View, noise: float, fps: float) -> list[tuple[int, str]]:
    return [
        _frame_rate(fps),
        _noise(noise),
        _gaps(recording),
        _size(recording, view),
        _angle(view),
        _feet(recording),
    ]


def _weakest(found: list[tuple[int, str]]) -> tuple[Quality, tuple[str, ...]]:
    worst = max((level for level, _ in found), default=0)
    return _GRADES[worst], tuple(note for _, note in found if note)


def _frame_rate(fps: float) -> tuple[int, str]:
    # Nearest-frame error of an event at 30 frames/s is 10 ms, at 60 it is 5 (section C3).
    if fps < 25 * _FPS_TOLERANCE:
        return 3, f"{fps:.0f} frames/s: too coarse for contact times. Film at 60 or more."
    if fps < 50 * _FPS_TOLERANCE:
        return 1, f"{fps:.0f} frames/s: contact times are coarse. Film at 60 or more if you can."
    return 0, ""


def _noise(noise: float) -> tuple[int, str]:
    words = f"the keypoints jitter by {100 * noise:.1f} % of leg length"
    advice = "Film closer, in better light, or with a better pose model."
    if noise > 0.03:
        return 3, f"Very shaky: {words}. {advice}"
    if noise > 0.015:
        return 2, f"Shaky: {words}. {advice}"
    return (1, f"A little shaky: {words}.") if noise > 0.008 else (0, "")


def _gaps(recording: Recording) -> tuple[int, str]:
    legs = [
        np.isfinite(recording.point(f"{side}_{part}")[:, 0]).mean()
        for side in ("left", "right")
        for part in ("hip", "knee", "ankle")
    ]
    lost = 1.0 - float(min(legs))
    note = f"A leg point is missing in {100 * lost:.0f} % of the frames."
    if lost > 0.2:
        return 2, note
    return (1, note) if lost > 0.05 else (0, "")


def _size(recording: Recording, view: View) -> tuple[int, str]:
    if recording.unit != "px" or view.leg_length >= 100:
        return 0, ""
    level = 2 if view.leg_length < 50 else 1
    return level, f"The runner is small: legs of {view.leg_length:.0f} pixels. Film closer."


def _angle(view: View) -> tuple[int, str]:
    off = min(view.off_sagittal_deg, view.off_frontal_deg)
    if off > 20:
        return 1, (
            f"The camera stands {off:.0f}° away from a plain side, front or back view: joint "
            "angles are less exact. Place it square to the runner."
        )
    return (1, f"The camera stands {off:.0f}° off a plain view.") if off > 10 else (0, "")


def find_tilt(recording: Recording) -> Roll | None:
    """Find by how much the picture of a cleaned recording is still tilted; None when it hardly is.

    Parameters
    ----------
    recording : Recording
        Cleaned.
    """
    return severe(find_roll(recording))


def severe(roll: Roll | None) -> Roll | None:
    """Return a roll that tells in angles against the vertical; None for one that hardly does."""
    return roll if roll is not None and roll.likely else None


def withhold(motion: Motion, tilt: Roll | None) -> Motion:
    """Leave out what a tilt of the picture that was not corrected would falsify.

    Parameters
    ----------
    motion : Motion
        As read.
    tilt : Roll, optional
        From `find_tilt`.

    Returns
    -------
    Motion
        Without angles against the vertical when there is a tilt.
    """
    if tilt is None:
        return motion
    signals = {key: signal for key, signal in motion.signals.items() if key[0] not in _TILTED}
    gone = {name for name, _ in motion.signals} & set(_TILTED)
    reason = "the picture is tilted, and it is not sure enough by how much"
    return replace(motion, signals=signals, absent={**motion.absent, **dict.fromkeys(gone, reason)})


def _tilt(tilt: Roll | None) -> tuple[int, str]:
    if tilt is None:
        return 0, ""
    return 2, (
        f"The picture seems to be tilted by {abs(tilt.angle_deg):.1f}° ± {tilt.sd_deg:.1f}°, so "
        "angles against the vertical are left out. Hold the camera level."
    )


def _turn_level(tilt: Roll | None) -> tuple[int, str]:
    # Without the angle, which is a little different each time: one thing is said once.
    if tilt is None:
        return 0, ""
    way = "anticlockwise" if tilt.angle_deg > 0 else "clockwise"
    return 2, (
        f"The picture is tilted: turn the camera level, {way} as seen from behind it. Until then "
        "angles against the vertical are left out."
    )


def _steps(steps: int) -> tuple[int, str]:
    note = f"Only {steps} steps: film 10 seconds or more, so that 8 of each foot are seen."
    if steps < 8:
        return 2, note
    return (1, note) if steps < 16 else (0, "")


def _feet(recording: Recording) -> tuple[int, str]:
    if all(recording.has(f"{s}_heel", f"{s}_big_toe") for s in ("left", "right")):
        return 0, ""
    return 1, "No heel and toe points: contact is timed from ankle, knee and hip, less exactly."
