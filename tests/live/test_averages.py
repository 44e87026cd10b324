from __future__ import annotations

import numpy as np
import pytest

from stridewise.live.averages import KEPT, Average
from stridewise.metrics import Sample
from stridewise.metrics.uncertainty import summarise


def test_few_steps_are_summarised_as_offline_however_they_come() -> None:
    values = np.random.default_rng(0).normal(0.25, 0.01, 60)
    time = np.arange(60) * 0.7
    average = Average()
    # Windows that overlap: each step counts once.
    for end in range(5, 61, 5):
        part = slice(max(0, end - 12), end)
        average.take(Sample(values[part], 0.004, 0.002), time[part])
    whole, found = summarise(Sample(values, 0.004, 0.002)), average.summary()
    assert found == whole
    assert average.n == 60


def test_steps_without_a_value_are_left_out() -> None:
    average = Average()
    average.take(Sample(np.array([1.0, np.nan, 3.0])), np.array([0.0, 1.0, 2.0]))
    assert average.n == 2
    assert average.summary() is not None


def test_a_long_run_is_thinned_out_evenly() -> None:
    average = Average()
    for i in range(20_000):
        average.take(Sample(np.array([float(i)])), np.array([float(i)]))
    found = average.summary()
    assert found is not None
    assert average.n == 20_000
    assert KEPT / 2 <= found.n <= KEPT + 1
    assert found.value == pytest.approx(10_000, abs=80)


def test_one_step_is_no_average() -> None:
    average = Average()
    average.take(Sample(np.array([1.0])), np.array([0.0]))
    assert average.summary() is None
