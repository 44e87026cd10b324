"""The chain from a recording to an analysis; every step lives in a module of its own."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from itertools import pairwise
from typing import get_args

import numpy as np

from stridewise import __version__
from stridewise.activities import Activity, get
from stridewise.context import Context, Surface, ViewName
from stridewise.errors import InputError
from stridewise.form import find, load_areas
from stridewise.gait.geometric import GeometricModel
from stridewise.gait.motion import GaitModel, Motion
from stridewise.gait.rhythm import free_fall, swing_cadence
from stridewise.gait.strides import Steps, curve, find_steps
from stridewise.metrics import GaitData, Measured, compute, estimate_speed, leg_length
from stridewise.quality import grade
from stridewise.recording import Recording
from stridewise.repair.clean import Repair, clean
from stridewise.repair.noise import noise_level
from stridewise.repair.smooth import low_pass
from stridewise.result import Analysis, Capture, Curve, Pose
from stridewise.skeletons import REQUIRED, SIDES
from stridewise.view import View, find_view

#: Shorter recordings hold no whole stride of both feet.
MIN_DURATION_S = 1.0
MIN_FPS = 12.0
#: Angles whose curves are given.
CURVES = (
    "hip_flexion",
    "knee_flexion",
    "ankle_dorsiflexion",
    "thigh",
    "shank",
    "foot",
    "trunk_lean",
    "elbow_flexion",
    "pelvic_obliquity",
    "hip_adduction",
    "trunk_lateral",
)
#: Uncertainty of a stated belt speed: displays are read to 0.1 km/h and belts are off by a percent.
_STATED_SPEED_SD = 0.02
#: What people can be and do, with the unit asked for.
_POSSIBLE = {
    "height_m": (0.8, 2.6, "metres"),
    "mass_kg": (10.0, 350.0, "kilograms"),
    "speed_mps": (0.5, 13.0, "metres per second"),
}
#: Cadences that differ by less than this share are the same.
_SAME_CADENCE = 0.15
#: Downward acceleration of the hips, as a share of gravity, without which nobody has left the
#: ground: 19 laboratory runners and one sprinter show 0.9 or more, 10 walkers 0.5 or less.
_FLIGHT_FALL = 0.6
#: Spread between runners of thigh and shank as a share of leg length (see `view.THIGH_SHANK`).
_LEG_SD = 0.017


def analyze(
    recording: Recording, context: Context | None = None, *, model: GaitModel | None = None
) -> Analysis:
    """Analyse one recording.

    Parameters
    ----------
    recording : Recording
        From `stridewise.read`, or made by hand.
    context : Context, optional
        What the user knows: view, surface, speed, height, mass, slow motion.
    model : GaitModel, optional
        What finds events and angles; the package's own by default.

    Returns
    -------
    Analysis

    Raises
    ------
    InputError
        When the recording is too short or too coarse, lacks leg points, or does not show the
        activity.
    """
    context = context or Context()
    activity = get(context.activity)
    _check_context(context)
    recording = _real_time(recording, context)
    _check(recording)
    frames_read = recording.frames
    recording, repairs = clean(recording)
    view = find_view(recording, context)
    model = model or GeometricModel()
    motion = model.read(recording, view)
    steps = find_steps(motion)
    _decline(activity, recording, motion, steps, context)

    surface, surface_note = _surface(motion, context)
    leg = _leg_length(recording, view, context)
    speed = _speed(motion, steps, leg, context)
    noise = _noise(recording) / view.leg_length
    quality, quality_notes = grade(recording, view, noise, len(steps))
    metrics = compute(
        GaitData(
            motion=motion,
            steps=steps,
            fps=recording.fps,
            view=view.name,
            three_d=not view.flat,
            surface=surface,
            speed=speed,
            leg_length_m=leg,
            height_m=context.height_m,
            mass_kg=context.mass_kg,
            quality=quality,
        )
    )
    assessment = find(metrics)
    notes = (
        *quality_notes,
        *recording.notes,
        *surface_note,
        *(repair.detail for repair in repairs),
    )
    return Analysis(
        recording={
            "source": recording.source,
            "format": recording.format,
            "frames": frames_read,
            "duration_s": recording.duration,
            "fps": recording.fps,
            "keypoints": list(recording.keypoints),
        },
        capture=Capture(
            view=view.name,
            yaw_deg=view.yaw_deg,
            facing=view.facing,
            surface=surface,
            speed_mps=speed.value if speed else None,
            speed_sd_mps=speed.sd if speed else None,
            speed_source=speed.source if speed else "not known",
            time_scale=context.time_scale,
            quality=quality,
            notes=notes,
        ),
        events=motion.events,
        metrics=metrics,
        curves=_curves(motion, steps),
        findings=assessment.findings,
        provenance=_provenance(motion, repairs, activity, noise),
        poses=_poses(recording, motion, steps),
        unjudged=assessment.unjudged,
    )


def _check_context(context: Context) -> None:
    """Refuse facts that cannot be, most of which are in another unit."""
    for name, known in (("view", get_args(ViewName)), ("surface", get_args(Surface))):
        if getattr(context, name) not in ("auto", *known):
            raise InputError(
                f"The {name} is not known",
                expected=f"auto, {', '.join(known)}",
                received=getattr(context, name),
            )
    if not (np.isfinite(context.time_scale) and context.time_scale > 0):
        raise InputError(
            "The time scale is not usable",
            expected="a positive number, such as 8 for 240 frames/s shown at 30",
            received=context.time_scale,
        )
    for name, (low, high, unit) in _POSSIBLE.items():
        value = getattr(context, name)
        if value is not None and not low <= value <= high:
            raise InputError(
                f"The {name.partition('_')[0]} is not possible",
                expected=f"{low:g} to {high:g} {unit}",
                received=value,
            )


def _real_time(recording: Recording, context: Context) -> Recording:
    """Put the recording on the runner's clock."""
    if context.time_scale == 1.0:
        return recording
    start = recording.time[0]
    return recording.with_(time=start + (recording.time - start) / context.time_scale)


def _check(recording: Recording) -> None:
    """Refuse what no analysis can be made of."""
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


def _decline(
    activity: Activity, recording: Recording, motion: Motion, steps: Steps, context: Context
) -> None:
    """Refuse what is not this activity, with the reason."""
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
    if swing is not None and activity.limits.flight and free_fall(recording) < _FLIGHT_FALL:
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


def _noise(recording: Recording) -> float:
    """Jitter of a typical keypoint in the unit of the recording; NaN where it is not known."""
    level = noise_level(recording)
    known = level[np.isfinite(level)]
    return float(np.median(known)) if known.size else float("nan")


def _surface(motion: Motion, context: Context) -> tuple[Surface, tuple[str, ...]]:
    if context.surface != "auto":
        return context.surface, ()
    if ("pelvis_travel", None) in motion.signals:
        return "overground", ()
    return "treadmill", (
        "The runner stays in place in the picture, so a treadmill is assumed; if the camera moved "
        "along, say --surface overground.",
    )


def _leg_length(recording: Recording, view: View, context: Context) -> Measured | None:
    """Leg length in metres: measured where the points are in metres, else from the height."""
    if recording.unit == "m":
        return Measured(view.leg_length, _LEG_SD * view.leg_length, "points in metres")
    return leg_length(context.height_m)


def _speed(motion: Motion, steps: Steps, leg: Measured | None, context: Context) -> Measured | None:
    if context.speed_mps is not None:
        return Measured(context.speed_mps, _STATED_SPEED_SD * context.speed_mps, "stated")
    return estimate_speed(motion, steps, leg)


def _curves(motion: Motion, steps: Steps) -> tuple[Curve, ...]:
    wanted = [
        (name, side)
        for name in CURVES
        for side in (*SIDES, "both")
        if (name, None if side == "both" else side) in motion.signals
    ]
    made = (curve(motion, steps, name, side) for name, side in wanted)  # type: ignore[arg-type]
    return tuple(c for c in made if c is not None)


def _poses(recording: Recording, motion: Motion, steps: Steps) -> tuple[Pose, ...]:
    """Take the body at the key instants of each side's most typical step."""
    poses = []
    for side in SIDES:
        own = steps.of(side)
        duration = own.toe_off - own.initial_contact
        good = np.flatnonzero(np.isfinite(duration + own.mid_stance))
        if not good.size:
            continue
        typical = good[np.argmin(np.abs(duration[good] - np.median(duration[good])))]
        for phase in ("initial_contact", "mid_stance", "toe_off"):
            time = float(getattr(own, phase)[typical])
            angles = {
                name: float(np.interp(time, motion.time, signal.value))
                for (name, whose), signal in motion.signals.items()
                if whose in (side, None) and name in _POSE_ANGLES
            }
            if ("pelvic_obliquity", None) in motion.signals:
                obliquity = motion.signals["pelvic_obliquity", None].value
                drop = float(np.interp(time, motion.time, obliquity))
                angles["contralateral_drop"] = drop if side == "right" else -drop
            known = {name: value for name, value in angles.items() if np.isfinite(value)}
            xy = _at(recording, time)
            poses.append(Pose(phase, side, time, recording.keypoints, xy, known))
    return tuple(poses)


_POSE_ANGLES = (*CURVES, "upper_arm", "frontal_knee")


def _at(recording: Recording, time: float) -> np.ndarray:
    """Positions at an instant, smoothed over the frames around it, shape (keypoints, 2)."""
    middle = int(np.searchsorted(recording.time, time))
    near = slice(max(0, middle - 40), middle + 40)
    smooth = low_pass(recording.xy[near], 12.0, recording.fps)
    xy: np.ndarray = np.stack(
        [
            [np.interp(time, recording.time[near], smooth[:, k, i]) for i in range(2)]
            for k in range(len(recording.keypoints))
        ]
    )
    return xy


def _provenance(
    motion: Motion, repairs: Iterable[Repair], activity: Activity, noise: float
) -> dict[str, object]:
    areas = load_areas()
    return {
        "stridewise": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "activity": activity.name,
        "gait_model": motion.model,
        "form_rules": f"areas {areas.version}",
        "keypoint_noise_leg_lengths": noise,
        "repairs": [
            {"step": repair.step, "count": repair.count, "detail": repair.detail}
            for repair in repairs
        ],
    }
