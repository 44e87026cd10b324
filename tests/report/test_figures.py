from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

from stridewise.gait.motion import Event
from stridewise.report import figures, svg
from stridewise.result import Analysis

from .example import curve, estimate, running


def xml(picture: str) -> ET.Element:
    return ET.fromstring(picture)


def test_contacts_pair_each_landing_with_the_next_toe_off() -> None:
    events = [
        Event("toe_off", "left", 0.1, 0.0),
        Event("initial_contact", "left", 0.5, 0.0),
        Event("toe_off", "right", 0.6, 0.0),
        Event("toe_off", "left", 0.75, 0.0),
        Event("initial_contact", "left", 1.2, 0.0),
    ]
    assert figures.contacts(events, "left") == [(0.5, 0.75)]
    assert figures.contacts(events, "right") == []


def test_a_long_timeline_shows_six_seconds_from_the_middle() -> None:
    start, end, partly = figures.window(running(60.0))
    assert partly
    assert end - start == pytest.approx(6.0)
    assert (start + end) / 2 == pytest.approx(30.0, abs=0.5)
    assert not figures.window(running(6.0))[2]


def test_timeline_bars_are_the_contacts() -> None:
    bars = xml(figures.timeline_figure(running(4.0))).findall("rect")
    assert len(bars) == 11
    widths = {round(float(bar.get("width", 0)), 1) for bar in bars}
    assert len(widths) == 1
    assert widths.pop() == pytest.approx(838 * 0.246 / (10 * 0.352 + 0.246 + 0.2), abs=0.1)


def test_a_value_on_the_mean_is_in_the_middle_of_its_strip() -> None:
    strip = figures.norm_strip([estimate("cadence", "both", 170.0, "1/min", 1.0, (170, 8))])
    assert strip is not None
    (dot,) = xml(strip).findall("circle")
    assert float(dot.get("cx", 0)) == 85.0


def test_a_value_far_out_stays_on_its_strip() -> None:
    strip = figures.norm_strip([estimate("cadence", "both", 900.0, "1/min", 1.0, (170, 8))])
    assert strip is not None
    (dot,) = xml(strip).findall("circle")
    assert float(dot.get("cx", 0)) == 165.0


def test_left_and_right_differ_in_shape_and_colour() -> None:
    sides = [estimate("shank_ic", s, 11.0, "deg", 1.0, (10, 2)) for s in ("left", "right")]
    strip = figures.norm_strip(sides)
    assert strip is not None
    root = xml(strip)
    assert [c.get("fill") for c in root.findall("circle")] == ["var(--left)"]
    assert "var(--right)" in [r.get("fill") for r in root.findall("rect")]


def test_no_strip_without_norms() -> None:
    assert figures.norm_strip([estimate("cadence", "both", 170.0, "1/min", 1.0)]) is None


def test_a_curve_breaks_where_points_are_missing() -> None:
    one = curve("knee_flexion", "left", [10, 40, 20, 90], 2.0, 0.0)
    mean = one.mean.copy()
    mean[40:60] = np.nan
    picture = figures.curve_figure([replace(one, mean=mean)])
    drawn = [p.get("d", "") for p in xml(picture).findall("path") if p.get("fill") == "none"]
    assert [d.count("M") for d in drawn] == [2]
    assert "NaN" not in picture
    assert "nan" not in picture


def test_a_curve_without_any_point_still_draws_its_axes() -> None:
    one = curve("knee_flexion", "left", [10, 40, 20, 90], 2.0, 0.0)
    empty = replace(one, mean=np.full(101, np.nan), sd=np.full(101, np.nan))
    assert xml(figures.curve_figure([empty])).findall("line")


def test_every_picture_has_a_title_and_is_well_formed_alone(from_side: Analysis) -> None:
    from stridewise.report.page import figures as all_figures

    pictures = all_figures(from_side)
    assert len(pictures) == 6 + 4 + 1
    for picture in pictures.values():
        root = xml(svg.standalone(picture))
        space = "{http://www.w3.org/2000/svg}"
        assert root.tag == f"{space}svg"
        title = root.find(f"{space}title")
        assert title is not None
        assert title.text
        assert "var(" not in svg.standalone(picture)
        assert "nan" not in picture


def test_text_in_pictures_is_escaped() -> None:
    assert svg.text(0, 0, "<b>&") == ('<text x="0" y="0" fill="var(--ink)">&lt;b&gt;&amp;</text>')
    assert 'title="&#34;&gt;"' in svg.tag("g", title='">')


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (-12, 41, [-10, 0, 10, 20, 30, 40]),
        (0.31, 0.39, [0.32, 0.34, 0.36, 0.38]),
        (5, 5, [5]),
    ],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert svg.ticks(low, high) == pytest.approx(expected)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("role", ["ink", "muted", "left", "right", "accent", "warm"])
@pytest.mark.parametrize("ground", ["page", "surface", "band"])
def test_words_have_the_contrast_that_wcag_asks_for(theme: int, role: str, ground: str) -> None:
    pair = sorted(_luminance(svg.COLOURS[name][theme]) for name in (role, ground))
    assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5


def test_only_known_colours_are_used(from_side: Analysis) -> None:
    from stridewise.report.page import page

    used = set(re.findall(r"var\(--([a-z-]+)\)", page(from_side)))
    assert used <= set(svg.COLOURS)
    with pytest.raises(KeyError):
        svg.colour("mauve")
