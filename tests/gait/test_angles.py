"""Every angle against values worked out by hand, and against turning the whole plane."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from stridewise.gait import angles

Point = tuple[float, float]
NAN = (float("nan"), 0.5)


def p(*points: Point) -> list[np.ndarray]:
    return [np.array([point], dtype=float) for point in points]


@pytest.mark.parametrize(
    ("lower", "expected"),
    [
        ((0, -1), 0),
        ((1, -1), 45),  # knee ahead of the hip, or ankle ahead of the knee
        ((-1, -1), -45),
        ((1, -np.sqrt(3)), 30),
        ((1, 0), 90),
        ((-1, 0), -90),
    ],
)
def test_a_segment_is_positive_with_its_lower_end_ahead(lower: Point, expected: float) -> None:
    assert_allclose(angles.from_vertical(*p((0, 0), lower)), [expected], atol=1e-12)
    far = np.add(lower, (7, 3))
    assert_allclose(angles.from_vertical(*p((7, 3), tuple(far))), [expected], atol=1e-12)


@pytest.mark.parametrize(
    ("shoulder", "expected"), [((0, 1), 0), ((1, 1), 45), ((-1, 1), -45), ((1, 0), 90)]
)
def test_a_trunk_leans_forward(shoulder: Point, expected: float) -> None:
    assert_allclose(angles.trunk_lean(*p((0, 0), shoulder)), [expected], atol=1e-12)


@pytest.mark.parametrize(
    ("toe", "expected"), [((1, 0), 0), ((1, 1), 45), ((1, -1), -45), ((0, 1), 90), ((0, -1), -90)]
)
def test_a_foot_is_positive_with_its_toes_up(toe: Point, expected: float) -> None:
    assert_allclose(angles.foot_pitch(*p((0, 0), toe)), [expected], atol=1e-12)


def test_joints_flex_from_zero_when_standing() -> None:
    thigh, shank, foot, trunk = (np.array([a]) for a in (30.0, -20.0, -5.0, 8.0))
    assert angles.knee_flexion(thigh, shank) == 50
    assert angles.hip_flexion(thigh, trunk) == 38
    assert angles.ankle_dorsiflexion(foot, shank) == 15
    zero = np.zeros(1)
    for joint in (angles.knee_flexion, angles.hip_flexion, angles.ankle_dorsiflexion):
        assert joint(zero, zero) == 0
    assert angles.knee_flexion(zero, np.array([5.0])) == -5  # overstretched
    assert angles.hip_flexion(np.array([-25.0]), zero) == -25  # extended
    assert angles.ankle_dorsiflexion(np.array([-40.0]), zero) == -40  # pointed


@pytest.mark.parametrize(
    ("joint", "expected"),
    [
        (angles.knee_flexion(np.array([100.0]), np.array([-100.0])), -160),
        (angles.hip_flexion(np.array([-100.0]), np.array([-100.0])), 160),
        (angles.ankle_dorsiflexion(np.array([-170.0]), np.array([10.0])), -180),
        (angles.knee_flexion(np.array([179.0]), np.array([0.0])), 179),
    ],
)
def test_joint_angles_wrap_at_half_a_turn(joint: np.ndarray, expected: float) -> None:
    assert_allclose(joint, [expected], atol=1e-12)


@pytest.mark.parametrize(
    ("wrist", "expected"),
    [((0, -2), 0), ((1, -1), 90), ((-1, -1), 90), ((0, 0), 180), ((1, -2), 45), ((1, 0), 135)],
)
def test_an_elbow_bends_from_straight_either_way(wrist: Point, expected: float) -> None:
    """Shoulder at the origin, elbow one below."""
    assert_allclose(angles.elbow_flexion(*p((0, 0), (0, -1), wrist)), [expected], atol=1e-9)


@pytest.mark.parametrize(
    ("right_hip", "tilt"), [((2, 0), 0), ((1, 1), 45), ((np.sqrt(3), -1), -30)]
)
def test_the_pelvis_drops_away_from_the_stance_leg(right_hip: Point, tilt: float) -> None:
    found = angles.pelvic_obliquity(*p((0, 0), right_hip))
    assert_allclose(found, [tilt], atol=1e-12)
    assert_allclose(angles.contralateral_drop(found, "right"), [tilt], atol=1e-12)
    assert_allclose(angles.contralateral_drop(found, "left"), [-tilt], atol=1e-12)


@pytest.mark.parametrize(("knee", "right"), [((0, -1), 0), ((-1, -1), 45), ((1, -1), -45)])
def test_a_thigh_adducts_towards_the_midline(knee: Point, right: float) -> None:
    assert_allclose(angles.thigh_adduction(*p((0, 0), knee), "right"), [right], atol=1e-12)
    assert_allclose(angles.thigh_adduction(*p((0, 0), knee), "left"), [-right], atol=1e-12)


def test_a_dropped_pelvis_adducts_the_stance_hip() -> None:
    assert angles.hip_adduction(np.array([4.0]), np.array([6.0])) == 10


@pytest.mark.parametrize(
    ("knee", "ankle", "right"),
    [
        ((0, -1), (0, -2), 0),
        ((-1, -1), (-1, -2), 45),  # knee left of the hip, above the ankle: in, for a right leg
        ((-1, -1), (0, -2), 90),
        ((1, -1), (0, -2), -90),
        ((-1, -1), (-2, -2), 0),
    ],
)
def test_a_knee_caves_in_towards_the_midline(knee: Point, ankle: Point, right: float) -> None:
    leg = p((0, 0), knee, ankle)
    assert_allclose(angles.frontal_knee_angle(*leg, "right"), [right], atol=1e-12)
    assert_allclose(angles.frontal_knee_angle(*leg, "left"), [-right], atol=1e-12)


@pytest.mark.parametrize(("shoulder", "right"), [((0, 1), 0), ((1, 1), 45), ((-1, 1), -45)])
def test_a_trunk_leans_to_the_stance_side(shoulder: Point, right: float) -> None:
    assert_allclose(angles.lateral_lean(*p((0, 0), shoulder), "right"), [right], atol=1e-12)
    assert_allclose(angles.lateral_lean(*p((0, 0), shoulder), "left"), [-right], atol=1e-12)


#: Every function of points alone, with how many points it takes, by how much its value changes
#: when the plane turns anticlockwise by one degree.
OF_POINTS: dict[str, tuple[Callable[..., np.ndarray], int, int]] = {
    "segment": (angles.from_vertical, 2, 1),
    "trunk lean": (angles.trunk_lean, 2, -1),
    "foot": (angles.foot_pitch, 2, 1),
    "obliquity": (angles.pelvic_obliquity, 2, 1),
    "right thigh adduction": (lambda a, b: angles.thigh_adduction(a, b, "right"), 2, -1),
    "left thigh adduction": (lambda a, b: angles.thigh_adduction(a, b, "left"), 2, 1),
    "lean in right stance": (lambda a, b: angles.lateral_lean(a, b, "right"), 2, -1),
    "lean in left stance": (lambda a, b: angles.lateral_lean(a, b, "left"), 2, 1),
    "elbow": (angles.elbow_flexion, 3, 0),
    "knee": (
        lambda h, k, a: angles.knee_flexion(angles.from_vertical(h, k), angles.from_vertical(k, a)),
        3,
        0,
    ),
    "hip": (
        lambda s, h, k: angles.hip_flexion(angles.from_vertical(h, k), angles.trunk_lean(h, s)),
        3,
        0,
    ),
    "ankle": (
        lambda k, a, t: angles.ankle_dorsiflexion(
            angles.foot_pitch(a, t), angles.from_vertical(k, a)
        ),
        3,
        0,
    ),
    "right frontal knee": (lambda h, k, a: angles.frontal_knee_angle(h, k, a, "right"), 3, 0),
    "left frontal knee": (lambda h, k, a: angles.frontal_knee_angle(h, k, a, "left"), 3, 0),
    "right hip adduction": (
        lambda left, right, knee: angles.hip_adduction(
            angles.thigh_adduction(right, knee, "right"),
            angles.contralateral_drop(angles.pelvic_obliquity(left, right), "right"),
        ),
        3,
        0,
    ),
    "left hip adduction": (
        lambda left, right, knee: angles.hip_adduction(
            angles.thigh_adduction(left, knee, "left"),
            angles.contralateral_drop(angles.pelvic_obliquity(left, right), "left"),
        ),
        3,
        0,
    ),
}


@pytest.mark.parametrize("name", OF_POINTS)
def test_a_missing_point_gives_a_missing_angle(name: str) -> None:
    function, count, _ = OF_POINTS[name]
    good = [np.tile([float(i), -float(i * i)], (2, 1)) for i in range(count)]
    for missing in range(count):
        points = [point.copy() for point in good]
        points[missing][1] = NAN
        assert np.isfinite(function(*points)).tolist() == [True, False]


def test_functions_keep_the_leading_shape() -> None:
    rng = np.random.default_rng(0)
    for function, count, _ in OF_POINTS.values():
        points = rng.normal(size=(count, 3, 5, 2))
        whole = function(*points)
        assert whole.shape == (3, 5)
        assert_allclose(whole[1, 2], function(*points[:, 1, 2]), rtol=1e-12)


lengths = st.floats(0.1, 10)
directions = st.floats(-180, 180)


@given(
    st.sampled_from(sorted(OF_POINTS)),
    st.tuples(lengths, lengths),
    st.tuples(directions, directions),
    st.floats(-180, 180),
)
def test_turning_the_plane_turns_segments_and_leaves_joints(
    name: str, length: tuple[float, float], direction: tuple[float, float], turn: float
) -> None:
    function, count, change = OF_POINTS[name]
    steps = [
        r * np.array([np.cos(a), np.sin(a)])
        for r, a in zip(length, np.radians(direction), strict=True)
    ]
    points = np.cumsum([np.zeros(2), *steps], axis=0)[:count]
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    turned = points @ np.array([[c, -s], [s, c]]).T
    difference = function(*turned) - function(*points) - change * turn
    assert abs((difference + 180) % 360 - 180) < 1e-4


@given(directions, directions)
def test_joint_angles_lie_within_half_a_turn(a: float, b: float) -> None:
    one, two = np.array([a]), np.array([b])
    for joint, plain in (
        (angles.knee_flexion, a - b),
        (angles.hip_flexion, a + b),
        (angles.ankle_dorsiflexion, a - b),
    ):
        found = joint(one, two)[0]
        assert -180 <= found < 180
        turns = (found - plain) / 360
        assert abs(turns - round(turns)) < 1e-9
