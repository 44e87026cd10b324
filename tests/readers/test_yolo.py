from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import read, read_people
from tests.people.scene import FPS, HEIGHT, WIDTH, treadmill
from tests.readers.points import (
    COCO_17,
    PUBLISHED,
    check_crossing,
    check_layout,
    crossing,
    numbered,
)


def result(points, **more):
    """Write a body as `to_json` does."""
    x, y, visible = np.asarray(points).T.tolist()
    return {
        "name": "person",
        "class": 0,
        "confidence": 0.9,
        "box": {"x1": 1.0, "y1": 2.0, "x2": 3.0, "y2": 4.0},
        "keypoints": {"x": x, "y": y, "visible": visible},
        **more,
    }


def label(points, *after, visible=True):
    """Write a body as `save_txt` does: all coordinates as shares of the image."""
    values = (np.asarray(points) / [WIDTH, HEIGHT, 1])[:, : 3 if visible else 2]
    return " ".join(map(repr, [0, 0.5, 0.5, 0.2, 0.6, *values.ravel().tolist(), *after]))


@pytest.fixture
def file(tmp_path):
    def make(data, name="results.json"):
        path = tmp_path / name
        path.write_text(data if isinstance(data, str) else json.dumps(data))
        return path

    return make


def folder(path, lines, suffix=".txt", first=1):
    path.mkdir()
    for f, text in enumerate(lines, start=first):
        (path / f"run_{f}{suffix}").write_text(text)
    return path


JSON = {
    "a list of frames": lambda frames: json.dumps(frames),
    "one text after the other": lambda frames: "\n".join(json.dumps(f, indent=2) for f in frames),
    "texts in a list": lambda frames: json.dumps([json.dumps(f, indent=2) for f in frames]),
}


@pytest.mark.parametrize("layout", JSON)
@pytest.mark.parametrize("points", PUBLISHED)
def test_every_point_of_results_is_the_one_published(file, layout, points):
    frames = [[result(p)] for p in numbered(points)]
    recording = read(file(JSON[layout](frames)), fps=50)
    assert recording.format == "yolo"
    assert recording.notes == ()
    np.testing.assert_allclose(recording.time, np.arange(4) / 50)
    check_layout(recording, PUBLISHED[points], points)


def test_a_folder_of_results(tmp_path):
    texts = [json.dumps([result(p)]) for p in numbered(17)]
    check_layout(read(folder(tmp_path / "out", texts, ".json"), fps=50), COCO_17, 17)


def test_frames_without_anybody(file):
    frames = [[result(p)] for p in numbered(17)]
    frames[1] = []
    frames[2] = [{"name": "dog", "class": 16, "confidence": 0.7, "box": {}}]
    recording = read(file(frames), fps=50)
    assert np.isnan(recording.xy[1:3]).all()
    assert np.isfinite(recording.xy[[0, 3]]).all()


def test_labels_are_shares_of_an_image_whose_shape_the_legs_tell(tmp_path):
    xy = treadmill(0)
    points = np.concatenate((xy, np.full((90, 17, 1), 0.9)), axis=-1)
    recording = read(folder(tmp_path / "labels", map(label, points)), fps=FPS)
    assert recording.format == "yolo"
    assert "(1920 x 1080)" in recording.notes[-1]
    np.testing.assert_allclose(recording.xy, xy, rtol=1e-12)
    np.testing.assert_allclose(recording.time, np.arange(1, 91) / FPS)
    assert (recording.confidence == 0.9).all()


def test_labels_of_every_layout_and_the_holes_between_them(tmp_path):
    path = folder(tmp_path / "labels", [label(p) for p in numbered(17)])
    (path / "run_2.txt").unlink()
    recording = read(path, fps=10)
    np.testing.assert_allclose(recording.time, [0.1, 0.3, 0.4])
    scale = np.array([WIDTH, HEIGHT]) / recording.xy[0, 0] * numbered(17)[0, 0, :2]
    shares = recording.xy * scale / [WIDTH, HEIGHT]
    np.testing.assert_allclose(shares, numbered(17)[[0, 2, 3], :, :2] / 1.0, rtol=1e-12)
    np.testing.assert_allclose(recording.confidence, numbered(17)[[0, 2, 3], :, 2])


@pytest.mark.parametrize("after", [(), (0.83,), (7,), (0.83, 7), (1.0, 7)])
@pytest.mark.parametrize("visible", [True, False])
def test_what_follows_the_points(tmp_path, after, visible):
    """Confidence of the box and the number of the tracker are no points."""
    xy = treadmill(0)[:20]
    points = np.concatenate((xy, np.full((20, 17, 1), 0.9)), axis=-1)
    path = folder(tmp_path / "labels", [label(p, *after, visible=visible) for p in points])
    recording = read(path, fps=FPS)
    np.testing.assert_allclose(recording.xy, xy, rtol=1e-12)
    assert (recording.confidence == (0.9 if visible else 1.0)).all()


@pytest.mark.parametrize("tracked", [False, True])
def test_people_in_any_order_are_told_apart(file, tracked):
    frames = [
        [result(body, **({"track_id": who + 1} if tracked else {})) for body, who in here]
        for here in crossing()
    ]
    check_crossing(read_people(file(frames), fps=FPS))


@pytest.mark.parametrize(
    "after", [lambda who: (), lambda who: (0.9, who + 1), lambda who: (who + 1,)]
)
def test_people_in_labels_are_told_apart(tmp_path, after):
    path = tmp_path / "labels.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for f, here in enumerate(crossing()):
            text = "\n".join(label(body, *after(who)) for body, who in here)
            archive.writestr(f"predict/labels/run_{f}.txt", text)
    people = read_people(path, fps=FPS)
    assert len(people) == 2
    facing = [np.nanmedian(p.point("nose")[:, 0] - p.point("left_ear")[:, 0]) > 0 for p in people]
    assert sorted(facing) == [False, True]
    assert sum(np.isfinite(p.xy).any(axis=(1, 2)).sum() for p in people) == sum(
        map(len, crossing())
    )


def test_normalised_results_are_scaled(file):
    xy = treadmill(0) / [WIDTH, HEIGHT]
    points = np.concatenate((xy, np.full((90, 17, 1), 0.9)), axis=-1)
    recording = read(file([[result(p)] for p in points]), fps=FPS)
    np.testing.assert_allclose(recording.xy, treadmill(0), rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 0.5 0.5 0.1 0.1", "fits no pose"),
        ("0 0.5 0.5 0.1 0.1 0.5 0.5", "fits no pose"),
        ("0 0.5 a", r"Line 1 of run_1\.txt cannot be used"),
        ("\n \n", "No person"),
        (label(numbered(17)[0]) + "\n0 0.5", "fits no pose"),
        ("0 0 0 0 0" + " nan" * 51, "No person"),
        ("0 0 0 0 0" + " 1e999" * 51, "No person"),
    ],
)
def test_bad_labels_get_one_plain_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as caught:
        read(folder(tmp_path / "labels", [text]), fps=50, format="yolo")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], r"any of the 0 frame"),
        ({"a": 1}, "Frame 0 holds no results"),
        ([[result(numbered(17)[0])], 3], "Frame 1 holds no results"),
        ([[result(numbered(17)[0])], "x"], "Frame 1 is not whole JSON"),
        ([[{"keypoints": 3}]], "A result in frame 0"),
        ([[{"keypoints": {"x": [1.0] * 17, "y": [1.0] * 16}}]], "16 y"),
        ([[{"keypoints": {"x": [[1]] * 17, "y": [1.0] * 17}}]], "A point in frame 0"),
        ("[[", "not whole JSON"),
    ],
)
def test_bad_results_get_one_plain_line(file, data, message):
    with pytest.raises(InputError, match=message) as caught:
        read(file(data), fps=50, format="yolo")
    assert "\n" not in str(caught.value)


def test_a_folder_of_other_texts_is_not_taken(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        read(folder(tmp_path / "notes", ["0 0.5 0.5 0.1 0.1", "hello"]), fps=50)
