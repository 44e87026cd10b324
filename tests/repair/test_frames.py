"""Repeated pictures and frozen starts."""

from __future__ import annotations

import numpy as np
import pytest

from stridewise.recording import Recording
from stridewise.repair.clean import clean
from stridewise.repair.frames import CONVERSIONS, find_pictures
from stridewise.simulate import Camera, Noise, Runner, simulate
from tests.repair.runner import runner


def file(recording: Recording, shown: np.ndarray, fps: float, noise_px: float = 1.0) -> Recording:
    """A file that shows these pictures, each read a little differently every time."""
    xy = recording.xy[shown]
    return recording.with_(
        xy=xy + np.random.default_rng(0).normal(0.0, noise_px, xy.shape),
        confidence=recording.confidence[shown],
        time=np.arange(len(shown)) / fps,
    )


@pytest.mark.parametrize(("camera", "rate"), CONVERSIONS)
def test_every_repeat_of_a_converted_file_is_found(camera: int, rate: int) -> None:
    film = runner(fps=float(camera), seconds=8.0)
    shown = np.arange(8 * rate - rate) * camera // rate
    pictures = find_pictures(file(film, shown, rate))
    assert np.array_equal(pictures.kept, np.r_[True, np.diff(shown) > 0])
    assert (pictures.frozen, pictures.repeated) == (0, int((np.diff(shown) == 0).sum()))
    # Evenly, at the camera's rate, but for what is not seen of the last picture.
    assert np.diff(pictures.time) == pytest.approx(1 / camera, rel=0.01)


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0, 240.0])
@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_a_file_in_order_is_left_alone(fps: float, noise: float) -> None:
    recording = runner(fps=fps, noise=noise)
    pictures = find_pictures(recording)
    assert pictures.kept.all()
    assert np.array_equal(pictures.time, recording.time)


def test_a_frozen_start_is_left_out_and_the_rest_keeps_its_times() -> None:
    film = runner()
    shown = np.where(np.arange(film.frames) < 30, 0, np.arange(film.frames))
    mended, repairs = clean(file(film, shown, 60.0))
    assert mended.time == pytest.approx(film.time[30:])
    assert repairs[0].step == "repeated_frames"
    assert repairs[0].count == 30
    assert repairs[0].detail.startswith("30 frames at the beginning, which show one frozen picture")


def test_a_pause_of_half_a_stride_is_not_frozen() -> None:
    film = runner()
    shown = np.where(np.arange(film.frames) < 8, 0, np.arange(film.frames))
    assert find_pictures(file(film, shown, 60.0)).frozen == 0


def test_who_stands_still_and_then_starts_is_not_frozen() -> None:
    film = runner()
    # From rest to full speed in half a second.
    passed = np.cumsum(np.clip((np.arange(film.frames) - 30) / 30, 0.0, 1.0))
    points = film.xy.reshape(film.frames, -1)
    xy = np.stack([np.interp(passed, np.arange(film.frames), p) for p in points.T], axis=1)
    assert find_pictures(film.with_(xy=xy.reshape(film.xy.shape))).frozen == 0


@pytest.mark.parametrize(("fps", "cadence"), [(25.0, 150.0), (30.0, 150.0), (30.0, 180.0)])
def test_feet_in_the_rhythm_of_a_pattern_are_no_repeats(fps: float, cadence: float) -> None:
    even = Runner(cadence=cadence, variation=0.0, seed=3)
    seen = simulate(even, Camera(yaw_deg=-90.0, fps=fps), Noise(), 6.0).recording
    assert find_pictures(seen).kept.all()


def test_who_stands_all_the_time_is_left_alone() -> None:
    film = runner()
    standing = file(film, np.zeros(film.frames, dtype=int), 60.0)
    assert find_pictures(standing).kept.all()


def test_points_that_nobody_sees_do_not_stand_still() -> None:
    film = runner()
    xy = film.xy.copy()
    xy[:40] = np.nan
    assert find_pictures(film.with_(xy=xy)).frozen == 0
