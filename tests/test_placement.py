"""Lasting errors of lines and joints, by drawing the offsets that make them."""

from __future__ import annotations

import numpy as np
import pytest

from stridewise.gait import angles
from stridewise.placement import OFFSET, bent, left_over, turned

DRAWS = 40_000
#: Small enough for angles to be linear in it.
SMALL = 0.002


def moved(point: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    return np.array(point) + SMALL * rng.standard_normal((DRAWS, 2))


@pytest.mark.parametrize("length", [0.18, 0.3, 0.47])
def test_a_line_turns_the_more_the_shorter_it_is(length: float) -> None:
    rng = np.random.default_rng(1)
    line = angles.pelvic_obliquity(moved((0.0, 1.0), rng), moved((length, 1.0), rng))
    assert line.std() == pytest.approx(turned(SMALL, length), rel=0.02)


def test_a_hip_line_is_off_by_nine_degrees() -> None:
    assert turned(OFFSET, 0.18) == pytest.approx(9.0, abs=0.05)


def test_the_knee_turns_thigh_and_shank_both() -> None:
    rng = np.random.default_rng(2)
    hip, knee, ankle = moved((0.0, 0.47), rng), moved((0.0, 0.0), rng), moved((0.0, -0.45), rng)
    bend = angles.knee_flexion(angles.from_vertical(hip, knee), angles.from_vertical(knee, ankle))
    assert bend.std() == pytest.approx(bent(SMALL, 0.47, 0.45), rel=0.02)
    assert bend.std() > np.hypot(turned(SMALL, 0.47), turned(SMALL, 0.45))


@pytest.mark.parametrize("degrees", [0.0, 20.0, 60.0, 180.0])
def test_what_is_left_over_of_it_in_a_difference(degrees: float) -> None:
    rng = np.random.default_rng(3)
    offsets = [SMALL * rng.standard_normal((DRAWS, 2)) for _ in range(2)]

    def line(direction: float) -> np.ndarray:
        end = 0.4 * np.array([np.cos(np.radians(direction)), np.sin(np.radians(direction))])
        d = end + offsets[1] - offsets[0]
        return np.degrees(np.arctan2(d[:, 1], d[:, 0]))

    difference = (line(degrees) - line(0.0) + 180) % 360 - 180
    expected = turned(SMALL, 0.4) * left_over(degrees)
    wrong = (difference - degrees + 180) % 360 - 180
    assert wrong.std() == pytest.approx(expected, rel=0.02, abs=1e-9)
