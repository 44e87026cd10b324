from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stridewise.errors import InputError
from stridewise.readers import three_d

AXES = ((0, 1, 2), (2, 1, 0), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1))


def check(recording, body):
    """Check that a recording shows this body, given with x forward, y up, z to the right."""
    for name, xyz in body.items():
        i = recording.keypoints.index(name)
        np.testing.assert_allclose(recording.xy[:, i, 0], xyz[:, 0], atol=1e-12)
        np.testing.assert_allclose(recording.xy[:, i, 1], -xyz[:, 1], atol=1e-12)
        np.testing.assert_allclose(recording.depth[:, i], -xyz[:, 2], atol=1e-12)


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("flip", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_any_laboratory_axes(body, axes, flip):
    parity = np.linalg.det(np.eye(3)[list(axes)])
    signs = np.array([*flip, parity * flip[0] * flip[1]])  # keeps the frame right-handed
    turned = {name: xyz[:, axes] * signs for name, xyz in body.items()}
    recording = three_d.to_recording(turned, np.arange(40) / 50)
    check(recording, body)
    assert recording.unit == "m"
    assert recording.notes == ()


def test_left_handed_axes_are_mirrored(body):
    mirrored = {name: xyz * (1, 1, -1) for name, xyz in body.items()}
    recording = three_d.to_recording(mirrored, np.arange(40) / 50)
    check(recording, body)
    assert "left-handed" in recording.notes[0]


def turn(xyz, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return xyz @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]]).T


@pytest.mark.parametrize("degrees", [8, 45, 130, -100])
def test_running_on_the_spot_in_any_direction(body, degrees):
    turned = {name: turn(xyz, degrees) for name, xyz in body.items()}
    check(three_d.to_recording(turned, np.arange(40) / 50), body)


def test_feet_a_few_degrees_off_an_axis_run_along_it(body):
    turned = {name: turn(xyz, 4) for name, xyz in body.items()}
    recording = three_d.to_recording(turned, np.arange(40) / 50)
    check(recording, turned)


def test_travel_tells_the_direction_better_than_feet(body):
    toes_out = {
        name: turn(xyz, 20) if "toe" in name or "heel" in name else xyz
        for name, xyz in body.items()
    }
    travel = np.linspace(0, 6, 40)[:, None] * (1, 0, 0)
    moving = {name: xyz + travel for name, xyz in toes_out.items()}
    turned = {name: turn(xyz, 33) for name, xyz in moving.items()}
    check(three_d.to_recording(turned, np.arange(40) / 50), moving)


def test_without_feet_the_hips_tell_the_direction(body):
    body = {name: xyz for name, xyz in body.items() if "toe" not in name and "heel" not in name}
    turned = {name: turn(xyz, 70) for name, xyz in body.items()}
    check(three_d.to_recording(turned, np.arange(40) / 50), body)


@given(st.floats(6, 84), st.floats(-5, 5), st.floats(-5, 5))
def test_lengths_and_heights_survive(degrees, x, z):
    body = {
        f"{side}_{part}": np.array([[fore, up, sign * 0.1]] * 2)
        for side, sign in (("left", -1), ("right", 1))
        for part, up, fore in (("hip", 0.9, 0), ("knee", 0.5, 0.1), ("ankle", 0.1, 0))
    }
    moved = {name: turn(xyz, degrees) + np.array([x, 0, z]) for name, xyz in body.items()}
    recording = three_d.to_recording(moved, np.array([0, 0.1]))
    np.testing.assert_allclose(
        recording.point("left_knee")[:, 0] - recording.point("left_hip")[:, 0], 0.1, atol=1e-9
    )
    np.testing.assert_allclose(recording.point("left_ankle")[:, 1], -0.1, atol=1e-9)


def test_a_point_with_one_coordinate_missing_is_missing(body):
    body["left_knee"][3, 2] = np.nan
    recording = three_d.to_recording(body, np.arange(40) / 50)
    i = recording.keypoints.index("left_knee")
    assert np.isnan(recording.xy[3, i]).all()
    assert np.isnan(recording.depth[3, i])
    assert recording.confidence[3, i] == 0
    assert np.isfinite(recording.xy[4, i]).all()


def test_a_leg_that_is_not_there(body):
    del body["left_knee"]
    body["right_ankle"][:] = np.nan
    with pytest.raises(InputError, match="missing: left_knee, right_ankle"):
        three_d.to_recording(body, np.arange(40) / 50)


def test_a_body_in_one_point_has_no_direction():
    names = [f"{side}_{part}" for side in ("left", "right") for part in ("hip", "knee", "ankle")]
    with pytest.raises(InputError, match="direction of running"):
        three_d.to_recording({name: np.zeros((2, 3)) for name in names}, np.array([0, 1.0]))
