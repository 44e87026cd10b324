import numpy as np
import pytest

from stridewise.simulate.foot import ROUNDNESS_M, Foot
from stridewise.simulate.person import statistics

FOOT = Foot.of({name: mean * 1.75 for name, (mean, _) in statistics()["lengths"].items()})


def test_flat_foot_stands_at_ankle_height():
    # The tip, curved up, adds next to nothing to the rounding of the two flat corners.
    assert FOOT.height(np.zeros(1)) == pytest.approx(FOOT.ankle_height, abs=ROUNDNESS_M / 100)


def test_sole_touches_the_floor_and_never_cuts_it():
    pitch = np.linspace(-80, 60, 141)
    ahead, up = FOOT._corners.T
    angle = np.radians(pitch)[:, None]
    lowest = (ahead * np.sin(angle) + up * np.cos(angle)).min(axis=1) + FOOT.height(pitch)
    assert np.abs(lowest).max() <= ROUNDNESS_M * np.log(3)


def test_rolls_without_slipping():
    # The contact point has no speed: the ankle moves by minus its height per radian.
    pitch = np.linspace(-40, 25, 66)
    h = 0.5
    slope = (FOOT.advance(pitch + h) - FOOT.advance(pitch - h)) / np.radians(2 * h)
    assert slope == pytest.approx(-FOOT.height(pitch), abs=1e-4)


def test_points_of_a_flat_foot():
    points = FOOT.points(np.array([[0.0, 0.1, 0.2]]), np.zeros(1), 0.0, 1)[0]
    for point, local in zip(points, (FOOT.heel, FOOT.big_toe, FOOT.small_toe), strict=True):
        assert point == pytest.approx([local[0], 0.1 + local[1], 0.2 + local[2]])


def test_left_foot_is_the_mirror_image():
    right, left = (
        FOOT.points(np.zeros((1, 3)), np.array([-20.0]), 9.0, sign)[0] for sign in (1, -1)
    )
    assert left == pytest.approx(right * [1, 1, -1])
