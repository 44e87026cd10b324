"""Runners to learn from: as the laboratory saw them, changed, and simulated with faults.

All of them are `training.lab.Trial`s with the gait network's input points: legs, trunk and arms.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.encoding import INPUT_POINTS
from stridewise.gait.motion import Motion, Signal
from stridewise.metrics import GaitData
from stridewise.simulate import Runner
from stridewise.simulate.faults import FAULTS
from stridewise.simulate.signals import leg_length
from stridewise.skeletons import KEYPOINTS, SIDES
from training.gait_net.footage import Footage, draw_person, dress, restyled, upper_truth
from training.lab import Trial, stretch
from training.norms import laboratory_motion, trial_data

Array = NDArray[np.float64]

#: A changed runner is restyled (`footage.restyled`) up to so many times over, and moves by this
#: factor (SD of its logarithm) faster or slower.
_RESTYLED, _TEMPO = 6, 0.05
_SIZE = (0.85, 1.15)
#: Seconds of a recording to learn from, and shares of runs with one, two and three faults.
RECORDED_S = 12.0
_RATE = 150.0
_HOW_MANY = (0.15, 0.45, 0.25, 0.15)


def real(film: Footage, rng: np.random.Generator) -> Trial:
    """Return a trial as it was, with a drawn trunk and arms, which the laboratory did not see."""
    return replace(film.trial, xyz=_dressed(film, rng), keypoints=INPUT_POINTS)


def changed(film: Footage, rng: np.random.Generator) -> Trial:
    """Return a trial with another body, style, size and tempo.

    All motion in 1 / f of the time is motion at f times the speed.
    """
    trial, xyz = film.trial, _dressed(film, rng)
    everything = slice(0, len(trial.time))
    for _ in range(rng.integers(1, _RESTYLED + 1)):
        xyz = restyled(film, everything, xyz, rng)
    size = float(rng.uniform(*_SIZE))
    tempo = float(np.exp(_TEMPO * rng.standard_normal()))
    return replace(
        trial,
        xyz=xyz * size,
        keypoints=INPUT_POINTS,
        leg_length_m=trial.leg_length_m * size,
        speed_mps=trial.speed_mps * size * tempo,
        time=trial.time / tempo,
        events=tuple(replace(e, time_s=e.time_s / tempo) for e in trial.events),
    )


def _dressed(film: Footage, rng: np.random.Generator) -> Array:
    return dress(film, slice(0, len(film.trial.time)), draw_person(film.trial, rng))


def simulated(seed: int, rng: np.random.Generator) -> Trial:
    """Return a simulated runner with none to three faults of drawn strength."""
    count = int(rng.choice(len(_HOW_MANY), p=_HOW_MANY))
    names = rng.choice(list(FAULTS), count, replace=False)
    runner = Runner(
        speed_mps=float(rng.uniform(2.3, 4.8)),
        height_m=float(rng.uniform(1.55, 1.95)),
        seed=seed,
        faults={str(name): float(rng.uniform(0.2, 1.5)) for name in names},
    )
    run = runner.run(RECORDED_S)
    time = np.arange(0.0, RECORDED_S, 1 / _RATE)
    return Trial(
        runner=f"simulated {seed}",
        speed_mps=runner.speed_mps,
        leg_length_m=leg_length(run),
        time=time,
        xyz=run.points(time)[:, [KEYPOINTS.index(name) for name in INPUT_POINTS]],
        keypoints=INPUT_POINTS,
        events=tuple(replace(e, sd_s=0.0) for e in run.events(0.0, RECORDED_S)),
        vertical_force=np.zeros(len(time)),
        fore_aft_force=np.zeros(len(time)),
        foot_strike=dict.fromkeys(SIDES, "unknown"),
    )


def part(trial: Trial, rng: np.random.Generator) -> Trial:
    """Return a stretch of a trial, drawn at random."""
    last = trial.time[-1] - RECORDED_S
    start = float(rng.uniform(trial.time[0], last)) if last > trial.time[0] else trial.time[0]
    return stretch(trial, start, RECORDED_S)


def truth(trial: Trial) -> GaitData:
    """Gather the exact motion of a trial with trunk and arms, lengths in leg lengths."""
    motion = laboratory_motion(trial)
    thigh = {side: motion.signals["thigh", side].value for side in SIDES}
    upper = {key: Signal(v, 0.0) for key, v in upper_truth(trial.xyz, thigh).items()}
    motion = Motion(motion.time, motion.events, {**motion.signals, **upper})
    return trial_data(trial, motion, scaled=False)
