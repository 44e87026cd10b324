import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.form import pose
from stridewise.form.snapshot import AREAS, Reading, Snapshot
from stridewise.report.snapshot import (
    advice,
    angles,
    drawable,
    facts,
    judged,
    opening,
    page,
    table,
    text,
    untold,
)

FOUND = Snapshot(
    source="a <b>.jpg",
    running=0.9,
    phase="left contact",
    phase_probability=0.8,
    yaw_deg=5.0,
    angles=(Reading("trunk_lean", "", 9.4, 2.0), Reading("knee_flexion", "left", 14.0, 3.0)),
    areas={"overstride": 0.25},
    untold={"low_cadence": "needs several steps", "high_bounce": "needs several steps"},
)


def body() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.uniform(0, 100, (len(pose.POINTS), 2))


def test_text() -> None:
    shown = text(FOUND)
    assert "Looks like running: 90 %" in shown
    assert "Phase: left contact (80 %)" in shown
    assert "trunk lean: 9 ± 4°" in shown
    assert "left knee flexion: 14 ± 6°" in shown
    assert "Landing ahead of the body: 25 % probable" in shown
    assert "Needs several steps: slow cadence, high bounce" in shown
    assert "not a finding" in shown


def test_the_page_escapes_names_and_holds_the_pose(tmp_path: Path) -> None:
    written = page(FOUND, body(), tmp_path / "out")
    html = written.read_text(encoding="utf-8")
    assert "a &lt;b&gt;.jpg" in html
    assert "<b>.jpg" not in html
    assert html.count("<svg") == 1
    assert "trunk 9°" in html
    assert "knee 14°" in html
    assert "14 ± 6°" in html
    assert "Landing ahead of the body" in html
    assert "Needs several steps." in html
    assert "http" not in html.replace("Content-Security-Policy", "").replace("http-equiv", "")


def test_the_leg_on_the_ground_is_the_one_in_question() -> None:
    drawn = drawable(FOUND, body())
    assert (drawn.phase, drawn.side, drawn.plane) == ("initial_contact", "left", "sagittal")
    assert drawn.angles == {"trunk_lean": 9.4, "knee_flexion": 14.0}
    later = drawable(replace(FOUND, phase="flight after right"), body())
    assert (later.phase, later.side) == ("toe_off", "right")
    assert later.angles == {"trunk_lean": 9.4}


def test_without_a_phase_the_nearer_leg_is_in_question() -> None:
    lost = replace(FOUND, phase=None)
    assert drawable(lost, body()).side == "right"
    assert drawable(replace(lost, yaw_deg=170.0), body()).side == "left"
    assert drawable(replace(lost, yaw_deg=None), body()).plane is None


@pytest.mark.parametrize(
    ("yaw", "plane"),
    [(0, "sagittal"), (165, "sagittal"), (45, None), (-80, "frontal"), (90, "frontal")],
)
def test_arcs_are_of_the_plane_that_is_seen(yaw: float, plane: str | None) -> None:
    assert drawable(replace(FOUND, yaw_deg=yaw), body()).plane == plane


def test_the_tilt_of_the_pelvis_becomes_a_drop_of_the_free_side() -> None:
    tilted = replace(FOUND, angles=(Reading("pelvic_obliquity", "", 4.0, 1.0),))
    assert drawable(tilted, body()).angles == {"contralateral_drop": -4.0}
    other = replace(tilted, phase="right contact")
    assert drawable(other, body()).angles == {"contralateral_drop": 4.0}


def test_the_head_of_the_page() -> None:
    assert facts(FOUND) == [
        ("Looks like running", "90 %"),
        ("In the stride", "left contact, 80 %"),
        ("Seen", "from the right, 5° off"),
        ("Areas judged", "1 of 3"),
    ]
    seen = [dict(facts(replace(FOUND, yaw_deg=yaw)))["Seen"] for yaw in (-90.0, 175.0, None)]
    assert seen == ["from behind", "from the left, 5° off", "direction cannot be told"]


def test_what_is_found_is_said_in_a_sentence() -> None:
    first, second = opening(FOUND)
    assert first == (
        "This looks like running (90 % probable); the phase is left contact, seen from the right, "
        "5° off."
    )
    assert second == "Judged here: landing ahead of the body. Nothing of it is likely."
    _, second = opening(replace(FOUND, areas={"excess_lean": 0.7}))
    assert second == "Worth a look in a film: strong forward lean (70 % probable)."
    _, second = opening(replace(FOUND, areas={}))
    assert second == "It shows no area of running form well enough to judge it."


def test_of_who_does_not_run_no_angle_is_told() -> None:
    standing = replace(FOUND, running=0.2, areas={}, phase=None)
    (only,) = opening(standing)
    assert only.startswith("This does not look like running (20 % probable)")
    assert angles(standing) == []
    assert drawable(standing, body()).angles == {}


def test_angles_by_side() -> None:
    assert angles(FOUND) == [
        ("Trunk lean, forward", [("both", "9 ± 4°")]),
        ("Knee bend", [("left", "14 ± 6°"), ("right", "")]),
    ]


def test_the_likeliest_area_comes_first_and_only_a_likely_one_has_a_cue() -> None:
    found = judged(replace(FOUND, areas={"overstride": 0.05, "excess_lean": 0.7}))
    assert [(a["title"], a["words"], a["percent"], bool(a["cue"])) for a in found] == [
        ("Strong forward lean", "Likely", "70 %", True),
        ("Landing ahead of the body", "Very unlikely", "5 %", False),
    ]


def test_each_reason_is_told_once() -> None:
    assert untold(FOUND) == [("Needs several steps.", ["Slow cadence", "High bounce"])]


def test_advice_follows_what_is_lacking() -> None:
    whole = body()
    assert len(advice(FOUND, whole)) == 1
    assert "Film 20 seconds" in advice(FOUND, whole)[0]
    footless = whole.copy()
    footless[pose.POINTS.index("left_heel")] = np.nan
    assert "marks heel and toe" in advice(FOUND, footless)[0]
    footless[pose.POINTS.index("left_knee")] = np.nan
    assert "whole body" in advice(FOUND, footless)[1]
    assert "square to the runner" in advice(replace(FOUND, yaw_deg=30.0), whole)[0]
    assert "square to the runner" in advice(replace(FOUND, yaw_deg=None), whole)[0]
    assert "from the side" in advice(replace(FOUND, yaw_deg=-88.0), whole)[0]
    assert "while a foot is down" in advice(replace(FOUND, phase="flight after left"), whole)[0]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        page(FOUND, body(), tmp_path / "file")


def test_the_table_has_a_row_for_each_pose() -> None:
    empty = Snapshot("none", float("nan"), None, 0.0, None, (), {}, {})
    rows = list(csv.DictReader(io.StringIO(table([FOUND, empty]))))
    assert rows[0]["pose"] == "a <b>.jpg"
    assert rows[0]["running"] == "0.9000"
    assert rows[0]["overstride"] == "0.250"
    assert all(rows[1][key] == "" for key in ("running", "phase", "yaw_deg", *AREAS))
