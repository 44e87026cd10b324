"""What repair may not do to the points of real estimators, and what it must do."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.films import EXACT
from benchmarks.repairs import before_and_after, exchanged, leg_table, legs, tilt, tilt_table
from stridewise.recording import Recording
from stridewise.repair.clean import clean
from stridewise.repair.swaps import LEGS, exchange
from stridewise.simulate.camera import YAW_OF_VIEW
from training.films.record import POINTS, Film
from training.films.record import read as unpack

FILMS = sorted(POINTS.glob("*.npz"))
#: Of six seconds, from the side, with one picture a frame.
PLAIN = [POINTS / f"{name}_side.npz" for name in ("04_35", "11_25", "14_35", "17_25", "26_25")]


@cache
def film(path: Path) -> Film:
    return unpack(path)


#: What is not reached in three films of 250, each with one estimator of up to nine.
KNOWN = {
    "03_25_side2": "lite's hips go downhill as the runner passes: turned by 6 degrees",
    "15_45_any": "lite, obliquely from behind: twenty exchanged frames where one came",
    "11_25_oblique": "full, frame by frame: two exchanged frames where one came",
}


def known(path: Path) -> object:
    """Mark the films in which a promise is known not to be kept."""
    marks = [pytest.mark.xfail(reason=KNOWN[path.stem], strict=True)] if path.stem in KNOWN else []
    return pytest.param(path, id=path.stem, marks=marks)


@pytest.mark.parametrize("path", [known(path) for path in FILMS])
def test_no_film_has_more_exchanged_legs_or_a_level_picture_turned(path: Path) -> None:
    seen = film(path)
    level = abs(seen.recipe["camera"].get("roll_deg", 0.0)) < 1.0
    for estimator in seen.points:
        before, after = before_and_after(seen.recording(estimator))
        assert exchanged(seen, after).sum() <= exchanged(seen, before).sum(), estimator
        done = [repair.step for repair in clean(seen.recording(estimator))[1]]
        assert not (level and "roll" in done), estimator


def near_leg_in_stance(seen: Film) -> list[int]:
    """Return a frame of each stride in which the far leg passes behind the near one."""
    near = "right" if abs(seen.yaw_deg - YAW_OF_VIEW["right"]) < 90 else "left"
    at = [e.time_s for e in seen.trial.events if (e.kind, e.side) == ("initial_contact", near)]
    passing = np.array([a + 0.15 * (b - a) for a, b in pairwise(at)])
    passing = passing[(passing > seen.time[0]) & (passing < seen.time[-1])]
    return [int(np.argmin(np.abs(seen.time - time))) for time in passing]


def swapped(seen: Film, recording: Recording) -> tuple[Recording, np.ndarray]:
    """Exchange the legs for one to four frames, in three of four strides."""
    there = np.zeros(recording.frames, dtype=bool)
    for i, frame in enumerate(near_leg_in_stance(seen)):
        if i % 4:
            there[frame : frame + 1 + i % 4] = True
    return exchange(recording, LEGS, there), there


@pytest.mark.parametrize("path", PLAIN, ids=lambda path: path.stem)
def test_exchanges_where_estimators_make_them_are_undone_to_the_frame(path: Path) -> None:
    seen = film(path)
    exact = seen.exact()
    soiled, there = swapped(seen, exact)
    assert there.sum() > 10
    _, after = before_and_after(soiled)
    assert np.array_equal(after.xy, exact.xy)


@pytest.mark.parametrize("path", PLAIN, ids=lambda path: path.stem)
@pytest.mark.parametrize("estimator", ["blazepose-full", "blazepose-heavy"])
def test_exchanges_among_an_estimators_errors_are_undone(path: Path, estimator: str) -> None:
    seen = film(path)
    recording = seen.recording(estimator)
    recording = exchange(recording, LEGS, exchanged(seen, recording))
    soiled, there = swapped(seen, recording)
    before, after = (exchanged(seen, points) for points in before_and_after(soiled))
    assert before[there].sum() > 10
    assert after.sum() < before.sum() / 2
    assert (after & ~before).sum() <= 2  # Frames in which the legs are on their way.


def test_legs_that_are_exchanged_are_told_by_the_truth() -> None:
    seen = film(PLAIN[0])
    exact = seen.exact()
    there = np.zeros(exact.frames, dtype=bool)
    there[::7] = True
    found = exchanged(seen, exchange(exact, LEGS, there))
    assert not (found & ~there).any()
    assert found.sum() > 0.9 * there.sum()


def test_no_stride_lands_on_the_other_foot() -> None:
    row = legs(film(PLAIN[1]), "blazepose-full", events=True)
    assert row.after <= row.before
    assert row.repaired
    assert not [event for event in row.repaired if event.how == "other"]
    header, line = leg_table([row], events=True)
    assert len(header) == len(line)
    assert line[:3] == ("side", "BlazePose full", "1 (1)")


def test_tilts_stand_beside_the_truth() -> None:
    found = tilt(film(PLAIN[0]), EXACT)
    assert found.true_deg == film(PLAIN[0]).recipe["camera"]["roll_deg"]
    assert found.found is not None
    assert abs(found.found.angle_deg - found.true_deg) < found.found.sd_deg
    header, line = tilt_table([found])
    assert len(header) == len(line)
    assert line[-2:] == ("0", "0")
