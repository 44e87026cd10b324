import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stridewise.estimate import Estimate, Norm
from stridewise.form.areas import Condition
from stridewise.form.probability import above, at_least, limit, past

# Values of the normal distribution function, from tables.
PHI = {-1.0: 0.158655253931, 0.5: 0.691462461274, 1.0: 0.841344746069, 2.0: 0.977249868052}


def condition(direction, cuts, scale="value"):
    return Condition("m", "m", direction, cuts, scale, ("deg",), "convention", "")


def estimate(value, sd, norm=None):
    return Estimate("m", "both", value, "deg", sd, None, 20, norm=norm)


@pytest.mark.parametrize("z", PHI)
def test_above_is_the_normal_distribution(z):
    assert above(7.0 + 3.0 * z, 3.0, 7.0) == pytest.approx(PHI[z], abs=1e-11)


def test_above_is_sure_without_uncertainty():
    assert [above(v, 0.0, 7.0) for v in (6.9, 7.0, 7.1)] == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("direction", "value", "severity", "expected"),
    [
        ("above", 10.0, 1, PHI[2.0]),
        ("above", 10.0, 2, PHI[1.0]),
        ("above", 10.0, 3, 0.5),
        ("below", -10.0, 2, PHI[1.0]),
        ("beyond", -10.0, 2, PHI[1.0]),
    ],
)
def test_past_each_cut_off(direction, value, severity, expected):
    sign = -1.0 if direction == "below" else 1.0
    cuts = tuple(sign * cut for cut in (6.0, 8.0, 10.0))
    p = past(condition(direction, cuts), severity, estimate(value, 2.0), 19)
    assert p == pytest.approx(expected, abs=1e-9)


def test_beyond_adds_both_tails():
    # At zero, both cut-offs are one standard deviation away.
    p = past(condition("beyond", (5.0,)), 1, estimate(0.0, 5.0), 19)
    assert p == pytest.approx(2 * PHI[-1.0], abs=1e-11)


def test_a_condition_without_a_cut_off_for_the_severity_has_no_say():
    one_cut = condition("above", (5.0,))
    assert past(one_cut, 1, estimate(9.0, 0.0), 19) == 1.0
    assert past(one_cut, 2, estimate(9.0, 0.0), 19) == 0.0


def test_limit_in_standard_deviations_of_the_norm():
    # 19 people, mean 10, sd 2, one sd out: 12, with variance 4/19 + 4/36 = 0.321637
    norm = Norm(10.0, 2.0, 0.0, "")
    cut, sd = limit(condition("above", (1.0,), "z"), 1, estimate(12.0, 1.0, norm), 19)
    assert cut == 12.0
    assert sd**2 == pytest.approx(0.3216374269, abs=1e-9)


def test_uncertainty_of_the_norm_widens_that_of_the_metric():
    # Three people: variance s² (1/3 + 1/4) = 16 for s² = 192/7; with sd 3 that makes 5 in all.
    s = math.sqrt(192 / 7)
    value = 10.0 + s + 5.0
    p = past(condition("above", (1.0,), "z"), 1, estimate(value, 3.0, Norm(10.0, s, 0.0, "")), 3)
    assert p == pytest.approx(PHI[1.0], abs=1e-11)


@given(
    st.floats(-50, 50),
    st.floats(0, 20),
    st.floats(0.01, 10),
    st.sampled_from(["value", "z"]),
)
def test_past_grows_with_the_value(value, more, sd, scale):
    norm = Norm(5.0, 2.0, 0.0, "")
    rule = condition("above", (1.0, 2.0, 3.0), scale)
    low, high = (past(rule, 1, estimate(v, sd, norm), 19) for v in (value, value + more))
    assert 0.0 <= low <= high <= 1.0


@pytest.mark.parametrize(
    ("k", "probabilities", "expected"),
    [
        (1, [0.3, 0.9], 0.9),
        (2, [0.9, 0.95], 0.85),
        (2, [0.9, 0.5, 0.95], 0.85),
        (3, [0.9, 0.9, 0.9], 0.7),
        (2, [0.4, 0.4], 0.0),
        (2, [1.0], 0.0),
    ],
)
def test_at_least(k, probabilities, expected):
    assert at_least(k, probabilities) == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.floats(0.001, 1), min_size=8, max_size=8), st.integers(1, 3))
def test_at_least_never_claims_too_much_whatever_the_dependence(weights, k):
    total = sum(weights)
    joint = dict(zip(product((0, 1), repeat=3), (w / total for w in weights), strict=True))
    marginals = [sum(p for held, p in joint.items() if held[i]) for i in range(3)]
    truth = sum(p for held, p in joint.items() if sum(held) >= k)
    assert at_least(k, marginals) <= truth + 1e-9
