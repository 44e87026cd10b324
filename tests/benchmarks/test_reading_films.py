"""Films of the virtual laboratory beside the truth."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.agreement import MARGIN_S
from benchmarks.films import (
    EXACT,
    Reading,
    Told,
    on_laboratory_clock,
    read,
    read_film,
    summary,
    told,
    truth,
)
from stridewise.gait.motion import Event
from training.films.record import POINTS, UPPER, Film
from training.films.record import read as unpack
from training.lab import stretch


@pytest.fixture(scope="module")
def film() -> Film:
    return unpack(sorted(POINTS.glob("*_side.npz"))[0])


@pytest.fixture(scope="module")
def readings(film: Film) -> dict[str, Reading]:
    return {r.points: r for r in read_film(film, ["blazepose-full"])}


def test_exact_points_are_read_right(readings: dict[str, Reading], film: Film) -> None:
    exact = readings[EXACT]
    assert (exact.runner, exact.view, exact.refused) == (film.trial.runner, "side", "")
    assert {event.how for event in exact.events} == {"right"}
    errors = np.array([event.error_ms for event in exact.events])
    assert np.sqrt(np.mean(errors**2)) < 8
    wrong = {(m.id, m.side): m.error for m in exact.metrics}
    assert abs(wrong["ground_contact_time", "left"]) < 0.015
    assert abs(wrong["knee_flex_ic", "right"]) < 3
    assert 0 < exact.withheld + exact.advisory < exact.asked


def test_an_estimator_stands_beside(readings: dict[str, Reading]) -> None:
    mine, exact = readings["blazepose-full"], readings[EXACT]

    def true(reading: Reading) -> int:
        return sum(event.how != "invented" for event in reading.events)

    assert true(mine) == true(exact)
    assert mine.grade in "ABCD"
    assert mine.to_dict()["points"] == "blazepose-full"


def test_a_film_that_is_refused_says_why(film: Film) -> None:
    short = film.exact()
    short = short.with_(xy=short.xy[:20], confidence=short.confidence[:20], time=short.time[:20])
    reading = read(film, EXACT, short, ())
    assert reading.refused
    assert (reading.events, reading.grade, reading.asked) == ((), "", 0)


def test_events_go_from_the_clock_of_the_file_to_that_of_the_laboratory(film: Film) -> None:
    time = np.array([3.0, 3.0, 3.0, 3.1, 3.3])
    frozen = replace(film, stamp=np.arange(5) / 10, time=time)
    found = [Event("toe_off", "left", t, 0.01) for t in (0.05, 0.2, 0.25, 0.35)]
    moved = on_laboratory_clock(frozen, found)
    assert [e.time_s for e in moved] == pytest.approx([3.0, 3.0, 3.05, 3.2])
    assert {(e.kind, e.side, e.sd_s) for e in moved} == {("toe_off", "left", 0.01)}


def test_what_became_of_each_event(film: Film) -> None:
    start, end = film.time[0] + MARGIN_S, film.time[-1] - MARGIN_S
    inside = [e for e in film.trial.events if start < e.time_s < end]
    lost, other, late = inside[:3]
    found = [replace(e, time_s=e.time_s - film.time[0], sd_s=0.004) for e in inside[3:]]
    since = other.time_s - film.time[0]
    found.append(Event(other.kind, "right" if other.side == "left" else "left", since, 0.004))
    found.append(replace(late, time_s=late.time_s - film.time[0] + 0.01, sd_s=0.004))
    found.append(Event("toe_off", "left", film.time[-1] - film.time[0] - 0.1, 0.004))
    made_up = 0.5 * (inside[3].time_s + inside[4].time_s) - film.time[0]
    found.append(Event("initial_contact", "left", made_up, 0.004))
    true_to_time = replace(film, stamp=film.time - film.time[0])
    fates = list(told(true_to_time, found))
    assert Counter(t.how for t in fates) == {
        "right": len(inside) - 2,
        "other": 1,
        "lost": 1,
        "invented": 1,
    }
    assert [t.kind for t in fates if t.how == "lost"] == [lost.kind]
    (wrong,) = [t for t in fates if t.error_ms and abs(t.error_ms) > 1e-3]
    assert wrong.kind == late.kind
    assert wrong.error_ms == pytest.approx(10)
    assert not wrong.held
    assert sum(t.held for t in fates) == len(inside) - 2


def test_events_on_either_foot_are_summed_up() -> None:
    fates = [
        Told("toe_off", "right", 3.0),
        Told("toe_off", "other", -5.0),
        Told("toe_off", "lost"),
        Told("toe_off", "invented"),
        Told("initial_contact", "right", 100.0),
    ]
    found = summary(fates, "toe_off")
    assert (found.true, found.lost, found.other, found.invented) == (3, 1, 1, 1)
    assert found.rms_ms == pytest.approx(17**0.5, abs=0.01)
    assert found.bias_ms == pytest.approx(-1.0)
    assert summary([], "toe_off").rms_ms is None


def test_the_truth_about_the_trunk_is_that_of_the_drawn_body(film: Film) -> None:
    film = replace(film, upper=np.full((len(film.time), len(UPPER), 3), np.nan))
    assert "trunk_lean" not in {e.id for e in truth(film) if e.value is not None}
    lean = np.radians(7.0)
    trial = stretch(film.trial, film.time[0], film.time[-1] - film.time[0])
    hips = trial.xyz[:, [trial.keypoints.index(f"{s}_hip") for s in ("left", "right")]].mean(axis=1)
    middle = np.stack([np.interp(film.time, trial.time, axis) for axis in hips.T], axis=1)
    upper = np.empty((len(film.time), len(UPPER), 3))
    for i, name in enumerate(UPPER):
        up = {"shoulder": 0.5, "elbow": 0.2, "wrist": 0.1}[name.split("_")[1]]
        upper[:, i] = middle + up * np.array([np.sin(lean), np.cos(lean), 0.0])
    known = {(e.id, e.side): e.value for e in truth(replace(film, upper=upper))}
    assert known["trunk_lean", "both"] == pytest.approx(7.0, abs=0.05)
    plain = {(e.id, e.side): e.value for e in truth(film)}
    assert known["overstride", "left"] == pytest.approx(plain["overstride", "left"])
