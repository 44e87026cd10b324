from __future__ import annotations

import json

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import mediapipe, read, read_people
from stridewise.skeletons import LAYOUTS as POINTS

HIP, KNEE, ANKLE = (23, 24), (25, 26), (27, 28)


def person(frame: int, *, width: float = 1.0, height: float = 1.0, shift: float = 0.0):
    """Return 33 [x, y, z, visibility] of a body whose legs swing; divided by width and height."""
    points = [[(0.3 + shift) / width, 0.2 / height, 0.0, 0.9] for _ in range(33)]
    for side in (0, 1):
        angle = 0.5 * np.sin(frame / 4 + side * np.pi)
        x, y = 0.3 + shift, 0.4
        for joint, length in ((HIP, 0.0), (KNEE, 0.2), (ANKLE, 0.2)):
            x, y = x + length * np.sin(angle), y + length * np.cos(angle)
            points[joint[side]] = [x / width, y / height, 0.0, 0.8]
    return points


def dicts(points):
    return [dict(zip(("x", "y", "z", "visibility"), p, strict=True)) for p in points]


@pytest.fixture
def file(tmp_path):
    def make(data, name: str = "run.json"):
        path = tmp_path / name
        path.write_text(data if isinstance(data, str) else json.dumps(data))
        return path

    return make


SIZE = {"width": 200, "height": 100}


def check(recording, scale=(200, 100)):
    expected = np.array([person(f)[KNEE[0]][:2] for f in range(recording.frames)]) * scale
    np.testing.assert_allclose(recording.point("left_knee"), expected, rtol=1e-12)


LAYOUTS = {
    "video_info": lambda: {
        "video_info": {"fps": 25, **SIZE},
        "pose_data": [{"frame_number": f, "keypoints": dicts(person(f))} for f in range(5)],
    },
    "frames with landmarks": lambda: {
        "fps": 25,
        **SIZE,
        "frames": [{"frame": f, "landmarks": dicts(person(f))} for f in range(5)],
    },
    "lists of four": lambda: {
        "metadata": {"fps": 25, **SIZE},
        "frames": [{"time": f / 25, "pose_landmarks": person(f)} for f in range(5)],
    },
    "several people": lambda: {
        **SIZE,
        "frames": [{"timestamp_ms": 40 * f, "poseLandmarks": [dicts(person(f))]} for f in range(5)],
    },
    "wrapped": lambda: {
        **SIZE,
        "fps": 25,
        "frames": [{"pose_landmarks": {"landmark": dicts(person(f))}} for f in range(5)],
    },
    "flat numbers": lambda: {
        **SIZE,
        "fps": 25,
        "frames": [{"landmarks": [v for p in person(f) for v in p]} for f in range(5)],
    },
    "keypoints as lists": lambda: {
        **SIZE,
        "fps": 25,
        "frames": [{"keypoints": person(f)} for f in range(5)],
    },
    "bare frames": lambda: {**SIZE, "fps": 25, "landmarks": [dicts(person(f)) for f in range(5)]},
    "bare people": lambda: {**SIZE, "fps": 25, "landmarks": [[dicts(person(f))] for f in range(5)]},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(file, layout):
    recording = read(file(LAYOUTS[layout]()))
    assert recording.format == "mediapipe"
    assert recording.unit == "px"
    assert recording.image_size == (200, 100)
    assert recording.notes == ()
    np.testing.assert_allclose(recording.time, np.arange(5) / 25, atol=1e-12)
    check(recording)
    assert recording.confidence[0, recording.keypoints.index("left_knee")] == 0.8
    assert recording.confidence[0, recording.keypoints.index("nose")] == 0.9


def test_a_list_of_frames_without_anything_needs_fps(file):
    frames = [{"landmarks": dicts(person(f))} for f in range(9)]
    with pytest.raises(InputError, match="--fps"):
        read(file(frames))
    np.testing.assert_allclose(read(file(frames), fps=30).time, np.arange(9) / 30)


def test_the_stated_rate_wins_over_the_file_but_not_over_its_times(file):
    data = {"fps": 25, **SIZE, "frames": [{"landmarks": person(f)} for f in range(5)]}
    assert read(file(data), fps=50).fps == pytest.approx(50)
    for f, frame in enumerate(data["frames"]):
        frame["timestamp"] = f / 25
    recording = read(file(data), fps=50)
    assert recording.fps == pytest.approx(25)
    assert "was not used" in recording.notes[0]


def test_frame_numbers_with_holes(file):
    data = {**SIZE, "fps": 10, "frames": [{"frame": f, "landmarks": person(f)} for f in (0, 1, 4)]}
    np.testing.assert_allclose(read(file(data)).time, [0, 0.1, 0.4])


def test_time_stamps_in_milliseconds_are_noted(file):
    data = {**SIZE, "frames": [{"timestamp": 40 * f, "landmarks": person(f)} for f in range(5)]}
    recording = read(file(data))
    assert recording.fps == pytest.approx(25)
    assert "milliseconds" in recording.notes[0]


@pytest.mark.parametrize("nobody", [None, [], {}, [[0, 0, 0, 0]] * 33])
def test_frames_without_detection_are_missing(file, nobody):
    frames = [{"landmarks": person(f)} for f in range(5)]
    frames[2] = {"landmarks": nobody}
    recording = read(file({**SIZE, "fps": 25, "frames": frames}))
    assert np.isnan(recording.xy[2]).all()
    assert (recording.confidence[2] == 0).all()
    assert np.isfinite(recording.xy[[0, 1, 3, 4]]).all()


def test_people(file):
    small = [[x * 0.5, y * 0.5, z, v] for x, y, z, v in person(0)]
    frames = [{"landmarks": [small, person(f)]} for f in range(5)]
    path = file({**SIZE, "fps": 25, "frames": frames})
    recording = read(path)
    check(recording)
    assert "2 people found; person 1 was taken" in recording.notes[0]
    np.testing.assert_allclose(
        read(path, person=2).point("left_hip")[0], [0.3 * 0.5 * 200, 0.4 * 0.5 * 100]
    )
    with pytest.raises(InputError, match=r"from 1 to 2\. Received 3"):
        read(path, person=3)


@pytest.mark.parametrize(
    ("width", "height"), [(1920, 1080), (1080, 1920), (1440, 1080), (1080, 1440), (1080, 1080)]
)
def test_the_shape_of_the_image_is_found_from_the_legs(file, width, height):
    frames = [{"landmarks": person(f, width=width / 1080, height=height / 1080)} for f in range(40)]
    recording = read(file({"fps": 25, "frames": frames}))
    assert recording.image_size is None
    assert f"({width} x {height})" in recording.notes[0]
    thigh = np.linalg.norm(recording.point("left_knee") - recording.point("left_hip"), axis=1)
    np.testing.assert_allclose(thigh, 0.2 * 1080, rtol=1e-9)


def test_pixels_are_kept(file):
    frames = [
        {"landmarks": [[x * 200, y * 100, z, v] for x, y, z, v in person(f)]} for f in range(5)
    ]
    recording = read(file({"fps": 25, "frames": frames}))
    assert recording.notes == ()
    check(recording)


def test_world_landmarks_alone_give_depth(file):
    frames = []
    for f in range(5):
        points = [
            [x, y - 0.4, -0.1 if i % 2 else 0.1, v] for i, (x, y, _, v) in enumerate(person(f))
        ]
        frames.append({"pose_world_landmarks": dicts(points)})
    recording = read(file({"fps": 25, "frames": frames}))
    assert recording.unit == "m"
    assert recording.depth is not None
    left, right = (recording.keypoints.index(f"{side}_hip") for side in ("left", "right"))
    np.testing.assert_allclose(recording.depth[:, left] - recording.depth[:, right], 0.2)
    assert "World landmarks" in " ".join(recording.notes)
    assert recording.confidence[0, left] == 0.8


def test_image_landmarks_are_preferred_to_world_landmarks(file):
    frames = [{"pose_world_landmarks": person(9), "pose_landmarks": person(f)} for f in range(5)]
    check(read(file({**SIZE, "fps": 25, "frames": frames})))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ('{"landmarks": [[1, 2', "not whole JSON"),
        ('{"landmarks": [], "fps": 3}', "holds no frames"),
        ({"frames": [{"landmarks": None}] * 3}, r"No person is seen in any of the 3 frame\(s\)"),
        ({"fps": 9, "frames": [{"landmarks": person(0)[:17]}]}, "17 points.*33 landmarks"),
        ({"fps": 9, "frames": [{"landmarks": [[1, "a"]] * 33}]}, r"Frame 0 has 2 points"),
        ({"fps": 9, "frames": [{"landmarks": [{"x": "a", "y": 1}] * 33}]}, "cannot be used"),
        ({"fps": 9, "frames": [{"landmarks": [[1e300, 1e300, 0, 1]] * 33}]}, "No person"),
        ("[" * 50_000 + '"landmarks"', "not JSON|not whole JSON"),
    ],
)
def test_bad_files_get_one_plain_line(file, data, message):
    with pytest.raises(InputError, match=message) as caught:
        read(file(data))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        '{"people": [{"pose_keypoints_2d": [1, 2, 0.9]}]}',
        '[{"image_id": "0.jpg", "category_id": 1, "keypoints": [1.0, 2.0, 0.9], "score": 2}]',
        '[{"instances": [{"keypoints": [[1, 2]], "keypoint_scores": [0.9]}]}]',
    ],
)
def test_json_of_other_estimators_is_not_taken(file, text):
    assert not mediapipe.recognise(text.encode(), file(text))


def test_one_leg_missing(file):
    frames = [{"landmarks": person(f)} for f in range(5)]
    for frame in frames:
        for i in (24, 26, 28):
            frame["landmarks"][i] = None
    with pytest.raises(InputError, match="missing: right_hip, right_knee, right_ankle"):
        read(file({**SIZE, "fps": 25, "frames": frames}))


def test_a_real_recording(laboratory, tmp_path):
    path = laboratory / "pose_estimator" / "mediapipe_runner_slow_motion.json"
    recording = read(path)
    assert (recording.frames, len(recording.keypoints)) == (277, 21)
    assert recording.image_size == (636, 358)
    assert recording.fps == pytest.approx(30)
    data = json.loads(path.read_text())
    del data["video_info"]
    bare = tmp_path / "bare.json"
    bare.write_text(json.dumps(data))
    assert "(1920 x 1080)" in read(bare).notes[0]


def test_frames_that_are_messages_of_the_older_interface(file):
    frames = [{"landmark": dicts(person(f))} for f in range(5)]
    check(read(file({**SIZE, "fps": 25, "frames": frames})))


def test_poses_of_tensorflow_js_with_the_landmarks_of_mediapipe(file):
    names = [name or "mouth_left" for name in POINTS["blazepose-33"]]
    names[31:33] = ["left_foot_index", "right_foot_index"]
    frames = [
        [
            {
                "score": 0.9,
                "keypoints": [
                    {"x": x, "y": y, "z": 0.1, "score": v, "name": name}
                    for name, (x, y, _, v) in zip(names, person(f), strict=True)
                ],
                "keypoints3D": [{"x": 0, "y": 0, "z": 0, "score": 1}] * 33,
            }
        ]
        for f in range(5)
    ]
    recording = read(file({**SIZE, "fps": 25, "frames": frames}))
    assert recording.format == "mediapipe"
    check(recording)
    assert recording.confidence[0, recording.keypoints.index("left_knee")] == 0.8


def test_a_file_with_nan_is_read_as_without(file):
    frames = [{"landmarks": dicts(person(f))} for f in range(5)]
    frames[1]["landmarks"][0]["x"] = float("nan")
    frames[2]["landmarks"][0] = {"x": 0, "y": 0, "z": 0, "visibility": 0}
    recording = read(file({**SIZE, "fps": 25, "frames": frames}))
    check(recording)
    assert np.isnan(recording.point("nose")).any(axis=1).tolist() == [
        False,
        True,
        True,
        False,
        False,
    ]


def test_several_people_in_the_world(file):
    frames = []
    for f in range(5):
        body = [[x, y - 0.4, 0.1 - 0.2 * (i % 2), v] for i, (x, y, _, v) in enumerate(person(f))]
        small = [[0.5 * x, 0.5 * y, 0.5 * z, v] for x, y, z, v in body]
        frames.append({"worldLandmarks": [dicts(body), dicts(small)] if f else [dicts(body)]})
    people = read_people(file({"fps": 25, "frames": frames}))
    assert [each.unit for each in people] == ["m", "m"]
    assert np.isnan(people[1].xy[0]).all()
    np.testing.assert_allclose(people[1].xy[1:], people[0].xy[1:] / 2, atol=1e-12)


def test_frames_with_a_repeated_time_are_dropped_with_their_bodies(file):
    frames = [{"time_s": t, "landmarks": person(f)} for f, t in enumerate((0, 0.1, 0.1, 0.2))]
    recording = read(file({**SIZE, "frames": frames}))
    expected = [person(f)[KNEE[0]][0] * 200 for f in (0, 1, 3)]
    np.testing.assert_allclose(recording.point("left_knee")[:, 0], expected)
