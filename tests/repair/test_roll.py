from __future__ import annotations

import numpy as np
import pytest
from runner import runner

from stridewise.recording import Recording
from stridewise.repair.clean import clean
from stridewise.repair.roll import LIKELY_SD, Roll, find_roll, turn
from stridewise.simulate import Camera, Noise, Runner, simulate


def found(recording: Recording) -> Roll:
    roll = find_roll(recording)
    assert roll is not None
    return roll


def filmed(camera: Camera, seconds: float = 6.0, surface: str = "treadmill") -> Recording:
    who = Runner(seed=7, surface=surface)  # type: ignore[arg-type]
    return simulate(who, camera, Noise(white=0.005), seconds).recording


@pytest.mark.parametrize("angle", [-6.0, -3.0, 3.0, 6.0])
@pytest.mark.parametrize("yaw", [0.0, 180.0, 90.0, -90.0])
def test_a_turned_picture_is_found_turned_by_as_much(yaw: float, angle: float) -> None:
    level = runner(yaw)
    before, after = found(level), found(turn(level, -angle))
    assert after.angle_deg - before.angle_deg == pytest.approx(angle, abs=0.6)
    assert abs(before.angle_deg) < LIKELY_SD * before.sd_deg


@pytest.mark.parametrize("yaw", [0.0, 172.0])
def test_the_sign_is_that_of_the_camera(yaw: float) -> None:
    roll = found(filmed(Camera(yaw_deg=yaw, roll_deg=4.0)))
    assert roll.angle_deg == pytest.approx(4.0, abs=1.0)


@pytest.mark.parametrize(
    "camera",
    [
        Camera(yaw_deg=10.0),
        Camera(yaw_deg=-15.0),
        Camera(yaw_deg=168.0, height_m=1.5, pitch_deg=-8.0),
        Camera(yaw_deg=8.0, distance_m=3.0),
        Camera(yaw_deg=82.0),
        Camera(yaw_deg=-98.0, pitch_deg=5.0),
    ],
)
def test_perspective_is_not_taken_for_roll(camera: Camera) -> None:
    roll = find_roll(filmed(camera))
    assert roll is not None
    assert not roll.likely
    assert abs(roll.angle_deg) < 2.0


def test_the_way_of_someone_who_passes_is_level() -> None:
    camera = Camera(roll_deg=3.0, follow=False, distance_m=8.0)
    roll = found(filmed(camera, 3.0, "overground"))
    assert roll.angle_deg == pytest.approx(3.0, abs=0.3)
    assert roll.sure


def test_ankles_tell_where_there_is_no_heel_and_toe() -> None:
    level = runner(seconds=8.0)
    names = [name for name in level.keypoints if not name.endswith(("heel", "toe"))]
    ankles = found(turn(level.select(names), -5.0))
    assert ankles.angle_deg == pytest.approx(5.0, abs=2.0)


@pytest.mark.parametrize("yaw", [45.0, -135.0])
def test_oblique_views_do_not_tell(yaw: float) -> None:
    assert find_roll(runner(yaw)) is None


def test_points_in_space_have_no_roll() -> None:
    flat = runner()
    assert find_roll(flat.with_(depth=np.zeros(flat.xy.shape[:2]))) is None


def test_turning_turns_about_the_middle_of_the_picture() -> None:
    right_of_the_middle = Recording(
        xy=np.array([[[60.0, 50.0], [np.nan, np.nan]]]),
        confidence=np.ones((1, 2)),
        time=np.zeros(1),
        keypoints=("left_hip", "right_hip"),
        image_size=(100, 100),
    )
    turned = turn(right_of_the_middle, 90.0)  # clockwise: what was on the right is below
    assert turned.xy[0, 0] == pytest.approx([50.0, 60.0])
    assert np.isnan(turned.xy[0, 1]).all()


def test_roll_is_turned_back_and_told_when_it_is_beyond_doubt() -> None:
    cleaned, repairs = clean(turn(runner(90.0, seconds=8.0), -8.0))
    assert [repair.step for repair in repairs] == ["roll"]
    assert repairs[0].detail.startswith("the picture was turned anticlockwise by 7.")
    assert "±" in repairs[0].detail
    assert abs(found(cleaned).angle_deg) < 0.3


def test_from_the_side_a_tilt_is_told_long_before_it_is_turned_back() -> None:
    # Pose estimators let a level foot go up and down hill by as much.
    tilted = turn(runner(seconds=8.0), -10.0)
    cleaned, repairs = clean(tilted)
    assert repairs == ()
    assert np.array_equal(cleaned.xy, tilted.xy)
    assert found(cleaned).likely
    _, repairs = clean(turn(runner(seconds=8.0), -14.0))
    assert [repair.step for repair in repairs] == ["roll"]


def test_roll_can_be_left_out() -> None:
    tilted = turn(runner(90.0, seconds=8.0), -8.0)
    cleaned, repairs = clean(tilted, ("roll",))
    assert repairs == ()
    assert np.array_equal(cleaned.xy, tilted.xy)


@pytest.mark.parametrize(
    ("roll", "likely", "sure"),
    [
        (Roll(1.4, 0.1), False, False),
        (Roll(1.6, 0.1), False, True),
        (Roll(3.1, 0.1), True, True),
        (Roll(-3.1, 0.1), True, True),
        (Roll(4.0, 1.5), True, False),
        (Roll(4.0, 2.1), False, False),
    ],
)
def test_what_is_likely_and_what_is_sure(roll: Roll, likely: bool, sure: bool) -> None:
    assert (roll.likely, roll.sure) == (likely, sure)
