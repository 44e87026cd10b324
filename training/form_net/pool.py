"""Film runners and keep what the form networks learn from.

`python -m training.form_net.pool OUT.npz --recordings 1500`

Every recording goes the product's way: camera, noise, repair, gait model. The gait network that
reads a laboratory runner was trained without that runner.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.context import Context
from stridewise.errors import InputError
from stridewise.form import stride
from stridewise.form.variables import Variables, measure
from stridewise.gait import learned
from stridewise.gait.combined import CombinedModel
from stridewise.gait.foot_path import FootPaths
from stridewise.gait.motion import GaitModel, Motion
from stridewise.gait.strides import Steps, find_steps
from stridewise.metrics import GaitData, Measured
from stridewise.recording import Recording
from stridewise.repair.clean import clean
from stridewise.simulate import Camera, Noise
from stridewise.view import View, find_view
from training import foot_path
from training.form_net import keypoints
from training.form_net.bodies import changed, part, real, simulated, truth
from training.gait_net.folds import FOLDS, NETWORKS, RUNNERS
from training.gait_net.footage import Footage, footage
from training.gait_net.scene import draw_setting
from training.lab import Trial, seen, trials

Array = NDArray[np.float64]

#: Shares of recordings by kind of runner.
KINDS = {"real": 0.3, "changed": 0.4, "simulated": 0.3}
#: A stated speed is read off a display; an estimated one is off by up to this share (SD).
_STATED_SD, _ESTIMATED_SD = 0.02, 0.07
#: A true stride and a found one belong together when they begin this close, in seconds.
_SAME_S = 0.08
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, eq=False)
class Filmed:
    """One recording, as the product reads it.

    Parameters
    ----------
    recording : Recording
        Repaired.
    raw : Recording
        As filmed.
    view : View
    motion : Motion
    steps : Steps
    speed : Measured
    variables : Variables
        Of the steps.
    data : GaitData
        What metrics are computed from.
    """

    recording: Recording
    raw: Recording
    view: View
    motion: Motion
    steps: Steps
    speed: Measured
    variables: Variables
    data: GaitData


def film(trial: Trial, camera: Camera, noise: Noise, seed: int) -> tuple[Recording, Recording]:
    """Film a trial; return the recording as filmed and repaired."""
    raw = seen(trial, camera, noise, seed)
    return raw, clean(raw)[0]


def read(raw: Recording, recording: Recording, model: GaitModel, speed: Measured) -> Filmed:
    """Let a gait model read a film, and measure what the areas rest on."""
    view = find_view(recording, Context())
    motion = model.read(recording, view)
    steps = find_steps(motion)
    data = GaitData(motion=motion, steps=steps, fps=recording.fps, view=view.name, speed=speed)
    variables = measure(data, "treadmill", speed)
    return Filmed(recording, raw, view, motion, steps, speed, variables, data)


def gait_fold(trial: Trial, rng: np.random.Generator) -> int:
    """Return the fold whose gait network never saw this runner."""
    if trial.runner in RUNNERS:
        return RUNNERS.index(trial.runner) % FOLDS
    return int(rng.integers(FOLDS))


@cache
def gait_model(fold: int, runner: str) -> CombinedModel:
    """Return the gait model: network trained without a fold, foot paths learnt without a runner."""
    return CombinedModel(_network(fold), paths=_paths().get(runner))


@cache
def _network(fold: int) -> learned.Network:
    return learned.Network(_ROOT / NETWORKS / f"fold{fold}.onnx")


@cache
def _paths() -> Mapping[str, FootPaths]:
    return foot_path.held_out(RUNNERS)


def strides(filmed: Filmed, trial: Trial) -> dict[str, Array]:
    """Return what was seen of each stride, and what is true of it."""
    exact = truth(trial)
    told = measure(exact, "treadmill", exact.speed)
    yaw = filmed.motion.yaw_deg
    encoded = stride.encode(
        filmed.motion,
        filmed.steps,
        filmed.variables,
        filmed.speed,
        filmed.view.yaw_deg if yaw is None else yaw,
        filmed.recording.fps,
    )
    true = partners(filmed.steps, encoded.rows, exact.steps)
    kept = true >= 0
    rows, true = encoded.rows[kept], true[kept]
    return {
        "features": encoded.features[kept],
        "keypoints": keypoints.encode(filmed.recording, filmed.steps)[kept],
        "past": told.past[true],
        "rule": filmed.variables.past[rows],
        "doubt": filmed.variables.doubt[rows],
        "cuts": np.broadcast_to(told.cuts, (len(rows), *told.cuts.shape)),
        "right": filmed.steps.right[rows],
        "true": true,
    }


def partners(steps: Steps, rows: NDArray[np.intp], exact: Steps) -> NDArray[np.intp]:
    """Return the true stride of each found one, by side and instant of contact; -1 for none."""
    result = np.full(len(rows), -1)
    for right in (False, True):
        own = np.flatnonzero(exact.right == right)
        mine = np.flatnonzero(steps.right[rows] == right)
        if not len(own) or not len(mine):
            continue
        apart = np.abs(
            steps.initial_contact[rows[mine]][:, None] - exact.initial_contact[own][None]
        )
        nearest = apart.argmin(axis=1)
        close = apart[np.arange(len(mine)), nearest] < _SAME_S
        result[mine[close]] = own[nearest[close]]
    return result


_FILMS: list[Footage] = []


def _block(job: tuple[int, int]) -> list[dict[str, Array]]:
    if not _FILMS:
        _FILMS.extend(footage(trial) for trial in trials())
    seed, recordings = job
    rng = np.random.default_rng(seed)
    made = []
    for i in range(recordings):
        kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
        source = _FILMS[rng.integers(len(_FILMS))]
        if kind == "simulated":
            trial = simulated(seed * 1000 + i, rng)
        else:
            trial = part((real if kind == "real" else changed)(source, rng), rng)
        setting = draw_setting(rng)
        camera = Camera(
            yaw_deg=setting.camera.yaw_deg,
            pitch_deg=setting.camera.pitch_deg,
            distance_m=setting.camera.distance_m,
            height_m=setting.camera.height_m,
            fps=setting.camera.fps,
        )
        noise = Noise(white=setting.white, slow=setting.slow, systematic=setting.systematic / 2)
        sd = _STATED_SD if rng.random() < 0.5 else float(rng.uniform(_STATED_SD, _ESTIMATED_SD))
        told = trial.speed_mps * (1 + sd * float(rng.standard_normal()))
        speed = Measured(told, sd * told, "told")
        model = gait_model(gait_fold(trial, rng), trial.runner)
        try:
            raw, recording = film(trial, camera, noise, int(rng.integers(1 << 31)))
            filmed = read(raw, recording, model, speed)
        except InputError:
            continue
        found = strides(filmed, trial) | keypoints.stills(trial, filmed.raw, camera, rng)
        who = trial.runner if kind != "simulated" else "simulated"
        count, frames = len(found["past"]), len(found["still"])
        made.append(
            {name: value.astype(np.float32) for name, value in found.items()}
            | {"runner": np.full(count, who), "kind": np.full(count, kind)}
            | {"still_runner": np.full(frames, who), "still_kind": np.full(frames, kind)}
            | {"recording": np.full(count, seed * 1000 + i)}
        )
    return made


def pool(recordings: int, seed: int, workers: int) -> Mapping[str, Array]:
    """Film many recordings; return all strides and stills with their truth."""
    block = 25
    jobs = [
        (seed * 100_003 + i, min(block, recordings - i * block))
        for i in range(-(-recordings // block))
    ]
    parts: list[dict[str, Array]] = []
    with ProcessPoolExecutor(workers) as executor:
        for i, made in enumerate(executor.map(_block, jobs)):
            parts += made
            print(f"{(i + 1) * block} recordings", flush=True)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description="Film runners for the form networks.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--recordings", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    np.savez(args.out, **pool(args.recordings, args.seed, args.workers))


if __name__ == "__main__":
    main()
