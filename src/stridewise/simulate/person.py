"""Drawing a runner from the statistics: curves over the stride, timing, lengths."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.simulate.curves import bump
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]

#: Trunk lean over stance: mean and between-runner SD of 24 runners (Teng & Powers 2014). The two
#: runners behind the trunk curves lean less; they give the curve's shape only.
TRUNK_LEAN_DEG = (7.3, 3.6)
#: Between-runner SD of arm carriage in degrees; an estimate, since only two runners were measured.
ARM_SD_DEG = {"upper_arm": 5.0, "upper_arm_out": 4.0, "forearm": 10.0, "forearm_out": 5.0}
#: Runners further than this many SD from typical are not drawn.
FURTHEST_SD = 1.8

#: Skin moves over hip and knee by 2 to 3 cm within a stance: bones of constant length, bent as the
#: markers say, lift the pelvis that much less than the markers do. A slightly shorter contact and
#: a slightly deeper knee in stance (each well within the spread of runners) share the gap.
DUTY_SHARE, DEEPER_KNEE_DEG = 0.91, 2.0

#: Lengths the leg data do not give, as a share of height (after Winter 2009 and photographs).
PROPORTIONS = {
    "trunk": 0.280,
    "shoulder_width": 0.220,
    "upper_arm": 0.172,
    "forearm": 0.150,
}


@dataclass
class Person:
    """One runner at one speed, still free to be edited by faults.

    Parameters
    ----------
    cadence : float
        Steps per minute.
    duty : dict of side to float
        Contact time over stride time.
    toe_out : dict of side to float
        Degrees.
    step_shift : float
        Share of the step time by which left contacts are late.
    lengths : dict of str to float
        Metres; foot points are seen from the ankle with the foot flat.
    curves : dict of (name, side or None) to ndarray, shape (2 * harmonics + 1,)
        Fourier coefficients over the stride; midline curves run over the right leg's stride.
    """

    cadence: float
    duty: dict[Side, float]
    toe_out: dict[Side, float]
    step_shift: float
    lengths: dict[str, float]
    curves: dict[tuple[str, Side | None], Array]


@cache
def statistics() -> Mapping[str, Any]:
    """Return the statistics that ship with the package (see `training/runner_statistics.py`)."""
    text = files("stridewise.simulate").joinpath("statistics.json").read_text()
    return _arrays(json.loads(text))  # type: ignore[no-any-return]


def _arrays(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _arrays(v) for key, v in value.items()}
    if isinstance(value, list) and value and not isinstance(value[0], str):
        return np.array(value)
    return value


def draw(
    speed_mps: float,
    height_m: float,
    cadence: float | None,
    individual: float,
    rng: np.random.Generator,
) -> Person:
    """Draw a runner of this height at this speed.

    Parameters
    ----------
    speed_mps, height_m : float
        Given.
    cadence : float or None
        In steps per minute; the rest of the stride follows as it does among runners.
    individual : float
        How far runners lie from the typical one: 0 is the typical runner, 1 as measured.
    rng : numpy.random.Generator
        Same generator state, same runner.
    """
    s = statistics()
    scalars, count = s["scalars"], 2 * s["harmonics"] + 1
    mean = s["mean"] + s["slope"] * (speed_mps - s["speed"])
    scores = individual * _scores(len(s["components"]), rng)
    known = {"height": height_m} | ({} if cadence is None else {"cadence": cadence})
    at = [len(mean) - len(scalars) + scalars.index(name) for name in known]
    scores = _conditioned(scores, s["components"][:, at], np.array([*known.values()]) - mean[at])
    vector = mean + scores @ s["components"]
    half = individual * _scores(len(s["side_components"]), rng) @ s["side_components"]
    legs = {"right": vector + half, "left": vector - half}
    curves: dict[tuple[str, Side | None], Array] = {}
    for i, name in enumerate(s["leg"]):
        for side in SIDES:
            curves[name, side] = legs[side][i * count : (i + 1) * count]
    deeper = DEEPER_KNEE_DEG * bump(0.1, 0.12)
    for side in SIDES:
        curves["thigh", side] = curves["thigh", side] + 0.7 * deeper
        curves["shank", side] = curves["shank", side] - 0.3 * deeper
    for i, name in enumerate(s["pelvis"], start=len(s["leg"])):
        curves[name, None] = vector[i * count : (i + 1) * count]
    _upper_body(curves, speed_mps, individual, rng)
    plain = {side: dict(zip(scalars, legs[side][-len(scalars) :], strict=True)) for side in SIDES}
    return Person(
        cadence=float(vector[-len(scalars)]) if cadence is None else cadence,
        duty={
            side: float(np.clip(DUTY_SHARE * plain[side]["duty_factor"], 0.2, 0.45))
            for side in SIDES
        },
        toe_out={side: float(plain[side]["toe_out"]) for side in SIDES},
        step_shift=0.0,
        lengths=_lengths(height_m, individual, rng),
        curves=curves,
    )


def _scores(count: int, rng: np.random.Generator) -> Array:
    return np.clip(rng.standard_normal(count), -FURTHEST_SD, FURTHEST_SD)


def _conditioned(scores: Array, weights: Array, target: Array) -> Array:
    """Move standard normal scores by the least so that `scores @ weights` becomes `target`."""
    return scores + weights @ np.linalg.solve(weights.T @ weights, target - scores @ weights)


def _lengths(height_m: float, individual: float, rng: np.random.Generator) -> dict[str, float]:
    measured = statistics()["lengths"]
    scores = individual * _scores(len(measured), rng)
    shares = {
        name: mean + score * sd
        for (name, (mean, sd)), score in zip(measured.items(), scores, strict=True)
    }
    return {name: float(share * height_m) for name, share in (shares | PROPORTIONS).items()}


def _upper_body(
    curves: dict[tuple[str, Side | None], Array],
    speed_mps: float,
    individual: float,
    rng: np.random.Generator,
) -> None:
    """Add trunk and arm curves, padded to as many coefficients as the legs have."""
    s = statistics()
    upper = s["upper"]
    shapes = upper["mean"] + upper["slope"] * (speed_mps - s["speed"])
    padding = 2 * (s["harmonics"] - upper["harmonics"])
    offset = dict(zip(ARM_SD_DEG, _scores(len(ARM_SD_DEG), rng), strict=True))
    swing = 1 + 0.15 * individual * _scores(1, rng)[0]
    lean = TRUNK_LEAN_DEG[0] + TRUNK_LEAN_DEG[1] * individual * _scores(1, rng)[0]
    for name, shape in zip(upper["curves"], shapes, strict=True):
        curve = np.concatenate([shape, np.zeros(padding)])
        if name == "trunk_lean":
            curve[0] = lean
        elif name == "shoulder_rotation":
            curve *= swing
        elif name in ARM_SD_DEG:
            curve[0] += individual * ARM_SD_DEG[name] * offset[name]
            curve[1:] *= swing
            for side in SIDES:
                curves[name, side] = curve.copy()
            continue
        curves[name, None] = curve
