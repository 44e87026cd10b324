from __future__ import annotations

import json

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import read, read_people
from tests.people.scene import FPS
from tests.readers.points import (
    COCO_17,
    PUBLISHED,
    WHOLEBODY_133,
    check_crossing,
    check_layout,
    crossing,
    numbered,
)

COCO_NAMES = tuple(COCO_17.values())


@pytest.fixture
def file(tmp_path):
    def make(data, name="keypoints.json"):
        path = tmp_path / name
        path.write_text(data if isinstance(data, str) else json.dumps(data))
        return path

    return make


def result(image, points, **more):
    return {
        "image_id": image,
        "category_id": 1,
        "keypoints": np.asarray(points).ravel().tolist(),
        "score": 0.98,
        **more,
    }


def annotations(points, names=COCO_NAMES, **category):
    """Write labels: a point is (0, 0, 0) when it is not labelled, else its v is 2."""
    labels = np.concatenate((points[..., :2], np.full((*points.shape[:2], 1), 2)), axis=-1)
    return {
        "images": [
            {"id": 900 - f, "file_name": f"run_{f:06d}.jpg", "width": 640, "height": 480}
            for f in range(len(points))
        ],
        "annotations": [
            {
                "id": f,
                "image_id": 900 - f,
                "category_id": 1,
                "iscrowd": 0,
                "keypoints": p.ravel().tolist(),
            }
            for f, p in enumerate(labels)
        ],
        "categories": [{"id": 1, "name": "person", "keypoints": list(names), **category}],
    }


@pytest.mark.parametrize("points", PUBLISHED)
def test_every_point_of_results_is_the_one_published(file, points):
    recording = read(file([result(f, p) for f, p in enumerate(numbered(points))]), fps=50)
    assert recording.format == "coco"
    assert recording.notes == ()
    np.testing.assert_allclose(recording.time, np.arange(4) / 50)
    check_layout(recording, PUBLISHED[points], points)


def test_feet_beside_the_body(file):
    points = numbered(133)
    results = [result(f, p[:17], foot_kpts=p[17:23].ravel().tolist()) for f, p in enumerate(points)]
    check_layout(read(file(results), fps=50), WHOLEBODY_133, 133)


def test_image_ids_are_frame_numbers_with_holes(file):
    results = [result(f, p) for f, p in zip((7, 5, 4, 1), numbered(17)[::-1], strict=True)]
    recording = read(file(results), fps=10)
    np.testing.assert_allclose(recording.time, [0.1, 0.4, 0.5, 0.7])
    np.testing.assert_array_equal(recording.xy[:, 0], numbered(17)[:, 0, :2])


@pytest.mark.parametrize("tracked", [False, True])
def test_people_in_any_order_are_told_apart(file, tracked):
    results = [
        result(f, body, **({"track_id": who} if tracked else {}))
        for f, here in enumerate(crossing())
        for body, who in here
    ]
    check_crossing(read_people(file(results), fps=FPS))


def test_annotations_are_ordered_by_the_names_of_their_images(file):
    recording = read(file(annotations(numbered(17))), fps=50)
    assert recording.format == "coco"
    assert recording.image_size == (640, 480)
    assert recording.notes == ()
    check_layout(recording, COCO_17, 17, confidence=False)
    assert (recording.confidence == 1).all()


def test_annotations_name_their_points(file):
    spelled = {
        "left_hip": "LHip",
        "right_knee": "right knee",
        "left_ankle": "L_Ankle",
        "nose": "face",
    }
    order = list(COCO_17.values())[::-1]
    data = annotations(numbered(17), names=[spelled.get(name, name) for name in order])
    recording = read(file(data), fps=50)
    published = {i: name for i, name in enumerate(order) if name != "nose"}
    check_layout(recording, published, 17, confidence=False)
    assert "LHip to left_hip" in recording.notes[0]
    assert "face" in recording.notes[1]


def test_hidden_points_count_half_and_unlabelled_ones_are_missing(file):
    data = annotations(numbered(17))
    data["annotations"][1]["keypoints"][:6] = [5.0, 6.0, 1, 0, 0, 0]
    recording = read(file(data), fps=50)
    assert recording.confidence[1, 0] == 0.5
    np.testing.assert_array_equal(recording.xy[1, 0], [5, 6])
    assert np.isnan(recording.xy[1, 1]).all()


def test_images_without_annotations_are_frames(file):
    data = annotations(numbered(17))
    del data["annotations"][1]
    recording = read(file(data), fps=50)
    assert recording.frames == 4
    assert np.isnan(recording.xy[1]).all()


def test_other_categories_are_left_aside(file):
    data = annotations(numbered(17))
    data["annotations"].append({**data["annotations"][0], "category_id": 2, "keypoints": [1, 1, 2]})
    assert "1 annotation(s) of another category" in read(file(data), fps=50).notes[0]


def test_images_without_numbers_go_by_their_ids(file):
    data = annotations(numbered(17))
    for image in data["images"]:
        image["file_name"] = "frame.jpg"
    recording = read(file(data), fps=10)
    np.testing.assert_allclose(np.diff(recording.time), 0.1)
    np.testing.assert_array_equal(recording.xy[0, 0], numbered(17)[3, 0, :2])  # id 897


def test_confidences_beyond_one_are_clipped_with_a_note(file):
    points = numbered(17)
    points[2, 3:5, 2] = 4.5
    recording = read(file([result(f, p) for f, p in enumerate(points)]), fps=50)
    assert "2 confidence(s) outside 0 to 1 were clipped." in recording.notes
    assert recording.confidence.max() == 1


GOOD = [result(f, p) for f, p in enumerate(numbered(17))]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "holds no keypoints"),
        ([{"image_id": None, "keypoints": []}], "no usable image_id"),
        ([{"image_id": [1], "keypoints": []}], "no usable image_id"),
        ([result(10**30, numbered(17)[0])], "no usable image_id"),
        ([result(0.5, numbered(17)[0])], "no usable image_id"),
        ([result(float("nan"), numbered(17)[0])], "no usable image_id"),
        ([result(1, numbered(19)[0])], "19 points without names"),
        ([*GOOD, {"image_id": 9, "keypoints": {"x": 1}}], "frame 9 cannot be used"),
        ([*GOOD, {"image_id": 9, "keypoints": [1.0] * 50}], "frame 9 cannot be used"),
        ([*GOOD, {"image_id": 9, "keypoints": ["1"] * 51}], "A point in frame 9"),
        ([{"image_id": 9, "keypoints": None}], "cannot be used"),
        ([3, "a", None], "No person"),
        (annotations(numbered(17)) | {"annotations": []}, "holds no keypoints"),
        (annotations(numbered(17)) | {"annotations": [{"image_id": 1}]}, "no keypoints"),
        (annotations(numbered(17), names=["nose"]), "names 1 points and gives 17"),
        (annotations(numbered(17), names=[str(i) for i in range(17)]), "No point of the file is"),
        (json.dumps(GOOD)[:-9], "not whole JSON"),
        ("[" * 10**5, "not JSON|not whole JSON"),
    ],
)
def test_bad_files_get_one_plain_line(file, data, message):
    with pytest.raises(InputError, match=message) as caught:
        read(file(data), fps=50, format="coco")
    assert "\n" not in str(caught.value)


def test_the_frame_rate_must_be_stated(file):
    with pytest.raises(InputError, match="--fps"):
        read(file(GOOD))
