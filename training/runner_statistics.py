"""Learn the statistics behind the runner simulator: `python -m training.runner_statistics`.

Reads `treadmill_running/` (legs and pelvis of 19 runners at three speeds, force-plate events) and
`full_body/` (trunk and arms of two runners) from the folder STRIDEWISE_DATA and writes
`src/stridewise/simulate/statistics.json`. Only statistics leave this file, no recordings.

A runner is one vector: the curves of a leg and of the pelvis over the stride as Fourier
coefficients, and some plain numbers (cadence, duty factor, toe-out, height). The vector's mean is
linear in speed; what remains per runner is described by principal components.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stridewise.simulate.curves import basis, stride_phase

Array = NDArray[np.float64]

OUT = Path(__file__).parents[1] / "src/stridewise/simulate/statistics.json"
SPEED = 3.5
HARMONICS = 12
UPPER_HARMONICS = 3
STRIDE_HARMONICS = 8
COMPONENTS = 10
SIDE_COMPONENTS = 5
STRIDE_COMPONENTS = 20
LEG = ("thigh", "thigh_out", "shank", "shank_out", "foot")
PELVIS = ("obliquity", "rotation")
UPPER = (
    "trunk_lean",
    "trunk_lateral",
    "shoulder_rotation",
    "upper_arm",
    "upper_arm_out",
    "forearm",
    "forearm_out",
)
SCALARS = ("cadence", "duty_factor", "toe_out", "height")
SOURCES = [
    "Legs, pelvis, timing and lengths: 19 runners at 2.5, 3.5 and 4.5 m/s on a treadmill with "
    "force plates. Fukuchi, Fukuchi & Duarte 2017, figshare 4543435, CC BY 4.0.",
    "Trunk and arms: only two people. One sprinter overground at 3.5, 5.2 and 7.0 m/s (Dorn 2012, "
    "simtk runningspeeds, MIT) and one runner in 11 short runs (CMU motion capture database, "
    "mocap.cs.cmu.edu, created with funding from NSF EIA-0196217).",
]


def main() -> None:
    data = Path(os.environ["STRIDEWISE_DATA"])
    statistics = _legs(data / "treadmill_running")
    statistics["upper"] = _upper(data / "full_body", statistics)
    statistics["sources"] = SOURCES
    OUT.write_text(json.dumps(_rounded(statistics), separators=(",", ":")) + "\n")
    print(f"{OUT}: {OUT.stat().st_size / 1000:.0f} kB")


# Directions ------------------------------------------------------------------------------------


def direction(vector: Array, side: int) -> tuple[Array, Array]:
    """Angle from straight down in the sagittal plane, and angle outward from that plane.

    Degrees; + forward and + away from the midline. `side` is 1 for right, -1 for left.
    """
    length = np.linalg.norm(vector, axis=-1)
    sagittal = np.degrees(np.unwrap(np.arctan2(vector[..., 0], -vector[..., 1])))
    return sagittal, np.degrees(np.arcsin(side * vector[..., 2] / length))


def _line(left: Array, right: Array) -> tuple[Array, Array]:
    """Tilt (+ right end higher) and turn (+ right end ahead) of a line across the body."""
    d = right - left
    return (
        np.degrees(np.arctan2(d[..., 1], np.hypot(d[..., 0], d[..., 2]))),
        np.degrees(np.arctan2(d[..., 0], d[..., 2])),
    )


# Legs ------------------------------------------------------------------------------------------


@dataclass
class Trial:
    """One runner at one speed: vector, its right-left half difference, stride-to-stride spread."""

    speed: float
    vector: Array
    asymmetry: Array
    strides: Array
    steps: Array
    contacts: Array
    lengths: dict[str, float]


def _legs(folder: Path) -> dict[str, Any]:
    with (folder / "runners.csv").open() as file:
        heights = {row["runner"]: float(row["height_cm"]) / 100 for row in csv.DictReader(file)}
    trials = {
        runner: [_trial(path, height) for path in sorted(folder.glob(f"runner{runner}_*.npz"))]
        for runner, height in heights.items()
    }
    every = [trial for group in trials.values() for trial in group]
    design = np.array([[1.0, trial.speed - SPEED] for trial in every])
    mean, slope = np.linalg.lstsq(design, np.array([t.vector for t in every]), rcond=None)[0]

    def remainder(pick: Callable[[Trial], Array]) -> Array:
        return np.array([np.mean([pick(t) for t in group], axis=0) for group in trials.values()])

    blocks = [2 * HARMONICS + 1] * (len(LEG) + len(PELVIS)) + [1] * len(SCALARS)
    between = remainder(lambda t: t.vector - mean - slope * (t.speed - SPEED))
    components, explained = _components(between, COMPONENTS, blocks)
    differences = remainder(lambda t: t.asymmetry)
    side_components, _ = _components(differences, SIDE_COMPONENTS, blocks, centre=False)
    strides = np.concatenate([t.strides for t in every])
    stride_components, stride_explained = _components(
        strides, STRIDE_COMPONENTS, [2 * STRIDE_HARMONICS + 1] * len(LEG), centre=False
    )
    print(
        f"between runners {explained:.0%}, from stride to stride {stride_explained:.0%} explained"
    )
    lengths = {
        name: [float(np.mean(values)), float(np.std(values, ddof=1))]
        for name in every[0].lengths
        for values in [[np.mean([t.lengths[name] for t in group]) for group in trials.values()]]
    }
    return {
        "speed": SPEED,
        "harmonics": HARMONICS,
        "leg": list(LEG),
        "pelvis": list(PELVIS),
        "scalars": list(SCALARS),
        "mean": mean,
        "slope": slope,
        "components": components,
        "side_components": side_components,
        "stride_harmonics": STRIDE_HARMONICS,
        "stride_components": stride_components,
        "step_time_sd": float(np.sqrt(np.mean([np.var(t.steps) for t in every]))),
        "contact_time_sd": float(np.sqrt(np.mean([np.var(t.contacts) for t in every]))),
        "lengths": lengths,
    }


def _trial(path: Path, height: float) -> Trial:
    with np.load(path) as file:
        xyz, points = file["xyz"].astype(float), list(file["points"])
        fps, speed, events = float(file["fps"]), float(file["speed_mps"]), file["events"]
    time = np.arange(len(xyz)) / fps

    def point(name: str) -> Array:
        positions: Array = xyz[:, points.index(name)]
        return positions

    contacts = {
        side: [
            (a["time"], b["time"])
            for a, b in pairwise(events)
            if a["kind"] == "ic" and b["kind"] == "to" and a["side"] == b["side"] == side
        ]
        for side in "RL"
    }
    legs = {side: _leg(point, side) for side in "RL"}
    curves, strides = {}, []
    for side in "RL":
        ic, to = np.array(contacts[side]).T
        phase = stride_phase(time, ic, to)
        legs[side]["foot"] -= np.nanmedian(legs[side]["foot"][_flat(time, contacts[side])])
        inside = (time > ic[0]) & (time < ic[-1])
        curves[side] = np.array([_fit(phase[inside], legs[side][k][inside]) for k in LEG])
        strides.append(_stride_deviations(phase, legs[side], curves[side], len(ic) - 1))
    pelvis = _pelvis(point, time, contacts)
    ics = np.sort(np.concatenate([np.array(contacts[s])[:, 0] for s in "RL"]))
    steps = np.diff(ics)
    duty = {s: float(np.mean([b - a for a, b in contacts[s]]) / (2 * steps.mean())) for s in "RL"}
    toe_out = {s: _toe_out(point, s, time, contacts[s]) for s in "RL"}

    def vector(leg: Array, scalars: list[float]) -> Array:
        return np.concatenate([leg.ravel(), pelvis.ravel(), scalars])

    cadence = 60 / steps.mean()
    both = {s: vector(curves[s], [cadence, duty[s], toe_out[s], height]) for s in "RL"}
    return Trial(
        speed,
        (both["R"] + both["L"]) / 2,
        (both["R"] - both["L"]) / 2,
        np.concatenate(strides),
        steps / steps.mean(),
        np.concatenate([[(b - a) / steps.mean() for a, b in contacts[s]] for s in "RL"])
        - np.repeat([2 * duty["R"], 2 * duty["L"]], [len(contacts["R"]), len(contacts["L"])]),
        _lengths(point, time, contacts, height),
    )


def _leg(point: Callable[[str], Array], side: str) -> dict[str, Array]:
    sign = 1 if side == "R" else -1
    hip, knee, ankle = (point(f"{side}_{p}") for p in ("hip", "knee", "ankle"))
    thigh, thigh_out = direction(knee - hip, sign)
    shank, shank_out = direction(ankle - knee, sign)
    sole = point(f"{side}_big_toe") - point(f"{side}_heel")
    foot = np.degrees(np.unwrap(np.arctan2(sole[:, 1], sole[:, 0])))
    values = (thigh, thigh_out, shank, shank_out, foot)
    return {k: v - 360 * np.round(np.nanmean(v) / 360) for k, v in zip(LEG, values, strict=True)}


def _fit(phase: Array, value: Array, harmonics: int = HARMONICS) -> Array:
    good = np.isfinite(value)
    return np.asarray(np.linalg.lstsq(basis(phase[good], harmonics), value[good], rcond=None)[0])


def _stride_deviations(phase: Array, leg: dict[str, Array], curves: Array, strides: int) -> Array:
    """Fourier coefficients of each stride less the mean stride's, shape (strides, curves * n)."""
    rows = []
    for k in range(strides):
        inside = (phase >= k) & (phase < k + 1)
        p = phase[inside]
        rest = [leg[n][inside] - basis(p, HARMONICS) @ c for n, c in zip(LEG, curves, strict=True)]
        if np.isfinite(rest).all():
            rows.append(np.concatenate([_fit(p, r, STRIDE_HARMONICS) for r in rest]))
    deviations: Array = np.array(rows) - np.mean(rows, axis=0)
    return deviations


def _pelvis(
    point: Callable[[str], Array],
    time: Array,
    contacts: dict[str, list[tuple[float, float]]],
) -> Array:
    """Pelvis curves over the right leg's stride, made symmetric, shape (curves, coefficients)."""
    phase = _alternating_phase(time, *(np.array([ic for ic, _ in contacts[s]]) for s in "RL"))
    left, right = point("L_hip"), point("R_hip")
    obliquity, rotation = _line(left, right)
    inside = np.isfinite(phase)
    phase = phase[inside]
    return np.array(
        [
            _symmetric(_fit(phase, obliquity[inside]), -1, HARMONICS),
            _symmetric(_fit(phase, rotation[inside]), -1, HARMONICS),
        ]
    )


def _alternating_phase(time: Array, right: Array, left: Array) -> Array:
    """Phase that is k at right contact k and k + 0.5 at the left contact after it."""
    from scipy.interpolate import PchipInterpolator

    start = right[0]
    pairs = [(t, 0) for t in right] + [(t, 1) for t in left if t > start]
    pairs.sort()
    times = np.array([t for t, _ in pairs])
    return np.asarray(PchipInterpolator(times, np.arange(len(times)) / 2, extrapolate=False)(time))


def _symmetric(coefficients: Array, sign: int, harmonics: int) -> Array:
    """Average of a midline curve and its mirror image half a stride later."""
    order = np.concatenate([[0], np.repeat(np.arange(1, harmonics + 1), 2)])
    return coefficients * (1 + sign * (-1.0) ** order) / 2


def _toe_out(
    point: Callable[[str], Array], side: str, time: Array, contacts: list[tuple[float, float]]
) -> float:
    toe = (point(f"{side}_big_toe") + point(f"{side}_small_toe")) / 2
    sole = toe - point(f"{side}_heel")
    sign = 1 if side == "R" else -1
    flat = _flat(time, contacts)
    return float(np.nanmean(np.degrees(np.arctan2(sign * sole[flat, 2], sole[flat, 0]))))


def _flat(time: Array, contacts: list[tuple[float, float]]) -> NDArray[np.bool_]:
    """Frames in the middle of stance, when the foot is flat."""
    flat = np.zeros(len(time), dtype=bool)
    for ic, to in contacts:
        flat |= (time > ic + 0.3 * (to - ic)) & (time < ic + 0.45 * (to - ic))
    return flat


def _lengths(
    point: Callable[[str], Array],
    time: Array,
    contacts: dict[str, list[tuple[float, float]]],
    height: float,
) -> dict[str, float]:
    """Lengths as a share of height; foot points seen from the ankle with the foot flat."""
    found: dict[str, list[float]] = {}
    for side in "RL":
        sign = 1 if side == "R" else -1
        hip, knee, ankle = (point(f"{side}_{p}") for p in ("hip", "knee", "ankle"))
        flat = _flat(time, contacts[side])
        lengths = {
            "thigh": np.nanmean(np.linalg.norm(knee - hip, axis=1)),
            "shank": np.nanmean(np.linalg.norm(ankle - knee, axis=1)),
            "ankle_height": np.nanmean(ankle[flat, 1]),
        }
        turn = np.radians(_toe_out(point, side, time, contacts[side]))
        for name in ("heel", "big_toe", "small_toe"):
            p = np.nanmean((point(f"{side}_{name}") - ankle)[flat], axis=0)
            out = sign * p[2]
            lengths[f"{name}_ahead"] = p[0] * np.cos(turn) + out * np.sin(turn)
            lengths[f"{name}_out"] = out * np.cos(turn) - p[0] * np.sin(turn)
            lengths[f"{name}_up"] = p[1]
        for name, value in lengths.items():
            found.setdefault(name, []).append(float(value))
    found["hip_width"] = [
        float(np.nanmean(np.linalg.norm(point("R_hip") - point("L_hip"), axis=1)))
    ]
    return {name: float(np.mean(values)) / height for name, values in found.items()}


def _components(
    rows: Array, count: int, blocks: list[int], centre: bool = True
) -> tuple[Array, float]:
    """Principal components, scaled to one standard deviation each; and the share they explain.

    Columns belong to blocks (the coefficients of one curve, or one plain number). Each block
    weighs alike and keeps its inner proportions.
    """
    rows = rows - rows.mean(axis=0) if centre else rows
    spread = np.sqrt(np.add.reduceat((rows**2).mean(axis=0), np.cumsum([0, *blocks[:-1]])))
    scale = np.repeat(np.where(spread > 0, spread, 1.0), blocks)
    _, singular, vectors = np.linalg.svd(rows / scale, full_matrices=False)
    variance = singular**2 / (len(rows) - 1)
    components = vectors[:count] * np.sqrt(variance[:count, None]) * scale
    return components, float(variance[:count].sum() / variance.sum())


# Trunk and arms --------------------------------------------------------------------------------


def _upper(folder: Path, legs: dict[str, Any]) -> dict[str, Any]:
    """Mean curves at `SPEED` and their slope with speed, of the two people there are."""
    n = 2 * HARMONICS + 1
    thigh = basis(np.linspace(0, 1, 400, endpoint=False), HARMONICS) @ legs["mean"][:n]
    peak = float(np.argmax(thigh) / 400)
    dorn = [
        (speed, _upper_curves(_trc(folder / f"run{cm:04d}cms.trc"), peak))
        for cm, speed in ((350, 3.5), (500, 5.2), (700, 7.0))
    ]
    speeds = np.array([s for s, _ in dorn]) - SPEED
    slope = np.polyfit(speeds, np.array([c.ravel() for _, c in dorn]), 1)[0]
    cmu = np.mean([_upper_curves(_bvh(p), peak) for p in sorted(folder.glob("09_*.bvh"))], axis=0)
    return {
        "curves": list(UPPER),
        "harmonics": UPPER_HARMONICS,
        "mean": (dorn[0][1] + cmu) / 2,
        "slope": slope.reshape(cmu.shape),
        "people": 2,
    }


def _upper_curves(body: dict[str, Array], peak: float) -> Array:
    """Symmetric curves over the right leg's stride, shape (curves, coefficients).

    There are no force plates to go by in all of these recordings; the stride is timed by the
    instants at which each thigh is furthest forward, which the leg statistics place at `peak`.
    """
    from scipy.signal import find_peaks

    frames = len(body["R_hip"])
    tops = {}
    for side in "RL":
        thigh = direction(body[f"{side}_knee"] - body[f"{side}_hip"], 1)[0]
        tops[side] = find_peaks(thigh, prominence=25)[0].astype(float)
    knots = sorted([(t, 0) for t in tops["R"]] + [(t, 1) for t in tops["L"]])
    at = np.array([t for t, _ in knots])
    first = peak + 0.5 * knots[0][1]
    phase = np.interp(
        np.arange(frames), at, first + 0.5 * np.arange(len(at)), left=np.nan, right=np.nan
    )
    good = np.isfinite(phase)
    mid_hip = (body["L_hip"] + body["R_hip"]) / 2
    mid_shoulder = (body["L_shoulder"] + body["R_shoulder"]) / 2
    up = mid_shoulder - mid_hip
    lean = np.degrees(np.arctan2(up[:, 0], up[:, 1]))
    lateral = np.degrees(np.arcsin(up[:, 2] / np.linalg.norm(up, axis=1)))
    turn = _line(body["L_shoulder"], body["R_shoulder"])[1]

    def fit(value: Array, shift: float = 0.0) -> Array:
        return _fit(phase[good] + shift, value[good], UPPER_HARMONICS)

    arms = []
    for sign, side, shift in ((1, "R", 0.0), (-1, "L", 0.5)):
        upper = body[f"{side}_elbow"] - body[f"{side}_shoulder"]
        fore = body[f"{side}_wrist"] - body[f"{side}_elbow"]
        arms.append([fit(c, shift) for v in (upper, fore) for c in direction(v, sign)])
    return np.array(
        [
            _symmetric(fit(lean), 1, UPPER_HARMONICS),
            _symmetric(fit(lateral), -1, UPPER_HARMONICS),
            _symmetric(fit(turn), -1, UPPER_HARMONICS),
            *np.mean(arms, axis=0),
        ]
    )


def _trc(path: Path) -> dict[str, Array]:
    """Joints from the Dorn markers; hip centres by Harrington 2007, shoulders below acromion."""
    lines = path.read_text().splitlines()
    names = [name for name in lines[3].split("\t")[2:] if name]
    rows = [line.split("\t")[2 : 2 + 3 * len(names)] for line in lines[5:] if line.strip()]
    xyz = np.array(rows, dtype=float).reshape(len(rows), -1, 3) / 1000
    marker = {name: xyz[:, i] for i, name in enumerate(names)}
    front = (marker["RASI"] + marker["LASI"]) / 2
    z = marker["RASI"] - marker["LASI"]
    width = np.linalg.norm(z, axis=1, keepdims=True)
    z = z / width
    x = front - marker["SACR"]
    depth = np.linalg.norm(x, axis=1, keepdims=True)
    y = np.cross(z, x)
    y /= np.linalg.norm(y, axis=1, keepdims=True)
    x = np.cross(y, z)
    body = {}
    for sign, side in ((1, "R"), (-1, "L")):
        body[f"{side}_hip"] = (
            front
            - (0.24 * depth + 0.0099) * x
            - (0.30 * width + 0.0109) * y
            + sign * (0.33 * width + 0.0073) * z
        )
        body[f"{side}_knee"] = marker[f"{side}LEPI"] - sign * 0.05 * z
        body[f"{side}_shoulder"] = marker[f"{side}SH"] - np.array([0.0, 0.05, 0.0])
        body[f"{side}_elbow"] = marker[f"{side}ELB"] - sign * 0.035 * z
        body[f"{side}_wrist"] = marker[f"{side}WR"] - sign * 0.02 * z
    return body


def _bvh(path: Path) -> dict[str, Array]:
    """Joints of a BVH run; turned so that the runner moves along x, in leg lengths."""
    joints = dict(_bvh_joints(path))
    names = {"UpLeg": "hip", "Leg": "knee", "Arm": "shoulder", "ForeArm": "elbow", "Hand": "wrist"}
    body = {
        f"{side[0]}_{ours}": joints[f"{side}{theirs}"]
        for side in ("Left", "Right")
        for theirs, ours in names.items()
    }
    path_taken = body["R_hip"][-1] - body["R_hip"][1]
    ahead = np.array([path_taken[0], 0, path_taken[2]]) / np.hypot(path_taken[0], path_taken[2])
    up = np.array([0.0, 1.0, 0.0])
    axes = np.stack([ahead, up, np.cross(ahead, up)])
    # The first frame is a pose for calibration.
    return {name: value[1:] @ axes.T for name, value in body.items()}


def _bvh_joints(path: Path) -> Iterator[tuple[str, Array]]:
    """Yield each joint's name and positions by walking the hierarchy."""
    head, motion = path.read_text().split("MOTION")
    values = np.array([line.split() for line in motion.strip().splitlines()[2:]], dtype=float)
    stack: list[tuple[Array, Array]] = []
    name, column, offset = "", 0, np.zeros(3)
    for line in head.splitlines():
        word = line.split()
        if not word:
            continue
        if word[0] in ("ROOT", "JOINT"):
            name = word[1]
        elif word[0] == "End":
            name = ""
        elif word[0] == "OFFSET":
            offset = np.array(word[1:], dtype=float)
            if not name:
                stack.append((np.zeros((len(values), 3)), np.tile(np.eye(3), (len(values), 1, 1))))
        elif word[0] == "CHANNELS":
            position, turn = (np.zeros((1, 3)), np.eye(3)[None]) if not stack else stack[-1]
            channels = values[:, column : column + int(word[1])]
            column += int(word[1])
            position = position + turn @ offset + (channels[:, :3] if len(word) == 8 else 0)
            for axis, angle in zip(word[-3:], channels[:, -3:].T, strict=True):
                turn = turn @ _turn("XYZ".index(axis[0]), np.radians(angle))
            stack.append((position, turn))
            yield name, position
        elif word[0] == "}":
            stack.pop()


def _turn(axis: int, angle: Array) -> Array:
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    turn = np.tile(np.eye(3), (len(angle), 1, 1))
    turn[:, i, i] = turn[:, j, j] = np.cos(angle)
    turn[:, j, i] = np.sin(angle)
    turn[:, i, j] = -turn[:, j, i]
    return turn


def _rounded(value: Any) -> Any:
    """Make lists with five significant digits, for a small file."""
    if isinstance(value, dict):
        return {key: _rounded(v) for key, v in value.items()}
    if isinstance(value, np.ndarray):
        return _rounded(value.tolist())
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
