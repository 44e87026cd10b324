from __future__ import annotations

import numpy as np
import pytest

from stridewise.errors import InputError
from stridewise.people import choose
from stridewise.recording import Recording
from tests.people.scene import FPS, NAMES, is_person, standing, treadmill


def recording(xy, **changes):
    fields = {"confidence": np.ones(xy.shape[:2]), "time": np.arange(len(xy)) / FPS}
    return Recording(xy=xy, keypoints=NAMES, **{**fields, **changes})


RUNNER = treadmill(0, seconds=4)
FRAMES = len(RUNNER)


def smaller(factor):
    return (treadmill(1, seconds=4) - [960, 540]) * factor + [400, 540]


def test_the_runner_is_taken_before_somebody_taller_who_stands_by():
    by = standing(FRAMES, taller=1.8)
    chosen = choose([recording(by), recording(RUNNER)])
    assert is_person(chosen, RUNNER) == 1.0
    assert chosen.notes == (
        "2 people found; person 2 was taken: runs, seen in 100 % of the frames (--person takes "
        "another).",
    )


def test_of_two_runners_the_much_larger_is_taken():
    chosen = choose([recording(RUNNER), recording(smaller(0.4))])
    assert is_person(chosen, RUNNER) == 1.0
    assert "person 1 was taken: runs, largest, seen in 100 %" in chosen.notes[0]


def test_in_doubt_the_candidates_are_listed():
    by = standing(FRAMES)
    chosen = choose([recording(by), recording(smaller(0.9)), recording(RUNNER)])
    note = chosen.notes[0]
    assert note.startswith("3 people found; person 3 (runs, seen in 100 % of the frames) was taken")
    assert "may be person 2 (runs, " in note
    assert "person 1" not in note
    assert note.endswith("choose with --person.")


def test_who_is_seen_longer_is_taken():
    short = RUNNER[: FRAMES // 3]
    chosen = choose([recording(short), recording(smaller(0.9))])
    assert chosen.frames == FRAMES
    assert "seen in 100 % of the frames" in chosen.notes[0]


def test_who_shows_their_legs_is_taken():
    cut = RUNNER.copy()
    cut[:, [NAMES.index(f"{s}_{p}") for s in ("left", "right") for p in ("knee", "ankle")]] = np.nan
    assert is_person(choose([recording(cut), recording(smaller(0.9))]), smaller(0.9)) == 1.0


def test_slow_motion_still_shows_who_steps():
    slow = np.arange(FRAMES) / 7.5
    people = [recording(standing(FRAMES, taller=1.5), time=slow), recording(RUNNER, time=slow)]
    assert "person 2 was taken: steps" in choose(people).notes[0]


def test_the_person_asked_for_is_taken_without_a_word():
    people = [recording(RUNNER), recording(smaller(0.4))]
    assert choose(people, 2) is people[1]
    for number in (0, 3, -1):
        with pytest.raises(InputError, match=f"from 1 to 2. Received {number}"):
            choose(people, number)


def test_one_person_needs_no_choice():
    (only,) = people = [recording(RUNNER)]
    assert choose(people) is only


def test_nobody():
    with pytest.raises(InputError, match="no person"):
        choose([])


def test_notes_of_the_reader_stay():
    people = [recording(RUNNER, notes=("from the reader",)), recording(smaller(0.4))]
    assert choose(people).notes[0] == "from the reader"


def test_holes_of_years_take_no_memory():
    time = np.arange(FRAMES) / FPS
    time[FRAMES // 2 :] += 1e14
    people = [recording(RUNNER, time=time), recording(smaller(0.4), time=time)]
    assert "person 1 was taken" in choose(people).notes[0]
