"""Imitated estimators beside real ones: `python -m benchmarks.imitation`.

Every film's exact points are given errors drawn from fingerprints that were learnt without its
runner (`training.films.fingerprint`, in the networks' folds), and beside them stands what the
estimator really wrote: the figures of its errors, and what `stridewise.analyze` makes of both.

`--document` writes the tables into docs/estimators.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.agreement import KINDS
from benchmarks.estimator_cards import DOCUMENT
from benchmarks.estimator_page import between
from benchmarks.estimator_tables import NAMES, NONE, events, fates, metric, table
from benchmarks.films import Reading, read, truth
from training.films.aligned import gather
from training.films.errors import take_apart
from training.films.figures import Figures, figures
from training.films.imitation import held_out_sources, imitated
from training.films.record import ESTIMATORS, POINTS, Film, read_all

Array = NDArray[np.float64]

COMMAND = "python -m benchmarks.imitation --document"
#: Points whose figures are told together.
LEGS = ("hip", "knee", "ankle", "heel", "big_toe")


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two that are compared: what is wrong, and what comes of it."""

    figures: Figures
    readings: Sequence[Reading]


@dataclass(frozen=True, eq=False)
class Pair:
    """An estimator from one view, real and imitated."""

    estimator: str
    view: str
    real: Side
    imitated: Side


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--folder", type=Path, default=POINTS, help="other films in the same form")
    parser.add_argument("--estimator", action="append", choices=ESTIMATORS, help="only this one")
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    parser.add_argument("--points", action="store_true", help="figures of every point, too")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--document", action="store_true", help="write into docs/estimators.md")
    args = parser.parse_args(argv)
    pairs = list(run(args.folder, args.estimator or tuple(ESTIMATORS), args.seed, args.jobs))
    if args.document:
        text = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(between(text, document(pairs), COMMAND), encoding="utf-8")
        return
    for one in (outcome_table, figure_table):
        print("\n".join(one(pairs)), end="\n\n")
    if args.points:
        for pair in pairs:
            print("\n".join(point_table(pair)), end="\n\n")


def run(folder: Path, estimators: Sequence[str], seed: int, jobs: int) -> Iterator[Pair]:
    """Compare estimators, several at once."""
    if jobs == 1:
        found: Iterable[list[Pair]] = map(compare, estimators, repeat(folder), repeat(seed))
    else:
        found = ProcessPoolExecutor(jobs).map(compare, estimators, repeat(folder), repeat(seed))
    for name, pairs in zip(estimators, found, strict=True):
        print(f"{name}: {', '.join(pair.view for pair in pairs) or 'no films'}", file=sys.stderr)
        yield from pairs


def compare(estimator: str, folder: Path, seed: int) -> list[Pair]:
    """Compare an estimator with its imitations, view by view."""
    films = [film for film in read_all(folder) if estimator in film.points]
    sources = held_out_sources(films, estimator)
    used = {one.film for seen in gather(films, estimator).values() for one in seen}
    films = [f for f in films if f.name in used and f.view in sources[f.fold].views]
    drawn = [imitated(film, sources[film.fold], seed) for film in films]
    real, made = (_sides(some, estimator) for some in (films, drawn))
    return [Pair(estimator, view, real[view], made[view]) for view in real]


def _sides(films: Sequence[Film], estimator: str) -> dict[str, Side]:
    readings = [read(f, estimator, f.recording(estimator), truth(f)) for f in films]
    return {
        view: Side(figures(take_apart(seen)), [r for r in readings if r.view == view])
        for view, seen in gather(films, estimator).items()
    }


def document(pairs: Sequence[Pair]) -> list[str]:
    """Write what docs/estimators.md says."""
    return ["", *outcome_table(pairs), "", *_FIGURES.strip().splitlines(), "", *figure_table(pairs)]


_FIGURES = """
The errors themselves, hips to toes of both legs together (root mean squares), in % of leg length
where no unit is given; *own* is what differs between films:
"""


def outcome_table(pairs: Sequence[Pair]) -> list[str]:
    """Write what the analysis makes of both, real first."""
    header = ["view", "estimator", "films"]
    for event in ("contact", "toe-off"):
        header += [f"{event}: RMSE (bias), ms", "holds, %", "lost / other foot / invented, %"]
    header += ["knee, peak in stance, °", "overstride, L", "vertical oscillation, L", "refused"]
    rows = []
    for pair in _ordered(pairs):
        for side, told in ((pair.real, True), (pair.imitated, False)):
            cells = [
                pair.view,
                NAMES.get(pair.estimator, pair.estimator),
                str(pair.real.figures.films),
            ]
            cells = cells if told else ["", "*imitated*", ""]
            for kind in KINDS:
                errors = events(side.readings, kind)
                cells.append(f"{errors.rms:.1f} ({errors.mean:+.1f})" if errors.error else NONE)
                cells.append(f"{errors.coverage:.0f}" if errors.held else NONE)
                cells.append(" / ".join(fates(side.readings, kind)))
            for name, digits in (
                ("knee_flex_peak_stance", 1),
                ("overstride", 3),
                ("vertical_oscillation", 3),
            ):
                wrong = metric(side.readings, name)
                cells.append(f"{wrong.rms:.{digits}f}" if wrong.error else NONE)
            rows.append([*cells, str(sum(bool(r.refused) for r in side.readings))])
    return table(header, rows)


def _ordered(pairs: Sequence[Pair]) -> list[Pair]:
    views = list(dict.fromkeys(pair.view for pair in pairs))
    return sorted(pairs, key=lambda p: (views.index(p.view), list(NAMES).index(p.estimator)))


#: Figures that are compared: title, and what makes them of the points chosen.
_TOLD: Sequence[tuple[str, Callable[[Figures, list[int]], float], str]] = (
    ("offset", lambda f, i: _rms(100 * f.offset[i]), ".1f"),
    ("its SD", lambda f, i: _rms(100 * f.offset_sd[i]), ".1f"),
    ("locked", lambda f, i: _rms(100 * f.locked[i]), ".1f"),
    ("own", lambda f, i: _rms(100 * f.between[i]), ".1f"),
    ("lag, ms", lambda f, i: float(1e3 * f.lag_s[i].mean()), ".0f"),
    ("rest", lambda f, i: _rms(100 * f.remainder[i]), ".2f"),
    ("its tail, %", lambda f, i: float(100 * f.tail[i].mean()), ".1f"),
    ("alike", lambda f, i: float(f.alike[i].mean()), ".2f"),
    ("over, %", lambda f, i: float(100 * f.over[i].mean()), ".1f"),
    ("legs exchanged, %", lambda f, i: 100 * f.exchanges.share, ".1f"),
    ("for ms", lambda f, i: _mean_ms(f.exchanges.lengths_s), ".0f"),
    ("at one leg, %", lambda f, i: 100 * f.exchanges.one_leg, ".1f"),
    ("visible", lambda f, i: float(f.visible[i].mean()), ".2f"),
    ("when over", lambda f, i: _nanmean(f.visible_over[i]), ".2f"),
    ("nobody, %", lambda f, i: 100 * f.lost, ".1f"),
)


def _nanmean(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _mean_ms(seconds: Array) -> float:
    return 1e3 * float(seconds.mean()) if len(seconds) else float("nan")


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def figure_table(pairs: Sequence[Pair]) -> list[str]:
    """Write the figures of both, real / imitated, legs as a whole."""
    header = ["view", "estimator", *(title for title, _, _ in _TOLD)]
    rows = []
    for pair in _ordered(pairs):
        names = pair.real.figures.keypoints
        legs = [i for i, name in enumerate(names) if name.partition("_")[2] in LEGS]
        cells = [_both(pair, legs, what, form) for _, what, form in _TOLD]
        rows.append([pair.view, NAMES.get(pair.estimator, pair.estimator), *cells])
    return table(header, rows)


def point_table(pair: Pair) -> list[str]:
    """Write the figures of both, point by point."""
    rows = [
        [name.replace("_", " "), *(_both(pair, [i], what, form) for _, what, form in _TOLD)]
        for i, name in enumerate(pair.real.figures.keypoints)
    ]
    header = [f"{pair.estimator}, {pair.view}", *(title for title, _, _ in _TOLD)]
    return table(header, rows)


def _both(
    pair: Pair, points: list[int], what: Callable[[Figures, list[int]], float], form: str
) -> str:
    return " / ".join(f"{what(s.figures, points):{form}}" for s in (pair.real, pair.imitated))


if __name__ == "__main__":
    main()
