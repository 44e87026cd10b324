"""The contract that every registered metric keeps."""

from __future__ import annotations

import math
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sine_runner import Runner

from stridewise.errors import InputError
from stridewise.gait.motion import Event, Motion, Signal
from stridewise.gait.strides import find_steps
from stridewise.metrics import GaitData, Measured, Metric, Summary, catalogue, compute, registry
from stridewise.metrics.page import page
from stridewise.metrics.registry import Need, estimate
from stridewise.skeletons import SIDES

UNITS = {"s", "m", "deg", "1/min", "L", "%", "m/s", "1", "kN/m", "BW", "BW s", "BW/s"}
EVERY = [(metric, side) for metric in catalogue().values() for side in metric.each_side]
IDS = [f"{metric.id}-{side}" for metric, side in EVERY]

#: What other parts of the project and people's scripts call the metrics, and whose sides they have.
AGREED = {
    "both": (
        "cadence vertical_oscillation vertical_ratio speed step_width vertical_stiffness "
        "leg_stiffness cv_stride_time head_pos trunk_lean trunk_lean_mid_stance trunk_bounce "
        "shoulder_rot crossover asym_step_time asym_ground_contact_time asym_flight_time "
        "asym_step_length asym_knee_flex_ic asym_knee_flex_peak_stance asym_shank_ic asym_foot_ic "
        "asym_contralateral_pelvic_drop asym_peak_hip_adduction drift_cadence "
        "drift_ground_contact_time drift_vertical_oscillation drift_trunk_lean drift_knee_flex_ic "
    ),
    "each": (
        "step_time stride_time ground_contact_time flight_time duty_factor step_length "
        "stride_length overstride shank_ic knee_flex_ic knee_flex_peak_stance knee_excursion "
        "knee_flex_peak_swing thigh_to hip_ext_to hip_flex_peak ankle_df_peak ankle_df_ic "
        "foot_ic trunk_lat elbow_flex arm_amp arm_cross contralateral_pelvic_drop "
        "peak_hip_adduction fppa knee_window peak_vertical_force loading_rate braking_peak "
        "propulsion_peak braking_impulse propulsion_impulse "
    ),
}


@pytest.fixture(scope="module")
def long_run():
    return Runner(seconds=302, fps=120)


def test_agreed_names():
    found = {kind: {m.id for m in catalogue().values() if m.sides == kind} for kind in AGREED}
    assert found == {kind: set(names.split()) for kind, names in AGREED.items()}


@pytest.mark.parametrize("metric", catalogue().values(), ids=catalogue())
def test_declaration_is_complete(metric):
    assert metric.unit in UNITS
    assert metric.unit_unscaled in {None, *UNITS}
    assert metric.view in {"any", "sagittal", "frontal"}
    for text in (metric.name, metric.group, metric.formula, metric.source):
        assert text
        assert text == text.strip()
    assert metric.help.endswith(".")
    assert metric.floor >= 0
    assert 0 < metric.min_fps <= metric.advisory_fps
    assert metric.bounds[0] < metric.bounds[1]
    assert metric.mdc_at(60) is None or metric.mdc_at(60) > 0
    assert metric.mdc_between(60, 60) == pytest.approx(metric.mdc_at(60))


@pytest.fixture(scope="module")
def perfect(long_run):
    return long_run.data()


@pytest.mark.parametrize(("metric", "side"), EVERY, ids=IDS)
def test_a_perfect_recording_gives_every_metric(metric, side, perfect):
    e = estimate(metric, perfect, side)
    assert e.status == "ok", e.reason
    assert (e.id, e.side, e.unit, e.reason) == (metric.id, side, metric.unit, None)
    assert math.isfinite(e.value)
    assert e.sd >= metric.floor
    assert e.ci95[0] <= e.value <= e.ci95[1]
    assert e.n >= metric.steps_to_judge


@pytest.mark.parametrize(("metric", "side"), EVERY, ids=IDS)
def test_same_in_same_out_and_input_untouched(metric, side, long_run):
    data = long_run.data(sd=0.3)
    before = {key: signal.value.copy() for key, signal in data.motion.signals.items()}
    first = estimate(metric, data, side)
    assert estimate(metric, long_run.data(sd=0.3), side) == first
    for key, value in before.items():
        np.testing.assert_array_equal(data.motion.signals[key].value, value)


@pytest.mark.parametrize(("metric", "side"), EVERY, ids=IDS)
def test_absent_with_a_reason_when_there_is_nothing(metric, side):
    motion = Motion(np.arange(100) / 60, (), {})
    e = estimate(metric, GaitData(motion, find_steps(motion), 60, "right"), side)
    assert (e.value, e.sd, e.ci95, e.n, e.norm, e.label) == (None, None, None, 0, None, None)
    assert e.status == "absent"
    assert e.reason.endswith(".")


@pytest.mark.parametrize(
    ("metric", "side"), [(m, s) for m, s in EVERY if m.signals], ids=lambda x: getattr(x, "id", x)
)
def test_the_motion_s_own_reason_is_passed_on(metric, side, perfect):
    data = perfect
    name = metric.signals[0]
    motion = replace(
        data.motion,
        signals={k: v for k, v in data.motion.signals.items() if k[0] != name},
        absent={name: "The camera fell over."},
    )
    e = estimate(metric, replace(data, motion=motion), side)
    assert (e.status, e.reason) == ("absent", "The camera fell over.")


@pytest.mark.parametrize(("metric", "side"), EVERY, ids=IDS)
def test_declared_signals_are_enough(metric, side, perfect):
    """No function looks at a signal that its declaration does not name (mid-stance aside)."""
    data = perfect
    kept = {k: v for k, v in data.motion.signals.items() if k[0] in metric.signals}
    slim = replace(data, motion=replace(data.motion, signals=kept))
    assert estimate(metric, slim, side) == estimate(metric, data, side)


@pytest.mark.parametrize("fact", ["speed", "leg_length_m", "mass_kg"])
def test_without_a_fact_the_reason_names_it(fact, long_run):
    said = {"speed": "speed", "leg_length_m": "height", "mass_kg": "mass"}[fact]
    absent = [e for e in compute(long_run.data(**{fact: None})) if e.status == "absent"]
    assert {e.id for e in absent} >= {"vertical_stiffness", "leg_stiffness"}
    assert all(said in e.reason for e in absent)


def test_lengths_without_height_are_in_leg_lengths(long_run):
    found = {e.id: e for e in compute(long_run.data(leg_length_m=None))}
    assert found["vertical_oscillation"].unit == "L"
    assert found["vertical_oscillation"].value == pytest.approx(0.1, abs=1e-4)
    assert found["drift_vertical_oscillation"].unit == "L"
    assert found["step_length"].unit == "m"  # of a stated speed


def test_compute_lists_each_metric_and_side_once(perfect):
    found = compute(perfect)
    assert [(e.id, e.side) for e in found] == [(m.id, side) for m, side in EVERY]


def test_frame_rate_gates():
    slow = {(e.id, e.side): e for e in compute(Runner(fps=20).data())}
    assert {e.status for e in slow.values()} == {"absent"}
    assert "25 frames per second" in slow["cadence", "both"].reason
    coarse = {(e.id, e.side): e for e in compute(Runner(fps=29.97).data())}
    assert coarse["cadence", "both"].status == "ok"
    assert coarse["shank_ic", "left"].status == "advisory"
    assert "60 frames per second" in coarse["shank_ic", "left"].reason
    assert coarse["foot_ic", "left"].status == "absent"


def test_few_steps_are_advisory():
    found = {(e.id, e.side): e for e in compute(Runner(seconds=5).data())}
    assert found["shank_ic", "left"].n == 5
    assert found["shank_ic", "left"].status == "advisory"
    assert "5 valid values" in found["shank_ic", "left"].reason


def test_bad_capture_is_advisory():
    found = compute(Runner().data(quality="D"))
    assert {e.status for e in found} == {"advisory", "absent"}


def _plug_in(value, monkeypatch):
    class Plug(EntryPoint):
        def load(self):
            return value

    plug = Plug("mine", "mine:METRICS", registry.ENTRY_POINTS)
    monkeypatch.setattr(registry, "entry_points", lambda group: [plug])
    return catalogue.__wrapped__()


MINE = Metric(
    id="two",
    name="Two",
    group="other",
    unit="1",
    sides="both",
    view="any",
    formula="1 + 1",
    source="Whitehead & Russell 1910",
    help="It is two.",
    function=lambda data, side: Summary(2.0, 0.5, 0.0, 9),
    needs=(Need("a name", lambda data: None),),
    label=str,
)


@pytest.mark.parametrize("given", [MINE, [MINE], (MINE,)])
def test_plug_ins_join(given, monkeypatch):
    assert _plug_in(given, monkeypatch)["two"] is MINE


def test_plug_in_estimate():
    e = estimate(MINE, Runner().data(), "both")
    assert (e.value, e.sd, e.n, e.label, e.status) == (2.0, 0.5, 9, "2.0", "ok")
    assert e.ci95 == pytest.approx((2 - 0.98, 2 + 0.98), abs=1e-3)


@pytest.mark.parametrize(
    ("given", "said"), [("text", "does not give metrics"), (replace(MINE, id="speed"), "'speed'")]
)
def test_wrong_plug_ins_are_refused(given, said, monkeypatch):
    with pytest.raises(InputError, match=said):
        _plug_in(given, monkeypatch)


def test_page_is_up_to_date():
    """Run `python -m stridewise.metrics docs/metrics.md` after changing the catalogue."""
    assert (Path(__file__).parents[2] / "docs/metrics.md").read_text(encoding="utf-8") == page()


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from([None, *SIDES]),
    st.booleans(),
)
def test_damaged_recordings_never_break_it(seed, missing, lost, only, whole_signals):
    rng = np.random.default_rng(seed)
    whole = Runner(seconds=4, fps=60)
    events = tuple(
        Event(e.kind, e.side, e.time_s + rng.normal(0, 0.03), 0.03)
        for e in whole.events
        if rng.random() >= lost and only in (None, e.side)
    )
    signals = {}
    for key, value in whole.signals.items():
        if whole_signals and rng.random() < missing:
            continue
        signals[key] = Signal(np.where(rng.random(len(value)) < missing, np.nan, value), 1.0, 1.0)
    events = tuple(sorted(events, key=lambda e: e.time_s))
    motion = Motion(whole.time, events, signals)
    data = GaitData(
        motion, find_steps(motion), 60, "back", speed=Measured(3, 0.1), mass_kg=60,
        leg_length_m=Measured(0.9, 0.02),
    )  # fmt: skip
    for e in compute(data):
        if e.status == "absent":
            assert e.value is None
            assert e.reason
        else:
            assert math.isfinite(e.value)
            assert math.isfinite(e.sd)
            assert e.ci95[0] <= e.ci95[1]
            assert e.n >= 2
