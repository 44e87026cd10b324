from __future__ import annotations

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.readers import read

JOINTS = ("hip", "knee", "ankle", "heel", "big_toe")


def legs(body):
    return {name: xyz for name, xyz in body.items() if name.partition("_")[2] in JOINTS}


def check(recording, body, atol=1e-6):
    for name, xyz in legs(body).items():
        i = recording.keypoints.index(name)
        np.testing.assert_allclose(recording.xy[:, i] * (1, -1), xyz[:, :2], atol=atol)
        np.testing.assert_allclose(-recording.depth[:, i], xyz[:, 2], atol=atol)


@pytest.mark.parametrize(("unit", "scale"), [("mm", 1000.0), ("m", 1.0), ("cm", 100.0)])
def test_canonical_names_in_any_unit(tmp_path, write_c3d, body, unit, scale):
    path = write_c3d(tmp_path / "run.c3d", legs(body), unit=unit, scale=scale)
    recording = read(path)
    assert recording.format == "c3d"
    np.testing.assert_allclose(recording.time, np.arange(40) / 100, atol=1e-12)
    check(recording, body)


def test_fps_is_not_needed_and_noted(tmp_path, write_c3d, body):
    recording = read(write_c3d(tmp_path / "run.c3d", legs(body)), fps=30)
    assert recording.fps == pytest.approx(100)
    assert "30 frames/s was not used" in recording.notes[0]


def test_negative_residuals_and_zeros_are_missing(tmp_path, write_c3d, body):
    markers = legs(body)
    names = list(markers)
    knee = names.index("left_knee")
    markers["right_ankle"] = markers["right_ankle"].copy()
    markers["right_ankle"][7] = 0
    recording = read(write_c3d(tmp_path / "run.c3d", markers, missing=[(4, knee)]))
    missing = np.isnan(recording.xy[..., 0])
    assert np.argwhere(missing).tolist() == [
        [4, recording.keypoints.index("left_knee")],
        [7, recording.keypoints.index("right_ankle")],
    ]


def test_subjects_are_people(tmp_path, write_c3d, body):
    small = {name: xyz * 0.5 for name, xyz in legs(body).items()}
    markers = {f"ann:{name}": xyz for name, xyz in small.items()}
    markers |= {f"bob:{name}": xyz for name, xyz in legs(body).items()}
    path = write_c3d(tmp_path / "run.c3d", markers)
    check(read(path, person=1), small)
    check(read(path, person=2), body)
    assert "person 2 was taken" in read(path).notes[-1]


def test_unknown_units(tmp_path, write_c3d, body):
    with pytest.raises(InputError, match="'ft'"):
        read(write_c3d(tmp_path / "run.c3d", legs(body), unit="ft"))


def test_markers_of_no_known_set(tmp_path, write_c3d, body):
    markers = {f"M{i}": xyz for i, xyz in enumerate(legs(body).values())}
    with pytest.raises(InputError, match=r"do not give left_hip.*10 markers: M0, M1"):
        read(write_c3d(tmp_path / "run.c3d", markers))


def test_a_file_cut_off_in_the_header(tmp_path, write_c3d, body):
    whole = write_c3d(tmp_path / "run.c3d", legs(body)).read_bytes()
    cut = tmp_path / "cut.c3d"
    cut.write_bytes(whole[:600])
    with pytest.raises(InputError, match="damaged C3D"):
        read(cut)


def rmse(recording, truth):
    """Return per joint the RMSE of x, y, z in millimetres, the frame's yaw as found."""
    error = {}
    for i, short in enumerate(map(str, truth["points"])):
        name = {"L": "left", "R": "right"}[short[0]] + short[1:]
        if name not in recording.keypoints:
            continue
        k = recording.keypoints.index(name)
        xyz = np.stack((*(recording.xy[:, k] * (1, -1)).T, -recording.depth[:, k]), axis=1)
        error[name] = 1000 * np.sqrt(np.nanmean((xyz - truth["xyz"][:, i]) ** 2, axis=0))
    return error


@pytest.mark.parametrize("speed", ["25", "35", "45"])
def test_clusters_with_a_standing_trial_beside_them(laboratory, speed):
    recording = read(laboratory / "lab_c3d" / f"RBDS011runT{speed}.c3d")
    truth = np.load(laboratory / "treadmill_running" / f"runner11_{speed}.npz")
    assert "carried over from the standing trial" in " ".join(recording.notes)
    error = rmse(recording, truth)
    assert len(error) == 12
    assert max(e.max() for e in error.values()) < 6
    for side in ("left", "right"):
        assert error[f"{side}_knee"].max() < 0.1
        assert error[f"{side}_ankle"].max() < 0.1


@pytest.mark.parametrize("speed", ["25", "35", "45"])
def test_clusters_alone(laboratory, tmp_path, speed):
    alone = tmp_path / "trial.c3d"
    alone.write_bytes((laboratory / "lab_c3d" / f"RBDS011runT{speed}.c3d").read_bytes())
    recording = read(alone)
    truth = np.load(laboratory / "treadmill_running" / f"runner11_{speed}.npz")
    assert "clusters move against each other" in " ".join(recording.notes)
    error = rmse(recording, truth)
    for side in ("left", "right"):
        for joint in ("knee", "ankle"):
            assert error[f"{side}_{joint}"][:2].max() < 8
            assert error[f"{side}_{joint}"][2] < 16


def test_plug_in_gait_of_another_laboratory(laboratory):
    for path in sorted((laboratory / "walking").glob("*.c3d")):
        recording = read(path)
        assert recording.has("left_shoulder", "right_elbow", "left_wrist", "left_ear", "neck")
        for side in ("left", "right"):
            hip, knee, ankle = (recording.point(f"{side}_{j}") for j in ("hip", "knee", "ankle"))
            depth = recording.depth
            assert depth is not None
            thigh = np.nanmedian(np.linalg.norm(hip - knee, axis=1))
            shank = np.nanmedian(np.linalg.norm(knee - ankle, axis=1))
            assert 0.8 < thigh / shank < 1.25
        travel = recording.point("left_hip")[-1, 0] - recording.point("left_hip")[0, 0]
        assert travel > 1.5
