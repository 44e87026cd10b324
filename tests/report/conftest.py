from __future__ import annotations

import pytest

from stridewise.result import Analysis, Capture
from stridewise.skeletons import SIDES

from .example import (
    CURVES,
    FRONTAL,
    SAGITTAL_AREAS,
    SHAPES,
    SIDE_FINDINGS,
    back_pose,
    curve,
    estimate,
    running,
    side_metrics,
    side_pose,
)


@pytest.fixture
def from_side() -> Analysis:
    """A treadmill run from the right: three priorities, one more sign, nothing frontal."""
    curves = [
        curve(name, side, points, 2.5, shift)  # type: ignore[arg-type]
        for name, points in CURVES.items()
        for side, shift in (("left", 0.0), ("right", 3.0))
    ]
    curves.append(curve("trunk_lean", "both", [3, 4, 5, 4, 2, 2, 2, 3], 0.8, 0.0))
    return Analysis(
        recording={
            "source": "recordings/anna_treadmill.csv",
            "format": "csv",
            "frames": 1620,
            "duration_s": 27.0,
            "fps": 60.0,
            "keypoints": 18,
        },
        capture=Capture(
            view="right",
            yaw_deg=4.0,
            facing="right",
            surface="treadmill",
            speed_mps=3.5,
            speed_sd_mps=0.0,
            speed_source="given",
            time_scale=1.0,
            quality="B",
            notes=("Noise of the keypoints: 0.4 % of leg length.", "12 short gaps were filled."),
        ),
        events=running(27.0),
        metrics=side_metrics(),
        curves=tuple(curves),
        findings=SIDE_FINDINGS,
        provenance={
            "stridewise": "0.1.0",
            "model": "geometric",
            "repairs": {"gaps_filled": 12, "swaps_undone": 0},
        },
        poses=tuple(
            side_pose(phase, side, 8.4 + 0.35 * i + 0.12 * j)
            for i, side in enumerate(SIDES)
            for j, phase in enumerate(SHAPES)
        ),
        unjudged=(
            ("pelvic_drop", FRONTAL),
            ("knee_collapse", FRONTAL),
            ("fatigue_drift", "Needs five minutes or more; this recording has 27 seconds."),
        ),
    )


@pytest.fixture
def from_behind() -> Analysis:
    """A short run from behind, one foot only, without speed, norms or findings."""
    sagittal = "Needs a camera at the runner's side."
    return Analysis(
        recording={"source": "back.json", "format": "mediapipe", "frames": 300},
        capture=Capture("back", -88.0, "away", "auto", None, None, "", 1.0, "C", ()),
        events=running(4.0),
        metrics=(
            estimate("cadence", "both", 168.2, "1/min", 0.6),
            estimate("contralateral_pelvic_drop", "left", 6.9, "deg", 1.4, n=9),
            estimate("peak_hip_adduction", "left", 11.8, "deg", 1.9, n=9),
            estimate("step_width", "both", 0.06, "L", 0.011, n=9),
            *(estimate(name, "both", None, "deg", reason=sagittal) for name in ("trunk_lean",)),
            *(
                estimate(name, side, None, "deg", reason=sagittal)
                for name in ("shank_ic", "knee_flex_ic", "overstride", "thigh_to", "foot_ic")
                for side in SIDES
            ),
        ),
        curves=(),
        findings=(),
        provenance={"stridewise": "0.1.0"},
        poses=tuple(back_pose(p, "left", 1.0 + i / 10) for i, p in enumerate(SHAPES)),
        unjudged=tuple((area, sagittal) for area in SAGITTAL_AREAS),
    )


@pytest.fixture
def bare() -> Analysis:
    """Nothing but a capture."""
    return Analysis(
        recording={"source": ""},
        capture=Capture("left", 180.0, "left", "auto", None, None, "", 1.0, "D", ()),
        events=(),
        metrics=(),
        curves=(),
        findings=(),
        provenance={},
    )
