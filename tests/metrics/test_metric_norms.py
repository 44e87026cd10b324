from __future__ import annotations

import math

import numpy as np
import pytest

from stridewise.metrics import Measured, catalogue
from stridewise.metrics.norms import NormLine, lines, norm

#: Mean and standard deviation between the 19 laboratory runners, from an evaluation of the same
#: recordings by other code: id, unit, then 2.5, 3.5 and 4.5 m/s, then half the last digit and what
#: a straight line leaves of three means.
MEASURED_ELSEWHERE = [
    ("cadence", "1/min", (160.8, 170.1, 181.7), (7.3, 8.6, 10.8), 1.0),
    ("shank_ic", "deg", (7.2, 10.3, 12.5), (1.5, 2.4, 2.2), 0.5),
    ("knee_flex_ic", "deg", (9.4, 10.1, 11.4), (4.0, 4.3, 4.2), 0.5),
    ("knee_flex_peak_stance", "deg", (42.2, 43.1, 43.7), (4.0, 3.1, 3.4), 0.5),
    ("knee_excursion", "deg", (32.9, 33.1, 32.3), (4.1, 5.0, 5.1), 0.5),
    ("foot_ic", "deg", (15.2, 19.0, 21.3), (7.0, 8.3, 8.3), 1.0),
    ("overstride", "L", (0.19, 0.24, 0.28), (0.03, 0.02, 0.02), 0.01),
    ("vertical_oscillation", "m", (0.100, 0.096, 0.084), (0.014, 0.012, 0.012), 0.004),
    ("contralateral_pelvic_drop", "deg", (2.9, 3.5, 4.2), (1.0, 1.2, 1.6), 0.5),
    ("peak_hip_adduction", "deg", (6.5, 7.0, 7.5), (1.7, 1.8, 2.1), 0.5),
]


@pytest.mark.parametrize(("name", "unit", "means", "sds", "off"), MEASURED_ELSEWHERE)
def test_treadmill_norms_agree_with_another_evaluation(name, unit, means, sds, off):
    for speed, mean in zip((2.5, 3.5, 4.5), means, strict=True):
        found = norm(name, unit, "treadmill", Measured(speed, 0.0), mean)
        assert found.mean == pytest.approx(mean, abs=off)
    pooled = math.sqrt(np.mean(np.square(sds)))
    assert lines()[name, unit, "treadmill"].sd[0] == pytest.approx(pooled, rel=0.15)


def test_every_norm_is_of_a_metric_in_its_unit():
    for name, unit, surface in lines():
        assert unit in {catalogue()[name].unit, catalogue()[name].unit_unscaled}
        assert surface in {"treadmill", "overground"}


@pytest.mark.parametrize("key", lines(), ids="-".join)
def test_norms_are_sound(key):
    line = lines()[key]
    low, high = line.speed_mps or (2.3, 5.0)
    for speed in (low, high):
        assert line.sd[0] + line.sd[1] * (speed - 3.5) > 0
    assert line.evidence in {"measured", "literature", "convention"}
    assert (line.n > 0) == (line.evidence != "convention")
    assert line.source


def test_overground_is_shifted_and_wider():
    belt, ground = (lines()["foot_ic", "deg", s] for s in ("treadmill", "overground"))
    assert ground.mean[0] - belt.mean[0] == pytest.approx(9.8, abs=0.02)
    assert ground.sd[0] > 1.25 * belt.sd[0]
    assert ground.evidence == "literature"
    belt, ground = (lines()["cadence", "1/min", s] for s in ("treadmill", "overground"))
    assert ground.mean == belt.mean
    assert ground.sd[0] == pytest.approx(1.25 * belt.sd[0], rel=1e-3)


class TestLookup:
    @pytest.fixture(autouse=True)
    def line(self, monkeypatch):
        made = {
            ("cadence", "1/min", "treadmill"): NormLine(
                (170, 10), (8, 1), (2.3, 5), 19, None, "belt", "measured"
            ),
            ("trunk_lean", "deg", "treadmill"): NormLine(
                (7, 0), (3, 0), None, 24, None, "paper", "literature"
            ),
        }
        monkeypatch.setattr("stridewise.metrics.norms.lines", lambda: made)

    def cadence(self, speed: Measured | None, value: float = 170.0):
        return norm("cadence", "1/min", "treadmill", speed, value)

    def test_at_a_speed(self):
        found = self.cadence(Measured(4.5, 0.0), 171)
        assert (found.mean, found.sd, found.z) == (180, 9, -1)
        assert found.source == "belt"

    def test_doubtful_speed_widens(self):
        assert self.cadence(Measured(3.5, 0.6)).sd == pytest.approx(10)

    def test_no_speed_no_norm(self):
        assert self.cadence(None) is None

    def test_beyond_the_speeds_measured(self):
        assert self.cadence(Measured(5.0, 0.0)).sd == pytest.approx(9.5)
        assert self.cadence(Measured(5.5, 0.0)).sd == pytest.approx(10 * 1.5)
        assert self.cadence(Measured(1.8, 0.0)).sd == pytest.approx(6.3 * 1.5)
        assert self.cadence(Measured(6.1, 0.0)) is None
        assert self.cadence(Measured(1.2, 0.0)) is None

    def test_speed_free(self):
        found = norm("trunk_lean", "deg", "treadmill", None, 13.0)
        assert (found.mean, found.sd, found.z) == (7, 3, 2)

    def test_none_for_this(self):
        assert norm("trunk_lean", "deg", "overground", None, 13.0) is None
        assert norm("cadence", "s", "treadmill", Measured(3.5, 0.0), 0.35) is None


def test_laboratory_runners_give_the_shipped_norms(laboratory):
    """`python -m training.norms` would write what is there."""
    from training.lab import trials
    from training.norms import measured_lines

    shipped = lines()
    for line in measured_lines(trials(laboratory)):
        found = shipped[line.metric, line.unit, "treadmill"]
        assert line.mean == pytest.approx(found.mean, rel=2e-3, abs=1e-4)
        assert line.sd == pytest.approx(found.sd, rel=2e-3)
        assert line.n == found.n == 19
