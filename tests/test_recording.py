from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.skeletons import REQUIRED

NAMES = ("nose", "left_hip", "right_hip")


def recording(frames: int = 4, **changes: Any) -> Recording:
    fields: dict[str, Any] = {
        "xy": np.arange(frames * 6, dtype=float).reshape(frames, 3, 2),
        "confidence": np.full((frames, 3), 0.5),
        "time": np.arange(frames) / 25,
        "keypoints": NAMES,
    }
    return Recording(**(fields | changes))


def test_what_it_says_about_itself() -> None:
    it = recording(time=np.array([2.0, 2.1, 2.2, 3.2]))
    assert it.frames == 4
    assert it.duration == pytest.approx(1.2)
    assert it.fps == pytest.approx(10)  # the median: one pause does not count
    assert it.point("left_hip").tolist() == [[2, 3], [8, 9], [14, 15], [20, 21]]
    assert it.has("nose", "left_hip")
    assert not it.has("nose", "left_knee")
    assert np.isnan(it.point("left_knee")).all()
    assert it.point("left_knee").shape == (4, 2)


def test_no_frame_and_one_frame() -> None:
    none, one = recording(0), recording(1)
    assert (none.frames, none.duration) == (0, 0.0)
    assert (one.frames, one.duration) == (1, 0.0)
    assert np.isnan(none.fps)
    assert np.isnan(one.fps)


def test_a_point_with_one_coordinate_is_missing() -> None:
    xy = np.zeros((4, 3, 2))
    xy[1, 2, 0] = np.nan
    xy[2, 0, 1] = np.inf
    it = recording(xy=xy)
    assert np.isnan(it.xy[1, 2]).all()
    assert np.isnan(it.xy[2, 0]).all()
    assert np.isfinite(it.xy).sum() == 24 - 4
    assert it.confidence.tolist() == [
        [0.5, 0.5, 0.5],
        [0.5, 0.5, 0.0],
        [0.0, 0.5, 0.5],
        [0.5, 0.5, 0.5],
    ]


def test_the_arrays_given_are_left_as_they_are() -> None:
    xy, confidence = np.zeros((4, 3, 2)), np.ones((4, 3))
    xy[0, 0, 0] = np.nan
    recording(xy=xy, confidence=confidence)
    assert np.isfinite(xy).sum() == 23
    assert (confidence == 1).all()


def test_points_that_are_never_seen_are_missing() -> None:
    xy = np.zeros((4, 3, 2))
    xy[:, 1] = np.nan
    it = recording(xy=xy)
    assert not it.has("left_hip")
    assert it.missing_required() == [name for name in REQUIRED if name != "right_hip"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"xy": np.zeros((4, 2, 2))}, "shape (4, 3, 2). Received shape (4, 2, 2)"),
        ({"xy": np.zeros((3, 3, 2))}, "shape (4, 3, 2). Received shape (3, 3, 2)"),
        ({"confidence": np.zeros(4)}, "shape (4, 3). Received shape (4,)"),
        ({"depth": np.zeros((4, 2))}, "shape (4, 3). Received shape (4, 2)"),
        ({"keypoints": ("nose", "left_hip", "tail")}, "Unknown or repeated keypoint names: tail"),
        ({"keypoints": ("nose", "nose", "left_hip")}, "Unknown or repeated keypoint names"),
        ({"time": np.array([0, 1, 1, 2.0])}, "The times do not increase"),
        ({"time": np.array([0, 2, 1, 3.0])}, "The times do not increase"),
        ({"time": np.array([0, 1, np.nan, 3])}, "The times do not increase"),
        ({"time": np.array([0, 1, 2, np.inf])}, "The times do not increase"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        recording(**changes)
    assert said in str(caught.value)


def test_select_keeps_points_in_the_order_asked_for() -> None:
    depth = np.arange(12.0).reshape(4, 3)
    it = recording(depth=depth, notes=("a note",)).select(["right_hip", "nose"])
    assert it.keypoints == ("right_hip", "nose")
    assert it.xy[0].tolist() == [[4, 5], [0, 1]]
    assert it.depth is not None
    assert it.depth[1].tolist() == [5, 3]
    assert it.confidence.shape == (4, 2)
    assert it.notes == ("a note",)


@pytest.mark.parametrize("frames", [slice(None, None, 2), np.array([True, False, True, False])])
def test_take_keeps_frames(frames: slice | np.ndarray) -> None:
    depth = np.arange(12.0).reshape(4, 3)
    it = recording(depth=depth, notes=("a note",))
    some = it.take(frames)
    assert some.depth is not None
    for kept, whole in (
        (some.xy, it.xy),
        (some.confidence, it.confidence),
        (some.time, it.time),
        (some.depth, depth),
    ):
        np.testing.assert_array_equal(kept, whole[::2])
    assert some.notes == ("a note",)
    assert recording().take(frames).depth is None


def test_with_changes_a_copy() -> None:
    it = recording()
    later = it.with_(time=it.time + 1)
    assert later.time[0] == 1
    assert it.time[0] == 0
    assert later.has("nose")


def test_a_source_that_is_no_text_becomes_text() -> None:
    assert recording(source="run\udcff.csv").source == "run?.csv"


def test_the_dataset_has_the_layout_of_movement() -> None:
    pytest.importorskip("xarray")
    it = recording(source="run.csv", format="csv")
    data = it.to_xarray()
    assert data["position"].dims == ("time", "space", "keypoints", "individuals")
    assert data["confidence"].dims == ("time", "keypoints", "individuals")
    assert data["position"].sel(keypoints="left_hip", space="y").values[:, 0].tolist() == [
        3,
        9,
        15,
        21,
    ]
    assert data["time"].values.tolist() == it.time.tolist()
    assert data.attrs["fps"] == pytest.approx(25)
    assert data.attrs["source_file"] == "run.csv"


def test_without_xarray_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "xarray":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"stridewise\[xarray\]"):
        recording().to_xarray()


@given(arrays(float, (5, 3, 2), elements=st.floats(allow_nan=True, allow_infinity=True)))
def test_a_point_is_seen_whole_or_not_at_all(xy: np.ndarray) -> None:
    it = recording(5, xy=xy)
    whole = np.isfinite(xy).all(axis=2)
    assert (np.isfinite(it.xy).all(axis=2) == whole).all()
    assert (np.isnan(it.xy).all(axis=2) == ~whole).all()
    assert ((it.confidence > 0) == whole).all()
    assert (it.xy[whole] == xy[whole]).all()
