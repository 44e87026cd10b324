"""What goes to other packages and comes back; the packages themselves are not needed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.films import EXACT
from benchmarks.peers.__main__ import results, stated
from benchmarks.peers.methods import events, metres, pivot, write_trc
from training.films.record import POINTS, Film, read


@pytest.fixture(scope="module")
def film() -> Film:
    film = read(sorted(POINTS.glob("*_side.npz"))[0])
    return replace(film, stamp=film.time - film.time[0])


def test_points_are_stated_in_metres_forward_and_up(film: Film) -> None:
    arrays = dict(stated(film))[EXACT]
    point = dict(zip(arrays["names"].tolist(), metres(arrays).transpose(1, 0, 2), strict=True))
    hips = (point["left_hip"] + point["right_hip"]) / 2
    feet = (point["left_ankle"] + point["right_ankle"]) / 2
    length = np.median((hips - feet)[:, 1])
    assert 0.6 * film.trial.leg_length_m < length < film.trial.leg_length_m
    # Toes point forward.
    assert np.median(point["left_big_toe"][:, 0] - point["left_heel"][:, 0]) > 0.1


def test_marker_files(tmp_path: Path) -> None:
    path = tmp_path / "film.trc"
    write_trc(path, np.array([0.0, 0.1]), {"Hip": np.array([[1.0, 2.0], [3.0, 4.0]])})
    lines = path.read_text().splitlines()
    assert lines[2].split("\t")[:5] == ["10.0", "10.0", "2", "1", "m"]
    assert lines[-1].split("\t") == ["2", "0.100000", "3.000000", "4.000000", "0.000000"]


def test_the_form_of_an_extraction(film: Film) -> None:
    arrays = dict(stated(film))["blazepose-full"]
    data = pivot(arrays)
    assert data["meta"]["fps"] == pytest.approx(film.recipe["fps"], rel=1e-3)
    mark = data["frames"][3]["landmarks"]["LEFT_FOOT_INDEX"]
    toe = arrays["xy"][3, arrays["names"].tolist().index("left_big_toe")]
    assert (mark["x"], mark["y"]) == pytest.approx(tuple(toe / film.size))


def test_a_method_that_fails_finds_nothing(film: Film) -> None:
    found = events({"names": np.array(["left_hip"]), "xy": np.zeros((2, 1, 2))})
    assert set(map(len, found.values())) == {0}
    assert {"Pose2Sim forward_velocity", "myogait zeni", "gaitkit mickelborough"} <= set(found)


def test_results_are_compared_with_the_truth(film: Film) -> None:
    given = [
        (e.kind, e.side, e.time_s - film.time[0] + 0.02)
        for e in film.trial.events
        if e.side == "left"
    ]
    name = f"{film.name}@blazepose-full"
    made = results([film], {name: {"A perfect": given}})
    assert made["films"] == [film.name]
    assert all("==" in package for package in made["packages"])
    found = made["found"]["blazepose-full"]["A perfect"]["initial_contact"]
    assert found["rms_ms"] == pytest.approx(20.0)
    assert found["bias_ms"] == pytest.approx(20.0)
    assert 0 < found["lost"] < found["true"]
    assert (found["other"], found["invented"]) == (0, 0)
