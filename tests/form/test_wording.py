import re
from pathlib import Path
from string import Formatter

import pytest

from stridewise.errors import InputError
from stridewise.estimate import Estimate, Norm
from stridewise.form.areas import Condition, load_areas
from stridewise.form.page import page
from stridewise.form.wording import load_wording, quantity, sentence, sign, usual

ROOT = Path(__file__).parents[2]
DATA = ROOT / "src" / "stridewise" / "form"

NEVER_SAID = ("will cause", "diagnos", "prevent", "guarantee", "injury-free", "causes injur")


def placeholders(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_area_condition_and_lever_has_words_and_none_is_left_over():
    areas, words = load_areas(), load_wording()
    assert set(words.areas) == {area.id for area in areas.areas}
    assert set(words.levers) == set(areas.levers)
    for area in areas.areas:
        assert set(words.areas[area.id].signs) == {c.metric for c in area.conditions}


def test_placeholders_are_those_that_can_be_filled():
    for area in load_areas().areas:
        words = load_wording().areas[area.id]
        for condition in area.conditions:
            allowed = {"value", "limit"}
            allowed |= {"norm"} if condition.scale == "z" else set()
            allowed |= {"more"} if condition.metric.startswith("asym_") else set()
            assert placeholders(words.signs[condition.metric]) <= allowed
        for text in (words.why, words.cue, words.drill, words.caution):
            assert not placeholders(text)
    for words in load_wording().levers.values():
        assert placeholders(words.why) == {"signs"}


def test_texts_are_short_sentences():
    for words in (*load_wording().areas.values(), *load_wording().levers.values()):
        for text, most in ((words.cue, 1), (words.drill, 2), (words.caution, 2), (words.why, 2)):
            assert text.endswith(".")
            assert 1 <= len(re.findall(r"\.(?: |$)", text)) <= most, text
        for clause in words.signs.values():
            assert clause[0].islower()
            assert not clause.endswith(".")


@pytest.mark.parametrize("path", [DATA / "areas.toml", DATA / "wording.toml"])
def test_nothing_is_promised_or_diagnosed(path):
    text = path.read_text(encoding="utf-8").lower()
    assert [phrase for phrase in NEVER_SAID if phrase in text] == []


def test_the_documentation_page_is_up_to_date():
    written = (ROOT / "docs" / "form.md").read_text(encoding="utf-8")
    assert written == page(load_areas(), load_wording()), "python -m stridewise.form.page"


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (12.4, "deg", "12°"),
        (-0.4, "deg", "0°"),
        (-3.6, "deg", "−4°"),
        (161.7, "1/min", "162 steps/min"),
        (0.0149, "s", "15 ms"),
        (0.0958, "m", "9.6 cm"),
        (0.2412, "L", "24.1 % of leg length"),
        (12.6, "%", "13 %"),
        (0.5, "1", "0.50"),
    ],
)
def test_quantity(value, unit, said):
    assert quantity(value, unit) == said


def test_usual():
    assert usual(170.1, 8.6, "1/min") == "170 ± 9 steps/min"


def test_sentence():
    assert sentence(["a"]) == "A."
    assert sentence(["a", "b"]) == "A, and b."
    assert sentence(["a", "b", "c"]) == "A; b; c."


def test_sign_names_each_side():
    rule = Condition("m", "m", "above", (6.0,), "value", ("deg",), "convention", "")
    sides = [Estimate("m", s, v, "deg", 1.0, None, 9) for s, v in (("left", 8.2), ("right", 9.0))]
    text = sign("it is {value}, more than {limit}", rule, sides)
    assert text == "it is 8° (left) and 9° (right), more than 6°"


def test_sign_of_a_norm():
    rule = Condition("m", "m", "below", (-1.0,), "z", (), "convention", "")
    cadence = Estimate("m", "both", 150.0, "1/min", 1.0, None, 9, norm=Norm(170.0, 9.0, -2.2, ""))
    assert sign("{value} of {norm}", rule, [cadence]) == "150 steps/min of 170 ± 9 steps/min"


@pytest.mark.parametrize(("value", "more"), [(7.0, "right"), (-7.0, "left")])
def test_sign_of_a_difference_says_which_side_has_more(value, more):
    rule = Condition("m", "m", "beyond", (5.0,), "value", ("deg",), "convention", "")
    text = sign("{value} on the {more}", rule, [Estimate("m", "both", value, "deg", 1.0, None, 9)])
    assert text == f"7° on the {more}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[area.a", "wording.toml is not valid TOML"),
        ("[area.a]\nwhy = 'x.'", "wording.toml does not have the layout of a wording file"),
        ("version = 1", "wording.toml does not have the layout of a wording file"),
    ],
)
def test_a_broken_file_is_named(tmp_path, text, message):
    path = tmp_path / "wording.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_wording(path)
