"""Films whose errors are known: the simulator's runner and an estimator with planted faults."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from stridewise.simulate import Camera, Noise, Runner, simulate
from stridewise.simulate.estimator import leg_phase, twin
from stridewise.skeletons import SIDES
from training.films.record import UPPER, Film, kept
from training.lab import Trial

Array = NDArray[np.float64]
LEGS = ("ankle", "heel", "big_toe")
_LAB = tuple(f"{s}_{p}" for p in ("hip", "knee", *LEGS, "small_toe") for s in SIDES)
#: The head has no truth in films.
_TRUE = (*_LAB, *UPPER)


@dataclass(frozen=True)
class Faults:
    """What the estimator gets wrong, in leg lengths along the runner's way and up.

    Parameters
    ----------
    lag_s : mapping of part to float
    offset : mapping of keypoint to (float, float)
        Near points are right ones.
    wave : mapping of keypoint to (float, float)
        Size of a cosine of the stride of the own leg.
    noise : float
    exchanged : tuple of float, optional
        Phases of the near leg from and to which ankles, heels and toes change places, in every
        other stride.
    visible, visible_wrong : float
    """

    lag_s: dict[str, float] = field(default_factory=dict)
    offset: dict[str, tuple[float, float]] = field(default_factory=dict)
    wave: dict[str, tuple[float, float]] = field(default_factory=dict)
    noise: float = 0.003
    exchanged: tuple[float, float] | None = None
    visible: float = 0.9
    visible_wrong: float = 0.6


def film(
    faults: Faults,
    *,
    runner: str = "03",
    seed: int = 0,
    yaw_deg: float = 0.0,
    fps: float = 60.0,
    seconds: float = 8.0,
    estimator: str = "blazepose-full",
) -> Film:
    """Film somebody with a faulty estimator."""
    camera = Camera(yaw_deg=yaw_deg, fps=fps, distance_m=6.0, field_of_view_deg=40.0)
    made = simulate(Runner(seed=seed, speed_mps=3.0), camera, Noise(), seconds)
    exact, truth = made.recording, made.truth
    leg_px = truth.leg_length_m * camera.focal_px / camera.distance_m
    mirrored = np.cos(np.radians(yaw_deg)) < 0
    ahead = np.array([-leg_px if mirrored else leg_px, -leg_px])
    rng = np.random.default_rng([seed, 9])
    names = kept(estimator)
    points = np.zeros((exact.frames, len(names), 3))
    near = leg_phase(exact.time, truth.events, "left" if mirrored else "right")
    for i, name in enumerate(names):
        role = twin(name) if mirrored else name
        side, _, part = name.partition("_")
        own = leg_phase(exact.time, truth.events, side if side in SIDES else "right")  # type: ignore[arg-type]
        path = CubicSpline(exact.time, exact.point(name))(
            np.maximum(exact.time - faults.lag_s.get(part, 0.0), 0.0)
        )
        wave = np.cos(2 * np.pi * own)[:, None] * faults.wave.get(role, (0.0, 0.0))
        error = wave + faults.offset.get(role, (0.0, 0.0))
        error = error + faults.noise * rng.standard_normal(error.shape)
        points[:, i, :2] = path + error * ahead
    points[..., 2] = faults.visible
    if faults.exchanged:
        low, high = faults.exchanged
        there = exchanged(near, low, high)
        for part in LEGS:
            if f"left_{part}" in names:
                pair = [names.index(f"{s}_{part}") for s in SIDES]
                points[np.ix_(there, pair)] = points[np.ix_(there, pair[::-1])]
                points[np.ix_(there, pair, [2])] = faults.visible_wrong
    xyz = np.stack([truth.xyz[:, exact.keypoints.index(name)] for name in _LAB], axis=1)
    return Film(
        name=f"{runner}_30_{seed}",
        recipe={"yaw_deg": yaw_deg, "fps": fps},
        trial=Trial(
            runner=runner,
            speed_mps=3.0,
            leg_length_m=truth.leg_length_m,
            time=truth.time,
            xyz=xyz,
            keypoints=_LAB,
            events=truth.events,
            vertical_force=np.zeros(len(truth.time)),
            fore_aft_force=np.zeros(len(truth.time)),
            foot_strike=dict.fromkeys(SIDES, "unknown"),
        ),
        time=exact.time,
        stamp=exact.time,
        size=camera.image_size,
        leg_px=np.full(exact.frames, leg_px),
        true={name: exact.point(name) for name in _TRUE},
        upper=np.full((exact.frames, len(UPPER), 3), np.nan),
        points={estimator: points},
    )


def exchanged(phase: Array, low: float, high: float) -> NDArray[np.bool_]:
    """Say when legs are exchanged, by phase of the near leg."""
    here = phase % 1.0
    there: NDArray[np.bool_] = (here >= low) & (here < high) & (np.floor(phase) % 2 == 0)
    return there
