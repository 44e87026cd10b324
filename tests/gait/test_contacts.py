from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stridewise.gait.contacts import ContactPoints, Stance, find_stances, step_rate
from stridewise.skeletons import SIDES

RATE = 2.8  # steps per second
STEP = 1 / RATE


def points(fps: float = 60.0, seconds: float = 10.0, rate: float = RATE) -> ContactPoints:
    """A pelvis on a sine: it falls fastest at whole steps, left first, and rises half a step later.

    Each ankle is up while the other foot is in stance, around a quarter of a step after the fall.
    """
    time = np.arange(int(fps * seconds)) / fps
    phase = np.pi * rate * time  # of a stride
    height = {
        ("ankle", "left"): 0.1 - 0.1 * np.cos(phase - np.pi / 4),
        ("ankle", "right"): 0.1 + 0.1 * np.cos(phase - np.pi / 4),
    }
    return ContactPoints(time, 0.9 - 0.03 * np.sin(2 * phase), height)


def check_turns(stances: list[Stance], seconds: float = 10.0) -> None:
    steps = np.array([stance.fall / STEP for stance in stances])
    assert steps == pytest.approx(np.round(steps), abs=0.01)
    for stance, step in zip(stances, np.round(steps).astype(int), strict=True):
        assert stance.side == SIDES[step % 2]
        assert stance.rise - stance.fall == pytest.approx(STEP / 2, abs=0.004)
        assert stance.candidates["pelvis_falls"] == stance.fall
        assert stance.candidates["pelvis_rises"] == stance.rise


@pytest.mark.parametrize("fps", [24.0, 30.0, 59.94, 120.0, 240.0])
def test_every_stance_is_found_once_at_the_turns_of_the_pelvis(fps: float) -> None:
    stances = find_stances(points(fps))
    check_turns(stances)
    # 28 steps; the first falls and the last rises on the rim.
    assert [round(s.fall / STEP) for s in stances] == list(range(1, 28))
    assert stances[0].step_time == pytest.approx(STEP, rel=0.01)


@pytest.mark.parametrize("rate", [2.0, 3.4, 4.4])
def test_slow_and_fast_runners(rate: float) -> None:
    falls = [s.fall * rate for s in find_stances(points(rate=rate))]
    assert falls == pytest.approx(np.arange(1, len(falls) + 1), abs=0.02)
    assert len(falls) >= 10 * rate - 2


def with_hole(whole: ContactPoints, start: float, stop: float) -> ContactPoints:
    hole = (whole.time > start) & (whole.time < stop)
    height = {key: np.where(hole, np.nan, value) for key, value in whole.height.items()}
    return ContactPoints(whole.time, np.where(hole, np.nan, whole.pelvis), height)


@settings(max_examples=40, deadline=None)
@given(start=st.floats(1.5, 5.5), length=st.floats(0.5, 2.5))
def test_sides_stay_right_after_a_hole_of_any_length(start: float, length: float) -> None:
    stances = find_stances(with_hole(points(), start, start + length))
    inside = [s for s in stances if start + 0.05 < s.fall < start + length - 0.05]
    assert inside == []
    # On the rim of the hole a turn may be cut off; elsewhere each is there, on the right side.
    away = [s for s in stances if not start - STEP < s.fall < start + length + STEP]
    check_turns(away)
    true = np.arange(1, 28) * STEP
    sure = (true < start - 1.1 * STEP) | (true > start + length + 1.1 * STEP)
    assert set(np.flatnonzero(sure) + 1) <= {round(s.fall / STEP) for s in away}


def test_swapped_legs_for_a_while_do_not_turn_the_sides() -> None:
    whole = points()
    left, right = (whole.height["ankle", side] for side in SIDES)
    swapped = (whole.time > 3) & (whole.time < 6)
    height = {
        ("ankle", "left"): np.where(swapped, right, left),
        ("ankle", "right"): np.where(swapped, left, right),
    }
    check_turns(find_stances(ContactPoints(whole.time, whole.pelvis, height)))


def test_a_hidden_ankle_for_a_while_does_no_harm() -> None:
    whole = points()
    height = dict(whole.height)
    height["ankle", "left"] = np.where(whole.time < 4, np.nan, height["ankle", "left"])
    check_turns(find_stances(ContactPoints(whole.time, whole.pelvis, height)))


def test_one_leg_alone_has_no_sides() -> None:
    whole = points()
    height = {("ankle", "left"): whole.height["ankle", "left"]}
    assert find_stances(ContactPoints(whole.time, whole.pelvis, height)) == []


def test_no_rhythm_no_stances() -> None:
    whole = points()
    for pelvis in (np.full(600, 0.9), np.full(600, np.nan), np.linspace(0, 1, 600)):
        assert find_stances(ContactPoints(whole.time, pelvis, whole.height)) == []


def test_too_short_a_recording_has_no_stances() -> None:
    assert find_stances(points(seconds=0.25)) == []
    assert find_stances(points(seconds=0.9)) == []


def test_fore_aft_curves_are_timed_against_their_own_belt_speed() -> None:
    whole = points(fps=240.0)
    phase = np.pi * RATE * whole.time
    # A sine swings backwards at 2 leg lengths per second at most, in the middle of stance.
    ahead = {
        (part, side): sign * 2 / (np.pi * RATE) * np.cos(phase + np.pi / 4)
        for side, sign in (("left", 1), ("right", -1))
        for part in ("ankle", "heel", "big_toe")
    }
    stances = find_stances(ContactPoints(whole.time, whole.pelvis, whole.height, ahead))  # type: ignore[arg-type]
    stance = stances[10]
    # The sine falls to half its greatest 60 degrees before the middle, which is a quarter step
    # after the fall; typical in mid-stance is a little less, so half of it comes a little sooner.
    half = stance.fall + STEP / 4 - STEP / 3
    assert stance.candidates["ankle_reaches_belt_speed"] == pytest.approx(half, abs=0.008)
    assert stance.candidates["foot_reaches_belt_speed"] == pytest.approx(
        stance.candidates["ankle_reaches_belt_speed"], abs=1e-9
    )


@pytest.mark.parametrize("rate", [1.5, 2.8, 4.5])
@pytest.mark.parametrize("seconds", [3.0, 30.0])
def test_step_rate(rate: float, seconds: float) -> None:
    time = np.arange(int(60 * seconds)) / 60
    velocity = 0.5 * np.cos(2 * np.pi * rate * time) + 0.1 * np.cos(2 * np.pi * rate / 2 * time)
    assert step_rate(velocity, 60.0) == pytest.approx(rate, abs=0.06 / seconds)
    velocity[20:40] = np.nan
    assert step_rate(velocity, 60.0) == pytest.approx(rate, abs=0.6 / seconds)


@pytest.mark.parametrize(
    "velocity", [np.zeros(600), np.full(600, np.nan), np.ones(59), np.empty(0)]
)
def test_there_is_no_step_rate_in_nothing(velocity: np.ndarray) -> None:
    assert np.isnan(step_rate(velocity, 60.0))
