"""A runner made by hand: what an analysis from the side, and one from behind, may look like."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from stridewise.estimate import Estimate, MetricSide, Norm, Status
from stridewise.gait.motion import Event
from stridewise.result import Curve, Finding, Pose
from stridewise.skeletons import SIDES, Side

NORM = "19 runners on a treadmill, 2.5 to 4.5 m/s (Fukuchi et al. 2017)"
FRONTAL = "Needs a camera in front of or behind the runner."

SAGITTAL_AREAS = (
    "overstride",
    "high_bounce",
    "stiff_landing",
    "deep_stance_knee",
    "steep_foot",
    "excess_lean",
    "upright_back",
    "asymmetry",
    "fatigue_drift",
)

#: Curves through evenly spaced points, in degrees.
CURVES: dict[str, list[float]] = {
    "hip_flexion": [30, 30, 25, 12, 0, -6, -2, 12, 28, 42, 50, 52, 50, 45, 38, 33],
    "knee_flexion": [11, 30, 43, 42, 30, 18, 20, 38, 62, 85, 97, 95, 80, 52, 24, 11],
    "ankle_dorsiflexion": [5, 8, 18, 22, 10, -14, -20, -14, -6, 0, 3, 4, 4, 4, 5, 5],
}

#: (thigh, shank, foot) of the stance and the swing leg; (upper arm, elbow) of both arms.
SHAPES = {
    "initial_contact": ((24, 11, 16), (-18, -66, -62), (-48, 92), (22, 96)),
    "mid_stance": ((17, -25, 0), (4, -92, -88), (-14, 95), (-20, 90)),
    "toe_off": ((-24, -47, -56), (34, -24, -14), (24, 98), (-52, 88)),
}


def estimate(
    name: str,
    side: MetricSide,
    value: float | None,
    unit: str,
    sd: float | None = None,
    norm: tuple[float, float] | None = None,
    *,
    n: int = 38,
    status: Status = "ok",
    reason: str | None = None,
    label: str | None = None,
) -> Estimate:
    if value is None:
        return Estimate(name, side, None, unit, None, None, 0, "absent", reason)
    ci95 = None if sd is None else (value - 1.96 * sd, value + 1.96 * sd)
    compared = None if norm is None else Norm(*norm, (value - norm[0]) / norm[1], NORM)
    return Estimate(name, side, value, unit, sd, ci95, n, status, reason, compared, label)


def segment(degrees: float, length: float) -> np.ndarray:
    """Forward and up of a segment that hangs down, + ahead."""
    turn = math.radians(degrees)
    return length * np.array([math.sin(turn), -math.cos(turn)])


def side_pose(phase: str, side: Side, time_s: float, lean: float = 8.0) -> Pose:
    """Seen from the right, running to the right, 400 px tall."""
    leg, other_leg, arm, other_arm = SHAPES[phase]
    other: Side = "left" if side == "right" else "right"
    trunk = segment(180 - lean, 115)
    points = {}
    for who, (thigh, shank, foot), (upper, elbow) in (
        (side, leg, arm),
        (other, other_leg, other_arm),
    ):
        hip = np.array([3.0 if who == "left" else -3.0, 0.0])
        knee = hip + segment(thigh, 100)
        ankle = knee + segment(shank, 100)
        sole = segment(90 + foot, 1)
        heel = ankle - 12 * sole + 14 * np.array([sole[1], -sole[0]])
        shoulder = trunk + hip
        bent = shoulder + segment(upper, 70)
        points |= {
            f"{who}_hip": hip,
            f"{who}_knee": knee,
            f"{who}_ankle": ankle,
            f"{who}_heel": heel,
            f"{who}_big_toe": heel + 58 * sole,
            f"{who}_shoulder": shoulder,
            f"{who}_elbow": bent,
            f"{who}_wrist": bent + segment(upper + elbow, 62),
            f"{who}_ear": trunk + np.array([14.0, 40.0]),
        }
    thigh, shank, foot = leg
    angles = {
        "shank": shank,
        "thigh": thigh,
        "foot": foot,
        "knee_flexion": thigh - shank,
        "hip_flexion": thigh + lean,
        "ankle_dorsiflexion": foot - shank,
        "trunk_lean": lean,
    }
    return pose(phase, side, time_s, points, angles, (420.0, 460.0))


def back_pose(phase: str, side: Side, time_s: float, drop: float = 7.0) -> Pose:
    """Seen from behind, 400 px tall; the pelvis drops to the side of the lifted leg."""
    points = {}
    sign = {"left": -1.0, "right": 1.0}
    rise = 22.0 * math.tan(math.radians(drop))
    for who in SIDES:
        s, standing = sign[who], who == side
        hip = np.array([22.0 * s, rise if standing else -rise])
        knee = hip + np.array([-5.0 * s, -98.0])
        ankle = knee + (np.array([-8.0 * s, -100.0]) if standing else np.array([-4.0 * s, -34.0]))
        points |= {
            f"{who}_hip": hip,
            f"{who}_knee": knee,
            f"{who}_ankle": ankle,
            f"{who}_heel": ankle + np.array([0.0, -14.0]),
            f"{who}_big_toe": ankle + np.array([6.0 * s, -20.0]),
            f"{who}_shoulder": np.array([36.0 * s + 5 * sign[side], 118.0]),
            f"{who}_elbow": np.array([58.0 * s + 4 * sign[side], 62.0]),
            f"{who}_wrist": np.array([46.0 * s, 34.0]),
            f"{who}_ear": np.array([9.0 * s + 5 * sign[side], 162.0]),
        }
    angles = {"contralateral_drop": drop, "hip_adduction": 10.0, "frontal_knee": 1.0}
    return replace(pose(phase, side, time_s, points, angles, (300.0, 460.0)), plane="frontal")


def pose(
    phase: str,
    side: Side,
    time_s: float,
    points: Mapping[str, np.ndarray],
    angles: Mapping[str, float],
    hip_at: tuple[float, float],
) -> Pose:
    xy = np.array(list(points.values())) * [1, -1] + hip_at
    return Pose(phase, side, time_s, tuple(points), xy, dict(angles))  # type: ignore[arg-type]


def curve(name: str, side: MetricSide, points: list[float], sd: float, shift: float) -> Curve:
    """Draw a smooth closed curve through evenly spaced points."""
    share = np.linspace(0, 100, 101)
    wave = np.interp(share, np.linspace(0, 100, len(points) + 1), [*points, points[0]])
    kernel = np.hanning(13) / np.hanning(13).sum()
    smooth = np.convolve(np.r_[wave[-7:-1], wave, wave[1:7]], kernel, "valid")
    toe_off = None if side == "both" else 34.0 + shift / 4
    return Curve(name, side, "deg", smooth + shift, np.full(101, sd), 19, toe_off)


def running(duration: float, step: float = 0.352, contact: float = 0.246) -> tuple[Event, ...]:
    events = []
    for i in range(int(duration / step)):
        side: Side = SIDES[i % 2]
        start = 0.21 + i * step
        events.append(Event("initial_contact", side, start, 0.004))
        events.append(Event("toe_off", side, start + contact, 0.005))
    return tuple(sorted(events, key=lambda e: e.time_s))


def side_metrics() -> tuple[Estimate, ...]:
    pairs: list[tuple[str, float, float, str, float, tuple[float, float] | None]] = [
        ("step_time", 0.351, 0.354, "s", 0.001, None),
        ("stride_time", 0.705, 0.705, "s", 0.001, None),
        ("ground_contact_time", 0.251, 0.246, "s", 0.004, (0.244, 0.016)),
        ("flight_time", 0.102, 0.106, "s", 0.004, (0.107, 0.018)),
        ("duty_factor", 0.356, 0.349, "1", 0.006, (0.348, 0.022)),
        ("step_length", 1.229, 1.238, "m", 0.02, None),
        ("overstride", 0.281, 0.262, "L", 0.012, (0.24, 0.02)),
        ("shank_ic", 14.2, 12.6, "deg", 1.1, (10.3, 2.4)),
        ("knee_flex_ic", 10.8, 12.1, "deg", 1.8, (10.1, 4.3)),
        ("knee_flex_peak_stance", 44.3, 45.1, "deg", 1.7, (43.1, 3.1)),
        ("knee_flex_peak_swing", 96.2, 98.7, "deg", 2.4, None),
        ("thigh_to", -22.4, -23.1, "deg", 1.5, None),
        ("elbow_flex", 92.0, 88.0, "deg", 3.0, None),
    ]
    out = [estimate("cadence", "both", 159.6, "1/min", 0.3, (170.1, 8.6), n=76)]
    for name, left, right, unit, sd, norm in pairs:
        out.append(estimate(name, "left", left, unit, sd, norm))
        out.append(estimate(name, "right", right, unit, sd, norm, n=37))
    hidden = "the left arm is hidden by the trunk in 41 % of frames"
    out += [
        estimate("foot_ic", "left", 18.4, "deg", 2.1, (19.0, 8.3), label="rearfoot"),
        estimate("foot_ic", "right", 16.9, "deg", 2.1, (19.0, 8.3), label="rearfoot"),
        estimate("vertical_oscillation", "both", 0.108, "m", 0.003, (0.096, 0.012), n=76),
        estimate("vertical_ratio", "both", 8.8, "%", 0.3, n=76),
        estimate("speed", "both", 3.5, "m/s", 0.03, n=76),
        estimate("cv_stride_time", "both", 1.4, "%", 0.2, n=74),
        estimate("trunk_lean", "both", 3.2, "deg", 1.1, (7.3, 3.6), n=76),
        estimate("trunk_bounce", "both", 1.9, "deg", 0.3, n=76),
        estimate("head_pos", "both", 0.12, "1", 0.02, n=76),
        estimate("asym_ground_contact_time", "both", 2.0, "%", 1.4),
        estimate("asym_shank_ic", "both", -1.6, "deg", 1.0),
        estimate("drift_cadence", "both", -0.4, "1/min", 0.9),
        estimate("arm_amp", "left", 51.0, "deg", 6.0, status="advisory", reason=hidden),
        estimate("leg_stiffness", "both", None, "kN/m", reason="Needs the runner's mass."),
        estimate("vertical_stiffness", "both", None, "kN/m", reason="Needs the runner's mass."),
        estimate("step_width", "both", None, "L", reason=FRONTAL),
    ]
    for name in ("contralateral_pelvic_drop", "peak_hip_adduction", "fppa"):
        out += [estimate(name, side, None, "deg", reason=FRONTAL) for side in SIDES]
    return tuple(out)


def finding(area: str, title: str, rank: int | None, **changes: object) -> Finding:
    known: dict[str, object] = {
        "area": area,
        "title": title,
        "side": "both",
        "probability": 0.93,
        "severity": 1,
        "priority": rank,
        "evidence": "C",
        "associated_with": ("performance", "injury"),
        "why": "The shin points 13° forward at landing; 10 ± 2° is usual at this speed.",
        "cue": "Land under your hips",
        "drill": "High-knee running, 4 × 20 m, then stride out with the same feel.",
        "metrics": ("shank_ic", "overstride"),
        "source": "Heiderscheit et al. 2011; Schubert et al. 2014",
    }
    return Finding(**(known | changes))  # type: ignore[arg-type]


SIDE_FINDINGS = (
    finding(
        "low_cadence",
        "Low cadence",
        1,
        probability=0.97,
        evidence="B",
        associated_with=("injury",),
        why="You take 160 steps per minute; at 3.5 m/s most runners take 162 to 179. "
        "A slightly quicker step shortens the reach and lowers the bounce as well.",
        cue="Quicker, lighter steps",
        drill="Metronome at 168 for 4 × 1 minute with 1 minute of normal running in between.",
        metrics=("cadence",),
        source="Kliethermes et al. 2021; Anderson et al. 2022",
    ),
    finding("overstride", "Landing ahead of the body", 2, side="left", severity=2),
    finding(
        "high_bounce",
        "High bounce",
        3,
        probability=0.84,
        why="Your hips rise and fall 10.8 cm with each step; 9.6 ± 1.2 cm is usual.",
        cue="Run under a low ceiling",
        drill="Hill strides, 6 × 15 s, eyes on one point ahead.",
        associated_with=("performance",),
        metrics=("vertical_oscillation",),
        source="Folland et al. 2017",
    ),
    finding(
        "upright_back",
        "Upright trunk",
        None,
        probability=0.81,
        why="The trunk leans 3° forward; 7 ± 4° is usual.",
        cue="Lean from the ankles",
        drill="Wall lean, 3 × 20 s.",
        metrics=("trunk_lean",),
        source="Teng & Powers 2014",
    ),
)
