"""What repair does to real pose estimators' points: `python -m benchmarks.repairs [--events]`.

Films of the virtual laboratory (`training/films`) tell in which frames an estimator has exchanged
the legs, and how far the camera was really turned. The first table counts exchanged frames before
and after repair; with `--events`, each film is also analysed with and without it, by what never saw
the runner. The second compares the tilt that is found with the true one. Limits of repair were
chosen on the runners of two folds (`--runners chosen`); what is printed by default is about the
others.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.estimator_tables import NAMES, NONE, VIEWS, Row, table
from benchmarks.films import EXACT, Told, told
from stridewise.analysis import analyze
from stridewise.context import Context
from stridewise.errors import InputError
from stridewise.recording import Recording
from stridewise.repair.clean import STEPS, clean
from stridewise.repair.roll import Roll, find_roll
from stridewise.skeletons import SIDES
from training.films.record import ESTIMATORS, POINTS, Film, read_all
from training.gait_net.folds import held_out_model

Mask = NDArray[np.bool_]

#: Folds whose runners repair's limits were chosen on.
CHOSEN = (0, 1)
#: By what of the legs it is told that they have changed places.
LEGS = ("knee", "ankle", "heel", "big_toe")
#: Legs closer to one another than this, in leg lengths, cannot be told apart; they are exchanged
#: when the points lie this much closer to the other leg's.
_APART, _CLOSER = 0.12, 0.7


@dataclass(frozen=True)
class Legs:
    """What became of one estimator's legs in one film.

    Parameters
    ----------
    film, runner, view, points : str
    frames, before, after, made : int
        All frames; exchanged ones before and after repair, and those that repair exchanged.
    without, repaired : tuple of Told
        Events of analyses without and with this repair; empty where it was refused or not asked.
    """

    film: str
    runner: str
    view: str
    points: str
    frames: int
    before: int
    after: int
    made: int
    without: tuple[Told, ...] = ()
    repaired: tuple[Told, ...] = ()


@dataclass(frozen=True)
class Tilt:
    """The tilt that was found in one film, and the true one in degrees; None where none was."""

    view: str
    points: str
    true_deg: float
    found: Roll | None


def exchanged(film: Film, recording: Recording) -> Mask:
    """Find the frames in which both legs lie closer to where the other one is.

    Parameters
    ----------
    film : Film
    recording : Recording
        Frame by frame that of the film, as any estimator sees it.
    """
    parts = [part for part in LEGS if recording.has(*(f"{side}_{part}" for side in SIDES))]
    true = np.stack([[film.true[f"{side}_{part}"] for part in parts] for side in SIDES])
    seen = np.stack([[recording.point(f"{side}_{part}") for part in parts] for side in SIDES])
    own, other = (
        np.nansum(np.linalg.norm(seen - legs, axis=-1), axis=(0, 1)) for legs in (true, true[::-1])
    )
    apart = np.linalg.norm(true[0] - true[1], axis=-1).mean(axis=0) / film.leg_px
    found: Mask = (other < _CLOSER * own) & (apart > _APART)
    return found


def before_and_after(recording: Recording) -> tuple[Recording, Recording]:
    """Return a recording as this step of repair finds it, with all its frames, and leaves it."""
    before, _ = STEPS["low_confidence"](recording)
    after, _ = STEPS["swaps"](before)
    return before, after


def legs(film: Film, estimator: str, *, events: bool = False) -> Legs:
    """Count exchanged frames of a film, and what they cost."""
    recording = film.recording(estimator)
    before, after = (exchanged(film, points) for points in before_and_after(recording))
    return Legs(
        film.name,
        film.trial.runner,
        film.view,
        estimator,
        len(before),
        int(before.sum()),
        int(after.sum()),
        int((after & ~before).sum()),
        tuple(_events(film, recording, ("swaps",))) if events else (),
        tuple(_events(film, recording, ())) if events else (),
    )


def _events(film: Film, recording: Recording, off: tuple[str, ...]) -> Iterator[Told]:
    try:
        found = analyze(recording, Context(repairs_off=off), model=held_out_model(film.fold))
    except InputError:
        return
    yield from told(film, found.events)


def tilt(film: Film, points: str) -> Tilt:
    """Look for a tilt of the picture in the points of an estimator, or the exact ones."""
    recording = film.exact() if points == EXACT else film.recording(points)
    true = float(film.recipe["camera"].get("roll_deg", 0.0))
    return Tilt(film.view, points, true, find_roll(clean(recording, off=("roll",))[0]))


def leg_table(rows: Sequence[Legs], *, events: bool) -> Iterator[Row]:
    """Write what became of exchanged legs, one line for each view and estimator."""
    yield (
        *("view", "points", "films (runners)", "exchanged before → after, %", "by repair, %"),
        *("films made worse", *(("other foot, %", "lost, %", "invented, %") if events else ())),
    )
    for view in VIEWS:
        for name in ESTIMATORS:
            own = [row for row in rows if (row.view, row.points) == (view, name)]
            if own:
                yield (view, NAMES.get(name, name), *_counts(own), *(_fates(own) if events else ()))


def _counts(own: Sequence[Legs]) -> Row:
    frames = sum(row.frames for row in own)
    before, after, made = (
        f"{100 * sum(getattr(row, key) for row in own) / frames:.2f}"
        for key in ("before", "after", "made")
    )
    return (
        f"{len(own)} ({len({row.runner for row in own})})",
        f"{before} → {after}",
        made,
        str(sum(row.after > row.before for row in own)),
    )


def _fates(own: Sequence[Legs]) -> Row:
    """Compare what became of true events without and with repair, in films read both ways."""
    both = [row for row in own if row.without and row.repaired]
    how = [
        Counter(event.how for row in both for event in getattr(row, key))
        for key in ("without", "repaired")
    ]
    true = [count.total() - count["invented"] for count in how]
    if not all(true):
        return (NONE,) * 3

    def share(what: str) -> str:
        return " → ".join(f"{100 * c[what] / n:.1f}" for c, n in zip(how, true, strict=True))

    return share("other"), share("lost"), share("invented")


def tilt_table(rows: Sequence[Tilt]) -> Iterator[Row]:
    """Write how far the tilt that is found lies from the true one."""
    yield (
        *("view", "points", "films", "found in", "error (RMS), °", "largest, °", "stated SD, °"),
        *("told", "turned back"),
    )
    for view in VIEWS:
        for name in (*ESTIMATORS, EXACT):
            own = [row for row in rows if (row.view, row.points) == (view, name)]
            known = [(row.found, row.true_deg) for row in own if row.found]
            if not known:
                continue
            error = np.array([found.angle_deg - true for found, true in known])
            yield (
                *(view, NAMES.get(name, name), str(len(own)), str(len(known))),
                f"{error.mean():+.1f} ± {error.std():.1f} ({np.sqrt(np.mean(error**2)):.1f})",
                f"{np.abs(error).max():.1f}",
                f"{np.mean([found.sd_deg for found, _ in known]):.1f}",
                str(sum(found.likely for found, _ in known)),
                str(sum(found.sure for found, _ in known)),
            )


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--folder", type=Path, action="append", help="other films in the same form")
    parser.add_argument("--runners", choices=("others", "chosen"), default="others")
    parser.add_argument("--events", action="store_true", help="analyse each film twice as well")
    args = parser.parse_args(argv)
    rows: list[Legs] = []
    tilts: list[Tilt] = []
    for folder in args.folder or [POINTS]:
        for film in read_all(folder):
            if (film.fold in CHOSEN) == (args.runners == "chosen"):
                print(film.name, file=sys.stderr, flush=True)
                rows += [legs(film, name, events=args.events) for name in film.points]
                tilts += [tilt(film, name) for name in (*film.points, EXACT)]
    for lines in (leg_table(rows, events=args.events), tilt_table(tilts)):
        header, *body = lines
        print("\n".join(table(header, body)), end="\n\n")


if __name__ == "__main__":
    main()
