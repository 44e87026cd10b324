"""What becomes of files that show pictures twice: `python -m benchmarks.files`.

Films of the virtual laboratory (`training/films`) know when each of their frames was taken, and what
their files do to that. The first table tells how many repeated frames are found and what that does
to contacts; the second how many files with nothing to mend are changed all the same, among films,
simulated runners at many frame rates and, where `STRIDEWISE_DATA` is set, people who walk, squat and
jump; the third what is not found.
"""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.films import EXACT, Told, summary, told
from stridewise import read
from stridewise.analysis import analyze
from stridewise.context import Context
from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.repair.clean import clean
from stridewise.simulate import Camera, Noise, Runner, fingerprint, simulate
from training.films.record import ESTIMATORS, POINTS, Film, read_all
from training.gait_net.folds import held_out_model

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

STEP = "repeated_frames"
#: What files do that repeat pictures, and what they do to time that nobody sees.
REPEATING, UNSEEN = ("converted", "frozen"), ("dropped-unstamped", "variable-unstamped")
#: How long a contact lasts, in seconds: over this time errors of the clock are told.
_CONTACT_S = 0.25
_RATES = (24.0, 25.0, 30.0, 50.0, 60.0, 120.0, 240.0)
_CADENCES = (140.0, 150.0, 160.0, 170.0, 180.0, 190.0, 200.0, 210.0)
_VIEWS = (0.0, 45.0, 90.0, -90.0)
_NOISE = (0.0, 0.005, 0.02)
#: Rates of cameras and files, and how differently one picture is read twice, in leg lengths.
_CONVERSIONS = ((24, 30), (25, 30), (30, 60), (24, 60), (25, 60), (24, 50), (30, 50))
_ANEW = 0.003


@dataclass(frozen=True)
class Found:
    """What was made of one film's file, from one estimator's points.

    Parameters
    ----------
    kind : str
        What the file does (`training.films.files.Kind`).
    points : str
        Name of the estimator, or `EXACT`.
    repeats, left_out, wrongly : int
        Frames that show a picture that belongs to another time; those of them that were left out;
        others that were.
    off_ms : (float, float)
        By how much a time of `_CONTACT_S` is wrong, as a root mean square, as the file says it and
        after repair.
    events : (tuple of Told, tuple of Told)
        What became of contacts, without this repair and with it; empty where it was not asked.
    """

    kind: str
    points: str
    repeats: int
    left_out: int
    wrongly: int
    off_ms: tuple[float, float]
    events: tuple[tuple[Told, ...], tuple[Told, ...]] = ((), ())

    @property
    def changed(self) -> bool:
        """Whether anything was done."""
        return self.left_out + self.wrongly > 0


def kind_of(film: Film) -> str:
    """Tell what the file of a film does; the first films had none."""
    return str(film.recipe.get("file", {}).get("kind", "constant"))


def recordings(film: Film) -> dict[str, Recording]:
    """Return the points of a film: exact ones and those of each estimator."""
    return {EXACT: film.exact()} | {name: film.recording(name) for name in film.points}


def find(film: Film, name: str, recording: Recording, *, events: bool = False) -> Found:
    """Mend the times of one file."""
    mended = _mended(recording)
    # What a kept frame shows is told by its points, which nothing else has changed.
    kept = _kept(recording, mended)
    again = np.r_[False, np.diff(film.time) <= 0]
    if kind_of(film) == "frozen":
        again |= film.time == film.time[0]
    return Found(
        kind=kind_of(film),
        points=name,
        repeats=int(again.sum()),
        left_out=int((again & ~kept).sum()),
        wrongly=int((~again & ~kept).sum()),
        off_ms=(_off(film.stamp, film.time), _off(mended.time, film.time[kept])),
        events=(_events(film, recording, (STEP,)), _events(film, recording, ())) if events else ((), ()),
    )


def _mended(recording: Recording) -> Recording:
    """Take the one step."""
    from stridewise.repair.clean import STEPS

    return STEPS[STEP](recording)[0]
