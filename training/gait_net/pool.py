"""Film many scenes into a file: `python -m training.gait_net.pool OUT.npz --scenes 24000`."""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.gait_net.footage import Footage, footage
from training.gait_net.scene import draw_setting, film
from training.lab import trials

_FILMS: list[Footage] = []


def main() -> None:
    parser = argparse.ArgumentParser(description="Film laboratory runners.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--scenes", type=int, default=24000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    pool(args.out, args.scenes, args.seed, args.workers)


def pool(out: Path, scenes: int, seed: int, workers: int) -> None:
    """Write features (float16), targets (float16) and the runner of each scene."""
    block = 500
    seeds = [
        (seed * 1_000_003 + i, min(block, scenes - i * block)) for i in range(-(-scenes // block))
    ]
    with ProcessPoolExecutor(workers) as executor:
        parts = []
        for part in executor.map(_block, seeds):
            parts.append(part)
            print(f"{sum(len(p[2]) for p in parts)} of {scenes} scenes", flush=True)
    features, targets, runner = (np.concatenate(column) for column in zip(*parts, strict=True))
    np.savez(out, features=features, targets=targets, runner=runner)


def _block(
    job: tuple[int, int],
) -> tuple[NDArray[np.float16], NDArray[np.float16], NDArray[np.str_]]:
    if not _FILMS:
        _FILMS.extend(footage(trial) for trial in trials())
    seed, count = job
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        source = _FILMS[rng.integers(len(_FILMS))]
        features, targets = film(source, draw_setting(rng), rng)
        made.append((features.astype(np.float16), targets.astype(np.float16), source.trial.runner))
    features, targets, runner = zip(*made, strict=True)
    return np.stack(features), np.stack(targets), np.array(runner)


if __name__ == "__main__":
    main()
