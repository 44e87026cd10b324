"""Scores of probabilities, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.form_net.scores import (
    accuracy,
    average_precision,
    calibration_error,
    interval,
    platt,
    precision,
    recall,
)

YES = np.array([True, False, True, False])


def test_shares() -> None:
    said = np.array([True, True, False, False])
    assert accuracy(said, YES) == 0.5
    assert precision(said, YES) == 0.5
    assert recall(said, YES) == 0.5
    assert np.isnan(precision(np.zeros(4, bool), YES))
    assert np.isnan(recall(said, np.zeros(4, bool)))


def test_average_precision() -> None:
    # Ranks 1 and 3 are true: (1/1 + 2/3) / 2.
    assert average_precision(np.array([0.9, 0.8, 0.7, 0.6]), YES) == pytest.approx(5 / 6)
    assert average_precision(np.array([0.9, 0.1, 0.8, 0.2]), YES) == 1.0
    # All alike: the share of what is true.
    assert average_precision(np.zeros(4), YES) == 0.5


def test_calibration_error() -> None:
    p = np.array([0.15, 0.15, 0.15, 0.15])
    assert calibration_error(p, YES) == pytest.approx(0.35)
    assert calibration_error(np.array([1.0, 0.0, 1.0, 0.0]), YES) == 0.0
    # Two bins: 0.1 too high in half of the rows, right in the rest.
    assert calibration_error(np.array([0.6, 0.6, 0.0, 0.0]), np.array([1, 0, 0, 0], bool)) == (
        pytest.approx(0.05)
    )


def test_intervals_draw_whole_runners() -> None:
    runner = np.array(["a"] * 50 + ["b"] * 50)
    value = np.array([0.0] * 50 + [1.0] * 50)
    low, high = interval(runner, lambda rows: float(value[rows].mean()))
    assert (low, high) == (0.0, 1.0)


def test_platt_finds_slope_and_offset() -> None:
    rng = np.random.default_rng(1)
    logit = 3 * rng.standard_normal(40_000)
    true = rng.random(40_000) < 1 / (1 + np.exp(-(0.5 * logit - 1)))
    assert platt(logit, true) == pytest.approx((0.5, -1.0), abs=0.05)


def test_platt_stays_near_identity_with_few_rows() -> None:
    slope, offset = platt(np.array([1.0, -1.0]), np.array([True, False]))
    assert slope == pytest.approx(1.0, abs=0.1)
    assert offset == pytest.approx(0.0, abs=0.1)
