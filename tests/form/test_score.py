import pytest

from stridewise.form.areas import load_areas
from stridewise.form.score import score
from stridewise.result import Judged

AREAS = load_areas()
ALL = [area.id for area in AREAS.areas]


def everything(**severe: tuple[float, float, float]) -> list[Judged]:
    return [Judged(name, "both", severe.get(name, (0.0, 0.0, 0.0))) for name in ALL]


def test_nothing_past_a_threshold_is_100_and_certain() -> None:
    found = score(everything(), AREAS)
    assert found is not None
    assert (found.value, found.sd, found.judged) == (100.0, 0.0, 1.0)


def test_everything_marked_is_0() -> None:
    found = score([Judged(name, "both", (1.0, 1.0, 1.0)) for name in ALL], AREAS)
    assert found is not None
    assert found.value == pytest.approx(0.0)
    assert found.sd == pytest.approx(0.0)


def test_an_area_takes_off_its_share_of_weight_by_expected_severity() -> None:
    found = score(everything(high_bounce=(1.0, 1.0, 0.0)), AREAS)
    assert found is not None
    weight = {a.id: AREAS.grades[a.grade].weight for a in AREAS.areas}
    lost = 100 * weight["high_bounce"] / sum(weight.values()) * 2 / 3
    assert found.value == pytest.approx(100 - lost)
    assert found.lost["high_bounce"] == pytest.approx(lost)
    assert found.sd == pytest.approx(0.0)


def test_doubt_shows_in_the_standard_deviation() -> None:
    found = score(everything(high_bounce=(0.5, 0.0, 0.0)), AREAS)
    assert found is not None
    weight = {a.id: AREAS.grades[a.grade].weight for a in AREAS.areas}
    one_third = 100 * weight["high_bounce"] / sum(weight.values()) / 3
    assert found.sd == pytest.approx(one_third * 0.5)


def test_the_worse_side_counts() -> None:
    mild, marked = (1.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    rest = [j for j in everything() if j.area != "pelvic_drop"]
    both = [Judged("pelvic_drop", "left", marked), Judged("pelvic_drop", "right", mild)]
    found = score([*rest, *both], AREAS)
    alone = score([*rest, Judged("pelvic_drop", "both", marked)], AREAS)
    assert found == alone


def test_too_little_judged_gives_no_score() -> None:
    assert score([Judged("high_bounce", "both", (0.0, 0.0, 0.0))], AREAS) is None
    assert score([], AREAS) is None
