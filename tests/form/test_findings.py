import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stridewise.errors import InputError
from stridewise.estimate import Estimate, Norm
from stridewise.form.areas import load_areas
from stridewise.form.findings import find
from stridewise.form.wording import Wording, load_wording

AREAS = [area.id for area in load_areas().areas]
CADENCE_NORM = Norm(170.0, 9.0, 0.0, "test")

#: For every metric asked for: unit, and a norm for those that are judged by one.
UNITS = {
    condition.metric: "deg" if condition.scale == "z" else condition.units[0]
    for area in load_areas().areas
    for condition in area.conditions
}
BY_NORM = {c.metric for area in load_areas().areas for c in area.conditions if c.scale == "z"}
SIDED = {
    condition.metric: area.sided for area in load_areas().areas for condition in area.conditions
}


def estimate(id, value, sd, side="left", *, n=10, unit=None, norm=None, **more):
    unit = unit or UNITS[id]
    if norm is not None and value is not None:
        norm = Norm(*norm, (value - norm[0]) / norm[1], "test")
    return Estimate(id, side, value, unit, sd, None, n, norm=norm, **more)


def drop(value, sd=2.0, side="left", **more):
    return estimate("contralateral_pelvic_drop", value, sd, side, **more)


def overstride(z, side="left", sd=0.1):
    """Estimates of an overstride of `z` standard deviations, nearly exact."""
    return [
        estimate("shank_ic", 10.0 + 2.0 * z, sd, side, norm=(10.0, 2.0)),
        estimate("overstride", 0.24 + 0.02 * z, sd / 100, side, unit="L", norm=(0.24, 0.02)),
    ]


def cadence(value, sd=0.5, **more):
    return estimate("cadence", value, sd, "both", unit="1/min", norm=(170.0, 9.0), **more)


def bounce(z):
    return estimate(
        "vertical_oscillation", 0.096 + 0.012 * z, 0.001, "both", unit="m", norm=(0.096, 0.012)
    )


def found(*estimates, **options):
    return {f.area: f for f in find(estimates, **options).findings}


def reasons(*estimates, **options):
    return dict(find(estimates, **options).unjudged)


# Phi(2), Phi(1), Phi(0): 6, 8 and 10 degrees are the cut-offs for the drop of the free hip.
@pytest.mark.parametrize(
    ("value", "probability", "severity"),
    [
        (10.0, 0.977249868, 3),
        (9.99, 0.976979340, 2),  # just below the third cut-off: less likely than not
        (8.0, 0.841344746, 2),
        (7.99, 0.840132690, 1),
    ],
)
def test_probability_and_severity(value, probability, severity):
    finding = found(drop(value))["pelvic_drop"]
    assert finding.probability == pytest.approx(probability, abs=1e-6)
    assert finding.severity == severity
    assert finding.side == "left"
    assert finding.metrics == ("contralateral_pelvic_drop",)


def test_raised_from_a_probability_of_four_fifths():
    # Phi(0.84) = 0.79955 and Phi(0.842) = 0.80011
    assert "pelvic_drop" not in found(drop(6.840, 1.0))
    assert "pelvic_drop" in found(drop(6.842, 1.0))


def test_what_is_likely_but_not_enough_is_too_close_to_call():
    # Phi(0.5) = 0.691
    assessment = find([drop(7.0), drop(1.0, side="right")])
    assert not assessment.findings
    assert "pelvic_drop" not in assessment.clear
    assert dict(assessment.unjudged)["pelvic_drop"] == (
        "left side: too close to call (69 % probable)"
    )


def test_within_bounds_is_clear():
    assessment = find([drop(5.0), drop(4.0, side="right")])
    assert assessment.clear == ("pelvic_drop",)
    assert "pelvic_drop" not in dict(assessment.unjudged)


def test_both_sides_are_one_finding_with_the_lower_probability_and_the_higher_severity():
    finding = found(drop(10.0), drop(8.0, side="right"))["pelvic_drop"]
    assert finding.side == "both"
    assert finding.probability == pytest.approx(0.841344746, abs=1e-8)
    assert finding.severity == 3
    assert "10° (left) and 8° (right)" in finding.why


def test_one_side_found_and_the_other_not_seen():
    far = drop(None, None, "right", status="absent", reason="Hidden by the near leg.")
    assessment = find([drop(10.0), far])
    assert [f.side for f in assessment.findings] == ["left"]
    assert dict(assessment.unjudged)["pelvic_drop"] == (
        "right side: drop of the free hip: Hidden by the near leg"
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"n": 7}, "7 steps, and 8 are needed"),
        ({"status": "advisory", "reason": "Coarse."}, "too coarse to judge by (Coarse)"),
        ({"status": "absent", "reason": "No hips."}, "No hips"),
        ({"value": None}, "not measured"),
        ({"sd": None}, "its uncertainty is not known"),
        ({"sd": float("nan")}, "its uncertainty is not known"),
        ({"value": float("nan")}, "its uncertainty is not known"),
        ({"unit": "L"}, "given in L, judged in deg"),
    ],
)
def test_what_cannot_raise_a_finding_says_why(change, reason):
    sides = [replace(drop(30.0, side=s), **change) for s in ("left", "right")]
    assessment = find(sides)
    assert not assessment.findings
    assert dict(assessment.unjudged)["pelvic_drop"] == f"drop of the free hip: {reason}"
    assert "pelvic_drop" not in assessment.clear


def test_fewer_steps_can_be_allowed():
    assert "pelvic_drop" in found(drop(10.0, n=7), min_steps=7)


def test_without_any_metric_nothing_is_judged_and_the_view_is_named():
    assessment = find([])
    assert not assessment.findings
    assert not assessment.clear
    assert [area for area, _ in assessment.unjudged] == AREAS
    assert dict(assessment.unjudged)["excess_lean"] == "trunk lean: not measured (seen from: side)"


def test_without_a_norm_an_area_that_needs_one_is_not_judged():
    alone = replace(cadence(120.0), norm=None)
    assert reasons(alone)["low_cadence"] == (
        "cadence: no norm for this speed and surface to compare with"
    )


def test_uncertainty_of_metric_and_norm_together():
    # Norm 170 ± 9 of 19 people, one sd below is 161 ± 9 sqrt(1/19 + 1/36) = 161 ± 2.552;
    # with 2 of the metric 3.2424 in all, so 157.7576 is one standard deviation past.
    finding = found(cadence(157.7576, 2.0))["low_cadence"]
    assert finding.probability == pytest.approx(0.841344746, abs=1e-6)
    assert finding.side == "both"
    assert finding.evidence.startswith("B: ")
    assert finding.associated_with == ("injury", "performance")


def test_all_conditions_must_hold():
    shank, ahead = overstride(3.0)
    assert "overstride" in found(shank, ahead)
    near_norm = estimate("overstride", 0.24, 0.001, unit="L", norm=(0.24, 0.02))
    assert "overstride" not in found(shank, near_norm)
    assert reasons(shank)["overstride"].startswith(
        "left side: ankle ahead of the hip at landing: not measured (seen from: side); right side:"
    )


def test_two_conditions_are_joined_by_the_bound_for_any_dependence():
    # Phi(2) + Phi(1.5) - 1 with cut-offs 8 and 22 deg
    landing = estimate("knee_flex_ic", 4.0, 2.0)
    after = estimate("knee_excursion", 19.0, 2.0)
    finding = found(landing, after)["stiff_landing"]
    assert finding.probability == pytest.approx(0.977249868 + 0.933192799 - 1, abs=1e-8)
    assert finding.severity == 1  # second level: Phi(0.5) + Phi(-0.5) - 1 = 0


def test_any_condition_is_enough_and_only_its_sign_is_told():
    knees = estimate("knee_window", -0.2, 0.1)
    level = estimate("fppa", 0.0, 2.0)
    finding = found(knees, level)["knee_collapse"]
    assert finding.probability == pytest.approx(0.977249868, abs=1e-8)
    assert finding.severity == 1  # one cut-off only
    assert finding.metrics == ("knee_window",)
    assert finding.why.startswith("The gap between your knees closes in mid-stance. ")


def test_an_area_judged_in_part_says_what_is_lacking():
    knees = [estimate("knee_window", 0.8, 0.1, side) for side in ("left", "right")]
    assessment = find(knees)
    assert assessment.clear == ("knee_collapse",)
    assert dict(assessment.unjudged)["knee_collapse"] == (
        "judged in part; knee inside the line from hip to ankle: not measured "
        "(seen from: front or back)"
    )


def test_a_side_may_be_served_by_a_midline_metric():
    finding = found(estimate("knee_window", -0.2, 0.1, "both"))["knee_collapse"]
    assert finding.side == "both"
    assert finding.why.startswith("The gap between your knees closes in mid-stance. ")


def test_two_of_five_changes_make_a_drift():
    slower = estimate("drift_cadence", -5.0, 1.0, "both")
    longer = estimate("drift_ground_contact_time", 0.014, 0.002, "both")
    assert "fatigue_drift" not in found(slower)
    finding = found(slower, longer)["fatigue_drift"]
    # Two standard deviations past the cut-off each: 2 Phi(2) - 1
    assert finding.probability == pytest.approx(0.954499736, abs=1e-8)
    assert finding.metrics == ("drift_ground_contact_time", "drift_cadence")


@pytest.mark.parametrize(("value", "side"), [(9.0, "right"), (-9.0, "left")])
def test_asymmetry_either_way(value, side):
    finding = found(estimate("asym_shank_ic", value, 1.0, "both"))["asymmetry"]
    assert finding.why.startswith(
        f"The shin at landing differs by 9° (further forward on the {side}). "
    )


@pytest.mark.parametrize(
    ("values", "judged"), [((0.36, 0.36), True), ((0.52, 0.51), False), ((0.49, 0.51), False)]
)
def test_without_a_flight_phase_nothing_is_judged(values, judged):
    sides = zip(("left", "right"), values, strict=True)
    contact = [estimate("duty_factor", v, 0.01, side, unit="1") for side, v in sides]
    assessment = find([*contact, drop(12.0)])
    assert bool(assessment.findings) == judged
    if not judged:
        assert [area for area, _ in assessment.unjudged] == AREAS
        assert "without a flight phase" in assessment.unjudged[0][1]


def test_text_of_a_finding():
    finding = found(*overstride(2.5))["overstride"]
    assert finding.title == "Landing ahead of the body"
    assert finding.why == (
        "Your shin points 15° (left) forward as you land (usual at this speed: 10 ± 2°), and the "
        "ankle is 29.0 % of leg length (left) ahead of the hip (usual: 24.0 ± 2.0 % of leg "
        "length). A foot that lands far out in front brakes you a little at each step, and the "
        "knee takes up more of it."
    )
    assert finding.cue == "Let the foot come down under your hips."
    assert finding.evidence == (
        "C: shorter steps lower braking and knee load in experiments; no cut-off has been validated"
    )
    assert finding.source.startswith("standard deviations above the speed norm (Fukuchi 2017)")


def test_areas_of_one_lever_share_one_priority_cue_and_drill():
    deep = estimate("knee_flex_peak_stance", 53.0, 1.0)
    findings = find([*overstride(3.0), cadence(145.0), bounce(3.0), deep, drop(7.9, 1.0)]).findings
    assert [(f.area, f.priority) for f in findings] == [
        ("low_cadence", 1),  # 0.75 × 3
        ("pelvic_drop", 2),  # 0.5 × 1, another lever
        ("overstride", None),  # 0.5 × 3, shares the first lever
        ("high_bounce", None),
        ("deep_stance_knee", None),
    ]
    lever = load_wording().levers["cadence"]
    first = findings[0]
    assert first.cue == lever.cue
    assert first.drill == f"{lever.drill} {lever.caution}"
    assert first.why.endswith(
        "Also seen, and of the same kind: landing ahead of the body, high bounce, deep knee bend "
        "in stance, hip dropping on the free side. One change, slightly quicker steps, works on "
        "all of it, so work on that alone."
    )


def test_a_lone_sign_keeps_its_own_words():
    finding = found(*overstride(3.0))["overstride"]
    assert finding.priority == 1
    assert finding.cue == load_wording().areas["overstride"].cue


def test_a_runner_with_quick_steps_is_not_told_to_step_quicker():
    findings = find([*overstride(3.0), bounce(3.0), cadence(185.0)]).findings
    assert [(f.area, f.priority) for f in findings] == [("overstride", 1), ("high_bounce", None)]
    assert findings[0].cue == load_wording().areas["overstride"].cue


def test_ranked_by_evidence_severity_probability_and_changeability():
    findings = find(
        [
            estimate("trunk_lat", 12.0, 0.1),  # D, likely, 3: 0.25 × 3 × 0.7 = 0.525
            estimate("trunk_lean", 14.0, 0.1, "both"),  # C, likely, 1: 0.5 × 1 × 0.7 = 0.35
            estimate("peak_hip_adduction", 19.0, 0.1),  # B, trained, 2: 0.75 × 2 = 1.5
            estimate("arm_cross", 50.0, 0.1),  # D, likely, 2: 0.25 × 2 × 0.7 = 0.35
            drop(9.0, 0.1),  # C, trained, 2: 1.0, but the lever of hip adduction
        ]
    ).findings
    assert [(f.area, f.priority) for f in findings] == [
        ("hip_adduction", 1),
        ("trunk_sway", 2),
        ("excess_lean", 3),  # as heavy as the arms, and earlier in the list
        ("pelvic_drop", None),
        ("arm_action", None),
    ]


def test_a_metric_that_comes_twice_is_an_error():
    with pytest.raises(InputError, match="contralateral_pelvic_drop comes twice for side left"):
        find([drop(1.0), drop(2.0)])


def test_missing_words_are_an_error():
    with pytest.raises(InputError, match=r"lacks texts.*arm_action.*overstride"):
        find([], wording=Wording(areas={}, levers={}))


@st.composite
def estimates(draw):
    """Any set of estimates, from good to absent, far past the cut-offs and far from them."""
    result = []
    for metric in draw(st.sets(st.sampled_from(sorted(UNITS)))):
        sides = ("left", "right") if SIDED[metric] else ("both",)
        for side in sides:
            value = draw(st.none() | st.floats(-200, 200))
            result.append(
                estimate(
                    metric,
                    value,
                    draw(st.none() | st.floats(0, 30)),
                    side,
                    n=draw(st.sampled_from([0, 7, 8, 50])),
                    norm=draw(st.none() | st.just((10.0, 3.0))),
                    status=draw(st.sampled_from(["ok", "ok", "advisory", "absent"])),
                )
            )
    return result


@settings(max_examples=200, deadline=None)
@given(estimates())
def test_whatever_the_metrics(given_estimates):
    assessment = find(given_estimates)
    assert assessment == find(reversed(given_estimates))
    priorities = [f.priority for f in assessment.findings if f.priority is not None]
    assert priorities == list(range(1, min(3, len(priorities)) + 1))
    assert [f.priority for f in assessment.findings][: len(priorities)] == priorities
    raised = {f.area for f in assessment.findings}
    assert len(raised) == len(assessment.findings)
    assert not {"excess_lean", "upright_back"} <= raised
    assert not raised & set(assessment.clear)
    assert raised | set(assessment.clear) | dict(assessment.unjudged).keys() == set(AREAS)
    levers = {a.id: a.lever or a.id for a in load_areas().areas}
    first = [levers[f.area] for f in assessment.findings if f.priority]
    assert len(set(first)) == len(first)
    for finding in assessment.findings:
        assert 0.8 <= finding.probability <= 1.0
        assert finding.severity in (1, 2, 3)
        good = {e.id for e in given_estimates if e.status == "ok" and e.n >= 8}
        assert finding.metrics
        assert set(finding.metrics) <= good
        assert "{" not in finding.why + finding.cue + finding.drill


@given(st.floats(0, 20), st.floats(0, 10), st.floats(0.1, 5))
def test_a_larger_value_never_makes_a_finding_less_probable(value, more, sd):
    low, high = (found(drop(v, sd)).get("pelvic_drop") for v in (value, value + more))
    if low is not None:
        assert high is not None
        assert high.probability >= low.probability
        assert high.severity >= low.severity


def test_sides_that_are_not_seen_well_are_not_said_to_differ():
    """Of 0 +- 18 degrees, three quarters lie beyond 6 degrees either way."""
    name = "asym_contralateral_pelvic_drop"
    blurred = estimate(name, 10.0, 18.0, "both", unit="deg")
    assert "asymmetry" not in found(blurred)
    assert "known to ±35 only, where 6 deg would count" in reasons(blurred)["asymmetry"]
    assert "asymmetry" in found(estimate(name, 10.0, 2.5, "both", unit="deg"))


def test_every_area_can_be_raised_with_words_that_read_well():
    far_out = {"above": 1.0, "beyond": 1.0, "below": -1.0}
    for area in load_areas().areas:
        given_estimates = []
        for condition, side in itertools.product(area.conditions, ("left", "right")):
            value = condition.cuts[-1] + 1000.0 * far_out[condition.direction]
            norm = (0.0, 1.0) if condition.metric in BY_NORM else None
            own = side if area.sided else "both"
            given_estimates.append(estimate(condition.metric, value, 0.001, own, norm=norm))
        finding = found(*dict.fromkeys(given_estimates))[area.id]
        assert finding.severity == 3
        assert finding.why[0].isupper()
        assert finding.metrics == tuple(c.metric for c in area.conditions)
