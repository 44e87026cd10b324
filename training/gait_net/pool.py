"""Film many scenes into a file: `python -m training.gait_net.pool OUT.npz --scenes 24000`.

With `--estimators FOLDER` as real pose estimators see them; then `--fold K` leaves out the runners
of a fold, and what their films tell of the estimators. FOLDER keeps what was learnt of those. With
`--films`, scenes are cut out of the films of the virtual laboratory instead.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.errors import InputError
from stridewise.simulate.estimator import Fingerprint
from training.films.record import POINTS
from training.films.record import read as read_film
from training.gait_net.estimators import sources
from training.gait_net.filmed import scenes, seen
from training.gait_net.folds import FOLDS, held_out
from training.gait_net.footage import Footage, footage
from training.gait_net.scene import draw_setting, film
from training.lab import trials

_FILMS: list[Footage] = []
_SOURCES: list[Fingerprint] = []


@dataclass(frozen=True)
class Job:
    """Some scenes to film.

    Parameters
    ----------
    seed, count : int
    estimators : Path, optional
        Where what is known of real pose estimators is kept; generic ones by default.
    fold : int, optional
        Whose runners are left out.
    """

    seed: int
    count: int
    estimators: Path | None = None
    fold: int | None = None


Scenes = tuple[NDArray[np.float16], NDArray[np.float16], NDArray[np.str_]]


def main() -> None:
    parser = argparse.ArgumentParser(description="Film laboratory runners.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--scenes", type=int, default=24000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--estimators", type=Path, help="film with real ones; kept in this folder")
    parser.add_argument("--fold", type=int, choices=range(FOLDS), help="leave out this fold")
    parser.add_argument("--films", action="store_true", help="out of films; all that there are")
    args = parser.parse_args()
    if args.films:
        pool(args.out, _cut, sorted(POINTS.glob("*.npz")), args.workers)
        return
    if args.estimators:
        sources(args.estimators, args.fold)
    block = 500
    jobs = [
        Job(args.seed * 1_000_003 + i, min(block, args.scenes - first), args.estimators, args.fold)
        for i, first in enumerate(range(0, args.scenes, block))
    ]
    pool(args.out, _block, jobs, args.workers)


def pool(out: Path, make: Callable[[Any], Scenes], jobs: Sequence[Any], workers: int) -> None:
    """Write features (float16), targets (float16) and the runner of each scene."""
    with ProcessPoolExecutor(workers) as executor:
        parts = []
        for part in executor.map(make, jobs):
            parts.append(part)
            scenes = sum(len(p[2]) for p in parts)
            print(f"{len(parts)} of {len(jobs)} parts, {scenes} scenes", flush=True)
    features, targets, runner = (np.concatenate(column) for column in zip(*parts, strict=True))
    part_of = out.with_name(f"part-{out.name}")
    np.savez(part_of, features=features, targets=targets, runner=runner)
    part_of.rename(out)


def _block(job: Job) -> Scenes:
    if not _FILMS:
        out = held_out(job.fold)
        _FILMS.extend(footage(trial) for trial in trials() if trial.runner not in out)
        _SOURCES.extend(sources(job.estimators, job.fold) if job.estimators else [])
    rng = np.random.default_rng(job.seed)
    made, runners = [], []
    for _ in range(job.count):
        source = _FILMS[rng.integers(len(_FILMS))]
        made.append(film(source, draw_setting(rng, _SOURCES), rng))
        runners.append(source.trial.runner)
    return _stacked(made, runners)


def _cut(path: Path) -> Scenes:
    """Cut a film into scenes, as each estimator and the truth have its points."""
    one = read_film(path)
    rng = np.random.default_rng(list(one.name.encode()))
    made = []
    for recording in (one.exact(), *(one.recording(name) for name in one.points)):
        try:
            made += list(scenes(seen(one, recording), rng))
        except InputError:  # Nobody was found, or not for long enough.
            continue
    return _stacked(made, [one.trial.runner] * len(made))


def _stacked(made: Sequence[tuple[NDArray[Any], NDArray[Any]]], runners: Sequence[str]) -> Scenes:
    features, targets = (np.array(part, np.float16) for part in zip(*made, strict=True))
    return features, targets, np.array(runners)


def read(
    pools: Sequence[Path], without: Collection[str]
) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """Return the features and targets of all scenes but those of some runners."""
    parts = []
    for path in pools:
        with np.load(path) as pool:
            kept = ~np.isin(pool["runner"], list(without))
            parts.append((pool["features"][kept], pool["targets"][kept]))
    features, targets = (np.concatenate(column) for column in zip(*parts, strict=True))
    return features, targets


if __name__ == "__main__":
    main()
