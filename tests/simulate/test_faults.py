"""Each fault moves its own metric past the threshold of the area of the same name."""

from functools import cache

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.simulate.camera import Camera
from stridewise.simulate.faults import FAULTS
from stridewise.simulate.runner import Runner
from stridewise.simulate.truth import tell

SPEED = 3.5
#: Fault: metric, direction, where a finding of moderate severity begins, for 3.5 m/s. Cadence,
#: overstride and bounce from norms of laboratory runners, the others absolute.
MODERATE = {
    "low_cadence": ("cadence", -1, 171 - 1.5 * 9),
    "overstride": ("shank_ic", 1, 11.0),
    "high_bounce": ("vertical_oscillation", 1, 0.096 + 0.012),
    "stiff_landing": ("knee_excursion", -1, 18.0),
    "deep_stance_knee": ("knee_flex_peak_stance", 1, 52.0),
    "steep_foot": ("foot_ic", 1, 22.0),
    "excess_lean": ("trunk_lean", 1, 16.0),
    "upright_back": ("trunk_lean", -1, 0.0),
    "pelvic_drop": ("contralateral_pelvic_drop", 1, 8.0),
    "hip_adduction": ("peak_hip_adduction", 1, 18.0),
    "knee_collapse": ("fppa", 1, 10.0),
    "narrow_crossover": ("step_width", -1, 0.03),
    "trunk_sway": ("trunk_lat", 1, 8.0),
    "arm_action": ("arm_cross", 1, 25.0),
    "asymmetry": ("asym_ground_contact_time", 1, 15.0),
}
#: Where the mildest finding begins.
MILD = MODERATE | {
    "low_cadence": ("cadence", -1, 171 - 9.0),
    "stiff_landing": ("knee_excursion", -1, 22.0),
    "deep_stance_knee": ("knee_flex_peak_stance", 1, 48.0),
    "steep_foot": ("foot_ic", 1, 18.0),
    "excess_lean": ("trunk_lean", 1, 13.0),
    "upright_back": ("trunk_lean", -1, 2.0),
    "pelvic_drop": ("contralateral_pelvic_drop", 1, 6.0),
    "hip_adduction": ("peak_hip_adduction", 1, 15.0),
    "knee_collapse": ("fppa", 1, 5.0),
    "narrow_crossover": ("step_width", -1, 0.05),
    "trunk_sway": ("trunk_lat", 1, 5.0),
    "asymmetry": ("asym_ground_contact_time", 1, 10.0),
}


@cache
def metrics(fault=None, strength=1.0):
    faults = {} if fault is None else {fault: strength}
    runner = Runner(speed_mps=SPEED, individual=0, variation=0, faults=faults)
    truth = tell(runner, runner.run(4.0), Camera(), np.zeros(1), 4.0)
    return {name: sides["both"] for name, sides in truth.metrics.items()}


def test_every_fault_is_covered():
    assert set(MODERATE) == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_full_strength_is_past_the_moderate_threshold(fault):
    name, sign, threshold = MODERATE[fault]
    assert sign * metrics(fault)[name] > sign * threshold


@pytest.mark.parametrize("fault", FAULTS)
def test_typical_runner_is_not_past_the_mild_threshold(fault):
    name, sign, threshold = MILD[fault]
    assert sign * metrics()[name] < sign * threshold


@pytest.mark.parametrize("fault", FAULTS)
def test_half_strength_lies_in_between(fault):
    name, sign, _ = MODERATE[fault]
    none, half, full = (sign * m[name] for m in (metrics(), metrics(fault, 0.5), metrics(fault)))
    assert none + 0.3 * (full - none) < half < none + 0.7 * (full - none)


def test_overstride_also_puts_the_ankle_further_ahead():
    # By more than the between-runner SD of 0.023 leg lengths.
    assert metrics("overstride")["overstride"] > metrics()["overstride"] + 0.046


def test_stiff_landing_also_straightens_the_knee_at_contact():
    assert metrics("stiff_landing")["knee_flex_ic"] < 5.0


def test_asymmetry_also_bends_the_knees_differently():
    assert metrics("asymmetry")["asym_knee_flex_peak_stance"] > 8.0
    assert abs(metrics()["asym_knee_flex_peak_stance"]) < 0.1


def test_faults_of_trunk_and_arms_leave_the_legs_alone():
    for fault in ("excess_lean", "upright_back", "trunk_sway", "arm_action"):
        for name in ("shank_ic", "knee_flex_peak_stance", "step_width", "vertical_oscillation"):
            assert metrics(fault)[name] == pytest.approx(metrics()[name], abs=1e-9)


def test_bad_faults_are_refused():
    with pytest.raises(InputError, match="no fault called limping"):
        Runner(faults={"limping": 1.0}).run(2.0)
    with pytest.raises(InputError, match="strength of overstride is out of range"):
        Runner(faults={"overstride": -1.0}).run(2.0)
    with pytest.raises(InputError, match="low_cadence has nothing to change"):
        Runner(cadence=170, faults={"low_cadence": 1.0})
