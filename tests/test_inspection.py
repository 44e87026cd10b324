from __future__ import annotations

import json

import numpy as np
import pytest

from stridewise.cli import main
from stridewise.errors import InputError
from stridewise.inspection import describe, inspect, text
from stridewise.readers import write_csv
from stridewise.recording import Recording
from stridewise.simulate import Camera, Noise, Runner, simulate
from stridewise.skeletons import REQUIRED


@pytest.fixture(scope="module")
def runner() -> Recording:
    fast = Runner(individual=0.0, cadence=170.0)
    return simulate(fast, Camera(fps=60.0), Noise(white=0.003), 12.0).recording


@pytest.fixture(scope="module")
def csv(runner, tmp_path_factory):
    path = tmp_path_factory.mktemp("inspect") / "runner.csv"
    write_csv(runner, path)
    return path


def with_time(recording: Recording, time) -> Recording:
    return recording.with_(time=np.asarray(time))


def test_a_good_recording(csv, runner):
    found = inspect(csv)
    assert (found.source, found.format, found.people) == ("runner.csv", "csv", 1)
    assert (found.frames, found.unit, found.depth) == (runner.frames, "px", False)
    assert found.times.regular
    assert found.times.fps == pytest.approx(60)
    assert found.times.holes == 0
    assert {point.name for point in found.points} == set(runner.keypoints)
    assert all(point.seen == 1.0 and point.longest_gap_s == 0.0 for point in found.points)
    assert found.view == "right"
    assert abs(found.yaw_deg) < 10
    assert found.cadence_spm == pytest.approx(170, abs=2)
    assert found.free_fall > 0.6
    assert found.problems == ()
    assert found.notes == ()


def test_times(runner):
    step = 1 / 60
    even = np.arange(runner.frames) * step
    holes = even.copy()
    holes[100:] += 3 * step
    found = describe(with_time(runner, holes)).times
    assert (found.holes, found.regular) == (1, True)
    assert found.longest_hole_s == pytest.approx(4 * step)
    jitter = even + 0.3 * step * (np.arange(runner.frames) % 2)
    found = describe(with_time(runner, jitter))
    assert not found.times.regular
    assert any("frame times are uneven" in problem for problem in found.problems)
    rounded = np.round(even, 3)
    assert describe(with_time(runner, rounded)).times.regular


def test_gaps_and_confidence(runner):
    xy, confidence = runner.xy.copy(), runner.confidence.copy()
    k = runner.keypoints.index("left_ankle")
    xy[60:120, k] = np.nan
    confidence[:, k] = 0.5
    found = describe(runner.with_(xy=xy, confidence=confidence))
    point = next(point for point in found.points if point.name == "left_ankle")
    assert point.seen == pytest.approx(1 - 60 / runner.frames)
    assert point.longest_gap_s == pytest.approx(1.0)
    assert point.confidence == 0.5
    assert any("missing in" in problem for problem in found.problems)


def test_small_and_short(runner):
    small = runner.with_(xy=runner.xy / 10)
    assert any("runner is small" in problem for problem in describe(small).problems)
    short = runner.with_(
        xy=runner.xy[:30], confidence=runner.confidence[:30], time=runner.time[:30]
    )
    assert any("too short" in problem for problem in describe(short).problems)


def legs(frames: int) -> Recording:
    return Recording(
        xy=np.tile(np.arange(12.0).reshape(6, 2), (frames, 1, 1)),
        confidence=np.ones((frames, 6)),
        time=np.arange(frames) / 20,
        keypoints=REQUIRED,
    )


@pytest.mark.parametrize("frames", [1, 2, 3, 20])
def test_recordings_of_almost_nothing(frames):
    found = describe(legs(frames))
    assert found.frames == frames
    assert found.problems
    assert json.loads(found.to_json())["frames"] == frames
    assert text(found)


def test_nobody_seen():
    found = describe(legs(40).with_(xy=np.full((40, 6, 2), np.nan)))
    assert (found.view, found.leg_length, found.height) == (None, None, None)
    assert all(point.seen == 0 and point.confidence is None for point in found.points)
    assert found.points[0].longest_gap_s == pytest.approx(1.95)
    assert any("never seen" in problem for problem in found.problems)
    assert "Likely problems:" in text(found)


def test_the_command(csv, capsys):
    assert main(["inspect", str(csv)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("runner.csv: csv, 1 person, 720 frames\n")
    assert "at 60 frames/s, regular, no holes" in out
    assert "View: right" in out
    assert main(["inspect", str(csv), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["format"] == "csv"
    assert found["times"]["fps"] == pytest.approx(60)


def test_several_people(tmp_path, capsys):
    rows = [
        f"{f},{who},{name},{10 * i + who},{20 * i * who + f}"
        for f in range(3)
        for who in (1, 2)
        for i, name in enumerate(REQUIRED)
    ]
    path = tmp_path / "two.csv"
    path.write_text("\n".join(("frame,person,keypoint,x,y", *rows)))
    assert main(["inspect", str(path), "--fps", "30"]) == 0
    assert "csv_long, 2 people" in capsys.readouterr().out


def test_bad_input_is_one_line(tmp_path, capsys):
    path = tmp_path / "run.csv"
    path.write_text("hello")
    assert main(["inspect", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    with pytest.raises(InputError):
        inspect(path)


def test_a_map_on_the_command_line(csv, tmp_path, capsys):
    path = tmp_path / "own.csv"
    path.write_text(csv.read_text().replace("left_knee", "genu"))
    names = tmp_path / "names.toml"
    names.write_text('[map]\ngenu = "left_knee"\n')
    assert main(["inspect", str(path)]) == 2
    assert "--map" in capsys.readouterr().err
    assert main(["inspect", str(path), "--map", str(names)]) == 0
    assert "genu to left_knee" in capsys.readouterr().out
    names.write_text('[map]\ngenua = "left_knee"\n')
    assert main(["inspect", str(path), "--map", str(names)]) == 2
    assert "genua (did you mean genu?)" in capsys.readouterr().err


def test_a_map_for_a_format_with_fixed_names(tmp_path, capsys):
    path = tmp_path / "a.trc"
    path.write_text("PathFileType\t4\n")
    names = tmp_path / "names.toml"
    names.write_text('[map]\na = "nose"\n')
    assert main(["inspect", str(path), "--map", str(names)]) == 2
    assert "whose points have fixed names" in capsys.readouterr().err
