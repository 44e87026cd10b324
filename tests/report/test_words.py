from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stridewise.report import words

from .example import estimate


@pytest.mark.parametrize(
    ("value", "half", "unit", "metric", "expected"),
    [
        (42.4, 2.9, "deg", "", "42 ± 3°"),
        (-22.4, 1.5, "deg", "thigh_to", "−22 ± 2°"),
        (-0.2, 1.5, "deg", "", "0 ± 2°"),
        (10.1, 0.2, "deg", "", "10 ± 1°"),
        (10.1, 0.0, "deg", "", "10 ± 1°"),
        (42.4, None, "deg", "", "42°"),
        (42.4, float("nan"), "deg", "", "42°"),
        (0.2512, 0.0078, "s", "ground_contact_time", "251 ± 8 ms"),
        (159.6, 0.3, "1/min", "cadence", "160 ± 1 steps/min"),
        (0.1084, 0.0042, "m", "vertical_oscillation", "10.8 ± 0.4 cm"),
        (0.1084, 0.013, "m", "vertical_oscillation", "11 ± 1 cm"),
        (0.0042, 0.002, "m", "drift_vertical_oscillation", "0.4 ± 0.2 cm"),
        (1.229, 0.04, "m", "step_length", "1.23 ± 0.04 m"),
        (0.28, 0.0235, "L", "overstride", "28 ± 2 % leg length"),
        (0.354, 0.012, "1", "duty_factor", "35 ± 1 %"),
        (0.354, 0.004, "1", "duty_factor", "35.4 ± 0.4 %"),
        (0.12, 0.04, "1", "head_pos", "0.12 ± 0.04 trunk lengths"),
        (0.3, 0.14, "1", "knee_window", "0.3 ± 0.1 hip widths"),
        (3.5, 0.06, "m/s", "speed", "3.50 ± 0.06 m/s"),
        (9.44, 0.96, "kN/m", "leg_stiffness", "9 ± 1 kN/m"),
        (251.0, 13.0, "deg", "", "251 ± 13°"),
        (1.5, 0.25, "J", "", "1.5 ± 0.2 J"),
    ],
)
def test_measure_has_as_many_digits_as_the_uncertainty_deserves(
    value: float, half: float | None, unit: str, metric: str, expected: str
) -> None:
    assert words.measure(value, half, unit, metric) == expected


@given(
    st.floats(-1e4, 1e4),
    st.floats(1e-6, 1e3),
    st.sampled_from(["s", "m", "deg", "1/min", "L", "%", "m/s", "kN/m", "1"]),
)
def test_measure_always_has_one_number_of_decimals_and_no_zero_uncertainty(
    value: float, half: float, unit: str
) -> None:
    found = re.match(r"^−?(\d+)(?:\.(\d+))? ± (\d+)(?:\.(\d+))?", words.measure(value, half, unit))
    assert found
    assert len(found[2] or "") == len(found[4] or "")
    assert float(f"{found[3]}.{found[4] or 0}") > 0


def test_differences_and_changes_carry_their_sign() -> None:
    assert words.value_text(estimate("asym_shank_ic", "both", 1.6, "deg", 1.0)) == "+2 ± 2°"
    drift = estimate("drift_cadence", "both", -3.2, "1/min", 0.9)
    assert words.value_text(drift) == "−3 ± 2 steps/min"
    assert words.value_text(estimate("shank_ic", "left", 1.6, "deg", 1.0)) == "2 ± 2°"


def test_an_absent_value_is_a_dash() -> None:
    assert words.value_text(estimate("shank_ic", "left", None, "deg", reason="no")) == "–"
    assert words.value_text(estimate("shank_ic", "left", float("nan"), "deg")) == "–"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (10.0, "typical"),
        (11.9, "typical"),
        (12.0, "higher than most"),
        (14.0, "much higher than most"),
        (8.0, "lower than most"),
        (5.0, "much lower than most"),
    ],
)
def test_norm_words(value: float, expected: str) -> None:
    assert words.norm_words(estimate("shank_ic", "left", value, "deg", 1.0, (10, 2))) == expected


def test_no_comparison_without_a_norm_or_with_a_coarse_value() -> None:
    assert words.norm_words(estimate("shank_ic", "left", 20.0, "deg", 1.0)) == ""
    assert words.compare([estimate("shank_ic", "left", 20.0, "deg", 1.0)]) == ""
    coarse = estimate("shank_ic", "left", 20.0, "deg", 1.0, (10, 2), status="advisory")
    assert words.norm_words(coarse) == ""


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (10.0, 10.5, "typical"),
        (13.0, 10.5, "left higher than most, right typical"),
        (15.0, 13.0, "left much higher, right higher than most"),
        (13.0, None, "left higher than most"),
        (None, None, ""),
    ],
)
def test_sides_are_compared_together(
    left: float | None, right: float | None, expected: str
) -> None:
    sides = [
        estimate("shank_ic", "left", left, "deg", 1.0, (10, 2)),
        estimate("shank_ic", "right", right, "deg", 1.0, (10, 2)),
    ]
    assert words.compare(sides) == expected


@pytest.mark.parametrize(
    ("probability", "expected", "shown"),
    [
        (1.0, "almost certain", "99 %"),
        (0.99, "almost certain", "99 %"),
        (0.93, "very likely", "93 %"),
        (0.8, "likely", "80 %"),
        (0.5, "possible", "50 %"),
        (0.0, "possible", "1 %"),
    ],
)
def test_probabilities(probability: float, expected: str, shown: str) -> None:
    assert words.probability_words(probability) == expected
    assert words.percent(probability) == shown


def test_speed_comes_with_pace() -> None:
    assert words.speed_text(3.5) == "3.5 m/s (4:46 min/km)"
    assert words.speed_text(1000 / 299.7) == "3.3 m/s (5:00 min/km)"
    assert words.speed_text(0.0) == "standing"


def test_enumeration() -> None:
    assert [words.join(x) for x in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_names_come_from_the_catalogue_and_fall_back_to_the_id() -> None:
    known = words.describe("shank_ic")
    assert (known.name, known.group) == ("Shin angle at contact", "sagittal")
    assert known.help
    assert words.describe("my_metric") == words.Description("My metric", "other")
    assert words.area_title("overstride") == "Landing ahead of the body"
    assert words.area_title("my_area") == "My area"
    assert words.area_title("shank_ic") == "Shin angle at contact"


def test_every_group_of_the_catalogue_has_a_title() -> None:
    from stridewise.metrics.registry import catalogue

    assert {metric.group for metric in catalogue().values()} <= set(words.GROUPS)


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0.995, "almost certain"),
        (0.66, "likely"),
        (0.5, "about as likely as not"),
        (0.33, "unlikely"),
        (0.1, "very unlikely"),
        (0.0, "very unlikely"),
    ],
)
def test_a_chance_may_be_small(probability: float, said: str) -> None:
    assert words.chance_words(probability) == said
