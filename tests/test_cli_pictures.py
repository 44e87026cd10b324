"""Single pictures and tables of poses on the command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from stridewise.cli import main
from stridewise.readers import write_csv
from stridewise.simulate import Camera, Noise, Runner, simulate

JOINTS = ["ankle", "knee", "hip", "wrist", "elbow", "shoulder"]
PLACES = {
    "ankle": (300, 500),
    "knee": (320, 400),
    "hip": (300, 300),
    "wrist": (360, 220),
    "elbow": (310, 230),
    "shoulder": (320, 150),
}


def mpii(path: Path) -> Path:
    header = ["ID", "NAME"]
    for joint in JOINTS:
        header += [f"{side} {joint}_{axis}" for side in "rl" for axis in "XY"]
    header += ["upper neck_X", "upper neck_Y", "Scale", "Activity", "Category"]
    seen = ["1", "a.jpg"]
    for joint in JOINTS:
        x, y = PLACES[joint]
        seen += [str(x), str(y), str(x + 15), str(y - 10)]
    rest = ["330", "120", "3.0", "running", "running"]
    unseen = ["2", "b.jpg", *["-1"] * (4 * len(JOINTS))]
    rows = [header, [*seen, *rest], [*unseen, *rest]]
    path.write_text("\n".join(",".join(row) for row in rows) + "\n")
    return path


@pytest.fixture
def frame(tmp_path: Path) -> Path:
    recording = simulate(Runner(seed=1), Camera(fps=60.0), Noise(), 1.0).recording
    kept = recording.with_(
        xy=recording.xy[:1], confidence=recording.confidence[:1], time=recording.time[:1]
    )
    write_csv(kept, tmp_path / "frame.csv")
    return tmp_path / "frame.csv"


def test_one_frame_gives_a_snapshot(
    frame: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyze", str(frame), "--out", str(tmp_path / "out")]) == 0
    out = capsys.readouterr().out
    assert "Looks like running" in out
    assert (tmp_path / "out" / "snapshot.html").is_file()


def test_one_frame_as_json(frame: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", str(frame), "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "stridewise.snapshot/1"


def test_a_row_of_the_table_of_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = mpii(tmp_path / "mpii.csv")
    assert main(["analyze", str(path), "--person", "1", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["source"] == "a.jpg"
    assert main(["analyze", str(path), "--person", "2", "--json", "-"]) == 2
    assert "The pose of b.jpg cannot be read" in capsys.readouterr().err
    assert main(["analyze", str(path), "--person", "3"]) == 2
    assert "There is no such picture" in capsys.readouterr().err
    assert main(["analyze", str(path)]) == 2
    assert "stridewise score" in capsys.readouterr().err


def test_score_of_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", str(mpii(tmp_path / "mpii.csv"))]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["pose"] for row in rows] == ["a.jpg", "b.jpg"]
    assert 0 <= float(rows[0]["running"]) <= 1
    assert rows[1]["running"] == ""


def test_score_of_a_recording_into_a_file(frame: Path, tmp_path: Path) -> None:
    assert main(["score", str(frame), "--out", str(tmp_path / "scores.csv")]) == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "scores.csv").read_text())))
    assert [row["pose"] for row in rows] == ["frame 0"]


def test_a_table_with_a_broken_cell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = mpii(tmp_path / "mpii.csv")
    path.write_text(path.read_text().replace("300,500", "here,500"))
    assert main(["score", str(path)]) == 2
    assert "a number in the column r ankle_X" in capsys.readouterr().err
