"""What pose estimators are given to look at, and that their files are the ones that are meant."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pytest

from stridewise.skeletons import LAYOUTS
from training.films import assets
from training.films.estimators import Crop, next_crop, open_estimator

COCO = list(LAYOUTS["coco-17"])


def ramp(width: int, height: int) -> np.ndarray:
    """A picture whose red is x, whose green is y, and whose blue is 100."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([x, y, np.full_like(x, 100)], axis=-1).astype(np.uint8)


def test_a_square_is_sampled_from_edge_to_edge() -> None:
    cut = Crop(10.0, 20.0, 64.0).cut(ramp(200, 160), 33)
    assert np.array_equal(cut[0, :, 0], 10 + 2 * np.arange(33))
    assert np.array_equal(cut[:, 0, 1], 20 + 2 * np.arange(33))
    # Halfway between two pixels, and rounded down as integers are.
    assert np.array_equal(
        Crop(10.5, 20.5, 32.0).cut(ramp(200, 160), 33)[0, :, 0], 10 + np.arange(33)
    )


def test_beyond_the_picture_all_is_black() -> None:
    crop = Crop.whole(100, 60)
    assert (crop.x, crop.y, crop.size) == (0.0, -20.0, 100.0)
    cut = crop.cut(ramp(100, 60), 101)[..., 2]
    assert set(np.unique(cut)) == {0, 100}
    assert (cut[20:80, :100] == 100).all()
    assert not cut[:20].any()
    assert not cut[80:].any()
    assert not cut[:, 100].any()


def person(hip: tuple[float, float], torso: float, leg: float) -> np.ndarray:
    """Stand a person up: all points on one line but for the width of hips and shoulders."""
    points = np.zeros((len(COCO), 3))
    points[:, 2] = 0.9
    points[:, :2] = hip
    for name, up in (("shoulder", torso), ("knee", -leg / 2), ("ankle", -leg)):
        for side in ("left", "right"):
            points[COCO.index(f"{side}_{name}"), 1] -= up
    return points


def test_the_next_square_holds_the_body_around_the_hips() -> None:
    crop = next_crop(person((400.0, 300.0), torso=50.0, leg=90.0), 800, 600)
    assert crop == Crop(400 - 108.0, 300 - 108.0, 216.0)
    # A long torso counts more than the body.
    crop = next_crop(person((400.0, 300.0), torso=80.0, leg=90.0), 800, 600)
    assert crop == Crop(400 - 152.0, 300 - 152.0, 304.0)


def test_points_that_are_hardly_seen_do_not_widen_the_square() -> None:
    points = person((400.0, 300.0), torso=50.0, leg=90.0)
    points[COCO.index("left_ankle")] = (0.0, 0.0, 0.1)
    assert next_crop(points, 800, 600) == Crop(292.0, 192.0, 216.0)


def test_without_hips_or_near_the_camera_it_looks_at_everything() -> None:
    points = person((400.0, 300.0), torso=50.0, leg=90.0)
    points[[COCO.index("left_hip"), COCO.index("right_hip")], 2] = 0.1
    assert next_crop(points, 800, 600) is None
    assert next_crop(person((500.0, 300.0), torso=230.0, leg=250.0), 800, 600) is None


def test_at_the_edge_the_square_reaches_the_far_edge_at_most() -> None:
    crop = next_crop(person((100.0, 100.0), torso=140.0, leg=150.0), 400, 300)
    # 1.9 torsos are 266; no more than half the picture's width is looked at.
    assert crop is None
    crop = next_crop(person((250.0, 60.0), torso=100.0, leg=100.0), 400, 300)
    assert crop == Crop(60.0, -130.0, 380.0)


def test_an_unknown_estimator_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"openpose is not an estimator.*movenet-thunder"):
        open_estimator("openpose")


def test_what_the_system_lacks_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    with pytest.raises(SystemExit, match=r"npm.*libegl1") as stop:
        assets.set_up()
    assert "\n" not in str(stop.value)


def test_a_package_that_has_changed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def pack(command: list[str], cwd: str, **_: object) -> None:
        with tarfile.open(Path(cwd) / "pose.tgz", "w:gz") as archive:
            about = tarfile.TarInfo("package/pose_landmark_full.tflite")
            about.size = 3
            archive.addfile(about, io.BytesIO(b"abc"))

    monkeypatch.setattr(subprocess, "run", pack)
    name = "@mediapipe/pose@0.5.1675469404"
    with pytest.raises(SystemExit, match=f"{name} is not what it was"):
        assets.fetch(name, ["pose_landmark_full.tflite"])
