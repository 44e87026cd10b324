import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stridewise.errors import InputError
from stridewise.simulate.camera import YAW_OF_VIEW, Camera

# 90 degrees over 1000 pixels: focal length 500 px. From 5 m, one metre is 100 px.
PLAIN = Camera(distance_m=5.0, height_m=1.0, field_of_view_deg=90.0, image_size=(1000, 800))
ORIGIN = np.zeros(3)


def seen(camera, *points, target=ORIGIN):
    return camera.project(np.array([points], dtype=float), target)[0]


def test_focal_length():
    assert PLAIN.focal_px == pytest.approx(500.0)


@pytest.mark.parametrize(
    ("view", "pixels"),
    [
        # One metre ahead, and one metre to the runner's right, at lens height.
        ("right", [[600, 400], [500, 400]]),
        ("front", [[500, 400], [400, 400]]),
        ("left", [[400, 400], [500, 400]]),
        ("back", [[500, 400], [600, 400]]),
    ],
)
def test_plain_views(view, pixels):
    camera = Camera(
        yaw_deg=YAW_OF_VIEW[view],
        distance_m=5.0,
        field_of_view_deg=90.0,
        image_size=(1000, 800),
    )
    assert seen(camera, [1, 1, 0], [0, 1, 1]) == pytest.approx(np.array(pixels, float))


def test_up_is_smaller_y_and_near_is_larger():
    # 0.5 m above the lens; 1 m nearer it is 500 * 0.5 / 4 px.
    assert seen(PLAIN, [0, 1.5, 0], [0, 1.5, 1]) == pytest.approx(
        np.array([[500.0, 350.0], [500.0, 337.5]])
    )


def test_pitch_up_moves_the_picture_down():
    camera = Camera(pitch_deg=45.0, distance_m=5.0, field_of_view_deg=90.0, image_size=(1000, 800))
    # 45 degrees above the lens is now the middle; level is 45 degrees below: 500 px down.
    assert seen(camera, [0, 6, 0], [0, 1, 0]) == pytest.approx(
        np.array([[500.0, 400.0], [500.0, 900.0]])
    )


def test_roll_turns_the_picture_anticlockwise():
    camera = Camera(roll_deg=90.0, distance_m=5.0, field_of_view_deg=90.0, image_size=(1000, 800))
    assert seen(camera, [1, 1, 0]) == pytest.approx(np.array([[500.0, 300.0]]))


def test_points_behind_the_lens_are_missing():
    assert np.isnan(seen(PLAIN, [0, 1, 6])).all()


def test_following_camera_keeps_its_target_and_static_one_does_not():
    target = np.array([[0.0, 0, 0], [2.0, 0, 0]])
    xyz = target[:, None] + np.array([0.0, 1.0, 0.0])
    moving = PLAIN.project(xyz, target)[:, 0, 0]
    static = Camera(
        distance_m=5.0, field_of_view_deg=90.0, image_size=(1000, 800), follow=False
    ).project(xyz, target)[:, 0, 0]
    assert moving == pytest.approx([500, 500])
    assert static == pytest.approx([400, 600])


@given(st.floats(-180, 180), st.floats(-80, 80), st.floats(-180, 180))
def test_axes_are_a_right_handed_frame(yaw, pitch, roll):
    axes = Camera(yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll).axes()
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)


def test_bad_values_are_refused():
    with pytest.raises(InputError, match="fps is out of range"):
        Camera(fps=0)
