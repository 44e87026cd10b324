"""Do the intervals of real metric functions hold the truth as often as they say?"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from sine_runner import Runner

from stridewise.gait.motion import Event, Motion, Signal
from stridewise.gait.strides import find_steps
from stridewise.metrics import GaitData, Sample, catalogue
from stridewise.metrics.data import EVENT_SHARED
from stridewise.metrics.uncertainty import interval, summarise

DRAWS = 400

#: Of an event's error, what is new at each step.
NEW = math.sqrt(1 - EVENT_SHARED)
EVENT_SD, POINT_SD, STEP_SD, CONTACT_SD = 0.008, 1.0, 0.006, 0.005

#: Binomial scatter of 400 draws about 0.95, and the wide side that the larger of two variances has.
HELD = (0.925, 0.99)


def noisy_run(rng: np.random.Generator, strides: int = 12) -> GaitData:
    """A runner whose steps vary, timed with errors, seen with white noise on each frame."""
    steps = rng.normal(0.35, STEP_SD, 2 * strides)
    contacts = 0.5 + np.concatenate(([0.0], np.cumsum(steps)))
    events = []
    for k, contact in enumerate(contacts):
        side = "right" if k % 2 == 0 else "left"
        off = contact + rng.normal(0.25, CONTACT_SD)
        for kind, time in (("initial_contact", contact), ("toe_off", off)):
            error = rng.normal(0, EVENT_SD * NEW)
            events.append(Event(kind, side, time + error, EVENT_SD))
    time = np.arange(0, contacts[-1] + 0.5, 1 / 120)
    signals = {
        ("thigh", side): Signal(rng.normal(-20, POINT_SD, len(time)), POINT_SD)
        for side in ("left", "right")
    }
    motion = Motion(time, tuple(sorted(events, key=lambda e: e.time_s)), signals)
    return GaitData(motion, find_steps(motion), 120, "right")


@pytest.fixture(scope="module")
def runs():
    rng = np.random.default_rng(11)
    return [noisy_run(rng) for _ in range(DRAWS)]


@pytest.mark.parametrize(
    ("name", "side", "truth"),
    [
        ("cadence", "both", 60 / 0.35),
        ("step_time", "left", 0.35),
        ("ground_contact_time", "left", 0.25),
        ("flight_time", "right", 0.10),
        ("thigh_to", "left", -20.0),
        ("asym_step_time", "both", 0.0),
    ],
)
def test_random_error_alone(name, side, truth, runs):
    held = []
    for data in runs:
        found = catalogue()[name].function(data, side)
        s = summarise(found) if isinstance(found, Sample) else found
        low, high = interval(s.value, s.random_sd, 0.0, s.freedom)[1]
        held.append(low <= truth <= high)
    assert HELD[0] <= np.mean(held) <= HELD[1]


def test_strides_that_share_a_contact_err_on_the_wide_side(runs):
    held = []
    for data in runs:
        s = summarise(catalogue()["stride_time"].function(data, "right"))
        low, high = interval(s.value, s.random_sd, 0.0, s.freedom)[1]
        held.append(low <= 0.7 <= high)
    assert np.mean(held) >= 0.95


def test_event_error_on_a_moving_joint():
    """At 60 deg/s, contacts mistimed by 20 ms move the angle by 1.2 degrees."""
    rng = np.random.default_rng(12)
    runner = Runner(seconds=12)
    signal = 60 * (runner.time % runner.stride)
    exact = runner.events
    held, sds = [], []
    for _ in range(DRAWS):
        runner.events = [
            replace(e, time_s=e.time_s + rng.normal(0, 0.02 * NEW), sd_s=0.02) for e in exact
        ]
        runner.signals = {("shank", side): signal for side in ("left", "right")}
        sample = catalogue()["shank_ic"].function(runner.data(), "left")
        sds.append(np.median(sample.sd))
        s = summarise(sample)
        low, high = interval(s.value, s.random_sd, 0.0, s.freedom)[1]
        held.append(low <= 60 * ((runner.first + runner.stride / 2) % runner.stride) <= high)
    assert np.mean(sds) == pytest.approx(1.2 * NEW, rel=0.01)
    assert HELD[0] <= np.mean(held) <= HELD[1]
