import csv
import io
from pathlib import Path

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.form import pose
from stridewise.form.snapshot import AREAS, Reading, Snapshot
from stridewise.report.snapshot import figure, page, table, text

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
    assert "needs several steps: slow cadence, high bounce" in shown
    assert "not a finding" in shown


def test_the_page_escapes_names_and_holds_the_pose(tmp_path: Path) -> None:
    written = page(FOUND, body(), tmp_path / "out")
    html = written.read_text(encoding="utf-8")
    assert "a &lt;b&gt;.jpg" in html
    assert html.count("<line") == 12


def test_a_missing_point_leaves_its_bones_out() -> None:
    xy = body()
    xy[pose.POINTS.index("left_knee")] = np.nan
    assert str(figure(xy)).count("<line") == 10


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
