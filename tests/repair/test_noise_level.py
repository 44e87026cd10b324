from __future__ import annotations

import numpy as np
import pytest

from stridewise.recording import Recording
from stridewise.repair.noise import noise_level

POINTS = ("left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle")
LEG = 400.0


def running(fps: float, seconds: float, noise: float | np.ndarray) -> Recording:
    """Points that move like a running foot: 1.4 Hz and harmonics that halve, up to 8.4 Hz."""
    rng = np.random.default_rng(0)
    time = np.arange(int(fps * seconds)) / fps
    order = np.arange(1, 7)
    phase = rng.uniform(0, 2 * np.pi, (6, 2, 6))
    waves = np.sin(2 * np.pi * 1.4 * time[:, None, None, None] * order + phase)
    xy = (0.3 * LEG * waves / 2.0**order).sum(axis=-1)
    xy += np.reshape(noise, (-1, 1)) * rng.standard_normal(xy.shape)
    return Recording(xy=xy, confidence=np.ones(xy.shape[:2]), time=time, keypoints=POINTS)


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0, 120.0, 240.0])
@pytest.mark.parametrize("share", [0.003, 0.01])
def test_white_noise_is_measured_within_ten_percent(fps: float, share: float) -> None:
    level = noise_level(running(fps, 20.0, share * LEG))
    assert level.mean() == pytest.approx(share * LEG, rel=0.1)


def test_each_point_has_its_own_noise() -> None:
    true = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert noise_level(running(60.0, 30.0, true)) == pytest.approx(true, rel=0.15)


def test_a_perfect_recording_has_next_to_none() -> None:
    assert noise_level(running(60.0, 20.0, 0.0)).max() < 1e-4 * LEG


def test_gaps_do_not_count() -> None:
    recording = running(60.0, 30.0, 4.0)
    xy = recording.xy.copy()
    xy[::200, 0] = np.nan
    xy[:1200, 1] = np.nan
    level = noise_level(recording.with_(xy=xy))
    assert level[:2] == pytest.approx(4.0, rel=0.25)


def test_points_too_rarely_seen_have_no_level() -> None:
    recording = running(60.0, 5.0, 4.0)
    xy = recording.xy.copy()
    xy[::16, 0] = np.nan
    xy[:, 1] = np.nan
    level = noise_level(recording.with_(xy=xy))
    assert np.isnan(level).tolist() == [True, True, False, False, False, False]


def test_a_runner_who_passes_adds_no_noise() -> None:
    recording = running(60.0, 3.0, 2.0)
    passing = recording.xy + np.linspace(0, 10 * LEG, recording.frames)[:, None, None] * [1, 0]
    there = noise_level(recording.with_(xy=passing))
    assert there == pytest.approx(noise_level(recording), rel=0.05)
