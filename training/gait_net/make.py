"""Make all networks anew: `python3 run training training.gait_net.make WORK`.

Films scenes into pools, trains a network on everybody and one without the runners of each fold, and
puts them where they ship from. What is in WORK already is not made again, so that it can be stopped
and taken up where it stood. Calibration comes after (`training.gait_net.calibrate`).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import stridewise.gait
from training.gait_net.folds import FOLDS, NETWORKS

_ROOT = Path(__file__).parents[2]
#: Scenes with generic errors, and with those of real estimators, for each network.
GENERIC, REAL = 18_000, 10_000
STEPS = 6_000


def main() -> None:
    parser = argparse.ArgumentParser(description="Make all gait networks anew.")
    parser.add_argument("work", type=Path, help="folder for pools and weights (6 GB)")
    parser.add_argument("--workers", type=int, default=2, help="networks trained side by side")
    parser.add_argument("--folds", type=int, nargs="*", default=[-1, *range(FOLDS)], help="-1: all")
    parser.add_argument("--steps", type=int, default=STEPS)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    workers = ["--workers", str(args.workers)]
    generic, films = args.work / "generic.npz", args.work / "films.npz"
    _once(generic, "pool", generic, "--scenes", GENERIC, "--seed", 7, *workers)
    _once(films, "pool", films, "--films", *workers)
    folds = [None if fold < 0 else fold for fold in args.folds]
    for fold in folds:
        real = args.work / f"real{_name(fold)}.npz"
        seen_by = ["--estimators", args.work / "estimators"]
        _once(real, "pool", real, "--scenes", REAL, "--seed", 8, *seen_by, *_of(fold), *workers)
    with ThreadPoolExecutor(args.workers) as executor:
        for done in executor.map(lambda fold: _network(args.work, fold, args.steps), folds):
            print(done, flush=True)


def _network(work: Path, fold: int | None, steps: int) -> Path:
    """Train and export the network without a fold."""
    pools = [work / "generic.npz", work / "films.npz", work / f"real{_name(fold)}.npz"]
    weights = work / f"net{_name(fold)}.weights.h5"
    _once(weights, "train", "--pool", *pools, "--out", weights, "--steps", steps, *_of(fold))
    shipped = Path(stridewise.gait.__file__).parent / "network.onnx"
    to = shipped if fold is None else _ROOT / NETWORKS / f"fold{fold}.onnx"
    _run("export", weights, to)
    return to


def _name(fold: int | None) -> str:
    return "" if fold is None else f"_{fold}"


def _of(fold: int | None) -> list[object]:
    return [] if fold is None else ["--fold", fold]


def _once(made: Path, module: str, *words: object) -> None:
    """Run a step unless what it makes is there."""
    if not made.exists():
        _run(module, *words)


def _run(module: str, *words: object) -> None:
    command = [sys.executable, "-m", f"training.gait_net.{module}", *map(str, words)]
    print(" ".join(command[2:]), flush=True)
    subprocess.run(command, check=True, cwd=_ROOT)


if __name__ == "__main__":
    main()
