from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stridewise.repair.smooth import derivative, low_pass, noise_gain, runs


def sine(frequency: float, fps: float, frames: int = 1200) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(frames) / fps)


@pytest.mark.parametrize(
    ("cutoff", "fps"), [(6.0, 60.0), (18.0, 60.0), (12.0, 30.0), (15.0, 240.0)]
)
def test_half_the_power_passes_at_the_cut_off_without_delay(cutoff: float, fps: float) -> None:
    time = np.arange(1200) / fps
    middle = slice(300, 900)
    out = low_pass(sine(cutoff, fps), cutoff, fps)[middle]
    waves = np.exp(-2j * np.pi * cutoff * time[middle])
    gain = (out @ waves) / (sine(cutoff, fps)[middle] @ waves)
    assert abs(gain) == pytest.approx(0.5**0.5, abs=2e-3)
    assert np.degrees(np.angle(gain)) == pytest.approx(0, abs=0.2)


def test_what_is_far_below_the_cut_off_passes_and_what_is_far_above_does_not() -> None:
    slow, fast = sine(1.0, 60.0), sine(20.0, 60.0)
    assert low_pass(slow, 8.0, 60.0)[100:-100] == pytest.approx(slow[100:-100], abs=1e-3)
    # Fourth order: 20 / 8 Hz lets through less than (8 / 20)^4.
    assert np.abs(low_pass(fast, 8.0, 60.0)[100:-100]).max() < (8 / 20) ** 4


@given(
    start=st.floats(-1e3, 1e3),
    slope=st.floats(-10, 10),
    frames=st.integers(2, 60),
    cutoff=st.floats(1.0, 40.0),
)
def test_straight_lines_pass_unchanged(
    start: float, slope: float, frames: int, cutoff: float
) -> None:
    line = start + slope * np.arange(frames)
    assert low_pass(line, cutoff, 60.0) == pytest.approx(line, abs=2e-4 * abs(slope) + 1e-9)


def test_a_cut_off_too_high_for_the_frame_rate_is_held_below_it() -> None:
    noise = np.random.default_rng(0).standard_normal(300)
    assert np.array_equal(low_pass(noise, 25.0, 30.0), low_pass(noise, 0.45 * 30, 30.0))


def test_each_stretch_between_gaps_is_filtered_for_itself() -> None:
    values = np.random.default_rng(1).standard_normal((100, 2))
    values[40:47, 0] = np.nan
    out = low_pass(values, 6.0, 60.0)
    assert np.array_equal(np.isnan(out), np.isnan(values))
    assert out[:40, 0] == pytest.approx(low_pass(values[:40, 0], 6.0, 60.0))
    assert out[47:, 0] == pytest.approx(low_pass(values[47:, 0], 6.0, 60.0))
    assert out[:, 1] == pytest.approx(low_pass(values[:, 1], 6.0, 60.0))


def test_a_single_frame_between_gaps_stays_as_it_is() -> None:
    values = np.full(20, np.nan)
    values[7] = 3.0
    assert low_pass(values, 6.0, 60.0) == pytest.approx(values, nan_ok=True)


def test_nothing_known_and_nothing_at_all_are_no_trouble() -> None:
    assert np.isnan(low_pass(np.full((30, 2), np.nan), 6.0, 60.0)).all()
    assert low_pass(np.empty((0, 2)), 6.0, 60.0).shape == (0, 2)


def test_the_input_is_not_changed() -> None:
    values = np.random.default_rng(2).standard_normal((50, 3))
    before = values.copy()
    low_pass(values, 6.0, 60.0)
    assert np.array_equal(values, before)


@pytest.mark.parametrize(("cutoff", "fps"), [(6.0, 60.0), (18.0, 60.0), (12.0, 30.0), (8.0, 240.0)])
def test_noise_gain_is_what_the_filter_does_to_white_noise(cutoff: float, fps: float) -> None:
    noise = np.random.default_rng(3).standard_normal(200_000)
    assert noise_gain(cutoff, fps) == pytest.approx(np.std(low_pass(noise, cutoff, fps)), rel=0.01)


def test_noise_gain_of_a_low_cut_off_is_that_of_the_analogue_filter() -> None:
    # Two passes of 1 / (1 + f^4) have a noise bandwidth of 3 pi / (8 sqrt 2) of the one-pass
    # cut-off, which lies 1 / 0.802 above that of both passes.
    bandwidth = 3 * np.pi / (8 * 2**0.5) * 4.0 / (2**0.5 - 1) ** 0.25
    assert noise_gain(4.0, 480.0) == pytest.approx((bandwidth / 240.0) ** 0.5, rel=0.005)


def test_derivative_of_a_parabola_is_exact_inside() -> None:
    time = np.arange(10) / 50.0
    rate = derivative(np.stack([3 * time**2, time], axis=1), 50.0)
    assert rate[1:-1, 0] == pytest.approx(6 * time[1:-1])
    assert rate[:, 1] == pytest.approx(1.0)


@given(st.lists(st.booleans(), max_size=40))
def test_runs_cover_what_is_true_and_do_not_touch(mask: list[bool]) -> None:
    found = runs(np.array(mask, dtype=bool))
    covered = [i for start, stop in found for i in range(start, stop)]
    assert covered == [i for i, true in enumerate(mask) if true]
    assert all(stop < start for (_, stop), (start, _) in pairwise(found))
