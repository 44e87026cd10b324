from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stridewise.repair.gaps import fill, keep_length
from stridewise.repair.resample import resample

TIME = np.arange(120) / 60.0
WIDEST = 0.1 + 1.05 / 60


def swing(time: np.ndarray) -> np.ndarray:
    phase = 2 * np.pi * 1.4 * time
    return np.stack([np.cos(phase) + 0.3 * np.cos(3 * phase), np.sin(2 * phase)], axis=1)


def holed(values: np.ndarray, *gaps: tuple[int, int]) -> np.ndarray:
    out = values.copy()
    for start, stop in gaps:
        out[start:stop] = np.nan
    return out


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(-1.0, 1.0), min_size=7, max_size=7),
    st.integers(10, 100),
    st.integers(1, 6),
)
def test_a_polynomial_of_the_sixth_degree_is_filled_exactly(
    coefficients: list[float], start: int, length: int
) -> None:
    values = np.polynomial.chebyshev.chebval(TIME - 1.0, coefficients)[:, None]
    filled = fill(TIME, holed(values, (start, start + length)), WIDEST)
    assert filled == pytest.approx(values, abs=1e-7)


def test_a_swing_is_filled_better_than_by_akima() -> None:
    ours, akima = [], []
    for start in range(15, 100):
        gap = slice(start, start + 6)
        given_ = holed(swing(TIME), (gap.start, gap.stop))
        ours.append((fill(TIME, given_, WIDEST) - swing(TIME))[gap])
        akima.append((resample(TIME, given_, TIME, WIDEST) - swing(TIME))[gap])
    errors = [float(np.sqrt(np.mean(np.square(each)))) for each in (ours, akima)]
    assert errors[0] < 0.4 * errors[1]
    assert errors[0] < 0.01


def test_with_little_on_a_side_akima_remains() -> None:
    given_ = holed(swing(TIME), (0, 48), (50, 53), (57, 120))
    filled = fill(TIME, given_, WIDEST)
    assert np.array_equal(filled, resample(TIME, given_, TIME, WIDEST), equal_nan=True)
    assert np.isfinite(filled[48:57]).all()


def test_known_frames_stay_and_wider_gaps_too() -> None:
    given_ = holed(swing(TIME), (30, 36), (60, 67))
    filled = fill(TIME, given_, WIDEST)
    known = np.isfinite(given_)
    assert np.array_equal(filled[known], given_[known])
    assert np.isnan(filled[60:67]).all()


def shank(length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Knee and ankle; the shank swings in the picture."""
    angle = 0.6 * np.sin(2 * np.pi * 1.4 * TIME)
    knee = np.stack([100 * TIME, 5 * np.cos(TIME)], axis=1)
    return knee, knee + length[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)


def test_a_bone_in_the_plane_keeps_its_length() -> None:
    knee, ankle = shank(np.full(120, 40.0))
    known = np.ones(120, dtype=bool)
    known[50:55] = False
    wrong = ankle.copy()
    wrong[50:55] = knee[50:55] + 1.1 * (ankle - knee)[50:55]
    kept = keep_length(TIME, known, wrong, knee)
    length = np.linalg.norm(kept - knee, axis=1)
    assert length[50:55] == pytest.approx(40.0 * (1.1 - 0.7 * 0.1))
    assert np.array_equal(kept[known], ankle[known])


def test_a_bone_that_turns_out_of_the_plane_is_left_alone() -> None:
    knee, ankle = shank(40.0 - 10.0 * np.sin(2 * np.pi * 1.4 * TIME))
    known = np.ones(120, dtype=bool)
    known[36:42] = False
    wrong = ankle.copy()
    wrong[36:42] += 3.0
    assert np.array_equal(keep_length(TIME, known, wrong, knee), wrong)


def test_a_knee_that_is_not_seen_pulls_nothing() -> None:
    knee, ankle = shank(np.full(120, 40.0))
    known = np.ones(120, dtype=bool)
    known[50:53] = False
    knee[51] = np.nan
    assert np.isfinite(keep_length(TIME, known, ankle, knee)).all()
