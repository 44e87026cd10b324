from __future__ import annotations

import json

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import read, read_people
from tests.people.scene import FPS
from tests.readers.points import PUBLISHED, check_crossing, check_layout, crossing, numbered


@pytest.fixture
def file(tmp_path):
    def make(results):
        path = tmp_path / "alphapose-results.json"
        path.write_text(json.dumps(results))
        return path

    return make


def result(image, points, **more):
    return {
        "image_id": image,
        "category_id": 1,
        "keypoints": np.asarray(points).ravel().tolist(),
        "score": 2.9,
        "box": [1.0, 2.0, 3.0, 4.0],
        **more,
    }


@pytest.mark.parametrize("points", PUBLISHED)
def test_every_point_is_the_one_published(file, points):
    results = [result(f"{f}.jpg", p, idx=1) for f, p in enumerate(numbered(points))]
    recording = read(file(results), fps=50)
    assert recording.format == "alphapose"
    assert recording.notes == ()
    np.testing.assert_allclose(recording.time, np.arange(4) / 50)
    check_layout(recording, PUBLISHED[points], points)


def test_images_are_ordered_by_number(file):
    points = numbered(17)
    results = [result(f"{f}.jpg", points[i]) for i, f in ((3, 10), (0, 2), (2, 9), (1, 3))]
    recording = read(file(results), fps=10)
    np.testing.assert_allclose(recording.time, [0.2, 0.3, 0.9, 1.0])
    np.testing.assert_array_equal(recording.xy[:, 0], points[:, 0, :2])


@pytest.mark.parametrize("number", [None, lambda who: who + 1, lambda who: [[float(who)]]])
def test_people_in_any_order_are_told_apart(file, number):
    results = [
        result(f"{f}.jpg", body, **({"idx": number(who)} if number else {}))
        for f, here in enumerate(crossing())
        for body, who in here
    ]
    check_crossing(read_people(file(results), fps=FPS))


def test_images_without_numbers_go_by_their_names(file):
    results = [result(name, p) for name, p in zip("bdac", numbered(17)[[1, 3, 0, 2]], strict=True)]
    recording = read(file(results), fps=10)
    np.testing.assert_array_equal(recording.xy[:, 0], numbered(17)[:, 0, :2])
    assert "hold no frame numbers" in recording.notes[0]


def test_bad_results_get_one_plain_line(file):
    with pytest.raises(InputError, match="19 points without names") as caught:
        read(file([result("0.jpg", numbered(19)[0])]), fps=50)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="no usable image_id"):
        read(file([result("0.jpg", numbered(17)[0]), result(None, numbered(17)[0])]), fps=50)
