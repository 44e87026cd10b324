"""Learn how a foot moves about contact and toe-off: `python -m training.foot_path`.

For each foot of each laboratory trial, the path of its points about the force plate's events is
averaged over the strides; the mean over all and the ways in which they differ (principal
components) are what `stridewise.gait.foot_path` compares a recording with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

import stridewise.gait
from stridewise.gait.foot_path import GRID_S, POINTS, FootPath
from stridewise.gait.motion import KINDS, EventKind
from stridewise.skeletons import SIDES
from training.lab import Trial, trials

Array = NDArray[np.float64]

#: Ways of differing that are kept.
WAYS = 16


def fit(data: Sequence[Trial]) -> Mapping[EventKind, FootPath]:
    """Learn the paths from laboratory trials."""
    return from_paths([paths(trial) for trial in data])


def from_paths(found: Sequence[Mapping[EventKind, Array]]) -> Mapping[EventKind, FootPath]:
    """Learn from the paths of each trial, as `paths` returns them."""
    out: dict[EventKind, FootPath] = {}
    for kind in KINDS:
        path = np.concatenate([each[kind] for each in found])
        flat = path.reshape(len(path), -1)
        mean = flat.mean(axis=0)
        scores, size, directions = np.linalg.svd(flat - mean, full_matrices=False)
        sd = size[:WAYS] / len(path) ** 0.5
        ways = (directions[:WAYS] * sd[:, None]).reshape(-1, *path.shape[1:])
        rest = float(np.sum(size[WAYS:] ** 2)) / flat.size
        out[kind] = FootPath(mean.reshape(path.shape[1:]), ways, rest)
    return out


def paths(trial: Trial) -> dict[EventKind, Array]:
    """Return the mean path of either foot about either event, shape (feet, 2, points, times).

    Leg lengths, forward and up, 0 at the event.
    """
    return {
        kind: np.stack(
            [
                np.stack([_path(trial, f"{side}_{point}", kind, side) for point in POINTS], axis=1)
                for side in SIDES
            ]
        )
        for kind in KINDS
    }


def _path(trial: Trial, keypoint: str, kind: EventKind, side: str) -> Array:
    """Return the mean path of one point, shape (2, times)."""
    position = trial.xyz[:, trial.keypoints.index(keypoint), :2] / trial.leg_length_m
    seen = np.isfinite(position[:, 0])
    spline = CubicSpline(trial.time[seen], position[seen])
    first, last = trial.time[0] - GRID_S[0], trial.time[-1] - GRID_S[-1]
    at = [e.time_s for e in trial.events if (e.kind, e.side) == (kind, side)]
    at = [t for t in at if first <= t <= last]
    path: Array = spline(np.array(at)[:, None] + GRID_S).mean(axis=0).T
    return path - path[:, [len(GRID_S) // 2]]


def main() -> None:
    learnt = fit(data := trials())
    arrays: dict[str, NDArray[np.generic]] = {}
    for kind, path in learnt.items():
        arrays[f"{kind}_mean"] = path.mean.astype(np.float32)
        arrays[f"{kind}_ways"] = path.ways.astype(np.float32)
        arrays[f"{kind}_rest"] = np.float64(path.rest)
    target = Path(stridewise.gait.__file__).parent / "foot_path.npz"
    about = "Fukuchi, Fukuchi & Duarte 2017, figshare 4543435, CC BY 4.0"
    runners = np.array(sorted({trial.runner for trial in data}))
    np.savez_compressed(target, about=np.array(about), runners=runners, **arrays)
    print(f"{target}: {len(runners)} runners, {target.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
