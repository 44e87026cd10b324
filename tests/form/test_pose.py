import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stridewise.form import pose

UPRIGHT = {
    "shoulder": (0.0, -100.0),
    "elbow": (0.0, -70.0),
    "wrist": (20.0, -60.0),
    "hip": (0.0, 0.0),
    "knee": (0.0, 46.5),
    "ankle": (0.0, 93.0),
    "heel": (-5.0, 99.0),
    "big_toe": (15.0, 99.0),
}


def standing() -> np.ndarray:
    apart = {"left": -10.0, "right": 10.0}
    return np.array(
        [[np.add(UPRIGHT[n.split("_", 1)[1]], (apart[n.split("_")[0]], 0)) for n in pose.POINTS]]
    )


def test_leg_length_of_a_known_body() -> None:
    # Thigh and shank of 93 make a leg of 100; the trunk of 100 makes one of 185.
    body = standing()
    assert pose.leg_length(body) == pytest.approx([100 / 0.54])
    legs = body.copy()
    legs[:, [pose.POINTS.index(f"{s}_shoulder") for s in ("left", "right")]] = np.nan
    assert pose.leg_length(legs) == pytest.approx([100.0])


def test_nothing_to_measure_by() -> None:
    assert np.isnan(pose.leg_length(np.full((1, len(pose.POINTS), 2), np.nan))).all()


def test_features_do_not_depend_on_place_or_size() -> None:
    body = standing()
    assert pose.encode(body).shape == (1, pose.FEATURES)
    assert pose.encode(3 * body + [500.0, 200.0]) == pytest.approx(pose.encode(body))


def test_places_are_up_and_in_leg_lengths() -> None:
    body = standing()
    found = pose.encode(body)[0, : 2 * len(pose.POINTS)].reshape(-1, 2)
    knee = found[pose.POINTS.index("right_knee")]
    assert knee == pytest.approx([10 / (100 / 0.54), -46.5 / (100 / 0.54)])


def test_a_missing_point_is_zero_and_marked() -> None:
    body = standing()
    i = pose.POINTS.index("left_wrist")
    body[0, i] = np.nan
    found = pose.encode(body)[0]
    assert found[2 * i : 2 * i + 2].tolist() == [0.0, 0.0]
    assert found[2 * len(pose.POINTS) + i] == 0.0
    assert found[2 * len(pose.POINTS) : 3 * len(pose.POINTS)].sum() == len(pose.POINTS) - 1


def test_turned_round_twice_is_as_before() -> None:
    body = standing()
    assert pose.mirrored(pose.mirrored(body)) == pytest.approx(body)
    right = pose.POINTS.index("right_hip")
    assert pose.mirrored(body)[0, right] == pytest.approx(body[0, right ^ 1] * [-1, 1])


@settings(max_examples=50)
@given(
    arrays(
        float,
        (2, len(pose.POINTS), 2),
        elements=st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6)),
    )
)
def test_any_points_give_finite_features(xy: np.ndarray) -> None:
    assert np.isfinite(pose.encode(xy)).all()
