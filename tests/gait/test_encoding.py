from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stridewise.gait.encoding import (
    EXTRAS,
    FEATURES,
    INPUT_POINTS,
    MIRROR,
    OUTPUTS,
    RATE,
    SCALE,
    bounce,
    cubic,
    encode,
    placing,
    to_grid,
    unmirror,
)
from stridewise.simulate import Camera, Noise, Runner, simulate

POINTS = len(INPUT_POINTS)
X = 2 * np.arange(POINTS)


def running(yaw: float = 0.0) -> np.ndarray:
    recording = simulate(Runner(seed=3), Camera(yaw_deg=yaw), Noise(), duration_s=4.0).recording
    return np.stack([recording.point(name) for name in INPUT_POINTS], axis=1) * [1.0, -1.0]


def test_a_recording_at_the_networks_rate_is_left_as_it_is() -> None:
    rng = np.random.default_rng(0)
    time = 5.0 + np.arange(50) / RATE
    xy = rng.standard_normal((50, POINTS, 2))
    xy[20, 3] = np.nan
    grid, same = to_grid(time, xy)
    assert grid == pytest.approx(time)
    np.testing.assert_allclose(same, xy, rtol=1e-12)


@pytest.mark.parametrize("fps", [24.0, 30.0, 50.0, 120.0, 240.0])
def test_other_rates_are_brought_to_the_networks(fps: float) -> None:
    time = np.arange(int(3 * fps)) / fps
    wave = np.stack([np.sin(2 * np.pi * 1.5 * time), np.cos(2 * np.pi * 1.5 * time)], axis=-1)
    grid, found = to_grid(time, np.repeat(wave[:, None], POINTS, axis=1))
    assert np.diff(grid) == pytest.approx(1 / RATE)
    assert grid[-1] <= time[-1] + 1e-9
    inside = slice(5, -5)
    assert found[inside, 0, 0] == pytest.approx(np.sin(2 * np.pi * 1.5 * grid)[inside], abs=0.006)


def test_cubics_go_through_samples_and_follow_lines_exactly() -> None:
    line = (3.0 + 2.0 * np.arange(10.0))[:, None, None]
    at = np.array([0.0, 0.3, 4.5, 8.75, 9.0])
    assert cubic(line, at)[:, 0, 0] == pytest.approx(3.0 + 2.0 * at)


def test_cubics_do_not_reach_into_gaps() -> None:
    values = np.arange(10.0)[:, None, None].copy()
    values[5] = np.nan
    found = cubic(values, np.array([3.5, 4.5, 5.5, 6.5]))[:, 0, 0]
    assert found == pytest.approx([3.5, np.nan, np.nan, 6.5], nan_ok=True)


def test_bounce_keeps_steps_and_drops_where_the_runner_goes() -> None:
    time = np.arange(600) / RATE
    steps = 0.04 * np.sin(2 * np.pi * 2.8 * time)
    found = bounce(steps + 3.0 + 1.7 * time, axis=0)
    assert found[60:-60] == pytest.approx(steps[60:-60], abs=0.002)


@pytest.mark.parametrize("frames", [96, 400])
def test_bounce_is_the_same_for_short_paths_and_long(frames: int) -> None:
    path = np.random.default_rng(0).normal(size=(frames, 2)).cumsum(axis=0)
    hole = path.copy()
    hole[frames // 2, 1] = np.nan
    # A path with a hole is not short-cut; the other coordinate must not notice.
    assert bounce(hole, axis=0)[:, 0] == pytest.approx(bounce(path, axis=0)[:, 0])


def seen(xy: np.ndarray, interval_s: float = 1 / 60) -> np.ndarray:
    return encode(xy[None], interval_s, placing(xy[None]))[0]


def test_the_newest_frames_are_encoded_as_all_are() -> None:
    xy = running()[:96]
    place = placing(xy[None])
    newest = encode(xy[None], 1 / 60, place, 54)[0]
    np.testing.assert_array_equal(newest, encode(xy[None], 1 / 60, place)[0, -54:])


def test_features_do_not_know_size_place_or_drift() -> None:
    xy = running()
    moved = 3.7 * xy + [500.0, -80.0] + np.arange(len(xy))[:, None, None] * [4.0, 0.0]
    same, other = (seen(each) for each in (xy, moved))
    assert same.shape == (len(xy), FEATURES)
    assert other == pytest.approx(same, abs=1e-6)


def test_legs_are_about_a_leg_length_long() -> None:
    features = seen(running())
    at = {name: features[:, [X[i], X[i] + 1]] for i, name in enumerate(INPUT_POINTS)}
    length = np.linalg.norm(at["left_hip"] - at["left_ankle"], axis=1)
    assert 0.8 < length.max() < 1.1


def test_runners_to_the_left_are_mirrored() -> None:
    left, right = running(180.0), running(0.0)
    assert not placing(right[None]).mirrored[0]
    assert placing(left[None]).mirrored[0]
    assert placing(right[None], other_way=True).mirrored[0]
    turned = left[:, MIRROR] * [-1.0, 1.0]
    assert seen(turned) == pytest.approx(seen(left))


def test_missing_points_are_marked_and_zero() -> None:
    xy = running()
    heel = INPUT_POINTS.index("left_heel")
    xy[10:20, heel] = np.nan
    features = seen(xy)
    assert (features[10:20, [2 * heel, 2 * heel + 1, 2 * POINTS + heel]] == 0).all()
    assert (features[:10, 2 * POINTS + heel] == 1).all()


def test_nothing_seen_gives_finite_features() -> None:
    features = seen(np.full((40, POINTS, 2), np.nan), 1 / 30)
    assert np.isfinite(features).all()


@given(st.sampled_from((*OUTPUTS, *EXTRAS)))
def test_mirroring_twice_changes_nothing(key: tuple[str, str | None]) -> None:
    name, side = key
    once, sign = unmirror(name, side, True)  # type: ignore[arg-type]
    twice, again = unmirror(*once, True)
    assert (twice, sign * again) == (key, 1.0)
    assert unmirror(name, side, False) == (key, 1.0)  # type: ignore[arg-type]


def test_every_output_has_a_scale() -> None:
    assert set(SCALE) == {name for name, _ in OUTPUTS}
