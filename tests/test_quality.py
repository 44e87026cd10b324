"""Each thing that lowers the grade, alone, at both sides of its limits."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from stridewise.gait.motion import Motion, Signal
from stridewise.quality import find_tilt, grade, withhold
from stridewise.recording import Recording
from stridewise.repair.roll import turn
from stridewise.simulate import Camera, Noise, Runner, simulate
from stridewise.skeletons import SIDES
from stridewise.view import View

NAMES = tuple(
    f"{side}_{part}" for part in ("hip", "knee", "ankle", "heel", "big_toe") for side in SIDES
)
SQUARE = View("right", 0.0, 2.0, "right", 300.0)


def recording(fps: float = 60.0, frames: int = 100, **changes: Any) -> Recording:
    fields: dict[str, Any] = {
        "xy": np.ones((frames, len(NAMES), 2)),
        "confidence": np.ones((frames, len(NAMES))),
        "time": np.arange(frames) / fps,
        "keypoints": NAMES,
    }
    return Recording(**(fields | changes))


def graded(
    it: Recording | None = None, view: View = SQUARE, noise: float = 0.004, steps: int = 30
) -> tuple[str, tuple[str, ...]]:
    it = recording() if it is None else it
    return grade(it, view, noise, steps, find_tilt(it))


def test_a_good_recording_is_an_a_without_notes() -> None:
    assert graded() == ("A", ())


@pytest.mark.parametrize(
    ("fps", "expected"),
    [
        (20, "D"),
        (24, "D"),
        (24.3, "B"),
        (25, "B"),
        (29.97, "B"),
        (48, "B"),
        (49.95, "A"),
        (60, "A"),
    ],
)
def test_frame_rate(fps: float, expected: str) -> None:
    found, notes = graded(recording(fps))
    assert found == expected
    assert len(notes) == (expected != "A")
    assert all(f"{fps:.0f} frames/s" in note and "Film at 60" in note for note in notes)


@pytest.mark.parametrize(
    ("noise", "expected"),
    [(0.0079, "A"), (0.0081, "B"), (0.0149, "B"), (0.0151, "C"), (0.029, "C"), (0.031, "D")],
)
def test_jitter(noise: float, expected: str) -> None:
    found, notes = graded(noise=noise)
    assert found == expected
    assert all(f"{100 * noise:.1f} % of leg length" in note for note in notes)
    assert len(notes) == (expected != "A")


def test_jitter_that_is_not_known_lowers_nothing() -> None:
    assert graded(noise=float("nan")) == ("A", ())


@pytest.mark.parametrize(("lost", "expected"), [(4, "A"), (6, "B"), (19, "B"), (21, "C")])
@pytest.mark.parametrize("point", ["left_hip", "right_knee", "left_ankle"])
def test_gaps_of_the_worst_leg_point(point: str, lost: int, expected: str) -> None:
    xy = np.ones((100, len(NAMES), 2))
    xy[:lost, NAMES.index(point)] = np.nan
    found, notes = graded(recording(xy=xy))
    assert found == expected
    assert notes == (
        () if expected == "A" else (f"A leg point is missing in {lost} % of the frames.",)
    )


def test_a_gap_elsewhere_does_not_count() -> None:
    xy = np.ones((100, len(NAMES), 2))
    xy[:50, NAMES.index("left_heel")] = np.nan
    assert graded(recording(xy=xy))[0] == "A"


@pytest.mark.parametrize(("leg", "expected"), [(100, "A"), (99, "B"), (50, "B"), (49, "C")])
def test_size_in_the_picture(leg: float, expected: str) -> None:
    view = dataclasses.replace(SQUARE, leg_length=leg)
    found, notes = graded(view=view)
    assert found == expected
    assert all(f"{leg:.0f} pixels" in note for note in notes)
    assert graded(recording(unit="m"), view)[0] == "A"  # metres have no size in a picture


@pytest.mark.parametrize(
    ("yaw", "expected"),
    [
        (10, "A"),
        (-11, "B"),
        (170, "A"),
        (159, "B"),
        (80, "A"),
        (79, "B"),
        (-100, "A"),
        (-69, "B"),
        (45, "B"),
    ],
)
def test_angle_of_the_camera(yaw: float, expected: str) -> None:
    found, notes = graded(view=dataclasses.replace(SQUARE, yaw_deg=yaw))
    assert found == expected
    assert len(notes) == (expected != "A")


def test_three_dimensional_points_have_no_camera() -> None:
    assert graded(view=dataclasses.replace(SQUARE, yaw_deg=45.0, flat=False))[0] == "A"


@pytest.mark.parametrize(("steps", "expected"), [(7, "C"), (8, "B"), (15, "B"), (16, "A")])
def test_number_of_steps(steps: int, expected: str) -> None:
    found, notes = graded(steps=steps)
    assert found == expected
    assert all(note.startswith(f"Only {steps} steps") for note in notes)


@pytest.mark.parametrize("point", ["left_heel", "right_big_toe"])
def test_a_foot_that_is_not_seen(point: str) -> None:
    found, notes = graded(recording().select([name for name in NAMES if name != point]))
    assert found == "B"
    assert notes == (
        "No heel and toe points: contact is timed from ankle, knee and hip, less exactly.",
    )


def test_the_weakest_point_decides_and_every_weakness_is_named() -> None:
    found, notes = graded(recording(30), noise=0.02, steps=10)
    assert found == "C"
    assert len(notes) == 3


def tilted(degrees: float, yaw: float = 0.0) -> Recording:
    made = simulate(Runner(seed=2), Camera(yaw_deg=yaw), Noise(white=0.002), 6.0).recording
    return turn(made, -degrees)


@pytest.mark.parametrize(("degrees", "expected"), [(0.0, "A"), (5.0, "A"), (10.0, "C")])
def test_a_tilted_picture(degrees: float, expected: str) -> None:
    found, notes = graded(tilted(degrees))
    assert found == expected
    assert len(notes) == (expected != "A")
    assert all("tilted by" in note and "±" in note for note in notes)


def test_what_a_tilt_falsifies_is_withheld() -> None:
    names = ("knee_flexion", "shank", "foot", "trunk_lean", "hip_flexion")
    signals = {(name, None): Signal(np.zeros(3), 1.0) for name in names}
    motion = Motion(np.arange(3.0), (), signals, {"fppa": "not seen"})
    assert withhold(motion, find_tilt(tilted(0.0))) is motion
    left = withhold(motion, find_tilt(tilted(10.0)))
    assert [name for name, _ in left.signals] == ["knee_flexion", "foot", "hip_flexion"]
    assert left.absent.keys() == {"fppa", "shank", "trunk_lean"}
    assert "tilted" in left.absent["shank"]
