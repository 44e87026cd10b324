from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from stridewise.estimate import Estimate
from stridewise.report import words
from stridewise.report.brief import advice, unjudged_areas, unjudged_measures, verdict
from stridewise.report.page import page
from stridewise.result import Analysis

from .example import estimate, finding

VOID = {"meta", "link", "col", "br", "img", "input", "hr"}


class Reader(HTMLParser):
    """Checks that elements nest, and collects what is needed to judge the page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.headings: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def read(markup: str) -> Reader:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("which", ["from_side", "from_behind", "bare"])
def test_the_page_is_well_formed_and_accessible(which: str, request: pytest.FixtureRequest) -> None:
    reader = read(page(request.getfixturevalue(which)))
    tags = reader.tags
    assert ("html", {"lang": "en"}) in tags
    assert any(t == "meta" and a.get("name") == "viewport" for t, a in tags)
    assert all(a.get("scope") in ("col", "row") for t, a in tags if t == "th")
    assert all(a.get("role") == "img" for t, a in tags if t == "svg")
    assert reader.headings.count(1) == 1
    steps = zip(reader.headings, reader.headings[1:], strict=False)
    assert all(after - before <= 1 for before, after in steps)
    ids = [a["id"] for _, a in tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["aria-labelledby"] for _, a in tags if "aria-labelledby" in a} <= set(ids)


@pytest.mark.parametrize("which", ["from_side", "from_behind", "bare"])
def test_nothing_is_loaded_from_elsewhere(which: str, request: pytest.FixtureRequest) -> None:
    markup = page(request.getfixturevalue(which))
    tags = read(markup).tags
    assert not {"script", "iframe", "img", "object", "embed", "form"} & {tag for tag, _ in tags}
    loaded = {a[key] for _, a in tags for key in ("src", "href", "action", "srcset") if key in a}
    assert loaded == {"data:,"}
    assert not re.search(r"url\(|@import|https?://", markup)


def test_every_metric_finding_and_reason_is_there(from_side: Analysis) -> None:
    text = read(page(from_side)).text
    for metric in from_side.metrics:
        name = words.describe(metric.id).name
        assert name.lower() in text.lower()
        if metric.value is not None:
            assert words.value_text(metric) in text
            assert words.describe(metric.id).help in text
        if metric.reason:
            assert words.sentence(metric.reason) in text
    for found in from_side.findings:
        for part in (found.title, found.why, found.cue, found.source):
            assert part in text
    for area, reason in from_side.unjudged:
        assert words.area_title(area).lower() in text.lower()
        assert reason in text
    for note in from_side.capture.notes:
        assert note in text


def test_priorities_come_in_their_order_and_others_after(from_side: Analysis) -> None:
    shuffled = replace(from_side, findings=from_side.findings[::-1])
    text = read(page(shuffled)).text
    places = [text.index(f"Priority {i}") for i in (1, 2, 3)]
    titles = [text.index(f.title, places[0]) for f in from_side.findings]
    assert titles == sorted(titles)
    assert "Very likely (97 %), mild. Associated with injury." in text


def test_a_finding_says_how_good_its_evidence_is(from_side: Analysis) -> None:
    text = read(page(from_side)).text
    assert f"Evidence grade B: {words.evidence()['B']}." in text


def test_header(from_side: Analysis) -> None:
    text = read(page(from_side, written=date(2030, 1, 2))).text
    for part in (
        "anna_treadmill.csv",
        "2 January 2030",
        "3.5 m/s (4:46 min/km), given",
        "from the right",
        "treadmill",
        "27 s at 60 frames/s",
    ):
        assert part in text


def test_what_a_file_brings_is_escaped(from_side: Analysis) -> None:
    evil = "<script>alert(1)</script>"
    attacked = replace(
        from_side,
        recording={**from_side.recording, "source": evil},
        capture=replace(from_side.capture, notes=(evil,), speed_source=evil, view=evil),
        metrics=(estimate("x", "both", None, "1", reason=evil), estimate(evil, "both", 1.0, evil)),
        findings=(finding(evil, evil, 1, why=evil, cue=evil, source=evil),),
        unjudged=((evil, evil),),
        provenance={evil: evil, "list": [evil, {evil: evil}]},
    )
    markup = page(attacked)
    assert evil not in markup
    assert html.escape(evil) in markup
    assert "script" not in [tag for tag, _ in read(markup).tags]


def test_reasons_are_grouped_and_sides_merged() -> None:
    absent = [
        estimate("shank_ic", "left", None, "deg", reason="A."),
        estimate("shank_ic", "right", None, "deg", reason="A."),
        estimate("foot_ic", "left", None, "deg", reason="a"),
        estimate("cadence", "both", None, "1/min", reason="b"),
    ]
    analysis = replace(_bare(), metrics=tuple(absent), unjudged=(("stiff_landing", "B."),))
    assert unjudged_measures(analysis) == [
        ("A.", ["Shin angle at contact", "foot angle at contact (left)"]),
        ("B.", ["Cadence"]),
    ]
    assert unjudged_areas(analysis) == [("B.", ["Stiff landing"])]


def _bare() -> Analysis:
    from stridewise.result import Capture

    capture = Capture("left", 168.0, "left", "auto", None, None, "", 1.0, "D", ())
    return Analysis({"source": ""}, capture, (), (), (), (), {})


def test_advice_fits_the_recording(from_side: Analysis) -> None:
    said = advice(from_side)
    assert [a.split(":")[0] for a in said] == [
        "Film at 120 frames per second or more",
        "Film once more from behind to judge pelvis, hips and knees sideways.",
    ]
    assert "it looked 12° past a plain view from the left" in " ".join(advice(_bare()))


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, "One thing stands out and is worth working on: low cadence."),
        (
            2,
            "Two things stand out and are worth working on: low cadence and landing ahead of "
            "the body (left side).",
        ),
        (0, "There are a few signs, listed below, but none that should be worked on first."),
    ],
)
def test_verdict(from_side: Analysis, count: int, expected: str) -> None:
    kept = from_side.findings[:count] or from_side.findings[3:]
    assert verdict(replace(from_side, findings=kept)) == expected


def test_an_advisory_value_is_shown_but_not_compared(from_side: Analysis) -> None:
    text = read(page(from_side)).text
    assert "51 ± 12° – too coarse to judge 1 38" in text
    assert "The left arm is hidden by the trunk in 41 % of frames." in text


def test_the_summary_shows_first_what_can_be_judged_by(from_behind: Analysis) -> None:
    duty = estimate("duty_factor", "both", 0.35, "1", 0.01)
    coarse = estimate("overstride", "left", 0.23, "L", 0.02, status="advisory", reason="Edge on.")
    firm = [e for e in from_behind.metrics if e.id != "overstride"]

    def names(*metrics: Estimate) -> list[str]:
        text = page(replace(from_behind, metrics=metrics)).split('<dl class="grid tiles">')[1]
        return re.findall(r"<dt>([^<]+)</dt>", text.split("</dl>")[0])

    assert names(*firm, duty, coarse) == ["Cadence", "Pelvic drop", "Step width", "Duty factor"]
    assert names(*firm, coarse) == ["Cadence", "Pelvic drop", "Step width", "Overstride"]


def test_the_page_is_small(from_side: Analysis) -> None:
    assert len(page(from_side).encode()) < 400_000
