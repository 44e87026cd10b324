from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from stridewise.live.phase import PhaseWatch
from stridewise.live.rounds import Round
from stridewise.live.updates import State
from stridewise.view import View


def run(watch: PhaseWatch, start: float, seconds: float) -> list[State]:
    said: list[State] = []
    for t in np.arange(start, start + seconds, 0.35):
        said += watch.stride(float(t)) + watch.frame(float(t), True)
    return said


def round_(speed: float = 3.0, yaw: float = 0.0, duty: float = 0.35, stride: float = 0.7) -> Round:
    begin = np.arange(20) * stride / 2
    steps = SimpleNamespace(
        initial_contact=begin, next_same=begin + stride, toe_off=begin + duty * stride
    )

    class Steps(SimpleNamespace):
        def __len__(self) -> int:
            return 20

    data = SimpleNamespace(steps=Steps(**vars(steps)), speed=SimpleNamespace(value=speed))
    return cast(Round, SimpleNamespace(data=data, view=View("right", yaw, 2.0, "right", 400.0)))


def test_waiting_then_warm_up_then_running() -> None:
    watch = PhaseWatch(warm_up_s=10.0)
    said = run(watch, 0.0, 30.0)
    assert [s.phase for s in said] == ["warm_up", "running"]
    # The first strides are not counted: they might have been none.
    assert said[1].time_s - said[0].time_s == pytest.approx(10.0, abs=0.5)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (round_(speed=3.2), "The speed has changed."),
        (round_(yaw=-40.0), "The runner has turned."),
        (round_(duty=0.65, stride=1.1), "This looks like walking"),
    ],
)
def test_a_change_suspends_and_steadiness_resumes(changed: Round, reason: str) -> None:
    watch = PhaseWatch(warm_up_s=0.0)
    run(watch, 0.0, 10.0)
    assert watch.round(round_(), 10.0) == []
    said = watch.round(changed, 12.0)
    assert [s.phase for s in said] == ["suspended"]
    assert said[0].reason.startswith(reason)
    assert run(watch, 12.0, 5.0) == []
    # The next round is like the one before: the new speed, or direction, is steady.
    watch.round(changed if "walking" not in reason else round_(), 17.0)
    watch.round(changed if "walking" not in reason else round_(), 19.0)
    assert [s.phase for s in run(watch, 19.0, 5.0)] == ["running"]


def test_a_change_within_the_band_is_none() -> None:
    watch = PhaseWatch(warm_up_s=0.0)
    run(watch, 0.0, 10.0)
    for speed, yaw in ((3.0, 178.0), (3.1, -178.0), (2.9, 170.0)):
        assert watch.round(round_(speed, yaw), 10.0) == []


def test_the_speed_wavers_more_where_the_view_hardly_shows_it() -> None:
    watch = PhaseWatch(warm_up_s=0.0)
    run(watch, 0.0, 10.0)
    said = [s for v in (3.0, 3.2, 2.8, 3.4) for s in watch.round(round_(v, -88.0), 10.0)]
    assert [s.reason for s in said] == ["The speed has changed."]


def test_slow_changes_add_up() -> None:
    watch = PhaseWatch(warm_up_s=0.0)
    run(watch, 0.0, 10.0)
    said = [s for v in (3.0, 3.06, 3.12, 3.18) for s in watch.round(round_(v), 10.0)]
    assert [s.reason for s in said] == ["The speed has changed."]


def test_legs_out_of_sight_and_a_runner_who_stops_suspend() -> None:
    watch = PhaseWatch(warm_up_s=0.0)
    run(watch, 0.0, 10.0)
    assert [s.reason for s in watch.frame(10.0, False)] == ["The legs are not seen."]
    assert run(watch, 10.1, 1.0) == []
    assert [s.phase for s in run(watch, 11.1, 3.0)] == ["running"]
    assert [s.reason for s in watch.frame(16.0, True)] == ["No running is seen."]


def test_time_without_strides_does_not_count_as_running() -> None:
    watch = PhaseWatch(warm_up_s=1e9)
    run(watch, 0.0, 10.0)
    before = watch.running_s
    watch.stride(100.0)
    assert watch.running_s == before
