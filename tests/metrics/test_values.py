"""Values of the metrics against what the runner made of sines must give."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter
from sine_runner import Runner

from stridewise.metrics import Measured, catalogue, compute
from stridewise.metrics.data import EVENT_BIAS_S
from stridewise.metrics.drift import drift
from stridewise.metrics.registry import estimate
from stridewise.metrics.sagittal import foot_strike
from stridewise.metrics.spatiotemporal import morin_stiffness
from stridewise.metrics.uncertainty import interval, summarise
from stridewise.skeletons import SIDES


def wave_at(mean: float, size: float, lag: float) -> float:
    """Value of a sine of the stride's length, `lag` seconds after its peak."""
    return mean + size * math.cos(2 * math.pi * lag / Runner.stride)


def table(data) -> dict[tuple[str, str], float]:
    return {(e.id, e.side): e.value for e in compute(data)}


def one(name: str, data, side: str = "both"):
    return estimate(catalogue()[name], data, side)


KNEE_IC = 60 + 20 * math.cos(4 * math.pi * 0.1 / 0.7) - 15 * math.cos(2 * math.pi * 0.1 / 0.7)

TRUTH_EACH = {
    "step_time": (0.35, 1e-9),
    "stride_time": (0.7, 1e-9),
    "ground_contact_time": (0.25, 1e-9),
    "flight_time": (0.10, 1e-9),
    "duty_factor": (0.25 / 0.7, 1e-9),
    "step_length": (3.0 * 0.35, 1e-9),
    "stride_length": (3.0 * 0.7, 1e-9),
    "peak_vertical_force": (2.5, 0.01),
    "loading_rate": (2.5 * math.sin(math.pi * 0.05 / 0.25) / 0.05, 0.05),
    "braking_peak": (0.3, 0.003),
    "propulsion_peak": (0.3, 0.003),
    "braking_impulse": (0.3 * 0.25 / math.pi, 2e-4),
    "propulsion_impulse": (0.3 * 0.25 / math.pi, 2e-4),
    "overstride": (0.25, 1e-4),
    "shank_ic": (wave_at(-40, 52, 0.02), 0.01),
    "knee_flex_ic": (KNEE_IC, 0.01),
    "knee_flex_peak_stance": (65, 0.01),
    "knee_excursion": (65 - KNEE_IC, 0.02),
    "knee_flex_peak_swing": (95, 0.01),
    "thigh_to": (wave_at(10, 30, 0.35), 0.01),
    "hip_ext_to": (wave_at(17, 30, 0.35), 0.01),
    "hip_flex_peak": (47, 0.01),
    "ankle_df_peak": (20, 0.01),
    "ankle_df_ic": (wave_at(0, 20, 0.12), 0.01),
    "foot_ic": (wave_at(-20, 40, 0.01), 0.01),
    "trunk_lat": (3, 0.01),
    "elbow_flex": (90, 0.01),
    "arm_amp": (50, 0.01),
    "arm_cross": (20, 0.01),
    "contralateral_pelvic_drop": (4, 0.01),
    "peak_hip_adduction": (9, 0.01),
    "fppa": (4, 0.01),
    "knee_window": (None, 0.001),
}

TRUTH_BOTH = {
    "cadence": (60 / 0.35, 1e-9),
    "vertical_oscillation": (0.09, 1e-5),
    "vertical_ratio": (100 * 0.09 / 1.05, 1e-3),
    "speed": (3.0, 0),
    "step_width": (0.12, 1e-5),
    "crossover": (0, 0),
    "cv_stride_time": (0, 1e-6),
    "head_pos": (0.15, 1e-5),
    "trunk_lean_mid_stance": (9, 0.01),
    "trunk_bounce": (math.sqrt(2), 1e-3),
    "shoulder_rot": (24, 0.01),
}


@pytest.mark.parametrize("fps", [60, 120, 240])
def test_every_value(fps):
    found = table(Runner(fps=fps).data())
    loose = (120 / fps) ** 3 if fps < 120 else 1  # cubic interpolation
    for side in SIDES:
        for name, (value, tolerance) in TRUTH_EACH.items():
            if name == "knee_window":
                value = 1.0 if side == "right" else 0.6
            assert found[name, side] == pytest.approx(value, abs=tolerance * loose), (name, side)
    for name, (value, tolerance) in TRUTH_BOTH.items():
        assert found[name, "both"] == pytest.approx(value, abs=tolerance * loose), name


def test_trunk_lean_is_the_mean_over_stance():
    # Mean of 7 + 2 cos(4 pi (t - 0.1) / 0.7) from 0 to 0.25.
    k = 4 * math.pi / 0.7
    expected = 7 + 2 / (0.25 * k) * (math.sin(k * 0.15) - math.sin(k * -0.1))
    assert one("trunk_lean", Runner().data()).value == pytest.approx(expected, abs=0.01)


def test_unevenly_timed_frames_give_the_same():
    runner = Runner()
    even = table(runner.data())
    rng = np.random.default_rng(4)
    runner.time = np.sort(runner.time + rng.uniform(-0.003, 0.003, len(runner.time)))
    runner.signals = runner._signals()
    uneven = table(runner.data())
    for key, value in even.items():
        if value is not None:
            assert uneven[key] == pytest.approx(value, abs=2e-2), key


def test_contact_times_finer_than_a_frame():
    """At 30 frames per second, counting frames would give 0.233 or 0.267 s."""
    runner = Runner(fps=30)
    assert one("ground_contact_time", runner.data(), "left").value == pytest.approx(0.25, abs=1e-9)


def test_step_belongs_to_the_landing_foot():
    runner = Runner()
    runner.events = [
        replace(e, time_s=e.time_s + 0.03) if e.side == "left" else e for e in runner.events
    ]
    data = runner.data()
    assert one("step_time", data, "left").value == pytest.approx(0.38)
    assert one("step_time", data, "right").value == pytest.approx(0.32)
    assert one("step_length", data, "left").value == pytest.approx(3 * 0.38)
    assert one("flight_time", data, "right").value == pytest.approx(0.13)
    first, *_, last = data.steps.initial_contact
    n = len(data.steps) - 1
    assert one("cadence", data).value == pytest.approx(60 * n / (last - first))


def test_one_misread_contact_leaves_cadence_alone():
    runner = Runner(seconds=20)
    contacts = [e for e in runner.events if e.kind == "initial_contact"]
    late = replace(contacts[9], time_s=contacts[9].time_s + 0.08)
    runner.events = [late if e is contacts[9] else e for e in runner.events]
    e = one("cadence", runner.data())
    assert e.value == pytest.approx(60 / 0.35, abs=1e-6)


def test_missed_contact_leaves_cadence_alone():
    runner = Runner(seconds=20)
    contacts = [e for e in runner.events if e.kind == "initial_contact"]
    runner.events = [e for e in runner.events if e is not contacts[9]]
    e = one("cadence", runner.data())
    assert e.value == pytest.approx(60 / 0.35, abs=1e-6)
    assert e.n == len(contacts) - 3


def test_rise_and_fall_ignores_a_sinking_camera():
    runner = Runner()
    runner.signals["pelvis_height", None] = (
        runner.signals["pelvis_height", None] - 0.05 * runner.time
    )
    assert one("vertical_oscillation", runner.data()).value == pytest.approx(0.09, abs=1e-5)


def test_distance_covered_beats_speed_times_time():
    runner = Runner()
    runner.signals["pelvis_travel", None] = 4.0 * runner.time
    data = runner.data(speed=None)
    assert one("step_length", data, "left").value == pytest.approx(4 * 0.9 * 0.35)
    assert one("vertical_ratio", data).value == pytest.approx(100 * 0.1 / (4 * 0.35), rel=1e-4)
    unscaled = one("step_length", runner.data(speed=None, leg_length_m=None), "left")
    assert (unscaled.unit, unscaled.value) == ("L", pytest.approx(4 * 0.35))


def test_vertical_ratio_does_not_need_height_when_speed_is_in_leg_lengths():
    """Speed from a typical leg length and rise from the same: it cancels."""
    data = Runner().data(leg_length_m=None, speed=Measured(2.0 * 0.9, 0.12, "assumed"))
    assert one("vertical_ratio", data).value == pytest.approx(100 * 0.1 / (2 * 0.35), rel=1e-4)


def test_side_of_pelvis_and_trunk():
    runner = Runner()
    for name in ("pelvic_obliquity", "trunk_lateral"):
        runner.signals[name, None] = runner.signals[name, None] + 1.5
    found = table(runner.data())
    assert found["contralateral_pelvic_drop", "right"] == pytest.approx(5.5, abs=0.01)
    assert found["contralateral_pelvic_drop", "left"] == pytest.approx(2.5, abs=0.01)
    assert found["trunk_lat", "right"] == pytest.approx(4.5, abs=0.01)
    assert found["trunk_lat", "left"] == pytest.approx(1.5, abs=0.01)


def test_crossing_feet():
    runner = Runner(seconds=20)
    crossed = (np.floor((runner.time - runner.first) / runner.stride) % 4) == 0
    ankle = runner.signals["ankle_lateral", "right"]
    runner.signals["ankle_lateral", "right"] = np.where(crossed, -ankle, ankle)
    data = runner.data()
    share = one("crossover", data)
    strides = len(data.of("right"))
    assert share.value == pytest.approx(100 * math.ceil(strides / 4) / (2 * strides), abs=1e-9)
    assert share.ci95[0] >= 0
    assert share.ci95[1] < 50


def test_narrow_steps_are_negative_when_crossed():
    runner = Runner()
    for side in SIDES:
        runner.signals["ankle_lateral", side] = -runner.signals["ankle_lateral", side]
    data = runner.data()
    assert one("step_width", data).value == pytest.approx(-0.12, abs=1e-5)
    assert one("crossover", data).value == 100


@pytest.mark.parametrize(
    ("angle", "kind"),
    [(20, "rearfoot"), (8.1, "rearfoot"), (8.0, "midfoot"), (-1.6, "midfoot"), (-1.7, "forefoot")],
)
def test_foot_strike_types(angle, kind):
    assert foot_strike(angle) == kind


def test_foot_strike_is_a_label():
    assert one("foot_ic", Runner().data(), "left").label == "rearfoot"
    assert one("shank_ic", Runner().data(), "left").label is None


def test_stiffness_by_hand():
    """70 kg, 3.33 m/s, 0.25 s contact, 0.10 s flight, 0.9 m leg; each step worked out on paper."""
    vertical, leg = morin_stiffness(np.array([0.25]), np.array([0.1]), 3.33, 70, 0.9)
    force = 70 * 9.81 * math.pi / 2 * 1.4  # 1510.2 N
    sink = force * 0.0625 / (70 * math.pi**2) - 9.81 * 0.0625 / 8  # 0.0600 m
    shortening = 0.9 - math.sqrt(0.81 - 0.41625**2) + sink  # 0.1620 m
    assert force == pytest.approx(1510.2, abs=0.1)
    assert vertical[0] == pytest.approx(1510.2 / 0.05998 / 1000, rel=1e-3)
    assert leg[0] == pytest.approx(force / shortening / 1000, rel=1e-12)


def test_contact_error_dominates_leg_stiffness():
    """Ten milliseconds at a constant step time cost 2.8 % and 8.7 % at 3.5 m/s."""
    before = morin_stiffness(np.array([0.244]), np.array([0.107]), 3.5, 70, 0.93)
    after = morin_stiffness(np.array([0.254]), np.array([0.097]), 3.5, 70, 0.93)
    change = [100 * (b[0] / a[0] - 1) for a, b in zip(before, after, strict=True)]
    assert change == pytest.approx([-2.8, -8.7], abs=0.35)


def test_walking_has_no_stiffness():
    vertical, _ = morin_stiffness(np.array([0.6]), np.array([-0.5]), 1.5, 70, 0.9)
    assert np.isnan(vertical[0])


class TestUncertaintyOfEvents:
    def test_angle_at_contact_moves_with_the_contact(self):
        runner = Runner()
        runner.events = [replace(e, sd_s=0.02) for e in runner.events]
        sample = catalogue()["shank_ic"].function(runner.data(), "left")
        rate = 52 * 2 * math.pi / 0.7 * math.sin(2 * math.pi * 0.02 / 0.7)
        np.testing.assert_allclose(sample.sd, rate * 0.02 * math.sqrt(0.45), rtol=2e-3)
        assert sample.bias_sd == pytest.approx(rate * 0.02 * math.sqrt(0.55), rel=2e-3)

    def test_no_contact_is_surer_than_five_milliseconds(self):
        sample = catalogue()["shank_ic"].function(Runner().data(), "left")
        rate = 52 * 2 * math.pi / 0.7 * math.sin(2 * math.pi * 0.02 / 0.7)
        assert sample.bias_sd == pytest.approx(rate * EVENT_BIAS_S, rel=2e-3)

    def test_lasting_errors_of_a_duration(self):
        runner = Runner()
        runner.events = [
            replace(e, sd_s=0.006 if e.kind == "toe_off" else 0.004) for e in runner.events
        ]
        found = {(e.id, e.side): e for e in compute(runner.data())}
        jitter = math.sqrt(0.45 * (0.006**2 + 0.004**2) * 0.093)  # 16 steps, median
        lasting = math.sqrt(0.55 * (0.006**2 + 0.004**2))
        assert found["ground_contact_time", "left"].sd == pytest.approx(
            math.hypot(lasting, jitter), rel=0.01
        )
        between_feet = math.sqrt(2 * 0.2) * 0.004
        assert found["step_time", "left"].sd == pytest.approx(between_feet, rel=0.15)
        assert found["asym_step_time", "both"].sd == pytest.approx(
            100 * 2 * between_feet / 0.35, rel=0.1
        )

    def test_point_noise_and_event_error_add_up(self):
        runner = Runner()
        runner.events = [replace(e, sd_s=0.02) for e in runner.events]
        exact = catalogue()["shank_ic"].function(runner.data(), "left")
        noisy = catalogue()["shank_ic"].function(runner.data(sd=1.5), "left")
        np.testing.assert_allclose(noisy.sd, np.hypot(exact.sd, 1.5), rtol=1e-9)

    def test_common_event_error_floors_durations_but_not_step_time(self):
        found = {(e.id, e.side): e for e in compute(Runner().data())}
        assert found["ground_contact_time", "left"].sd == pytest.approx(0.005)
        assert found["flight_time", "left"].sd == pytest.approx(0.005)
        assert found["duty_factor", "left"].sd == pytest.approx(0.005 / 0.7, rel=1e-6)
        assert found["step_time", "left"].sd == pytest.approx(0, abs=1e-9)
        assert found["cadence", "both"].sd == pytest.approx(0, abs=1e-6)

    def test_cadence_error_shrinks_faster_than_its_steps(self):
        """Event errors cancel between steps: only the outermost two count."""
        rng = np.random.default_rng(5)
        runner = Runner(seconds=30)
        jitter = [
            replace(e, time_s=e.time_s + rng.normal(0, 0.01), sd_s=0.018) for e in runner.events
        ]
        runner.events = sorted(jitter, key=lambda e: e.time_s)
        e = one("cadence", runner.data())
        assert abs(e.value - 60 / 0.35) < 0.3
        assert e.sd < 0.3

    def keeping_time(self, varies: float, errs: float, told: float) -> Runner:
        """Contacts about an even beat: a short stride is followed by a long one."""
        rng = np.random.default_rng(6)
        runner = Runner(seconds=120)
        runner.events = sorted(
            (
                replace(e, time_s=e.time_s + rng.normal(0, varies) + rng.normal(0, errs), sd_s=told)
                for e in runner.events
            ),
            key=lambda e: e.time_s,
        )
        return runner

    def test_variability_of_a_runner_who_keeps_time_is_not_taken_for_error(self):
        e = one("cv_stride_time", self.keeping_time(0.005, 0.0, 0.0).data())
        assert e.value == pytest.approx(100 * math.sqrt(2) * 0.005 / 0.7, rel=0.1)
        assert e.sd < 0.1

    def test_event_errors_are_taken_out_of_variability(self):
        told = 0.006 / math.sqrt(0.45 * 0.6)
        e = one("cv_stride_time", self.keeping_time(0.006, 0.006, told).data())
        assert e.value == pytest.approx(100 * math.sqrt(2) * 0.006 / 0.7, rel=0.1)
        assert 0.2 < e.sd < 0.5

    def test_a_misread_contact_does_not_make_a_runner_uneven(self):
        runner = self.keeping_time(0.003, 0.0, 0.0)
        even = one("cv_stride_time", runner.data()).value
        late = runner.events[100]
        runner.events[100] = replace(late, time_s=late.time_s + 0.04)
        assert one("cv_stride_time", runner.data()).value == pytest.approx(even, rel=0.1)


class TestAsymmetry:
    def late_left(self) -> Runner:
        runner = Runner()
        runner.events = [
            replace(e, time_s=e.time_s + 0.01) if e.side == "left" else e for e in runner.events
        ]
        return runner

    def test_index_of_step_time(self):
        e = one("asym_step_time", self.late_left().data())
        assert e.value == pytest.approx(100 * (0.34 - 0.36) / 0.35)
        assert e.status == "ok"

    def test_step_length_has_that_of_step_time_on_a_belt(self):
        data = self.late_left().data()
        assert one("asym_step_length", data).value == pytest.approx(
            one("asym_step_time", data).value
        )

    @pytest.mark.parametrize("name", ["asym_step_time", "asym_ground_contact_time"])
    def test_each_step_counts_once(self, name):
        """Of a runner without any, whose steps vary, 95 % intervals hold 0 in 95 of 100 draws."""
        rng = np.random.default_rng(1)
        held = []
        for _ in range(300):
            runner = Runner(seconds=7.3)
            runner.events = [
                replace(e, time_s=e.time_s + rng.normal(0, 5e-3)) for e in runner.events
            ]
            runner.events.sort(key=lambda e: e.time_s)
            data = runner.data()
            summary = summarise(catalogue()[name].function(data, "both"))
            assert summary.n <= len(data.of("left")) == 8
            _, (low, high) = interval(summary.value, summary.random_sd, 0.0, summary.freedom)
            held.append(low <= 0 <= high)
        assert np.mean(held) == pytest.approx(0.955, abs=0.03)

    def test_fewer_than_eight_steps_a_side_are_not_judged_by(self):
        e = one("asym_step_time", Runner(seconds=5.0).data())
        assert e.status == "advisory"
        assert "8 are needed" in e.reason

    def test_what_lasts_of_both_sides_counts(self):
        runner = Runner()
        data = runner.data()
        signals = dict(data.motion.signals)
        for side, bias_sd in (("left", 6.0), ("right", 8.0)):
            signals["knee_flexion", side] = replace(signals["knee_flexion", side], bias_sd=bias_sd)
        data = replace(data, motion=replace(data.motion, signals=signals))
        assert one("asym_knee_flex_peak_stance", data).sd == pytest.approx(10.0, abs=0.01)

    def test_a_tilted_hip_line_lowers_one_side_by_what_it_lifts_the_other(self):
        data = Runner().data()
        signals = dict(data.motion.signals)
        signals["pelvic_obliquity", None] = replace(signals["pelvic_obliquity", None], bias_sd=9.0)
        data = replace(data, motion=replace(data.motion, signals=signals))
        assert one("contralateral_pelvic_drop", data, "left").sd == pytest.approx(9.0, abs=0.01)
        assert one("asym_contralateral_pelvic_drop", data).sd == pytest.approx(18.0, abs=0.01)

    def test_angles_in_degrees(self):
        runner = Runner()
        runner.signals["shank", "right"] = runner.signals["shank", "right"] + 4
        e = one("asym_shank_ic", runner.data())
        assert (e.value, e.unit) == (pytest.approx(4, abs=0.02), "deg")

    @pytest.mark.parametrize("name", ["asym_step_time", "asym_shank_ic", "asym_foot_ic"])
    def test_near_and_far_legs_are_not_judged(self, name):
        e = one(name, Runner().data(three_d=False, view="left"))
        assert e.status == "advisory"
        assert "near the camera" in e.reason

    @pytest.mark.parametrize(
        ("name", "facts"),
        [("asym_step_time", {"view": "back"}), ("asym_shank_ic", {"three_d": True})],
    )
    def test_other_views_may_be(self, name, facts):
        assert (
            one(name, Runner().data(**{"three_d": False, "view": "right"} | facts)).status == "ok"
        )


class TestPlanesSeenEdgeOn:
    @pytest.mark.parametrize(
        ("name", "side", "across", "along"),
        [
            ("trunk_lean", "both", "back", "left"),
            ("shank_ic", "left", "front", "right"),
            ("contralateral_pelvic_drop", "right", "right", "back"),
            ("peak_hip_adduction", "left", "left", "front"),
        ],
    )
    def test_they_are_shown_and_not_judged(self, name, side, across, along):
        seen = one(name, Runner().data(three_d=False, view=across), side)
        assert seen.value is not None
        assert seen.status == "advisory"
        assert "Seen 90° askew" in seen.reason
        for facts in ({"view": along}, {"view": across, "three_d": True}):
            assert one(name, Runner().data(**{"three_d": False} | facts), side).status == "ok"

    @pytest.mark.parametrize(("yaw", "view"), [(44, "right"), (46, "front"), (-46, "back")])
    def test_neither_plane_is_judged_from_between_them(self, yaw, view):
        """Whichever view is the nearer by a degree."""
        data = Runner().data(three_d=False, view=view, yaw_deg=yaw)
        for name, camera in (("shank_ic", "runner's side"), ("peak_hip_adduction", "behind")):
            seen = one(name, data, "left")
            assert seen.status == "advisory"
            assert "askew" in seen.reason
            assert camera in seen.reason

    @pytest.mark.parametrize("view", ["left", "front"])
    def test_what_needs_no_plane_is_judged(self, view):
        assert one("vertical_oscillation", Runner().data(three_d=False, view=view)).status == "ok"


class TestDrift:
    def test_slope_times_duration(self):
        runner = Runner(seconds=400, fps=60)
        runner.signals["trunk_lean", None] = runner.signals["trunk_lean", None] + runner.time / 100
        e = one("drift_trunk_lean", runner.data())
        assert e.value == pytest.approx(4, abs=0.03)
        assert e.sd < 0.05

    def test_sides_that_differ_do_not_look_like_drift(self):
        runner = Runner(seconds=400, fps=60)
        runner.signals["knee_flexion", "left"] = runner.signals["knee_flexion", "left"] + 10
        assert one("drift_knee_flex_ic", runner.data()).value == pytest.approx(0, abs=0.05)

    def test_a_burst_does_not_tilt_it(self):
        runner = Runner(seconds=400, fps=60)
        burst = np.where(runner.time > 360, 20.0, 0.0)
        runner.signals["trunk_lean", None] = runner.signals["trunk_lean", None] + burst
        assert abs(one("drift_trunk_lean", runner.data()).value) < 0.1

    @pytest.mark.parametrize("correlation_s", [0.0, 6.0, 60.0, 180.0])
    def test_a_runner_who_wanders_does_not_drift(self, correlation_s):
        """Intervals hold 0 in 95 of 100 draws, however slowly the noise wanders."""
        rng, time = np.random.default_rng(7), np.arange(0, 600, 0.36)
        keep = math.exp(-0.36 / correlation_s) if correlation_s else 0.0
        held = []
        for _ in range(150):
            new = (
                rng.standard_normal(len(time))
                * np.r_[1.0, np.full(len(time) - 1, (1 - keep**2) ** 0.5)]
            )
            wandering = lfilter([1.0], [1.0, -keep], new)
            found = drift(time, wandering + rng.standard_normal(len(time)), 600.0)
            _, (low, high) = interval(found.value, found.random_sd, 0.0, found.freedom)
            held.append(low <= 0 <= high)
        assert np.mean(held) == pytest.approx(0.955, abs=0.045)

    def test_short_recordings_have_none(self):
        e = one("drift_cadence", Runner(seconds=299).data())
        assert (e.status, e.reason) == ("absent", "Needs a recording of at least 5 minutes.")

    def test_slowing_cadence(self):
        runner = Runner(seconds=400, fps=60)
        # Step time grows by 1 % over the run: t -> t + 0.01 t^2 / (2 T).
        runner.events = [
            replace(e, time_s=e.time_s + 0.005 * e.time_s**2 / 400) for e in runner.events
        ]
        runner.events = [e for e in runner.events if e.time_s < 400]
        e = one("drift_cadence", runner.data())
        assert e.value == pytest.approx(-0.01 * 60 / 0.35, rel=0.03)
