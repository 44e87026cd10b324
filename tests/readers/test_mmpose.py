from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import read, read_people
from tests.people.scene import FPS
from tests.readers.points import PUBLISHED, check_crossing, check_layout, crossing, numbered


@pytest.fixture
def file(tmp_path):
    def make(data):
        path = tmp_path / "results_run.json"
        path.write_text(data if isinstance(data, str) else json.dumps(data))
        return path

    return make


def instance(points, **more):
    points = np.asarray(points)
    return {
        "keypoints": points[:, :2].tolist(),
        "keypoint_scores": points[:, 2].tolist(),
        "bbox": [[1.0, 2.0, 3.0, 4.0]],
        "bbox_score": 0.97,
        **more,
    }


def video(points, first=0):
    """Write what the inferencer writes for a video."""
    return [{"frame_id": first + f, "instances": [instance(p)]} for f, p in enumerate(points)]


def demo(points, names=None):
    """Write what the demo programs write."""
    named = {str(i): name for i, name in enumerate(names or [])}
    meta = {"dataset_name": "own", "keypoint_id2name": named} if names else {}
    return {"meta_info": meta, "instance_info": video(points, first=1)}


LAYOUTS = {
    "video": video,
    "demo": demo,
    "lists": lambda points: [[instance(p)] for p in points],
    "returned": lambda points: [
        {"predictions": [[instance(p)]], "visualization": []} for p in points
    ],
    "predictions": lambda points: {"predictions": [[[instance(p)]] for p in points]},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("points", PUBLISHED)
def test_every_point_is_the_one_published(file, layout, points):
    recording = read(file(LAYOUTS[layout](numbered(points))), fps=50)
    assert recording.format == "mmpose"
    assert recording.notes == ()
    np.testing.assert_allclose(np.diff(recording.time), 0.02)
    check_layout(recording, PUBLISHED[points], points)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_file_per_image(tmp_path, zipped):
    path = tmp_path / ("run.zip" if zipped else "predictions")
    files = {f"frame_{f:03d}.json": json.dumps([instance(p)]) for f, p in enumerate(numbered(26))}
    if zipped:
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
    else:
        path.mkdir()
        for name, text in files.items():
            (path / name).write_text(text)
    recording = read(path, fps=50)
    assert recording.format == "mmpose"
    check_layout(recording, PUBLISHED[26], 26)


def test_the_description_of_the_data_set_names_the_points(file):
    names = [PUBLISHED[26][i] for i in range(26)][::-1]
    spelled = {"head_top": "head", "mid_hip": "hip"}
    recording = read(file(demo(numbered(26), [spelled.get(n, n) for n in names])), fps=50)
    check_layout(recording, dict(enumerate(names)), 26)
    assert "head to head_top" in recording.notes[0]


def test_numbers_left_out_are_holes_and_empty_frames_are_missing(file):
    frames = video(numbered(17))
    frames[1]["instances"] = []
    del frames[2]
    recording = read(file(frames), fps=10)
    np.testing.assert_allclose(recording.time, [0, 0.1, 0.3])
    assert np.isnan(recording.xy[1]).all()


def test_people_in_any_order_are_told_apart(file):
    frames = [
        {"frame_id": f, "instances": [instance(body) for body, _ in here]}
        for f, here in enumerate(crossing())
    ]
    check_crossing(read_people(file(frames), fps=FPS))


def test_scores_beyond_one_are_clipped_and_missing_ones_are_one(file):
    frames = video(numbered(17))
    frames[0]["instances"][0]["keypoint_scores"][3] = 1.2
    del frames[1]["instances"][0]["keypoint_scores"]
    recording = read(file(frames), fps=10)
    assert recording.notes == ("1 confidence(s) outside 0 to 1 were clipped.",)
    assert (recording.confidence[1] == 1).all()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "holds no frames"),
        ({"instance_info": []}, "holds no frames"),
        ({"instance_info": [{"frame_id": 1}]}, "Frame 1 holds no instances"),
        ({"instance_info": [3]}, "Frame 0 holds no instances"),
        ([[3]], "An instance in frame 0 cannot be used"),
        ([[{"keypoints": [[1, 2, 3]] * 17, "keypoint_scores": [1] * 17}]], "cannot be used"),
        ([[{"keypoints": [["a", 2]] * 17, "keypoint_scores": [1] * 17}]], "A point in frame 0"),
        ([[{"keypoints": [[1, 2]] * 17, "keypoint_scores": [1] * 16}]], "16 confidences"),
        ([[{"keypoints": [[1, 2]] * 11, "keypoint_scores": [1] * 11}]], "11 points without names"),
        ([[{"keypoints": [], "keypoint_scores": []}]], "No person"),
        (json.dumps(video(numbered(17)))[:300], "not whole JSON"),
        (demo(numbered(17), ["a"] * 17), "No point of the file is"),
        (demo(numbered(17), ["a"] * 4), "names 4 points and gives 17"),
    ],
)
def test_bad_files_get_one_plain_line(file, data, message):
    with pytest.raises(InputError, match=message) as caught:
        read(file(data), fps=50, format="mmpose")
    assert "\n" not in str(caught.value)
