"""The laboratory recordings: 19 runners on a treadmill, 3D joints and force-plate events.

Fukuchi, Fukuchi & Duarte 2017 (PeerJ 5:e3298; figshare 4543435, CC BY 4.0), read from the folder
that the environment variable STRIDEWISE_DATA names.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.motion import Event
from stridewise.recording import Recording
from stridewise.repair.resample import nearest_index
from stridewise.simulate.camera import Camera
from stridewise.simulate.noise import Noise, degrade
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]

_SIDE: dict[str, Side] = {"L": "left", "R": "right"}


@dataclass(frozen=True, eq=False)
class Trial:
    """One runner at one speed.

    Parameters
    ----------
    runner : str
        Number of the runner in the data set; split by it.
    speed_mps : float
        Belt speed.
    leg_length_m : float
    time : ndarray, shape (frames,)
    xyz : ndarray, shape (frames, keypoints, 3)
        Metres, x forward, y up, z to the right.
    keypoints : tuple of str
    events : tuple of Event
        From the force plate (50 N), all of them.
    vertical_force, fore_aft_force : ndarray, shape (frames,)
        From the force plate, in body weights; fore-aft + is propulsion.
    foot_strike : mapping of side to str
        Rearfoot, midfoot or forefoot, as the data set's authors saw it; "unknown" where not told.
    """

    runner: str
    speed_mps: float
    leg_length_m: float
    time: Array
    xyz: Array
    keypoints: tuple[str, ...]
    events: tuple[Event, ...]
    vertical_force: Array
    fore_aft_force: Array
    foot_strike: Mapping[Side, str]


def stretch(trial: Trial, start_s: float, seconds: float) -> Trial:
    """Return a part of a trial."""
    kept = (trial.time >= start_s) & (trial.time <= start_s + seconds)
    return replace(
        trial,
        time=trial.time[kept],
        xyz=trial.xyz[kept],
        events=tuple(e for e in trial.events if start_s < e.time_s < start_s + seconds),
        vertical_force=trial.vertical_force[kept],
        fore_aft_force=trial.fore_aft_force[kept],
    )


def data_folder() -> Path:
    """Return the folder of the laboratory data, or leave with a line that says what is missing."""
    folder = os.environ.get("STRIDEWISE_DATA", "")
    if not folder or not (Path(folder) / "treadmill_running").is_dir():
        raise SystemExit(
            "Set STRIDEWISE_DATA to a folder that holds treadmill_running/ "
            "(made from figshare 4543435)."
        )
    return Path(folder)


def trials(folder: Path | None = None) -> list[Trial]:
    """Read every trial in `folder`/treadmill_running; that of `data_folder` by default."""
    files = sorted(((folder or data_folder()) / "treadmill_running").glob("runner*_*.npz"))
    if not files:
        raise SystemExit(f"There is no treadmill_running/runner*_*.npz in {folder}.")
    return [read_trial(path) for path in files]


def read_trial(path: Path) -> Trial:
    """Read one trial."""
    with np.load(path) as data:
        names = [str(name) for name in data["points"]]
        keep = [i for i, name in enumerate(names) if not name.endswith(("ASIS", "PSIS"))]
        match = re.match(r"runner(\w+)_", path.name)
        time = np.arange(len(data["xyz"])) / float(data["fps"])
        force_time = np.arange(len(data["fz"])) / float(data["fz_hz"])

        def force(name: str) -> Array:
            return np.interp(time, force_time, data[name] / float(data["body_weight_n"]))

        return Trial(
            runner=match[1] if match else path.stem,
            speed_mps=float(data["speed_mps"]),
            leg_length_m=float(data["leg_length_m"]),
            time=time,
            xyz=data["xyz"][:, keep].astype(float),
            keypoints=tuple(f"{_SIDE[names[i][0]]}_{names[i][2:]}" for i in keep),
            events=tuple(
                Event(
                    "initial_contact" if kind == "ic" else "toe_off",
                    _SIDE[str(side)],
                    float(instant),
                    0.0,
                )
                for kind, side, instant in data["events"].tolist()
            ),
            vertical_force=force("fz"),
            fore_aft_force=force("f_forward"),
            foot_strike=_foot_strike(path, match[1] if match else "", float(data["speed_mps"])),
        )


def _foot_strike(path: Path, runner: str, speed_mps: float) -> dict[Side, str]:
    """Look a trial's foot strike up in runners.csv beside it."""
    table = path.with_name("runners.csv")
    if table.exists():
        with table.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["runner"] == runner:
                    return {
                        side: (row.get(f"{side}_foot_strike_{speed_mps:.1f}") or "unknown").lower()
                        for side in SIDES
                    }
    return dict.fromkeys(SIDES, "unknown")


def seen(trial: Trial, camera: Camera, noise: Noise, seed: int) -> Recording:
    """Film a trial with a simulated camera and a noisy pose estimator.

    The start is drawn within one frame, so that frames do not lock to the laboratory's clock.
    """
    from scipy.interpolate import CubicSpline

    rng = np.random.default_rng(seed)
    time = np.arange(trial.time[0] + rng.random() / camera.fps, trial.time[-1], 1 / camera.fps)
    xyz = np.full((len(time), len(trial.keypoints), 3), np.nan)
    for k in range(len(trial.keypoints)):
        ok = np.isfinite(trial.xyz[:, k, 0])
        xyz[:, k] = CubicSpline(trial.time[ok], trial.xyz[ok, k])(time)
        xyz[~ok[nearest_index(trial.time, time)], k] = np.nan
    hips = [trial.keypoints.index(f"{side}_hip") for side in ("left", "right")]
    target = np.nanmean(xyz[:, hips], axis=(0, 1))
    xy = camera.project(xyz, target)
    perfect = Recording(
        xy=xy,
        confidence=np.ones(xy.shape[:2]),
        time=time,
        keypoints=trial.keypoints,
        image_size=camera.image_size,
        source=f"runner {trial.runner} at {trial.speed_mps} m/s",
        format="laboratory",
    )
    pixels_per_metre = camera.focal_px / camera.distance_m
    return degrade(perfect, noise, trial.leg_length_m * pixels_per_metre, rng)
