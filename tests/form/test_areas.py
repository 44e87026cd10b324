import tomllib
from pathlib import Path

import pytest

from stridewise.activities.running import RUNNING
from stridewise.errors import InputError
from stridewise.form.areas import RUNNING_AREAS, load_areas, parse_areas

IDS = [
    "low_cadence",
    "overstride",
    "high_bounce",
    "stiff_landing",
    "deep_stance_knee",
    "steep_foot",
    "excess_lean",
    "upright_back",
    "pelvic_drop",
    "hip_adduction",
    "knee_collapse",
    "narrow_crossover",
    "trunk_sway",
    "arm_action",
    "asymmetry",
    "fatigue_drift",
]


def tables():
    return tomllib.loads(RUNNING_AREAS.read_text(encoding="utf-8"))


def test_the_sixteen_areas_in_order():
    assert [(a.number, a.id) for a in load_areas().areas] == list(enumerate(IDS, start=1))


def test_every_metric_asked_for_is_one_of_running():
    assert load_areas().metrics() <= set(RUNNING.metrics)


def test_every_metric_asked_for_is_in_the_catalogue_in_that_unit_and_side():
    from stridewise.metrics.registry import catalogue

    known = catalogue()
    areas = load_areas()
    assert areas.metrics() <= set(known)
    for area in areas.areas:
        for condition in area.conditions:
            metric = known[condition.metric]
            given = {metric.unit, metric.unit_unscaled or metric.unit}
            assert condition.scale == "z" or given == set(condition.units), condition.metric
            if not area.sided:
                assert metric.sides == "both", condition.metric


def test_descriptions_are_never_judged():
    judged = {c.metric for area in load_areas().areas for c in area.conditions}
    described = {
        *("ground_contact_time", "duty_factor", "hip_ext_to", "thigh_to"),
        *("knee_flex_peak_swing", "head_pos", "elbow_flex"),
    }
    assert not judged & described


def test_areas_where_absolute_cut_offs_mark_healthy_runners_go_by_the_norm():
    by_norm = {c.metric for a in load_areas().areas for c in a.conditions if c.scale == "z"}
    assert by_norm == {
        *("cadence", "shank_ic", "overstride", "foot_ic"),
        *("vertical_oscillation", "step_width"),
    }


def test_opposite_areas_cannot_hold_together():
    # One metric, two cut-offs apart: the probabilities of the two sum to less than one.
    by_id = {a.id: a for a in load_areas().areas}
    (lean,), (upright,) = by_id["excess_lean"].conditions, by_id["upright_back"].conditions
    assert (lean.metric, lean.direction) == (upright.metric, "above")
    assert upright.direction == "below"
    assert upright.cuts[0] < lean.cuts[0]


def test_a_steep_foot_counts_only_with_overstriding():
    by_id = {a.id: a for a in load_areas().areas}
    steep = {c.metric: c.cuts[0] for c in by_id["steep_foot"].conditions}
    assert by_id["steep_foot"].at_least == len(steep)
    for condition in by_id["overstride"].conditions:
        assert steep[condition.metric] == condition.cuts[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grade": "E"}, "area low_cadence: grade cannot be used. Expected one of A, B, C, D"),
        ({"at_least": 2}, "area low_cadence: at_least cannot be used. Expected 1 to 1"),
        ({"lever": "magic"}, "lever cannot be used. Expected one of cadence, hip_control"),
        ({"helped_by": ["magic"]}, "lever cannot be used"),
        ({"changeability": "easy"}, "changeability cannot be used"),
        ({"associated_with": ["beauty"]}, "Expected one of performance, injury. Received beauty"),
        ({"number": 2}, "area.number cannot be used. Expected each once"),
        ({"id": "overstride"}, "area.id cannot be used. Expected each once"),
    ],
)
def test_a_broken_area_is_named(change, message):
    data = tables()
    data["area"][0] |= change
    with pytest.raises(InputError, match=message):
        parse_areas(data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"above": [1.0]}, "one of above, below, beyond"),
        ({"below": [-2.0, -1.0]}, "each at least as far out"),
        ({"below": []}, "one to three cut-offs"),
        ({"below": [-1, -2, -3, -4]}, "one to three cut-offs"),
        ({"scale": "value"}, "units unless scale is z"),
        ({"units": ["1/min"]}, "units unless scale is z"),
        ({"scale": "percentile"}, "Expected one of value, z"),
        ({"tag": "rumour"}, "Expected one of verified, reported, known, derived, convention"),
    ],
)
def test_a_broken_condition_is_named(change, message):
    data = tables()
    data["area"][0]["condition"][0] |= change
    with pytest.raises(InputError, match=message):
        parse_areas(data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version = ", "areas.toml is not valid TOML"),
        ('version = "1"', "areas.toml lacks the key 'date'"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text, message):
    path = tmp_path / "areas.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_areas(path)


def test_an_unknown_key_is_named(tmp_path: Path):
    path = tmp_path / "areas.toml"
    text = RUNNING_AREAS.read_text(encoding="utf-8")
    path.write_text(text.replace("changeability = ", "changability = ", 1))
    with pytest.raises(InputError, match="changability"):
        load_areas(path)
