from __future__ import annotations

from dataclasses import replace

from stridewise.report.text import WIDTH, summary
from stridewise.result import Analysis


def test_the_summary_of_a_full_analysis(from_side: Analysis) -> None:
    lines = summary(from_side).splitlines()
    assert lines[:2] == [
        "anna_treadmill.csv",
        "filmed from the right, 60 frames/s, 27 s, treadmill, 3.5 m/s (4:46 min/km), quality B",
    ]
    assert "Ground contact time      251 ± 8 ms         246 ± 8 ms    typical" in lines
    second = lines.index("  2. Landing ahead of the body, left side (very likely, 93 %)")
    assert lines[second + 1] == "     “Land under your hips”"
    assert "  Also seen: upright trunk" in lines
    assert "  Needs the runner's mass: leg stiffness, vertical stiffness" in lines
    assert 12 <= len(lines) <= 25
    assert max(map(len, lines)) <= WIDTH


def test_columns_are_aligned(from_side: Analysis) -> None:
    lines = summary(from_side).splitlines()
    table = lines[3 : lines.index("Work on first") - 1]
    at = table[0].index("for this speed")
    assert all(line[at - 2 : at] == "  " and line[at] != " " for line in table)


def test_nothing_found_and_hardly_anything_judged(from_behind: Analysis) -> None:
    text = " ".join(summary(from_behind).split())
    assert "Nothing stood out, but little could be judged: 7 of 16 areas of" in text


def test_nothing_found_because_all_is_fine(from_side: Analysis) -> None:
    text = " ".join(summary(replace(from_side, findings=())).split())
    assert "Nothing stood out: 13 of 16 areas of running form could be judged, and none" in text


def test_nothing_at_all(bare: Analysis) -> None:
    assert summary(bare).splitlines() == [
        "Recording",
        "filmed from the left, quality D",
        "",
        "Nothing could be judged in this recording.",
    ]


def test_a_hostile_name_stays_on_its_line(bare: Analysis) -> None:
    named = replace(bare, recording={"source": "\x1b[31mred\n" + "x" * 300})
    first = summary(named).splitlines()[0]
    assert len(first) == WIDTH
    assert "\x1b" not in first
