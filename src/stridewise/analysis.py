"""The chain from a recording to an analysis; every step lives in a module of its own."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import asdict, replace

import numpy as np

from stridewise import __version__
from stridewise.activities import Activity, get
from stridewise.context import Context, Surface
from stridewise.estimate import MetricSide
from stridewise.estimator import identify
from stridewise.form import find, load_areas
from stridewise.form import learned as form_network
from stridewise.form.score import score
from stridewise.gait.combined import CombinedModel
from stridewise.gait.motion import GaitModel, Motion
from stridewise.gait.strides import Steps, curve, find_steps, strides_of
from stridewise.metrics import GaitData, Measured, compute, estimate_speed, leg_length
from stridewise.poses import key_poses
from stridewise.quality import find_tilt, grade, withhold
from stridewise.recognise import check, decline
from stridewise.recording import Recording
from stridewise.repair.clean import Repair, clean
from stridewise.repair.noise import noise_level
from stridewise.result import Analysis, Capture, Curve, Quality
from stridewise.skeletons import SIDES
from stridewise.view import View, find_view

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
    "vertical_force",
    "fore_aft_force",
)
#: Said of a runner who does not pass.
_IN_PLACE = (
    "Whether this is a treadmill or the camera moves along cannot be seen; norms are those of "
    "treadmill runners. --surface says which."
)
#: Uncertainty of a stated belt speed: displays are read to 0.1 km/h and belts are off by a percent.
_STATED_SPEED_SD = 0.02
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
    recording = _real_time(recording, context)
    check(recording)
    frames_read = recording.frames
    recording, repairs = clean(recording, context.repairs_off)
    view = find_view(recording, context)
    estimator = identify(
        recording, view.leg_length, time_scale=context.time_scale, stated=context.estimator
    )
    model = model or CombinedModel()
    tilt = find_tilt(recording)
    motion = withhold(model.read(recording, view), tilt)
    steps = find_steps(motion)
    doubts = decline(activity, recording, motion, steps, context)

    noise = _noise(recording) / view.leg_length
    quality, quality_notes = grade(
        recording, view, noise, len(steps), tilt, (motion.doubt, *doubts)
    )
    data = gait_data(recording, view, motion, steps, context, quality)
    surface, speed = _surface(motion, context), data.speed
    metrics = compute(data)
    yaw = view.yaw_deg if motion.yaw_deg is None else motion.yaw_deg
    in_legs = replace(data, leg_length_m=None)
    opinions = form_network.judge(motion, steps, in_legs, data.surface, speed, yaw)
    assessment = find(metrics, opinions=opinions)
    notes = (
        *quality_notes,
        *recording.notes,
        *(() if surface else (_IN_PLACE,)),
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
            "estimator": asdict(estimator),
        },
        capture=Capture(
            view=view.name,
            yaw_deg=view.yaw_deg,
            facing=view.facing,
            surface=surface or "unknown",
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
        poses=key_poses(recording, motion, steps, view),
        unjudged=assessment.unjudged,
        form_score=score(assessment.judged, load_areas()),
    )


def gait_data(
    recording: Recording,
    view: View,
    motion: Motion,
    steps: Steps,
    context: Context,
    quality: Quality,
) -> GaitData:
    """Gather what metrics are computed from."""
    leg = _leg_length(recording, view, context)
    return GaitData(
        motion=motion,
        steps=steps,
        fps=recording.fps,
        view=view.name,
        three_d=not view.flat,
        surface=_surface(motion, context) or "treadmill",
        speed=_speed(motion, steps, leg, context),
        leg_length_m=leg,
        height_m=context.height_m,
        mass_kg=context.mass_kg,
        quality=quality,
        yaw_deg=view.yaw_deg,
    )


def _real_time(recording: Recording, context: Context) -> Recording:
    """Put the recording on the runner's clock."""
    if context.time_scale == 1.0:
        return recording
    start = recording.time[0]
    return recording.with_(time=start + (recording.time - start) / context.time_scale)


def _noise(recording: Recording) -> float:
    """Jitter of a typical keypoint in the unit of the recording; NaN where it is not known."""
    level = noise_level(recording)
    known = level[np.isfinite(level)]
    return float(np.median(known)) if known.size else float("nan")


def _surface(motion: Motion, context: Context) -> Surface | None:
    """Tell what is run on; None where a camera that moves along would show the same."""
    if context.surface != "auto":
        return context.surface
    return "overground" if ("pelvis_travel", None) in motion.signals else None


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
    sides: tuple[MetricSide, ...] = (*SIDES, "both")
    whole = {side: strides_of(motion, steps, side) for side in sides}
    made = (
        curve(motion, steps, name, side, whole[side])
        for name in CURVES
        for side in sides
        if (name, None if side == "both" else side) in motion.signals
    )
    return tuple(c for c in made if c is not None)


def _provenance(
    motion: Motion, repairs: Iterable[Repair], activity: Activity, noise: float
) -> dict[str, object]:
    areas, network = load_areas(), form_network.shipped()
    return {
        "stridewise": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "activity": activity.name,
        "gait_model": motion.model,
        "form_network": "none" if network is None else network.name,
        "form_rules": f"areas {areas.version}",
        "keypoint_noise_leg_lengths": noise,
        "repairs": [
            {"step": repair.step, "count": repair.count, "detail": repair.detail}
            for repair in repairs
        ],
    }
