"""What findings make of the form network's opinions, and how strides are joined."""

import numpy as np
import pytest

from stridewise.estimate import Estimate, Norm
from stridewise.form.findings import find
from stridewise.form.learned import Opinion, over_strides, rule_logits
from stridewise.form.variables import STRIDE_AREAS
from stridewise.result import Reason

REASON = Reason("shank", "own", "landing", 1.5)


def opinion(*probabilities, area="deep_stance_knee", side="left", strides=10):
    return Opinion(area, side, probabilities, strides, (REASON,), True)


def knee(value, sd=1.0, side="left"):
    return Estimate("knee_flex_peak_stance", side, value, "deg", sd, None, 10)


def test_the_network_counts_and_the_rule_explains():
    (found,) = find([knee(50.0, 3.0)], opinions=[opinion(0.93, 0.6, 0.1)]).findings
    assert (found.basis, found.probability, found.severity) == ("network", 0.93, 2)
    assert found.rule_probability == pytest.approx(0.7475, abs=1e-4)
    assert found.metrics == ("knee_flex_peak_stance",)
    assert "50°" in found.why
    assert "The rule alone would not have raised this (74 % probable)." in found.why
    assert found.reasons == (REASON,)
    assert found.as_ruled is True


def test_agreement_is_not_mentioned():
    (found,) = find([knee(56.0)], opinions=[opinion(0.99, 0.9, 0.5)]).findings
    assert "rule alone" not in found.why


def test_a_finding_of_the_rule_that_the_network_does_not_share_is_told_and_not_raised():
    assessment = find([knee(56.0)], opinions=[opinion(0.4, 0.1, 0.0)])
    assert assessment.findings == ()
    reason = dict(assessment.unjudged)["deep_stance_knee"]
    assert "the rule alone would raise it (99 %), the form network does not (40 %)" in reason


def test_without_an_opinion_the_rule_speaks():
    (found,) = find([knee(56.0)]).findings
    assert (found.basis, found.reasons, found.as_ruled) == ("rule", (), None)
    assert found.rule_probability == found.probability


def test_few_strides_make_no_opinion():
    (found,) = find([knee(56.0)], opinions=[opinion(0.1, 0.0, 0.0, strides=7)]).findings
    assert found.basis == "rule"


def test_the_network_is_not_asked_where_the_rule_cannot_judge():
    assessment = find([], opinions=[opinion(0.99, 0.9, 0.5)])
    assert assessment.findings == ()
    assert assessment.judged == ()


def test_every_judged_side_is_kept():
    assessment = find([knee(40.0), knee(41.0, side="right")], opinions=[opinion(0.05, 0.0, 0.0)])
    judged = {(j.area, j.side): j.probabilities for j in assessment.judged}
    assert judged["deep_stance_knee", "left"] == (0.05, 0.0, 0.0)
    assert judged["deep_stance_knee", "right"][0] < 1e-6
    assert "deep_stance_knee" in assessment.clear


def test_what_to_expect_names_its_study():
    cadence = Estimate("cadence", "both", 150.0, "1/min", 0.5, None, 40, norm=NORM)
    (found,) = find([cadence]).findings
    assert "Heiderscheit 2011" in found.expected
    (found,) = find([knee(56.0)]).findings
    assert found.expected
    bounce = [
        Estimate("fppa", "left", 12.0, "deg", 1.0, None, 20),
        Estimate("trunk_lat", "left", 9.0, "deg", 0.5, None, 20),
    ]
    by_area = {f.area: f.expected for f in find(bounce).findings}
    assert by_area["trunk_sway"] == "No study that we know of measured what changing this does."


NORM = Norm(170.0, 9.0, (150.0 - 170.0) / 9.0, "test")


def test_the_typical_stride_counts():
    said = np.log([[3.0, 1.0, 1 / 3]])
    assert over_strides(said) == pytest.approx((0.75, 0.5, 0.25))
    odd = np.concatenate([np.repeat(said, 9, axis=0), np.full((1, 3), 50.0)])
    assert over_strides(odd) == pytest.approx((0.75, 0.5, 0.25))


def test_further_severities_are_never_more_probable():
    assert over_strides(np.array([[0.0, 1.0, 2.0]])) == pytest.approx((0.5, 0.5, 0.5))


def test_logits_of_rules():
    ruled = np.full((1, len(STRIDE_AREAS), 3, 2), np.nan)
    ruled[0, 1] = [[2.0, 0.5], [1.0, 0.5], [0.0, 0.5]]
    weights = np.tile([1.5, 0.4, -0.1, -3.0], (len(STRIDE_AREAS), 1))
    logits = rule_logits(ruled, weights)
    # 1.5 of the side's mean, 0.4 of what the stride adds, less 0.1.
    assert logits[0, 1] == pytest.approx([3.1, 1.6, 0.1])
    assert np.delete(logits[0], 1, axis=0) == pytest.approx(-3.0)
