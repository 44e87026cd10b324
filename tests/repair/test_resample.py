from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stridewise.repair.resample import nearest_index, resample

NAN = np.nan


def column(values: list[float]) -> np.ndarray:
    return np.array(values, dtype=float)[:, None]


@given(
    steps=st.lists(st.floats(0.005, 0.05), min_size=2, max_size=30),
    slope=st.floats(-100, 100),
    share=st.floats(0, 1),
)
def test_straight_lines_are_met_at_any_instant(
    steps: list[float], slope: float, share: float
) -> None:
    time = np.cumsum(steps)
    asked = np.array([time[0] + share * (time[-1] - time[0])])
    out = resample(time, (2 + slope * time)[:, None], asked, 0.06)
    # Within a nanosecond of a frame the frame itself is taken.
    assert out[0, 0] == pytest.approx(2 + slope * asked[0], abs=2e-9 * (1 + abs(slope)))


def test_a_swinging_point_with_uneven_times_is_met_closely() -> None:
    rng = np.random.default_rng(0)
    time = np.arange(300) / 60 + rng.uniform(-0.004, 0.004, 300)
    asked = np.arange(10, 290) / 60
    wave = np.stack([np.sin(2 * np.pi * 2 * time), np.cos(2 * np.pi * 2 * time)], axis=1)
    out = resample(time, wave, asked, 0.05)
    assert out[:, 0] == pytest.approx(np.sin(2 * np.pi * 2 * asked), abs=2e-3)
    assert out[:, 1] == pytest.approx(np.cos(2 * np.pi * 2 * asked), abs=2e-3)


def test_only_gaps_up_to_the_limit_are_bridged() -> None:
    time = np.arange(9) * 0.1
    values = column([0, 1, NAN, 3, NAN, NAN, 6, 7, 8])
    out = resample(time, values, time, 0.2)[:, 0]
    assert out == pytest.approx([0, 1, 2, 3, NAN, NAN, 6, 7, 8], nan_ok=True)


def test_nothing_is_made_up_before_the_first_and_after_the_last_sample() -> None:
    time = np.arange(6.0)
    values = column([NAN, 1, 2, 3, NAN, NAN])
    asked = np.array([-1.0, 0.5, 1.0, 2.5, 3.0, 3.5, 9.0])
    out = resample(time, values, asked, 10.0)[:, 0]
    assert out == pytest.approx([NAN, NAN, 1, 2.5, 3, NAN, NAN], nan_ok=True)


def test_a_sample_alone_between_gaps_stays() -> None:
    time = np.arange(7.0)
    values = column([0, 1, NAN, 5, NAN, NAN, 2])
    out = resample(time, values, time, 1.5)[:, 0]
    assert out == pytest.approx([0, 1, NAN, 5, NAN, NAN, 2], nan_ok=True)


@pytest.mark.parametrize("known", [[], [4.0]])
def test_points_hardly_ever_seen(known: list[float]) -> None:
    values = column([*known, *[NAN] * (5 - len(known))])
    out = resample(np.arange(5.0), values, np.arange(5.0), 3.0)
    assert np.array_equal(out, values, equal_nan=True)


def test_a_frame_with_one_coordinate_missing_is_missing() -> None:
    time = np.arange(4.0)
    values = np.stack([time, [0, NAN, 0, 0]], axis=1)
    assert np.isnan(resample(time, values, time, 1.0)[1]).all()
    assert resample(time, values, time, 2.0)[1] == pytest.approx([1.0, 0.0])


def test_nearest_index() -> None:
    time = np.array([0.0, 1.0, 4.0])
    asked = np.array([-3.0, 0.4, 0.6, 2.4, 2.6, 9.0])
    assert nearest_index(time, asked).tolist() == [0, 0, 1, 1, 2, 2]
    assert nearest_index(np.array([5.0]), asked).tolist() == [0] * 6
