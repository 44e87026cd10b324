"""Learn how a foot moves about contact and toe-off: `python -m training.foot_path`.

For each foot of each laboratory trial, the path of its points about the force plate's events is
averaged over the strides; the mean over all and the ways in which they differ (principal
components) are what `stridewise.gait.foot_path` compares a recording with. The same is done for
keypoints that were smoothed. All is learnt without the runners of each fold too, for measuring on
them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter1d

import stridewise.gait
from stridewise.gait.foot_path import GRID_S, POINTS, SMOOTHINGS_S, FootPath, FootPaths, load
from stridewise.gait.motion import KINDS, EventKind, instants
from stridewise.skeletons import SIDES
from training.gait_net.folds import FOLDS, part
from training.gait_net.folds import held_out as leaves_out
from training.lab import Trial, trials

Array = NDArray[np.float64]

FILE = Path(stridewise.gait.__file__).parent / "foot_path.npz"
#: Ways of differing that are kept.
WAYS = 16


def fit(data: Sequence[Trial]) -> FootPaths:
    """Learn the paths from laboratory trials."""
    return from_paths([paths(trial) for trial in data])


def from_paths(found: Sequence[Mapping[EventKind, Array]]) -> FootPaths:
    """Learn from the paths of each trial, as `paths` returns them."""
    return {
        kind: [_learnt(path) for path in np.concatenate([f[kind] for f in found], axis=1)]
        for kind in KINDS
    }


def _learnt(path: Array) -> FootPath:
    """Mean and principal components of paths, shape (feet, 2, points, times)."""
    flat = path.reshape(len(path), -1)
    mean = flat.mean(axis=0)
    _, size, directions = np.linalg.svd(flat - mean, full_matrices=False)
    sd = size[:WAYS] / len(path) ** 0.5
    ways = (directions[:WAYS] * sd[:, None]).reshape(-1, *path.shape[1:])
    return FootPath(mean.reshape(path.shape[1:]), ways, float(np.sum(size[WAYS:] ** 2)) / flat.size)


def paths(trial: Trial) -> dict[EventKind, Array]:
    """Return the mean path of either foot about either event.

    Returns
    -------
    dict of event kind to ndarray, shape (smoothings, feet, 2, points, times)
        Leg lengths, forward and up, 0 at the event.
    """
    rate = 1 / float(np.median(np.diff(trial.time)))
    first, last = trial.time[0] - GRID_S[0], trial.time[-1] - GRID_S[-1]
    out: dict[EventKind, Array] = {
        kind: np.empty((len(SMOOTHINGS_S), 2, 2, len(POINTS), len(GRID_S))) for kind in KINDS
    }
    for foot, side in enumerate(SIDES):
        for p, point in enumerate(POINTS):
            position = trial.xyz[:, trial.keypoints.index(f"{side}_{point}"), :2]
            seen = np.isfinite(position[:, 0])
            whole = CubicSpline(trial.time[seen], position[seen] / trial.leg_length_m)(trial.time)
            for s, smoothing in enumerate(SMOOTHINGS_S):
                spline = CubicSpline(
                    trial.time,
                    gaussian_filter1d(whole, smoothing * rate, axis=0) if smoothing else whole,
                )
                for kind in KINDS:
                    at = instants(trial.events, kind, side)
                    kept = at[(first <= at) & (at <= last)]
                    path = spline(kept[:, None] + GRID_S).mean(axis=0).T
                    out[kind][s, foot, :, p] = path - path[:, [len(GRID_S) // 2]]
    return out


def held_out(runners: Collection[str], folder: Path | None = None) -> dict[str, FootPaths]:
    """Return, per runner, paths that were learnt without that runner.

    Parameters
    ----------
    runners : collection of str
        Those on whom the shipped paths were not learnt get the shipped ones.
    folder : path, optional
        As for `training.lab.trials`: all other runners there are learnt from.
    """
    with np.load(FILE) as learnt:
        learnt_on = set(learnt["runners"].tolist())
    out = dict.fromkeys(sorted(runners), load(FILE))
    if known := learnt_on & set(runners):
        data = [trial for trial in trials(folder) if trial.runner in learnt_on]
        found = [(trial.runner, paths(trial)) for trial in data]
        for runner in known:
            out[runner] = from_paths([path for other, path in found if other != runner])
    return out


def main() -> None:
    found = [(trial.runner, paths(trial)) for trial in trials()]
    for fold in (None, *range(FOLDS)):
        kept = [(runner, path) for runner, path in found if runner not in leaves_out(fold)]
        file = FILE if fold is None else part(fold, "paths.npz")
        write(from_paths([path for _, path in kept]), {runner for runner, _ in kept}, file)


def write(learnt: FootPaths, runners: Collection[str], file: Path) -> None:
    """Write the data file."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for kind, each in learnt.items():
        arrays[f"{kind}_mean"] = np.stack([path.mean for path in each]).astype(np.float32)
        arrays[f"{kind}_ways"] = np.stack([path.ways for path in each]).astype(np.float32)
        arrays[f"{kind}_rest"] = np.array([path.rest for path in each])
    about = "Fukuchi, Fukuchi & Duarte 2017, figshare 4543435, CC BY 4.0"
    names = np.array(sorted(runners))
    np.savez_compressed(file, about=np.array(about), runners=names, **arrays)
    print(f"{file}: {len(names)} runners, {file.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
