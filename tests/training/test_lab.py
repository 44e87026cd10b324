from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stridewise.simulate.camera import Camera
from stridewise.simulate.noise import Noise
from training.lab import Trial, data_folder, read_trial, seen, stretch, trials


def written(folder: Path, name: str = "runner07_35.npz") -> Path:
    """Write a trial of two seconds in the form of the laboratory's files."""
    (folder / "treadmill_running").mkdir(exist_ok=True)
    path = folder / "treadmill_running" / name
    time = np.arange(300) / 150
    xyz = np.zeros((300, 5, 3), dtype=np.float32)
    xyz[..., 0] = np.sin(2 * np.pi * time)[:, None]
    xyz[..., 1] = 0.9
    xyz[:, 2, 2] = 0.1
    xyz[100:140, 3] = np.nan
    events = np.array(
        [("ic", "L", 0.25), ("to", "L", 0.5)],
        dtype=[("kind", "U2"), ("side", "U1"), ("time", float)],
    )
    np.savez(
        path,
        xyz=xyz,
        points=["L_ASIS", "L_hip", "R_hip", "R_big_toe", "R_PSIS"],
        fps=150.0,
        speed_mps=3.5,
        leg_length_m=0.9,
        events=events,
        fz_hz=300.0,
        fz=np.full(600, 1400.0),
        f_forward=np.linspace(-70.0, 70.0, 600),
        body_weight_n=700.0,
    )
    return path


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return read_trial(written(tmp_path))


def test_a_trial_is_read_in_the_words_of_the_package(trial: Trial) -> None:
    assert (trial.runner, trial.speed_mps, trial.leg_length_m) == ("07", 3.5, 0.9)
    assert trial.keypoints == ("left_hip", "right_hip", "right_big_toe")
    assert trial.xyz.shape == (300, 3, 3)
    assert trial.time[-1] == pytest.approx(299 / 150)
    assert [(e.kind, e.side, e.time_s) for e in trial.events] == [
        ("initial_contact", "left", 0.25),
        ("toe_off", "left", 0.5),
    ]
    assert trial.vertical_force == pytest.approx(2.0)
    assert trial.fore_aft_force[[0, 299]] == pytest.approx([-0.1, 0.1], abs=4e-4)
    assert trial.foot_strike == {"left": "unknown", "right": "unknown"}


def test_a_stretch_keeps_its_time_and_what_happened_in_it(trial: Trial) -> None:
    part = stretch(trial, 0.4, 1.0)
    assert part.time[[0, -1]] == pytest.approx([0.4, 1.4])
    assert len(part.xyz) == len(part.vertical_force) == len(part.fore_aft_force) == 151
    assert np.array_equal(part.xyz, trial.xyz[60:211], equal_nan=True)
    assert [e.kind for e in part.events] == ["toe_off"]


def test_the_foot_strike_is_looked_up_by_runner_side_and_speed(tmp_path: Path) -> None:
    written(tmp_path)
    table = tmp_path / "treadmill_running" / "runners.csv"
    table.write_text(
        "runner,left_foot_strike_3.5,right_foot_strike_3.5\n06,Midfoot,Midfoot\n07,Rearfoot,Forefoot\n"
    )
    trial = read_trial(tmp_path / "treadmill_running" / "runner07_35.npz")
    assert trial.foot_strike == {"left": "rearfoot", "right": "forefoot"}


def test_a_film_shows_the_trial_at_the_frame_rate_of_the_camera(trial: Trial) -> None:
    camera = Camera(yaw_deg=0.0, fps=30.0, distance_m=4.0)
    recording = seen(trial, camera, Noise(), seed=5)
    assert recording.fps == pytest.approx(30.0)
    assert 0 <= recording.time[0] < 1 / 30
    left = recording.point("left_hip")
    # The camera looks at the mean of the hips; the left one is 0.05 m further away than that.
    ahead = np.sin(2 * np.pi * recording.time)
    ahead = ahead - ahead.mean()
    assert left[:, 0] == pytest.approx(960 + camera.focal_px * ahead / 4.05, abs=0.5)
    assert left[:, 1] == pytest.approx(540 + camera.focal_px * 0.1 / 4.05, abs=0.5)


def test_gaps_of_the_laboratory_stay_gaps(trial: Trial) -> None:
    recording = seen(trial, Camera(fps=60.0), Noise(), seed=0)
    toe = recording.point("right_big_toe")[:, 0]
    hidden = (recording.time > 100 / 150) & (recording.time < 139 / 150)
    assert np.isnan(toe[hidden]).all()
    assert np.isfinite(toe[(recording.time < 0.65) | (recording.time > 0.95)]).all()


def test_the_same_seed_gives_the_same_film(trial: Trial) -> None:
    first, again, other = (seen(trial, Camera(), Noise(white=0.01), seed) for seed in (1, 1, 2))
    assert np.array_equal(first.xy, again.xy, equal_nan=True)
    assert first.time[0] != other.time[0]


def test_every_trial_of_the_folder_is_read_in_order(tmp_path: Path) -> None:
    for name in ("runner09_25.npz", "runner02_45.npz", "runner02_25.npz"):
        written(tmp_path, name)
    assert [t.runner for t in trials(tmp_path)] == ["02", "02", "09"]


def test_missing_data_end_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STRIDEWISE_DATA", raising=False)
    with pytest.raises(SystemExit, match=r"^Set STRIDEWISE_DATA to a folder"):
        data_folder()
    with pytest.raises(SystemExit, match=r"^There is no treadmill_running/"):
        trials(tmp_path)


def test_the_folder_is_found_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path)
    monkeypatch.setenv("STRIDEWISE_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    assert len(trials()) == 1
