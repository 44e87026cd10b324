from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stridewise.gait.force import COURSE, Correction, corrected, from_json, knowns, stances, weight
from stridewise.gait.learned import Reading, shipped
from stridewise.gait.motion import Event
from stridewise.skeletons import SIDES

STRIDE, STANCE = 0.7, 0.25
#: Of a stance whose force goes straight up and down and carries the body half of a stride.
PEAK = STRIDE / STANCE
TIME = np.arange(0, 8, 1 / 60)


def events(late_s: float = 0.0) -> list[Event]:
    found = []
    for i, side in enumerate(SIDES):
        for start in np.arange(0.3 + i * STRIDE / 2, 7.0, STRIDE) + late_s:
            found.append(Event("initial_contact", side, float(start), 0.004))
            found.append(Event("toe_off", side, float(start) + STANCE, 0.004))
    return sorted(found, key=lambda event: event.time_s)


def reading(yaw: float = 0.0) -> Reading:
    value = {
        (force, side): np.zeros(len(TIME))
        for force in ("vertical_force", "fore_aft_force")
        for side in SIDES
    }
    return Reading(TIME, value, {}, {}, yaw)


def correction(**changes: object) -> Correction:
    plain = Correction(
        base=np.interp(COURSE, [0, 0.5, 1], [0, PEAK, 0], 0, 0),
        slopes=np.zeros((6, len(COURSE))),
        usual=np.zeros(6),
        least=np.full(6, -10.0),
        most=np.full(6, 10.0),
    )
    return replace(plain, **changes)


def test_each_stance_gets_its_own_course() -> None:
    found = corrected(reading(), events(), events(), 1 / 60, {"vertical_force": correction()})
    for side in SIDES:
        start, stop = stances(events(), side)
        middle = np.interp((start + stop) / 2, TIME, found.value["vertical_force", side])
        assert middle == pytest.approx(np.full(len(start), PEAK), rel=0.07)
        swing = (start[1:] + stop[:-1]) / 2
        assert np.interp(swing, TIME, found.value["vertical_force", side]) == pytest.approx(0.0)
        assert not found.value["fore_aft_force", side].any()


def test_what_is_known_is_worked_out_by_hand() -> None:
    known = knowns(reading(yaw=-90.0), events(), events(late_s=0.010), "left", 1 / 30)
    assert known == pytest.approx([2.0, 2.0, 2.5, 2.5 / 0.7, 1.0, 1.0], abs=1e-6)


def test_knowns_beyond_what_was_learnt_add_nothing_more() -> None:
    slopes = np.zeros((6, len(COURSE)))
    slopes[0] = 0.1
    learnt = correction(slopes=slopes, most=np.full(6, 1.5))
    assert learnt.at(np.array([1.0, 0, 0, 0, 0, 0])) == pytest.approx(learnt.base + 0.1)
    assert learnt.at(np.array([9.0, 0, 0, 0, 0, 0])) == pytest.approx(learnt.base + 0.15)


@pytest.mark.parametrize("short", [0.9, 0.965, 1.05])
def test_the_ground_carries_one_body_weight(short: float) -> None:
    less = correction(base=short * correction().base)
    found = corrected(reading(), events(), events(), 1 / 60, {"vertical_force": less})
    assert weight(found, events()) == pytest.approx(1.0, abs=1e-9)
    middle = (events()[0].time_s + events()[1].time_s) / 2
    assert weight(reading(), events()) == 1.0
    peak = np.interp(middle, TIME, found.value["vertical_force", events()[0].side])
    assert peak == pytest.approx(PEAK, rel=0.07)


@pytest.mark.parametrize("kept", [[], [0, 1, 2], list(range(8))])
def test_too_few_stances_stay_as_they_are(kept: list[int]) -> None:
    few = [events()[i] for i in kept]
    said = reading()
    found = corrected(said, few, few, 1 / 60, {"vertical_force": correction()})
    assert all(not found.value["vertical_force", side].any() for side in SIDES)


def test_stances_out_of_sight_are_left_out() -> None:
    half = [e for e in events() if e.kind == "initial_contact" or e.time_s < 3.0]
    start, stop = stances(half, "left")
    assert len(start) == 4
    assert stop - start == pytest.approx([STANCE] * 4)


def test_what_ships_is_small_and_ends_where_stance_ends() -> None:
    """A correction, not a force: a few tenths of a body weight, and little outside stance."""
    shipping = from_json(shipped().calibration["force"])
    assert set(shipping) == {"vertical_force", "fore_aft_force"}
    for learnt in shipping.values():
        assert np.abs(learnt.base).max() < 0.3
        assert np.abs(learnt.base[[0, -1]]).max() < 0.05
        assert (learnt.least < learnt.usual).all()
        assert (learnt.usual < learnt.most).all()
