from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import limits, read, read_people
from stridewise.skeletons import LAYOUTS, REQUIRED

FRAMES = 5


@pytest.fixture
def file(tmp_path):
    def make(**arrays):
        path = tmp_path / "run.npz"
        np.savez(path, **arrays)
        return path

    return make


@pytest.fixture
def xy():
    return np.random.default_rng(0).uniform(10, 900, (FRAMES, len(REQUIRED), 2))


def check(recording, xy, confidence=1.0):
    assert recording.format == "npz"
    assert recording.unit == "px"
    for i, name in enumerate(REQUIRED):
        np.testing.assert_array_equal(recording.point(name), xy[:, i])
    np.testing.assert_array_equal(recording.confidence, confidence)


@pytest.mark.parametrize("name", ["xy", "keypoints", "poses", "arr_0"])
def test_pixels_with_names_and_times(file, xy, name):
    time = np.array([0, 0.1, 0.2, 0.3, 0.5])
    recording = read(file(**{name: xy, "names": np.array(REQUIRED), "time": time}))
    check(recording, xy)
    np.testing.assert_array_equal(recording.time, time)
    assert recording.notes == ()


def test_names_beside_positions_of_the_same_word(file, xy):
    check(read(file(xy=xy, points=np.array(REQUIRED, dtype="S"), fps=50)), xy)


def test_the_rate_of_the_file_and_the_stated_one(file, xy):
    arrays = {"xy": xy, "names": np.array(REQUIRED)}
    np.testing.assert_allclose(read(file(**arrays, fps=50.0)).time, np.arange(FRAMES) / 50)
    np.testing.assert_allclose(read(file(**arrays), fps=25).time, np.arange(FRAMES) / 25)
    with pytest.raises(InputError, match="--fps"):
        read(file(**arrays))
    with pytest.raises(InputError, match="--fps"):
        read(file(**arrays, fps=0.0))
    time = np.array([0, 100, 200, 300, 500])
    np.testing.assert_allclose(read(file(**arrays, time_ms=time)).time, time / 1000)


def test_confidences(file, xy):
    confidence = np.full(xy.shape[:2], 0.25)
    arrays = {"names": np.array(REQUIRED), "fps": 50}
    check(read(file(xy=xy, confidence=confidence, **arrays)), xy, 0.25)
    third = np.concatenate((xy, confidence[..., None]), axis=2)
    check(read(file(keypoints=third, **arrays)), xy, 0.25)


def test_several_people(file, xy):
    two = np.stack((xy, xy + 7), axis=1)
    people = read_people(file(xy=two, names=np.array(REQUIRED), fps=50))
    assert len(people) == 2
    check(people[1], xy + 7)


def test_points_without_names(file):
    values = np.random.default_rng(0).uniform(10, 900, (FRAMES, 17, 2))
    recording = read(file(poses=values, fps=50))
    i = LAYOUTS["coco-17"].index("left_ankle")
    np.testing.assert_array_equal(recording.point("left_ankle"), values[:, i])
    assert recording.notes == (
        "The 17 points have no names and were taken in the order of coco-17.",
    )


def test_points_without_names_and_a_layout(file, tmp_path):
    values = np.random.default_rng(0).uniform(10, 900, (FRAMES, 7, 2))
    path = file(poses=values, fps=50)
    layout = tmp_path / "layout.toml"
    names = ", ".join(f'"{name}"' for name in ("", *REQUIRED))
    layout.write_text(f"[layout]\npoints = [{names}]\n")
    check(read(path, map=layout), values[:, 1:])
    with pytest.raises(InputError, match="has 7 points without names"):
        read(path)


@pytest.mark.parametrize(("factor", "unit", "note"), [(1, None, "m"), (1000, None, "mm")])
def test_places_whose_unit_the_legs_tell(file, body, factor, unit, note):
    xyz = np.stack([body[name] for name in REQUIRED], axis=1) * factor
    recording = read(file(xyz=xyz, names=np.array(REQUIRED), fps=100))
    assert recording.unit == "m"
    k = recording.keypoints.index("left_knee")
    expected = body["left_knee"] * (1, -1, -1)
    np.testing.assert_allclose(recording.xy[:, k], expected[:, :2], atol=1e-12)
    np.testing.assert_allclose(recording.depth[:, k], expected[:, 2], atol=1e-12)
    assert recording.notes[-1].endswith(f"can only be in {note}.")


def test_places_in_a_stated_unit(file, body):
    xyz = np.stack([body[name] for name in REQUIRED], axis=1) * 1000
    recording = read(file(xyz=xyz, names=np.array(REQUIRED), fps=100, unit="mm"))
    k = recording.keypoints.index("left_knee")
    np.testing.assert_allclose(recording.xy[:, k, 0], body["left_knee"][:, 0], atol=1e-12)
    assert recording.notes == ()


def test_places_in_no_known_unit_are_in_leg_lengths(file, body):
    xyz = np.stack([body[name] for name in REQUIRED], axis=1) * 17
    recording = read(file(xyz=xyz, names=np.array(REQUIRED), fps=100))
    assert recording.unit == "leg"
    k = [recording.keypoints.index(f"left_{part}") for part in ("hip", "knee", "ankle")]
    xyz = np.concatenate((recording.xy, recording.depth[..., None]), axis=2)
    leg = np.linalg.norm(np.diff(xyz[:, k], axis=1), axis=2).sum(axis=1)
    np.testing.assert_allclose(np.median(leg), 0.93, rtol=0.02)
    assert "leg lengths" in recording.notes[-1]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": np.ones(3)}, r"has no positions.*Received a float64 \(3,\)"),
        ({"xy": np.full((2, 17, 2), np.nan), "fps": 50}, "No person is seen"),
        ({"xy": np.ones((2, 17, 2)), "time": np.array([1.0, 0.5])}, "times go back"),
        ({"xy": np.ones((2, 17, 2)), "time": np.array([1.0, np.nan])}, "times in time are missing"),
        ({"xy": np.array([[["a", "b"]]])}, "has no positions"),
    ],
)
def test_arrays_that_are_no_recording(file, arrays, message):
    with pytest.raises(InputError, match=message):
        read(file(**arrays))


def test_nothing_pickled_is_read(file, xy, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (tmp_path.joinpath("boom").touch, ())

    bomb = np.array([Bomb()] * FRAMES, dtype=object)
    check(read(file(xy=xy, names=np.array(REQUIRED), fps=50, time=bomb)), xy)
    assert not (tmp_path / "boom").exists()


def test_arrays_that_say_they_are_huge(tmp_path):
    path = tmp_path / "run.npz"
    header = io.BytesIO()
    shape = (10**9, 17, 2)
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": shape}
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xy.npy", header.getvalue())
    with pytest.raises(InputError, match="The array xy is too large"):
        read(path, fps=50)
    assert np.prod(shape) > limits.LARGEST_ARRAY


def test_a_laboratory_recording_is_its_source(laboratory):
    path = sorted((laboratory / "treadmill_running").glob("runner*.npz"))[0]
    with np.load(path) as source:
        xyz, names, fps = source["xyz"].astype(float), list(source["points"]), float(source["fps"])
    recording = read(path)
    np.testing.assert_allclose(recording.time, np.arange(len(xyz)) / fps)
    for side in ("left", "right"):
        for part in ("hip", "knee", "ankle", "heel", "big_toe", "small_toe"):
            expected = xyz[:, names.index(f"{side[0].upper()}_{part}")]
            k = recording.keypoints.index(f"{side}_{part}")
            np.testing.assert_array_equal(recording.xy[:, k], expected[:, :2] * (1, -1))
            np.testing.assert_array_equal(recording.depth[:, k], -expected[:, 2])
