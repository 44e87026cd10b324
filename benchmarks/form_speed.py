"""How long the form networks take on one core: `python -m benchmarks.form_speed`."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from stridewise.form import learned, pose, snapshot, stride

STRIDES, REPEATS = 40, 50


def main() -> None:
    rng = np.random.default_rng(0)
    seen = rng.standard_normal((STRIDES, stride.width()))
    one = rng.uniform(0, 500, (1, len(pose.POINTS), 2))
    many = rng.uniform(0, 500, (STRIDES, len(pose.POINTS), 2))
    network, stills = learned.StrideNetwork(), snapshot.shipped()
    print("| what | ms |\n|---|---|")
    for name, what in {
        "stride network, one stride": lambda: network.says(seen[:1]),
        f"stride network, each of {STRIDES} strides": lambda: network.says(seen),
        "still networks and what they mean, one pose": lambda: snapshot.look(one, ["a"], stills),
        f"the same, each of {STRIDES} poses": lambda: snapshot.look(many, ["a"] * STRIDES, stills),
    }.items():
        count = STRIDES if "each" in name else 1
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
