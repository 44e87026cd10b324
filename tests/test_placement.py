"""Lasting errors of lines and joints, by drawing the offsets that make them."""

from __future__ import annotations

import numpy as np
import pytest

from stridewise.gait import angles
from stridewise.placement import EXACT, USUAL, Offsets, lasting, left_over

DRAWS = 40_000
#: Small enough for angles to be linear in it.
SMALL = 0.002


def moved(point: tuple[float, float], rng: np.random.Generator, size: float = SMALL) -> np.ndarray:
    return np.array(point) + size * rng.standard_normal((DRAWS, 2))


@pytest.mark.parametrize("width", [0.18, 0.3])
def test_a_line_turns_the_more_the_shorter_it_is(width: float) -> None:
    rng = np.random.default_rng(1)
    line = angles.pelvic_obliquity(moved((0.0, 1.0), rng), moved((width, 1.0), rng))
    told = lasting(Offsets(SMALL), hip_width=width)["pelvic_obliquity"]
    assert line.std() == pytest.approx(told, rel=0.02)


def test_a_hip_line_is_off_by_nine_degrees() -> None:
    assert lasting(USUAL)["pelvic_obliquity"] == pytest.approx(9.0, abs=0.05)


def test_the_knee_turns_thigh_and_shank_both() -> None:
    rng = np.random.default_rng(2)
    hip, knee, ankle = moved((0.0, 0.47), rng), moved((0.0, 0.0), rng), moved((0.0, -0.45), rng)
    bend = angles.knee_flexion(angles.from_vertical(hip, knee), angles.from_vertical(knee, ankle))
    told = lasting(Offsets(SMALL))
    assert bend.std() == pytest.approx(told["knee_flexion"], rel=0.02)
    assert bend.std() > np.hypot(told["thigh"], told["shank"])


def test_each_part_of_the_body_may_have_its_own_offset() -> None:
    rng = np.random.default_rng(4)
    hip, knee = moved((0.0, 0.47), rng, 3 * SMALL), moved((0.0, 0.0), rng)
    told = lasting(Offsets(SMALL, {"hip": 3 * SMALL}))
    assert angles.from_vertical(hip, knee).std() == pytest.approx(told["thigh"], rel=0.02)
    assert told["pelvic_obliquity"] == pytest.approx(
        3 * lasting(Offsets(SMALL))["pelvic_obliquity"]
    )
    assert told["shank"] == lasting(Offsets(SMALL))["shank"]


def test_points_on_their_joints_make_nothing_wrong() -> None:
    assert set(lasting(EXACT).values()) == {0.0}


@pytest.mark.parametrize("degrees", [0.0, 20.0, 60.0, 180.0])
def test_what_is_left_over_of_it_in_a_difference(degrees: float) -> None:
    rng = np.random.default_rng(3)
    offsets = [SMALL * rng.standard_normal((DRAWS, 2)) for _ in range(2)]

    def line(direction: float) -> np.ndarray:
        end = 0.4 * np.array([np.cos(np.radians(direction)), np.sin(np.radians(direction))])
        d = end + offsets[1] - offsets[0]
        return np.degrees(np.arctan2(d[:, 1], d[:, 0]))

    difference = (line(degrees) - line(0.0) + 180) % 360 - 180
    expected = np.degrees(2**0.5 * SMALL / 0.4) * left_over(degrees)
    wrong = (difference - degrees + 180) % 360 - 180
    assert wrong.std() == pytest.approx(expected, rel=0.02, abs=1e-9)
