from __future__ import annotations

import numpy as np
import pytest
from runner import runner

from stridewise.recording import Recording
from stridewise.repair.clean import clean
from stridewise.repair.outliers import find_outliers
from stridewise.view import leg_length


def moved(recording: Recording, frame: int, name: str, by: tuple[float, float]) -> Recording:
    """Move one point by so many leg lengths in one frame."""
    xy = recording.xy.copy()
    xy[frame, recording.keypoints.index(name)] += np.multiply(by, leg_length(recording))
    return recording.with_(xy=xy)


def found(recording: Recording) -> list[tuple[int, str]]:
    wrong = find_outliers(recording, leg_length(recording))
    return [(int(t), recording.keypoints[k]) for t, k in np.argwhere(wrong)]


@pytest.mark.parametrize("fps", [30.0, 60.0, 240.0])
@pytest.mark.parametrize("yaw", [0.0, 90.0, 180.0])
@pytest.mark.parametrize("name", ["nose", "right_hip", "left_knee", "left_ankle", "right_big_toe"])
def test_a_point_that_jumps_is_found_alone(name: str, yaw: float, fps: float) -> None:
    whole = runner(yaw, fps)
    frame = whole.frames // 2
    assert found(moved(whole, frame, name, (0.3, -0.3))) == [(frame, name)]


def test_two_frames_in_a_row_and_the_ends_of_the_recording() -> None:
    whole = runner()
    for frame in (100, 101):
        whole = moved(whole, frame, "left_ankle", (-0.5, 0.0))
    whole = moved(moved(whole, 0, "nose", (0.5, 0.5)), 299, "right_knee", (0.4, 0.0))
    assert found(whole) == [
        (0, "nose"),
        (100, "left_ankle"),
        (101, "left_ankle"),
        (299, "right_knee"),
    ]


@pytest.mark.parametrize("by", [(0.0, 0.35), (0.0, -0.35)])
def test_a_limb_that_is_too_long_or_short_for_a_while_is_found(by: tuple[float, float]) -> None:
    # It moves away and back over four frames each, so that only the length of the shank tells.
    whole = runner(noise=0.0)
    for frame, share in enumerate(np.interp(range(15), [0, 4, 10, 14], [0, 1, 1, 0]), start=101):
        whole = moved(whole, frame, "left_ankle", (share * by[0], share * by[1]))
    wrong = found(whole)
    # Which end is wrong cannot be told while both move evenly; the length can.
    assert {name for _, name in wrong} <= {"left_ankle", "left_knee"}
    assert set(range(107, 111)) <= {frame for frame, _ in wrong} <= set(range(101, 116))


@pytest.mark.parametrize("fps", [30.0, 60.0, 120.0, 240.0])
@pytest.mark.parametrize("yaw", [0.0, 45.0, 90.0, -90.0, 180.0])
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_a_clean_recording_keeps_its_points(fps: float, yaw: float, noise: float) -> None:
    whole = runner(yaw, fps, noise)
    assert find_outliers(whole, leg_length(whole)).mean() <= 0.0005


def test_lost_frames_do_not_look_like_jumps() -> None:
    whole = runner()
    kept = np.random.default_rng(0).random(whole.frames) > 0.05
    few = Recording(whole.xy[kept], whole.confidence[kept], whole.time[kept], whole.keypoints)
    assert find_outliers(few, leg_length(whole)).mean() <= 0.0005


def test_a_runner_who_comes_closer_keeps_his_limbs() -> None:
    whole = runner(90.0, seconds=12.0)
    growth = np.linspace(0.5, 2.0, whole.frames)[:, None, None]
    centre = np.nanmean(whole.xy, axis=(0, 1))
    closer = whole.with_(xy=centre + growth * (whole.xy - centre))
    assert find_outliers(closer, leg_length(closer)).mean() <= 0.0005


def test_missing_points_are_no_outliers_and_short_recordings_are_left_alone() -> None:
    whole = runner()
    gone = whole.with_(xy=np.full_like(whole.xy, np.nan))
    assert not find_outliers(gone, 400.0).any()
    few = Recording(
        whole.xy[:4] * [[[1.0, 9.0]]], whole.confidence[:4], whole.time[:4], whole.keypoints
    )
    assert not find_outliers(few, 400.0).any()


def test_what_was_left_out_is_counted_and_filled() -> None:
    whole = runner()
    wrong = moved(moved(whole, 80, "left_knee", (0.4, 0.0)), 200, "right_ankle", (0.0, -0.6))
    cleaned, repairs = clean(wrong)
    assert [(r.step, r.count) for r in repairs] == [("outliers", 2), ("gaps", 2)]
    there = np.zeros(whole.xy.shape[:2], dtype=bool)
    for frame, name in ((80, "left_knee"), (200, "right_ankle")):
        there[frame, whole.keypoints.index(name)] = True
    assert np.array_equal(cleaned.xy[~there], whole.xy[~there])
    assert np.abs(cleaned.xy[there] - whole.xy[there]).max() < 0.03 * leg_length(whole)


def test_off_by_option() -> None:
    wrong = moved(runner(), 80, "left_knee", (0.4, 0.0))
    cleaned, repairs = clean(wrong, off=("outliers",))
    assert repairs == ()
    assert np.array_equal(cleaned.xy, wrong.xy)
