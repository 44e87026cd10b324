from __future__ import annotations

import numpy as np
import pytest
from sine_runner import Runner

from stridewise.gait.motion import Signal
from stridewise.metrics import Measured, estimate_speed, leg_length


def test_stance_foot_moves_with_the_belt():
    """The sine runner's foot passes the hips at 0.945 of 2 leg lengths per second."""
    data = Runner().data()
    speed = estimate_speed(data.motion, data.steps, Measured(0.93, 0.02))
    assert speed.value == pytest.approx(2.0 * 0.93, rel=1e-6)
    relative = np.hypot(0.022 / 0.945, 0.02 / 0.93)
    assert speed.sd == pytest.approx(speed.value * relative, rel=1e-3)
    assert speed.source == "speed of the stance foot"


def test_without_height_it_says_what_it_assumed():
    data = Runner().data()
    speed = estimate_speed(data.motion, data.steps)
    assert speed.value == pytest.approx(1.8, rel=1e-6)
    assert speed.sd == pytest.approx(1.8 * np.hypot(0.022 / 0.945, 0.06 / 0.9), rel=1e-3)
    assert "typical adult's leg length (0.90 m)" in speed.source


def test_distance_covered_comes_first():
    runner = Runner()
    travel = 3.7 * runner.time
    travel[40:60] = np.nan
    runner.signals["pelvis_travel", None] = travel
    data = runner.data()
    speed = estimate_speed(data.motion, data.steps, Measured(0.9, 0.0))
    assert speed.value == pytest.approx(3.7 * 0.9)
    assert speed.source == "distance covered"


def test_travel_widened_by_the_view():
    runner = Runner()
    data = runner.data()
    signals = dict(data.motion.signals)
    signals["pelvis_travel", None] = Signal(4.0 * runner.time, 0.0, bias_sd=1.2)
    motion = type(data.motion)(runner.time, data.motion.events, signals)
    speed = estimate_speed(motion, data.steps, Measured(1.0, 0.0))
    assert speed.sd == pytest.approx(1.2 / runner.time[-1], rel=1e-6)


@pytest.mark.parametrize("gone", [("foot_ahead",), ()])
def test_nothing_to_go_by(gone):
    runner = Runner()
    if gone:
        runner.signals = {k: v for k, v in runner.signals.items() if k[0] not in gone}
    else:
        runner.events = []
    data = runner.data()
    assert estimate_speed(data.motion, data.steps) is None


def test_running_backwards_is_not_a_speed():
    runner = Runner()
    for side in ("left", "right"):
        runner.signals["foot_ahead", side] = -runner.signals["foot_ahead", side]
    data = runner.data()
    assert estimate_speed(data.motion, data.steps) is None


def test_leg_length_from_height():
    assert leg_length(None) is None
    assert leg_length(1.8)[:2] == pytest.approx((0.954, 0.0234))


def test_laboratory_belt_speed(laboratory):
    """Held to the share it was fitted on: no runner's mean is off by more than 8 %."""
    from training.lab import trials
    from training.norms import laboratory_data

    errors = []
    for trial in trials(laboratory):
        data = laboratory_data(trial)
        speed = estimate_speed(data.motion, data.steps, data.leg_length_m)
        errors.append(speed.value / trial.speed_mps - 1)
    assert abs(np.mean(errors)) < 0.005
    assert np.max(np.abs(errors)) < 0.08
