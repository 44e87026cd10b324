"""Tables and page, from readings made up by hand."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copy

import numpy as np
import pytest

from benchmarks import estimators
from benchmarks.agreement import Measure
from benchmarks.estimator_page import between, gist, page, peers
from benchmarks.estimator_tables import (
    Owned,
    between_runners,
    event_table,
    judged,
    metric_table,
    order,
    outcome_table,
    rmse,
    short_table,
    telling_table,
)
from benchmarks.films import EXACT, Reading, Told
from training.films.record import POINTS


def reading(film: str, points: str, **changes: object) -> Reading:
    plain = {
        "film": film,
        "runner": film,
        "view": "side",
        "place": "treadmill",
        "fps": 60.0,
        "true_to_time": True,
        "points": points,
        "grade": "A",
        "asked": 10,
    }
    return Reading(**(plain | changes))  # type: ignore[arg-type]


MINE = [
    reading(
        "01",
        "blazepose-full",
        events=(
            Told("initial_contact", "right", 3.0, True),
            Told("initial_contact", "right", 5.0, False),
            Told("initial_contact", "lost"),
            Told("initial_contact", "other", 2.0),
            Told("toe_off", "right", -4.0, True),
            Told("toe_off", "invented"),
        ),
        metrics=(
            Measure("ground_contact_time", "left", "s", 0.003, True),
            Measure("ground_contact_time", "right", "s", -0.004, False),
        ),
        findings=("low_cadence, both", "overstride, left"),
        withheld=2,
        advisory=1,
    ),
    reading("02", "blazepose-full", refused="too short", grade="", asked=0),
    reading("01", EXACT, findings=("low_cadence, both", "overstride, right"), grade="B"),
    reading("02", EXACT, findings=("low_cadence, both",)),
]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_events() -> None:
    head, _, row, exact = (cells(line) for line in event_table(MINE))
    assert row[:3] == ["side", "BlazePose full", "2 (2)"]
    assert row[3:7] == ["4.1", "+4.0", "50", "25 / 25 / 0"]
    assert row[7:] == ["4.0", "-4.0", "100", "0 / 0 / 100"]
    assert len(head) == len(row)
    assert exact[1] == EXACT
    assert set(exact[3:]) == {"–", "– / – / –"}


def test_metrics() -> None:
    row = cells(outcome_table(MINE)[2])
    assert row[2] == "3.5, 50 %"
    assert set(row[3:]) == {"–"}
    head, _, row = (cells(line) for line in metric_table(MINE))
    assert head == ["metric", "unit", "BlazePose full", EXACT]
    assert row == ["ground_contact_time", "ms", "3.54, 50 %", ""]


def test_findings_are_right_where_exact_points_give_them_too() -> None:
    exact = {r.film: r for r in MINE if r.points == EXACT}
    # The refused film could not raise what it should have.
    assert judged(MINE[:2], exact) == (2, 1, 2)
    row = cells(telling_table(MINE)[2])
    assert row[2:] == ["1 of 2", "1 of 2", "20", "10", "1", "1 / 0 / 0 / 0"]


def test_groups_stand_in_their_order() -> None:
    slow = reading("03", "movenet-thunder", fps=24.0)
    rows = short_table([slow, *MINE], "frames/s", lambda r: f"{r.fps:g}", ["24", "60"])
    assert [cells(row)[:2] for row in rows[2:]] == [
        ["24", "MoveNet Thunder"],
        ["60", "BlazePose full"],
        ["60", EXACT],
    ]
    assert order([*MINE, slow]) == ["blazepose-full", "movenet-thunder", EXACT]


def test_an_error_is_given_with_what_other_runners_would_have() -> None:
    # Twenty runners, half of them with errors of 1, half with 3: a mean square of 5, ± 4 / √20.
    runners = [f"{i // 10}" for i in range(200)]
    errors = [1.0 if int(runner) % 2 else -3.0 for runner in runners]
    expected = np.sqrt(5 + np.array([-1.96, 1.96]) * 4 / 20**0.5)
    assert between_runners(errors, runners) == pytest.approx(expected, rel=0.04)
    same = Owned(error=[3.0, -3.0, 3.0], runner=["a", "b", "c"])
    assert rmse(same, 1) == "3.0 (3.0 to 3.0)"
    assert rmse(Owned(error=[3.0, -3.0], runner=["a", "b"]), 1) == "3.0"
    assert rmse(Owned(), 1) == "–"


def test_the_page_says_what_it_rests_on() -> None:
    text = "\n".join(page(MINE))
    assert "2 films of 2 runners; side 2." in text
    assert "60 (2)" in text
    assert "## By" not in text
    text = "\n".join(
        page([*MINE, reading("03", EXACT, fps=30.0, place="road", true_to_time=False)])
    )
    for value in ("30", "wrong", "road"):
        assert f"| {value} | {EXACT} | 1 (1) |" in text
    short = [cells(line) for line in gist(MINE)]
    assert short[0] == ["", "BlazePose full, side", "exact points, all views"]
    assert ["contact: RMSE (bias), ms", "4.1 (+4.0)", "–"] in short
    assert ["lost or on the other foot, %", "40", "–"] in short
    assert ["findings that exact points give too", "1 of 2", "3 of 3"] in short


def test_lines_go_between_the_marks() -> None:
    mark = "<!-- written by python -m benchmarks.estimators --document -->"
    text = f"before\n{mark}\nold\n<!-- to here -->\nafter\n"
    made = between(text, ["new"])
    assert made == f"before\n{mark}\nnew\n<!-- to here -->\nafter\n"
    assert between(made, ["new"]) == made
    with pytest.raises(SystemExit, match="There is no"):
        between("nothing", ["new"])


def test_the_best_method_of_each_other_package(tmp_path: Path) -> None:
    def found(lost: int, rms: float | None) -> dict[str, dict[str, float | None]]:
        one = {"true": 10, "lost": lost, "other": 1, "invented": 2, "rms_ms": rms, "bias_ms": rms}
        return {"initial_contact": one, "toe_off": one | {"lost": 9}}

    methods = {
        "A rough": found(0, 30.0),
        "A fine": found(3, 20.0),
        "A sparse": found(8, 5.0),
        "B none": found(10, None),
    }
    path = tmp_path / "results.json"
    content = {"packages": ["a==1"], "films": ["01"], "found": {"blazepose-full": methods}}
    path.write_text(json.dumps(content))
    contact, off = (cells(line) for line in peers(MINE, path)[-2:])
    assert contact[2] == "3.6 (+3.3), 25 / 25 / 0"
    assert contact[3:] == ["fine 20.0 (+20.0), 30 / 10 / 20", "–"]
    assert off[3].startswith("rough 30.0")
    assert "Not measured" in peers(MINE, tmp_path / "nothing.json")[0]


def test_one_command_writes_page_readme_and_readings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = "<!-- written by python -m benchmarks.estimators --document -->"
    document, readme = tmp_path / "accuracy.md", tmp_path / "README.md"
    readme.write_text(f"# x\n{mark}\n<!-- to here -->\n")
    monkeypatch.setattr(estimators, "DOCUMENT", document)
    monkeypatch.setattr(estimators, "README", readme)
    copy(sorted(POINTS.glob("*_side.npz"))[0], tmp_path)
    options = "--view side --estimator movenet-thunder --jobs 1 --document --folder"
    estimators.main([*options.split(), str(tmp_path), "--json", str(tmp_path / "readings.json")])
    assert "1 film of 1 runner" in document.read_text()
    assert "MoveNet Thunder, side" in readme.read_text()
    read = json.loads((tmp_path / "readings.json").read_text())
    assert read[0]["points"] == EXACT
