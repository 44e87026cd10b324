from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import read, read_people
from tests.people.scene import FPS
from tests.readers.points import (
    BODY_25,
    HALPE_26,
    OPENPOSE_18,
    PUBLISHED,
    check_crossing,
    check_layout,
    crossing,
    numbered,
)


def person(points, number=-1, key="pose_keypoints_2d"):
    """Write points (keypoints, 3) as OpenPose does."""
    return {
        "person_id": [number],
        key: np.asarray(points).ravel().tolist(),
        "face_keypoints_2d": [],
        "pose_keypoints_3d": [],
    }


def frames_of(points):
    return {
        f"run_{f:012d}_keypoints.json": {"version": 1.3, "people": [person(p)]}
        for f, p in enumerate(points)
    }


def folder(tmp_path, frames, name="out"):
    path = tmp_path / name
    path.mkdir()
    for file, frame in frames.items():
        (path / file).write_text(json.dumps(frame))
    return path


def archive(tmp_path, frames):
    path = tmp_path / "run.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, frame in frames.items():
            file.writestr(f"json/{name}", json.dumps(frame))
    return path


@pytest.mark.parametrize("make", [folder, archive])
@pytest.mark.parametrize(
    ("points", "published"), [(25, BODY_25), (18, OPENPOSE_18), (26, HALPE_26)]
)
def test_every_point_is_the_one_published(tmp_path, make, points, published):
    recording = read(make(tmp_path, frames_of(numbered(points))), fps=50)
    assert recording.format == "openpose"
    assert recording.unit == "px"
    assert recording.notes == ()
    np.testing.assert_allclose(recording.time, np.arange(4) / 50)
    check_layout(recording, published, points)


@pytest.mark.parametrize("points", PUBLISHED)
def test_other_programs_write_their_layouts_in_this_format(tmp_path, points):
    check_layout(
        read(folder(tmp_path, frames_of(numbered(points))), fps=50), PUBLISHED[points], points
    )


def test_the_frame_rate_must_be_stated(tmp_path):
    with pytest.raises(InputError, match="--fps"):
        read(folder(tmp_path, frames_of(numbered(25))))


def test_points_at_zero_are_missing_and_so_are_empty_frames(tmp_path):
    points = numbered(25)
    points[1, 10] = 0
    frames = frames_of(points)
    frames["run_000000000002_keypoints.json"]["people"] = []
    recording = read(folder(tmp_path, frames), fps=50)
    assert np.isnan(recording.point("right_knee")[1]).all()
    assert recording.confidence[1, recording.keypoints.index("right_knee")] == 0
    assert np.isnan(recording.xy[2]).all()
    assert np.isfinite(recording.xy[[0, 3]]).all()


def test_numbers_left_out_are_holes_in_time(tmp_path):
    frames = frames_of(numbered(25))
    del frames["run_000000000001_keypoints.json"]
    recording = read(folder(tmp_path, frames), fps=10)
    np.testing.assert_allclose(recording.time, [0, 0.2, 0.3])


def test_a_first_frame_without_people_does_not_hide_the_format(tmp_path):
    frames = frames_of(numbered(25))
    frames["run_000000000000_keypoints.json"]["people"] = []
    assert read(folder(tmp_path, frames), fps=50).frames == 3


@pytest.mark.parametrize("numbers", [False, True])
def test_people_in_any_order_are_told_apart(tmp_path, numbers):
    frames = {
        f"{f}.json": {"people": [person(body, who if numbers else -1) for body, who in here]}
        for f, here in enumerate(crossing())
    }
    path = folder(tmp_path, frames)
    people = read_people(path, fps=FPS)
    check_crossing(people)
    assert "2 people found; person 1" in read(path, fps=FPS).notes[-1]
    np.testing.assert_array_equal(read(path, fps=FPS, person=2).xy, people[1].xy)


@pytest.mark.parametrize("key", ["pose_keypoints", "joints"])
def test_older_names_and_all_frames_in_one_file(tmp_path, key):
    points = numbered(18)
    outer = "bodies" if key == "joints" else "people"
    frames = {
        f"{f}.jpg": {"version": 0.1, outer: [person(p, key=key)]} for f, p in enumerate(points)
    }
    path = tmp_path / "alphapose-results.json"
    path.write_text(json.dumps(frames))
    check_layout(read(path, fps=50), OPENPOSE_18, 18)
    path.write_text(json.dumps(list(frames.values())))
    check_layout(read(path, fps=50), OPENPOSE_18, 18)


def test_shares_of_the_image_are_scaled_with_the_canvas(tmp_path):
    points = numbered(18) / [1000, 500, 1]
    frames = [{"people": [person(p)], "canvas_width": 1000, "canvas_height": 500} for p in points]
    path = tmp_path / "poses.json"
    path.write_text(json.dumps(frames))
    recording = read(path, fps=50)
    assert recording.image_size == (1000, 500)
    np.testing.assert_allclose(recording.point("left_knee"), numbered(18)[:, 12, :2])


def test_a_map_names_the_points_of_a_layout_of_ones_own(tmp_path):
    names = list(HALPE_26.values())[::-1][:21]
    names[:0] = [n for n in HALPE_26.values() if n not in names]
    toml = tmp_path / "map.toml"
    toml.write_text(f"[layout]\npoints = {json.dumps(names[:25])}")
    recording = read(folder(tmp_path, frames_of(numbered(25))), fps=50, map=toml)
    check_layout(recording, dict(enumerate(names[:25])), 25)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ("{", r"f_0\.json is not whole JSON"),
        ({"people": [{"pose_keypoints_2d": [1.0, 2.0, 0.9] * 13}]}, "13 points without names"),
        ({"people": [{"pose_keypoints_2d": [1.0, 2.0]}]}, "cannot be used"),
        ({"people": [{"pose_keypoints_2d": ["a"] * 75}]}, "A point in frame 0"),
        ({"people": [{"pose_keypoints_2d": [{}] * 75}]}, "A point in frame 0"),
        ({"people": [{"pose_keypoints_2d": [1e999] * 75}]}, "No person"),
        ({"people": [{"pose_keypoints_2d": [10**400] * 75}]}, "No person"),
        ({"people": [{"pose_keypoints_2d": []}]}, "No person"),
        ({"people": [{"face_keypoints_2d": []}]}, "no keypoints"),
        ({"people": [3]}, "no keypoints"),
        ({"people": 3}, "holds no people"),
        ([1], "holds no people"),
        ({"people": []}, r"No person is seen in any of the 1 frame\(s\)"),
    ],
)
def test_bad_frames_get_one_plain_line(tmp_path, frame, message):
    path = tmp_path / "f"
    path.mkdir()
    (path / "f_0.json").write_text(frame if isinstance(frame, str) else json.dumps(frame))
    with pytest.raises(InputError, match=message) as caught:
        read(path, fps=50, format="openpose")
    assert "\n" not in str(caught.value)


def test_bodies_with_different_numbers_of_points(tmp_path):
    frames = frames_of(numbered(25))
    frames["run_000000000003_keypoints.json"]["people"] = [person(numbered(18)[0])]
    with pytest.raises(InputError, match=r"frame 3 has 18 points.*25, as before"):
        read(folder(tmp_path, frames), fps=50)


def test_a_single_file_of_a_folder_asks_for_the_folder(tmp_path):
    path = folder(tmp_path, frames_of(numbered(25)))
    with pytest.raises(InputError, match=r"single frame.*Name the folder"):
        read(next(path.iterdir()), fps=50)


def test_a_folder_of_other_json_is_not_taken(tmp_path):
    path = folder(tmp_path, {"a_0.json": {"version": 1}})
    with pytest.raises(InputError, match=r"is a folder without.*openpose"):
        read(path, fps=50)
    with pytest.raises(InputError, match=r"is a folder. Expected a file for the format csv"):
        read(path, format="csv")
