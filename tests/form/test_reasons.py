"""What drove the stride network, and what it makes of a recording, with networks made up here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from stridewise.context import Context
from stridewise.form import learned, stride
from stridewise.form.learned import judge
from stridewise.form.variables import STRIDE_AREAS, by_area
from stridewise.gait.geometric import GeometricModel
from stridewise.gait.strides import find_steps
from stridewise.metrics import GaitData, Measured
from stridewise.simulate import Camera, Noise, Runner, simulate
from stridewise.view import find_view

Array = np.ndarray
KNEE = by_area()["deep_stance_knee"]
CUTS = np.zeros((18, 3))


class MadeUp:
    """A network that says what a function of the features says, of every area and severity."""

    name = "made up"

    def __init__(self, function: Callable[[Array], Array]) -> None:
        self._function = function
        self.calibration = {"typical": np.zeros(stride.width())}

    def says(self, features: Array, cuts: Array) -> Array:
        said = self._function(features)
        return np.repeat(said, 3 * len(STRIDE_AREAS)).reshape(len(said), len(STRIDE_AREAS), 3)


def column(signal: str, leg: str, point: int) -> int:
    return stride.CURVES.index((signal, leg)) * stride.POINTS + point


def reasons(
    function: Callable[[Array], Array], features: Array
) -> list[tuple[str, str, str, float]]:
    found = learned._reasons(MadeUp(function), features, CUTS, KNEE)  # type: ignore[arg-type]
    return [(r.signal, r.leg, r.part, r.weight) for r in found]


def test_what_moves_the_network_most_comes_first() -> None:
    weights = np.zeros(stride.width())
    weights[column("knee_flexion", "own", 4)] = 2.0
    weights[column("shank", "own", 0)] = 1.0
    weights[column("thigh", "other", 12)] = 0.5
    weights[column("foot", "own", 7)] = 0.25
    features = np.ones((5, stride.width()))
    assert reasons(lambda f: f @ weights, features) == [
        ("knee_flexion", "own", "mid-stance", pytest.approx(2.0)),
        ("shank", "own", "landing", pytest.approx(1.0)),
        ("thigh", "other", "swing", pytest.approx(0.5)),
    ]


def test_what_speaks_against_it_is_no_reason() -> None:
    weights = np.zeros(stride.width())
    weights[column("knee_flexion", "own", 4)] = -2.0
    assert reasons(lambda f: f @ weights, np.ones((1, stride.width()))) == []


def test_the_rules_variable_goes_with_the_curve_it_is_read_from() -> None:
    from stridewise.form.variables import owners

    weights = np.zeros(stride.width())
    at = owners()[KNEE].start
    weights[stride.rule_columns(stride.PAST).start + at] = 1.0
    weights[stride.rule_columns(stride.MEAN).start + at] = 0.5
    (only,) = reasons(lambda f: f @ weights, np.ones((1, stride.width())))
    assert only == ("knee_flexion", "own", "mid-stance", pytest.approx(1.5))


def test_stride_time_belongs_to_the_whole_stride() -> None:
    weights = np.zeros(stride.width())
    weights[stride.rule_columns(stride.RULE).start] = 1.0
    (only,) = reasons(lambda f: f @ weights, np.ones((1, stride.width())))
    assert only == ("stride time", "", "the whole stride", pytest.approx(1.0))


@pytest.fixture(scope="module")
def recorded():  # type: ignore[no-untyped-def]
    """A simulated runner from the right, read by geometry."""
    recording = simulate(Runner(seed=3), Camera(fps=120.0), Noise(), 6.0).recording
    view = find_view(recording, Context())
    motion = GeometricModel().read(recording, view)
    steps = find_steps(motion)
    return motion, steps, GaitData(motion=motion, steps=steps, fps=120.0, view=view.name)


def test_an_opinion_for_each_side_of_what_can_be_seen(recorded) -> None:  # type: ignore[no-untyped-def]
    motion, steps, data = recorded
    weights = np.zeros(stride.width())
    network = MadeUp(lambda f: f @ weights + np.log(3.0))
    found = judge(motion, steps, data, "treadmill", Measured(3.0, 0.1), 0.0, network)  # type: ignore[arg-type]
    said = {(o.area, o.side): o for o in found}
    assert all(o.probabilities == pytest.approx((0.75, 0.75, 0.75)) for o in found)
    assert ("low_cadence", "both") in said
    assert {side for area, side in said if area == "deep_stance_knee"} == {"left", "right"}
    # The side view does not show the pelvis from behind.
    assert not any(area == "pelvic_drop" for area, _ in said)
    whole = stride.whole(steps)
    for side in ("left", "right"):
        count = int((steps.right[whole] == (side == "right")).sum())
        assert said["deep_stance_knee", side].strides == count
    assert not any(o.reasons or o.as_ruled for o in found)


def test_without_a_speed_only_areas_with_cut_offs_of_their_own(recorded) -> None:  # type: ignore[no-untyped-def]
    motion, steps, data = recorded
    network = MadeUp(lambda f: f @ np.zeros(stride.width()))
    found = judge(motion, steps, data, "treadmill", None, 0.0, network)  # type: ignore[arg-type]
    areas = {o.area for o in found}
    assert "deep_stance_knee" in areas
    assert not areas & {"low_cadence", "overstride", "high_bounce", "steep_foot"}


def test_agreement_with_the_rule_is_told(recorded) -> None:  # type: ignore[no-untyped-def]
    motion, steps, data = recorded
    weights = np.zeros(stride.width())
    weights[[column("knee_flexion", "own", p) for p in range(3, 6)]] = 1.0
    network = MadeUp(lambda f: f @ weights)
    found = judge(motion, steps, data, "treadmill", Measured(3.0, 0.1), 0.0, network)  # type: ignore[arg-type]
    as_ruled = {o.area: o.as_ruled for o in found}
    assert as_ruled["deep_stance_knee"]
    assert not as_ruled["overstride"]


def test_nothing_is_thought_without_a_network(recorded, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    motion, steps, data = recorded
    monkeypatch.setattr(learned, "shipped", lambda: None)
    assert judge(motion, steps, data, "treadmill", None, 0.0) == ()
