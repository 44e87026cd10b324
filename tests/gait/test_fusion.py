from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stridewise.gait.contacts import Stance
from stridewise.gait.fusion import (
    TABLE_NOISE,
    ContactTable,
    covariates,
    fuse,
    load_tables,
    nearest,
    plane_of,
)
from stridewise.gait.motion import EventKind
from stridewise.gait.rules import RULES
from stridewise.view import View

KIND: EventKind = "toe_off"
PELVIS, TOE, KNEE = RULES[KIND]
MS = 1e-3


def table(own: Any, noise: Any = None, lag: Any = None, widening: float = 1.0) -> ContactTable:
    """A table of three rules for toe-off; variances in ms²."""
    own = np.array(own, dtype=float) * MS**2
    noise = np.zeros((3, 3)) if noise is None else np.array(noise, dtype=float) * MS**2
    lag = np.zeros((3, 3)) if lag is None else np.array(lag, dtype=float)
    return ContactTable("side", 60.0, {KIND: lag}, {KIND: own}, {KIND: noise}, {KIND: widening})


def stance(pelvis: float = np.nan, toe: float = np.nan, knee: float = np.nan) -> Stance:
    candidates = {PELVIS: pelvis, TOE: toe, KNEE: knee}
    return Stance("left", fall=1.0, rise=1.2, step_time=0.40, candidates=candidates)


INDEPENDENT = np.diag([100.0, 25.0, 50.0])


def test_independent_rules_are_weighted_by_their_inverse_variances() -> None:
    time, sd = fuse(stance(1.200, 1.210, 1.190), KIND, table(INDEPENDENT))
    weight = np.array([0.01, 0.04, 0.02])
    assert time == pytest.approx(weight @ [1.200, 1.210, 1.190] / 0.07)
    assert sd == pytest.approx(MS / 0.07**0.5)


def test_two_correlated_rules() -> None:
    # Weights of two rules with variances a, b and covariance c: (b - c) and (a - c).
    a, b, c = 100.0, 36.0, 30.0
    time, sd = fuse(stance(1.21, 1.20), KIND, table([[a, c, 0], [c, b, 0], [0, 0, np.nan]]))
    assert time == pytest.approx(((b - c) * 1.21 + (a - c) * 1.20) / (a + b - 2 * c))
    assert sd == pytest.approx(MS * ((a * b - c * c) / (a + b - 2 * c)) ** 0.5)


def test_lags_are_taken_off() -> None:
    lag = np.zeros((3, 3))
    lag[1] = [0.010, 0.2, -0.1]
    # The pelvis rises 0.2 s after its fall, 0.05 over typical; steps take 0.04 over typical.
    assert covariates(stance()) == pytest.approx([1.0, 0.05, 0.04])
    time, _ = fuse(stance(toe=1.2), KIND, table(INDEPENDENT, lag=lag))
    assert time == pytest.approx(1.2 - 0.010 - 0.2 * 0.05 + 0.1 * 0.04)


def test_keypoint_noise_adds_variance_and_shifts_weights() -> None:
    shaky = table(INDEPENDENT, noise=np.diag([0.0, 75.0, 0.0]))
    time, sd = fuse(stance(1.200, 1.210), KIND, shaky, 2 * TABLE_NOISE)
    # The toe's variance is 25 + 4 * 75 = 325.
    assert time == pytest.approx((1.200 * 325 + 1.210 * 100) / 425)
    assert sd == pytest.approx(MS * (100 * 325 / 425) ** 0.5)
    assert fuse(stance(1.200, 1.210), KIND, shaky, 0.0)[1] == pytest.approx(MS * 20**0.5)


def test_widening_multiplies_the_standard_deviation() -> None:
    plain, wide = (fuse(stance(1.2), KIND, table(INDEPENDENT, widening=w)) for w in (1.0, 1.3))
    assert wide == (plain[0], pytest.approx(1.3 * plain[1]))


def test_rules_without_a_variance_do_not_count() -> None:
    unknown = table(np.diag([np.nan, 25.0, np.nan]))
    assert fuse(stance(1.1, 1.21, 1.3), KIND, unknown) == pytest.approx((1.21, 0.005))


@pytest.mark.parametrize("known", [table(INDEPENDENT), table(np.diag([np.nan] * 3))])
def test_nothing_found_nothing_known(known: ContactTable) -> None:
    assert np.isnan(fuse(stance(), KIND, known)).all()


def test_a_rule_that_contradicts_the_others_is_left_out() -> None:
    # The toe fires 60 ms late: more than 3.5 * sqrt(25 + 50) = 30 ms.
    with_, without = stance(1.200, 1.260, 1.204), stance(1.200, np.nan, 1.204)
    assert fuse(with_, KIND, table(INDEPENDENT)) == fuse(without, KIND, table(INDEPENDENT))


def test_the_pelvis_can_be_outvoted() -> None:
    with_, without = stance(1.100, 1.200, 1.204), stance(np.nan, 1.200, 1.204)
    assert fuse(with_, KIND, table(INDEPENDENT)) == fuse(without, KIND, table(INDEPENDENT))


def test_between_two_rules_that_contradict_each_other_the_pelvis_decides() -> None:
    assert fuse(stance(1.200, 1.300), KIND, table(INDEPENDENT)) == pytest.approx((1.200, 0.010))


def test_rules_that_err_together_contradict_each_other_sooner() -> None:
    # Variance of the difference: 100 + 100 - 2 * 95 = 10; 3.5 * sqrt(10) = 11 ms.
    tied = table([[100, 95, 0], [95, 100, 0], [0, 0, 50]])
    assert fuse(stance(1.200, 1.212), KIND, tied)[0] == pytest.approx(1.200)
    assert fuse(stance(1.200, 1.210), KIND, tied)[0] == pytest.approx(1.205)


@given(
    times=st.tuples(*[st.floats(1.19, 1.21)] * 3),
    shift=st.floats(-100, 100),
)
def test_fusion_moves_with_the_clock(times: tuple[float, float, float], shift: float) -> None:
    time, sd = fuse(stance(*times), KIND, table(INDEPENDENT))
    moved, same = fuse(stance(*(t + shift for t in times)), KIND, table(INDEPENDENT))
    assert moved == pytest.approx(time + shift)
    assert same == pytest.approx(sd)
    assert min(times) - 1e-9 <= time <= max(times) + 1e-9


@pytest.mark.parametrize(
    ("yaw", "plane"),
    [
        (0, "side"),
        (22, "side"),
        (-158, "side"),
        (180, "side"),
        (23, "oblique_front"),
        (135, "oblique_front"),
        (68, "front"),
        (112, "front"),
        (-90, "back"),
        (-45, "oblique_back"),
        (-150, "oblique_back"),
    ],
)
def test_planes(yaw: float, plane: str) -> None:
    assert plane_of(View("right", yaw, 0.0, "right", 1.0)) == plane


def test_three_dimensional_sources_use_the_side_table() -> None:
    assert plane_of(View("right", 0.0, 0.0, "right", 1.0, flat=False)) == "side"


@pytest.mark.parametrize(
    ("fps", "rate"), [(12, 30), (42, 30), (43, 60), (84, 60), (85, 120), (169, 120), (1000, 240)]
)
def test_the_nearest_frame_rate_by_ratio(fps: float, rate: float) -> None:
    found = nearest(load_tables(), "front", fps)
    assert (found.plane, found.fps) == ("front", rate)


def test_the_shipped_tables_are_whole() -> None:
    tables = load_tables()
    planes = ("side", "oblique_front", "front", "oblique_back", "back")
    assert [(t.plane, t.fps) for t in tables] == [
        (plane, fps) for plane in planes for fps in (30.0, 60.0, 120.0, 240.0)
    ]
    for t in tables:
        for kind, names in RULES.items():
            rules = len(names)
            assert t.lag[kind].shape == (rules, 3)
            assert np.abs(t.lag[kind][:, 0]).max() < 0.1
            assert 1.0 < t.widening[kind] < 2.0
            known = np.isfinite(np.diag(t.own[kind]))
            assert known[0], "every view shows the pelvis"
            assert known.all() or t.plane in ("front", "back")
            for part, least in ((t.own[kind], 0.0), (t.noise[kind], -1e-12)):
                assert part.shape == (rules, rules)
                block = part[np.ix_(known, known)]
                assert np.array_equal(block, block.T)
                assert np.linalg.eigvalsh(block).min() > least
