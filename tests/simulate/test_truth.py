from itertools import pairwise

import numpy as np
import pytest

from stridewise.gait.motion import Motion
from stridewise.gait.strides import find_steps
from stridewise.metrics import GaitData, Measured, catalogue
from stridewise.metrics.registry import estimate
from stridewise.simulate.camera import Camera
from stridewise.simulate.measure import summarise
from stridewise.simulate.runner import Runner
from stridewise.simulate.truth import tell
from stridewise.skeletons import KEYPOINTS, other


def told(runner, duration=5.0, fps=100.0):
    return tell(
        runner,
        runner.run(duration),
        Camera(fps=fps),
        np.arange(round(duration * fps)) / fps,
        duration,
    )


@pytest.fixture(scope="module")
def truth():
    return told(Runner(speed_mps=3.2, seed=5))


def test_given_cadence_is_kept_exactly():
    truth = told(Runner(cadence=172.0, variation=0, faults={"asymmetry": 1.0}))
    assert truth.metrics["cadence"]["both"] == pytest.approx(172.0, abs=1e-9)
    # With step-to-step variation contacts are shifted, but do not drift away.
    varied = told(Runner(cadence=172.0, seed=1), duration=20.0)
    assert varied.metrics["cadence"]["both"] == pytest.approx(172.0, rel=0.003)


def test_events_alternate_and_are_in_order(truth):
    contacts = [e for e in truth.events if e.kind == "initial_contact"]
    assert all(b.side == other(a.side) for a, b in pairwise(contacts))
    assert np.all(np.diff([e.time_s for e in truth.events]) > 0)
    assert {e.sd_s for e in truth.events} == {0.0}


def test_times_of_a_step_follow_from_its_events(truth):
    instants = {(e.kind, e.side, e.time_s) for e in truth.events}
    for a, b in pairwise(truth.steps):
        assert ("initial_contact", a.side, a.initial_contact) in instants
        assert ("toe_off", a.side, a.toe_off) in instants
        assert a.next_contact == b.initial_contact
        v = a.values
        assert v["ground_contact_time"] == pytest.approx(a.toe_off - a.initial_contact)
        assert v["flight_time"] == pytest.approx(b.initial_contact - a.toe_off)
        assert v["duty_factor"] == pytest.approx(v["ground_contact_time"] / v["stride_time"])
        # The side of a step is that of the foot that lands.
        assert b.values["step_time"] == pytest.approx(b.initial_contact - a.initial_contact)
        assert b.values["step_length"] == pytest.approx(3.2 * b.values["step_time"])
    assert "step_time" not in truth.steps[0].values


def test_sides_are_those_of_the_catalogue():
    """Metrics of exact events, by the catalogue's own functions."""
    truth = told(Runner(seed=5, faults={"asymmetry": 1.0}), duration=8.0)
    motion = Motion(truth.time, truth.events, {})
    data = GaitData(motion, find_steps(motion), 100.0, "back", speed=Measured(3.0, 0.0))
    for name in ("step_time", "step_length", "ground_contact_time", "flight_time"):
        for side in ("left", "right"):
            found = estimate(catalogue()[name], data, side)
            assert truth.metrics[name][side] == pytest.approx(found.value, rel=0.02), (name, side)
        asymmetry = estimate(catalogue()[f"asym_{name}"], data, "both").value
        assert truth.metrics[f"asym_{name}"]["both"] == pytest.approx(asymmetry, abs=2.0)


def test_no_step_crosses_where_the_runner_only_wanders():
    """The line of progression is where the hips go, not the middle of the belt."""
    truth = told(Runner(seed=2, variation=2.0, individual=0), duration=20.0)
    assert np.abs(truth.xyz[:, KEYPOINTS.index("mid_hip"), 2]).max() > 0.05
    assert min(s.values.get("step_width", 1.0) for s in truth.steps) > 0
    assert truth.metrics["crossover"]["both"] == 0


def test_angles_are_those_of_the_points(truth):
    xyz = truth.xyz
    hip, knee, ankle = (xyz[:, KEYPOINTS.index(f"left_{p}"), :2] for p in ("hip", "knee", "ankle"))
    # The included angle at the knee, from the law of cosines in the sagittal plane.
    a, b, c = (np.linalg.norm(d, axis=1) for d in (knee - hip, ankle - knee, ankle - hip))
    flexion = 180 - np.degrees(np.arccos(((a**2 + b**2 - c**2) / (2 * a * b)).clip(-1, 1)))
    assert np.abs(truth.signals["knee_flexion", "left"]) == pytest.approx(flexion, abs=1e-6)
    drop = xyz[:, KEYPOINTS.index("right_hip")] - xyz[:, KEYPOINTS.index("left_hip")]
    assert truth.signals["pelvic_obliquity", None] == pytest.approx(
        np.degrees(np.arctan(drop[:, 1] / drop[:, 2]))
    )


def test_values_at_contact_agree_with_the_signals():
    truth = told(Runner(seed=5), duration=2.0, fps=1000.0)
    for step in truth.steps:
        for name, signal in (("knee_flex_ic", "knee_flexion"), ("shank_ic", "shank")):
            near = np.interp(step.initial_contact, truth.time, truth.signals[signal, step.side])
            assert step.values[name] == pytest.approx(near, abs=0.3)


def test_metrics_are_means_of_the_steps(truth):
    for side in ("left", "right"):
        values = [s.values["foot_ic"] for s in truth.steps if s.side == side]
        assert truth.metrics["foot_ic"][side] == pytest.approx(np.mean(values))


def test_stiffness_of_a_known_case():
    # Morin 2005 by hand: 70 kg, leg 0.53 * 1.75 m, 3.5 m/s, contact 0.244 s, flight 0.107 s.
    runner = Runner(speed_mps=3.5, variation=0)
    steps = told(runner).steps
    fixed = tuple(
        type(s)(
            s.side,
            s.initial_contact,
            s.toe_off,
            s.next_contact,
            {**s.values, "ground_contact_time": 0.244, "flight_time": 0.107},
        )
        for s in steps
    )
    metrics = summarise(fixed, 3.5, 70.0, 1.75)
    force = 70 * 9.81 * np.pi / 2 * (0.107 / 0.244 + 1)  # 1551.7 N
    fall = force * 0.244**2 / (70 * np.pi**2) - 9.81 * 0.244**2 / 8  # 0.0607 m
    assert force == pytest.approx(1551.7, abs=0.2)
    assert metrics["vertical_stiffness"]["both"] == pytest.approx(force / fall / 1000)
    shortening = 0.9275 - np.sqrt(0.9275**2 - 0.427**2) + fall
    assert metrics["leg_stiffness"]["both"] == pytest.approx(force / shortening / 1000)


#: Mean and SD between 19 laboratory runners, from force plates and markers.
LABORATORY = {
    2.5: {
        "cadence": (160.8, 7.3),
        "shank_ic": (7.2, 1.5),
        "knee_flex_ic": (9.4, 4.0),
        "knee_flex_peak_stance": (42.2, 4.0),
        "foot_ic": (15.2, 7.0),
        "vertical_oscillation": (0.100, 0.014),
        "contralateral_pelvic_drop": (2.9, 1.0),
        "peak_hip_adduction": (6.5, 1.7),
    },
    3.5: {
        "cadence": (170.1, 8.6),
        "shank_ic": (10.3, 2.4),
        "knee_flex_ic": (10.1, 4.3),
        "knee_flex_peak_stance": (43.1, 3.1),
        "foot_ic": (19.0, 8.3),
        "vertical_oscillation": (0.096, 0.012),
        "contralateral_pelvic_drop": (3.5, 1.2),
        "peak_hip_adduction": (7.0, 1.8),
    },
    4.5: {
        "cadence": (181.7, 10.8),
        "shank_ic": (12.5, 2.2),
        "knee_flex_ic": (11.4, 4.2),
        "knee_flex_peak_stance": (43.7, 3.4),
        "foot_ic": (21.3, 8.3),
        "vertical_oscillation": (0.084, 0.012),
        "contralateral_pelvic_drop": (4.2, 1.6),
        "peak_hip_adduction": (7.5, 2.1),
    },
}


@pytest.mark.parametrize("speed", LABORATORY)
def test_typical_runner_lies_within_one_sd_of_the_laboratory(speed):
    metrics = told(Runner(speed_mps=speed, individual=0, variation=0)).metrics
    for name, (mean, sd) in LABORATORY[speed].items():
        assert abs(metrics[name]["both"] - mean) < sd, name


def test_runners_differ_about_as_much_as_in_the_laboratory():
    drawn = [told(Runner(speed_mps=3.5, seed=s), fps=5).metrics for s in range(12)]
    for name, (mean, sd) in LABORATORY[3.5].items():
        values = [m[name]["both"] for m in drawn]
        assert abs(np.mean(values) - mean) < 1.3 * sd, name
        assert 0.3 * sd < np.std(values, ddof=1) < 2.0 * sd, name


def test_a_single_step_has_no_time_since_the_one_before_it():
    truth = told(Runner(seed=5), duration=1.0)
    alone = summarise(truth.steps[:1], 3.0, 70.0, 1.75)
    assert "step_time" not in alone
    assert "asym_step_time" not in alone
    assert alone["ground_contact_time"]["both"] > 0
