import numpy as np
import pytest

from stridewise.form.variables import (
    NEVER,
    STRIDE_AREAS,
    by_area,
    conditions,
    cut_offs,
    detectable,
    margins,
    measure,
    outward,
    owners,
)
from stridewise.metrics import Measured, catalogue
from stridewise.metrics.norms import lines

CUTS = cut_offs("treadmill", Measured(3.5, 0.0))


def place(metric: str, area: str) -> int:
    own = range(*owners()[by_area()[area]].indices(len(conditions())))
    return next(i for i in own if conditions()[i].metric == metric)


def one(**past: float) -> np.ndarray:
    """Return a stride far from every cut-off, but for the metrics named, in detectable changes."""
    row = np.full((1, len(conditions())), -3.0)
    for i, condition in enumerate(conditions()):
        row[0, i] = past.get(condition.metric, -3.0)
    return row


def margin(area: str, **past: float) -> np.ndarray:
    return margins(one(**past), CUTS)[0, by_area()[area]]


def test_cut_offs_in_z_follow_the_speed_norm() -> None:
    line = lines()["shank_ic", "deg", "treadmill"]
    i = place("shank_ic", "overstride")
    at = cut_offs("treadmill", Measured(4.5, 0.0))[i]
    assert at == pytest.approx(line.mean[0] + line.mean[1] + line.sd[0] * np.array([1, 1.5, 2]))


def test_without_a_speed_only_absolute_cut_offs_are_known() -> None:
    known = np.isfinite(cut_offs("treadmill", None)[:, 0])
    assert known.tolist() == [c.scale == "value" for c in conditions()]


def test_a_single_condition_is_its_own_margin_and_severities_follow_the_cut_offs() -> None:
    # 48, 52 and 56 degrees; a change of 4 degrees can be told.
    assert margin("deep_stance_knee", knee_flex_peak_stance=1.5) == pytest.approx([1.5, 0.5, -0.5])


def test_below_counts_downwards() -> None:
    # Less than 2, 0 and -3 degrees; a change of 3 degrees can be told.
    past = (1.0 - 2.0) * -1 / 3
    i = place("trunk_lean", "upright_back")
    assert outward()[i] == -1
    assert detectable()[i] == 3
    row = np.full((1, len(conditions())), -3.0)
    row[0, i] = past
    expected = [1 / 3, -1 / 3, -4 / 3]
    assert margins(row, CUTS)[0, by_area()["upright_back"]] == pytest.approx(expected)


def test_all_conditions_of_a_conjunction_must_hold() -> None:
    assert margin("overstride", shank_ic=0.4, overstride=2.0)[0] == pytest.approx(0.4)
    assert margin("overstride", shank_ic=2.0, overstride=-0.3)[0] == pytest.approx(-0.3)


def test_any_condition_of_an_alternative_is_enough() -> None:
    found = margin("knee_collapse", fppa=-2.0, knee_window=0.5)
    assert found[0] == pytest.approx(0.5)
    # The gap between the knees has one cut-off only.
    assert found[1] < -2.0
    assert found[1] > NEVER


def test_an_area_with_an_unknown_condition_is_unknown() -> None:
    row = one(shank_ic=1.0, overstride=1.0)
    row[0, place("overstride", "overstride")] = np.nan
    found = margins(row, CUTS)[0]
    assert np.isnan(found[by_area()["overstride"]]).all()
    assert np.isfinite(found[by_area()["deep_stance_knee"]]).all()


def test_cut_offs_may_differ_from_stride_to_stride() -> None:
    rows = np.repeat(one(shank_ic=1.0, overstride=1.0), 2, axis=0)
    cuts = np.stack([CUTS, cut_offs("treadmill", Measured(2.5, 0.0))])
    both = margins(rows, cuts)
    assert both[0] == pytest.approx(margins(rows[:1], CUTS)[0])
    assert both.shape == (2, len(STRIDE_AREAS), 3)


def test_values_of_steps_are_those_of_the_catalogue(walker) -> None:  # type: ignore[no-untyped-def]
    data = walker
    found = measure(data, "treadmill", Measured(3.0, 0.0))
    steps = data.steps
    cadence = found.values[:, place("cadence", "low_cadence")]
    stride = steps.next_same - steps.initial_contact
    assert cadence == pytest.approx(120 / stride, nan_ok=True)
    shank = found.values[:, place("shank_ic", "overstride")]
    for side in ("left", "right"):
        rows = steps.right == (side == "right")
        signal = data.motion.signals["shank", side].value
        own = np.interp(steps.initial_contact[rows], data.motion.time, signal)
        assert shank[rows] == pytest.approx(own, abs=0.5)


@pytest.fixture(scope="module")
def walker():  # type: ignore[no-untyped-def]
    """A simulated runner's exact motion."""
    from stridewise.context import Context
    from stridewise.gait.geometric import GeometricModel
    from stridewise.gait.strides import find_steps
    from stridewise.metrics import GaitData
    from stridewise.simulate import Camera, Noise, Runner, simulate
    from stridewise.view import find_view

    recording = simulate(Runner(seed=3), Camera(fps=120.0), Noise(), 5.0).recording
    view = find_view(recording, Context())
    motion = GeometricModel().read(recording, view)
    return GaitData(motion=motion, steps=find_steps(motion), fps=120.0, view=view.name)


def test_margins_in_standard_uncertainties() -> None:
    row = one(shank_ic=1.0, overstride=2.0)
    doubt = np.full(row.shape, 0.5)
    doubt[0, place("overstride", "overstride")] = 2.0
    # 1.0 / 0.5 and 2.0 / 2.0: the lesser of both counts.
    assert margins(row, CUTS, doubt)[0, by_area()["overstride"], 0] == pytest.approx(1.0)


def test_each_value_has_its_uncertainty(walker) -> None:  # type: ignore[no-untyped-def]
    found = measure(walker, "treadmill", Measured(3.0, 0.0))
    assert np.isnan(found.sd).tolist() == np.isnan(found.values).tolist()
    assert (found.sd[np.isfinite(found.sd)] > 0).all()
    shank = place("shank_ic", "overstride")
    rows = walker.steps.right
    sample = catalogue()["shank_ic"].function(walker, "right")
    assert found.sd[rows, shank] == pytest.approx(np.hypot(sample.sd, sample.bias_sd), nan_ok=True)
    assert found.doubt[rows, shank] == pytest.approx(
        found.sd[rows, shank] / detectable()[shank], nan_ok=True
    )
