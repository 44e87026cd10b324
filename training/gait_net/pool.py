"""Film many scenes into a file: `python -m training.gait_net.pool OUT.npz --scenes 24000`.

With `--estimators FOLDER` as real pose estimators see them; then `--fold K` leaves out the runners
of a fold, and what their films tell of the estimators. FOLDER keeps what was learnt of those.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.simulate.estimator import Fingerprint
from training.gait_net.estimators import sources
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


def main() -> None:
    parser = argparse.ArgumentParser(description="Film laboratory runners.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--scenes", type=int, default=24000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--estimators", type=Path, help="film with real ones; kept in this folder")
    parser.add_argument("--fold", type=int, choices=range(FOLDS), help="leave out this fold")
    args = parser.parse_args()
    if args.estimators:
        sources(args.estimators, args.fold)
    block = 500
    jobs = [
        Job(args.seed * 1_000_003 + i, min(block, args.scenes - first), args.estimators, args.fold)
        for i, first in enumerate(range(0, args.scenes, block))
    ]
    pool(args.out, jobs, args.workers)


def pool(out: Path, jobs: Sequence[Job], workers: int) -> None:
    """Write features (float16), targets (float16) and the runner of each scene."""
    scenes = sum(job.count for job in jobs)
    with ProcessPoolExecutor(workers) as executor:
        parts = []
        for part in executor.map(_block, jobs):
            parts.append(part)
            print(f"{sum(len(p[2]) for p in parts)} of {scenes} scenes", flush=True)
    features, targets, runner = (np.concatenate(column) for column in zip(*parts, strict=True))
    np.savez(out, features=features, targets=targets, runner=runner)


def _block(job: Job) -> tuple[NDArray[np.float16], NDArray[np.float16], NDArray[np.str_]]:
    if not _FILMS:
        out = held_out(job.fold)
        _FILMS.extend(footage(trial) for trial in trials() if trial.runner not in out)
        _SOURCES.extend(sources(job.estimators, job.fold) if job.estimators else [])
    rng = np.random.default_rng(job.seed)
    made = []
    for _ in range(job.count):
        source = _FILMS[rng.integers(len(_FILMS))]
        features, targets = film(source, draw_setting(rng, _SOURCES), rng)
        made.append((features.astype(np.float16), targets.astype(np.float16), source.trial.runner))
    features, targets, runner = zip(*made, strict=True)
    return np.stack(features), np.stack(targets), np.array(runner)


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
