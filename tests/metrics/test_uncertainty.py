from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from stridewise.metrics.data import Sample
from stridewise.metrics.uncertainty import (
    cost_of_median,
    effective_number,
    interval,
    students_t,
    summarise,
)


def ci(values: np.ndarray, sd: float = 0.0) -> tuple[float, float]:
    s = summarise(Sample(values, sd))
    return interval(s.value, s.random_sd, s.bias_sd, s.freedom)[1]


@pytest.mark.parametrize("n", [4, 8, 15, 40, 200])
def test_intervals_hold_the_truth_as_often_as_they_say(n):
    rng = np.random.default_rng(n)
    draws = rng.normal(3.0, 2.0, (4000, n))
    held = np.mean([low <= 3.0 <= high for low, high in map(ci, draws)])
    assert 0.93 <= held <= 0.97


@pytest.mark.parametrize("n", [10, 60])
def test_intervals_hold_with_known_noise_too(n):
    rng = np.random.default_rng(n)
    draws = rng.normal(0.0, math.hypot(1.0, 0.5), (3000, n))
    held = np.mean([low <= 0 <= high for low, high in (ci(x, 1.0) for x in draws)])
    assert 0.93 <= held <= 0.98  # the larger of two variances errs on the wide side


def test_dependent_steps_are_worth_fewer():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2000, 120))
    series = np.empty_like(noise)
    series[:, 0] = noise[:, 0]
    for k in range(1, 120):
        series[:, k] = 0.5 * series[:, k - 1] + math.sqrt(0.75) * noise[:, k]
    held = np.mean([low <= 0 <= high for low, high in map(ci, series)])
    assert 0.92 <= held <= 0.97  # a third of that many independent steps; 0.79 if not counted
    worth = np.mean([effective_number(x - x.mean()) for x in series])
    assert worth == pytest.approx(40, rel=0.12)


def test_independent_and_alternating_steps_count_fully():
    assert effective_number(np.array([1.0, -1.0] * 20)) == 40
    rng = np.random.default_rng(1)
    worth = [effective_number(x - x.mean()) for x in rng.normal(size=(500, 50))]
    assert np.mean(np.array(worth) == 50) > 0.9
    assert max(worth) == 50


@pytest.mark.parametrize("n", [2, 3, 4, 5, 9, 10, 31, 100])
def test_cost_of_the_median(n):
    rng = np.random.default_rng(n)
    medians = np.median(rng.normal(size=(40_000, n)), axis=1)
    assert cost_of_median(n) == pytest.approx(medians.var(), rel=0.05)


def test_misread_steps_are_left_out():
    values = np.array([10.0, 10.1, 9.9, 10.05, 9.95, 10.02, 30.0, np.nan])
    s = summarise(Sample(values))
    assert s.n == 6
    assert s.value == pytest.approx(10.01)
    assert s.random_sd < 0.05


def test_equal_values_may_be_left_out_only_beyond_noise():
    """Most steps agree to the frame; the others are not misread for that."""
    values = np.array([0.25] * 8 + [0.2667] * 2)
    assert summarise(Sample(values, 0.007)).n == 10
    assert summarise(Sample(values)).n == 10


def test_noise_counts_where_steps_agree_by_luck():
    s = summarise(Sample(np.full(9, 5.0), 2.0))
    assert s.random_sd == pytest.approx(2.0 * math.sqrt(cost_of_median(9)))


def test_bias_does_not_average_out():
    few, many = (summarise(Sample(np.zeros(n), 1.0, 3.0)) for n in (5, 5000))
    assert few.bias_sd == many.bias_sd == 3.0
    assert interval(0.0, many.random_sd, many.bias_sd, many.freedom)[0] == pytest.approx(3, 1e-3)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, np.nan], [np.nan] * 5])
def test_fewer_than_two_values_say_nothing(values):
    assert summarise(Sample(np.array(values, dtype=float))) is None


@pytest.mark.parametrize("freedom", [1, 1.5, 2, 2.5, 3, 4, 7.3, 30, 1e6, math.inf])
def test_students_t(freedom):
    assert students_t(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-6)


def test_few_steps_matter_less_beside_a_large_bias():
    sd, (low, high) = interval(0.0, 1.0, 0.0, 3)
    assert (sd, high) == (1.0, pytest.approx(3.1824, abs=1e-4))
    sd, (low, high) = interval(0.0, 1.0, 10.0, 3)
    assert high == pytest.approx(1.96 * sd, rel=1e-3)
    assert low == -high
