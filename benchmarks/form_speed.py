"""How long the networks for single pictures take on one core: `python -m benchmarks.form_speed`."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from stridewise.form import pose, snapshot

POSES, REPEATS = 40, 50


def main() -> None:
    rng = np.random.default_rng(0)
    one = rng.uniform(0, 500, (1, len(pose.POINTS), 2))
    many = rng.uniform(0, 500, (POSES, len(pose.POINTS), 2))
    stills = snapshot.shipped()
    print("| what | ms |\n|---|---|")
    for name, what in {
        "still networks and what they mean, one pose": lambda: snapshot.look(one, ["a"], stills),
        f"the same, each of {POSES} poses": lambda: snapshot.look(many, ["a"] * POSES, stills),
    }.items():
        count = POSES if "each" in name else 1
        print(f"| {name} | {1e3 * _median_s(what) / count:.3f} |")


def _median_s(what: Callable[[], object]) -> float:
    what()
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        what()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


if __name__ == "__main__":
    main()
