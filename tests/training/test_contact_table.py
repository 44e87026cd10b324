from __future__ import annotations

import numpy as np
import pytest

from stridewise.gait.contacts import Stance
from stridewise.gait.fusion import TABLE_NOISE, ContactTable, covariates, from_json, fuse
from stridewise.gait.motion import EventKind
from stridewise.gait.rules import RULES
from training.contact_table import Measured, Timed, fit, to_json

KIND: EventKind = "toe_off"
NAMES = RULES[KIND]
LAG = np.array([[-0.030, 0.2, -0.1], [0.005, 0.0, 0.3], [0.020, -0.1, 0.0]])
OWN = np.array([[100.0, 20.0, 0.0], [20.0, 36.0, -10.0], [0.0, -10.0, 64.0]]) * 1e-6
NOISE = np.diag([40.0, 16.0, 9.0]) * 1e-6


def measured(runners: int, steps: int, between_s: float = 0.0, seed: int = 0) -> list[Measured]:
    """Make runners whose rules have known lags and errors; `between_s` is common to a runner."""
    rng = np.random.default_rng(seed)
    out = []
    for runner in range(runners):
        own = rng.multivariate_normal(np.zeros(3), OWN, steps) + between_s * rng.standard_normal()
        jitter = rng.multivariate_normal(np.zeros(3), NOISE, steps)
        stances, errors, doubled = [], [], []
        for i in range(steps):
            rise, step = 0.15 + 0.02 * rng.standard_normal(), 0.36 + 0.03 * rng.standard_normal()
            bare = Stance("left", i - rise, float(i), step, {})
            error = LAG @ covariates(bare) + own[i] + jitter[i]
            times = dict(zip(NAMES, (i + error).tolist(), strict=True))
            stances.append(Stance("left", i - rise, float(i), step, times))
            errors.append(error)
            doubled.append(error + jitter[i])
        timed = Timed(stances, np.arange(float(steps)), np.array(errors), np.array(doubled))
        both: dict[EventKind, Timed] = {"initial_contact": unseen(timed), KIND: timed}
        out.append(Measured(f"{runner:02d}", both))
    return out


def unseen(timed: Timed) -> Timed:
    """Rules for initial contact of which only the first finds anything."""
    error = np.full((len(timed.truth), len(RULES["initial_contact"])), np.nan)
    error[:, 0] = timed.error[:, 0]
    return Timed(timed.stances, timed.truth, error, error)


@pytest.fixture(scope="module")
def table() -> ContactTable:
    return fit(measured(runners=10, steps=400), "side", 60.0)


def test_lags_are_learnt(table: ContactTable) -> None:
    assert (table.plane, table.fps) == ("side", 60.0)
    assert table.lag[KIND][:, 0] == pytest.approx(LAG[:, 0], abs=0.001)
    assert table.lag[KIND][:, 1:] == pytest.approx(LAG[:, 1:], abs=0.03)


def test_own_errors_and_those_of_noise_are_told_apart(table: ContactTable) -> None:
    assert np.diag(table.own[KIND]) == pytest.approx(np.diag(OWN), rel=0.15)
    assert np.diag(table.noise[KIND]) == pytest.approx(np.diag(NOISE), rel=0.1)
    assert table.own[KIND][0, 1] == pytest.approx(0.95 * OWN[0, 1], abs=5e-6)
    assert table.own[KIND][1, 2] == pytest.approx(0.95 * OWN[1, 2], abs=5e-6)


def test_rules_that_find_nothing_have_no_variance(table: ContactTable) -> None:
    known = np.isfinite(np.diag(table.own["initial_contact"]))
    assert known.tolist() == [True, False, False, False, False, False]


def test_normal_errors_need_no_widening(table: ContactTable) -> None:
    assert table.widening[KIND] == pytest.approx(1.0, abs=0.05)


def test_intervals_are_widened_for_runners_who_differ() -> None:
    data = measured(runners=12, steps=60, between_s=0.015, seed=3)
    table = fit(data, "side", 60.0)
    assert table.widening[KIND] > 1.05
    others = measured(runners=40, steps=20, between_s=0.015, seed=4)
    pulls = [
        (time - truth) / sd
        for m in others
        for stance, truth in zip(m.timed[KIND].stances, m.timed[KIND].truth, strict=True)
        for time, sd in [fuse(stance, KIND, table)]
    ]
    assert 0.85 < np.mean(np.abs(pulls) < 1.96) < 0.995


def test_a_rule_that_fires_elsewhere_now_and_then_keeps_its_lag() -> None:
    data = measured(runners=10, steps=200)
    for m in data:
        m.timed[KIND].error[::20, 1] += 0.08
    table = fit(data, "side", 60.0)
    assert table.lag[KIND][1, 0] == pytest.approx(LAG[1, 0], abs=0.001)
    assert table.own[KIND][1, 1] == pytest.approx(OWN[1, 1], rel=0.2)


def test_variances_stay_positive_when_noise_explains_everything() -> None:
    data = measured(runners=5, steps=200)
    for m in data:
        timed = m.timed[KIND]
        timed.doubled[:] = timed.error + 3 * (timed.doubled - timed.error)
    table = fit(data, "side", 60.0)
    assert np.linalg.eigvalsh(table.own[KIND]).min() >= 0.99e-6
    for share in (0.0, 1.0, 4.0):
        assert fuse(data[0].timed[KIND].stances[0], KIND, table, share * TABLE_NOISE)[1] > 0


def test_a_table_survives_its_file_form(table: ContactTable) -> None:
    again = from_json(to_json(table))
    assert (again.plane, again.fps) == (table.plane, table.fps)
    for kind in RULES:
        assert again.lag[kind] == pytest.approx(table.lag[kind], abs=1e-5)
        assert again.own[kind] == pytest.approx(table.own[kind], abs=1e-8, nan_ok=True)
        assert again.noise[kind] == pytest.approx(table.noise[kind], abs=1e-8, nan_ok=True)
        assert again.widening[kind] == pytest.approx(table.widening[kind], abs=1e-3)
