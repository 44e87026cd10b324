"""What the networks leave out of the ground force, and on what that depends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.context import Context
from stridewise.gait import learned
from stridewise.gait.combined import fused
from stridewise.gait.foot_path import FootPaths, refine
from stridewise.gait.force import COURSE, FORCES, Force, knowns, stances
from stridewise.gait.geometric import GeometricModel
from stridewise.gait.learned import Reading
from stridewise.repair.clean import clean
from stridewise.simulate.camera import Camera
from stridewise.simulate.noise import Noise
from stridewise.skeletons import SIDES, Side
from stridewise.view import find_view
from training.gait_net.footage import footage
from training.lab import Trial, seen

Array = NDArray[np.float64]

#: Films of each trial: cameras all around, at usual frame rates.
FILMS = 6
_RATES, _NOISES = (30.0, 60.0, 60.0, 120.0), (0.003, 0.005, 0.008)
#: Ridge, in variances of a known: there are many films, but of few runners.
_RIDGE = 0.3


@dataclass(frozen=True)
class Left:
    """What a network leaves out of one foot's force in one film.

    Parameters
    ----------
    known : ndarray, shape (knowns,)
    missing : mapping of force to ndarray, shape (len(COURSE),)
        The force plate's mean curve less the network's.
    """

    known: Array
    missing: Mapping[Force, Array]


def gather(
    network: learned.Network,
    data: Sequence[Trial],
    paths: Mapping[str, FootPaths],
    rng: np.random.Generator,
) -> Iterator[Left]:
    """Let a network read films of runners it never saw."""
    for trial in data:
        source = footage(trial)
        for k in range(FILMS):
            camera = Camera(
                yaw_deg=float(rng.uniform(-180, 180)) if k % 2 else float(rng.choice([0.0, 180.0])),
                distance_m=float(rng.uniform(3.0, 6.0)),
                height_m=float(rng.uniform(0.6, 1.4)),
                fps=float(rng.choice(_RATES)),
            )
            noise = Noise(white=float(rng.choice(_NOISES)))
            recording, _ = clean(seen(trial, camera, noise, int(rng.integers(1 << 31))))
            view = find_view(recording, Context())
            reading = learned.read(network, recording)
            own = learned.events(reading)
            plain = GeometricModel().read(recording, view).events
            events = refine(fused(own, plain), recording, view, paths[trial.runner])
            truth = replace(
                reading,
                value={
                    (force, side): np.interp(
                        reading.time, trial.time, source.truth[force, side], np.nan, np.nan
                    )
                    for force in FORCES
                    for side in SIDES
                },
            )
            for side in SIDES:
                ends = stances(events, side)
                missing = {
                    force: _mean_course(truth, force, side, *ends)
                    - _mean_course(reading, force, side, *ends)
                    for force in FORCES
                }
                known = knowns(reading, own, events, side, 1 / recording.fps)
                yield Left(known, missing)


def _mean_course(reading: Reading, force: Force, side: Side, start: Array, stop: Array) -> Array:
    """Return the mean force over the course of the stances, shape (len(COURSE),)."""
    at = start[:, None] + COURSE * (stop - start)[:, None]
    said = reading.value[force, side]
    seen = np.isfinite(said)
    mean: Array = np.interp(at, reading.time[seen], said[seen]).mean(axis=0)
    return mean


def fit(found: Sequence[Left]) -> dict[str, Any]:
    """Regress what is missing on what is known; `stridewise.gait.force.from_json` reads it."""
    known = np.array([left.known for left in found])
    usual, spread = known.mean(axis=0), known.std(axis=0) + 1e-9
    x = (known - usual) / spread
    inner = x.T @ x / len(x) + _RIDGE * np.eye(x.shape[1])
    out: dict[str, Any] = {}
    for force in FORCES:
        missing = np.array([left.missing[force] for left in found])
        base = missing.mean(axis=0)
        slopes = np.linalg.solve(inner, x.T @ (missing - base) / len(x)) / spread[:, None]
        out[force] = {
            "base": base.round(4).tolist(),
            "slopes": slopes.round(4).tolist(),
            "usual": usual.round(4).tolist(),
            "least": known.min(axis=0).round(4).tolist(),
            "most": known.max(axis=0).round(4).tolist(),
        }
    return out
