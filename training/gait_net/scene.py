"""One short film of a laboratory runner: camera, estimator, and what goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.encoding import (
    EXTRAS,
    INPUT_POINTS,
    MIRROR,
    OUTPUTS,
    RATE,
    cubic,
    encode,
    placing,
    to_grid,
    unmirror,
)
from stridewise.simulate.camera import Camera
from stridewise.simulate.estimator import Fingerprint
from training.gait_net.estimators import draw_source, misled
from training.gait_net.footage import Footage, draw_person, dress, restyled, targets

Array = NDArray[np.float64]

#: Frames of a scene on the network's grid, and how much of the trial is taken for it.
FRAMES = 256
_FEET = ("heel", "big_toe", "small_toe")
_ARMS = ("elbow", "wrist")
_RATES = (24.0, 25.0, 30.0, 50.0, 60.0, 100.0, 120.0, 240.0)
_RATE_SHARES = (0.04, 0.06, 0.2, 0.08, 0.36, 0.04, 0.12, 0.1)
#: Parts seen less well than others, and how much less.
_HARD = {"wrist": 1.3, "heel": 1.2, "big_toe": 1.2, "small_toe": 1.3}
_WEIGHT = np.array([_HARD.get(name.split("_", 1)[1], 1.0) for name in INPUT_POINTS])
_LEFT = np.array([name.startswith("left") for name in INPUT_POINTS])


@dataclass(frozen=True)
class Setting:
    """Everything that is drawn about a scene except the runner.

    Parameters
    ----------
    camera : Camera
    white, slow, systematic : float
        Sizes of the estimator's errors as shares of leg length.
    tempo : float
        How much faster than in the laboratory the runner moves.
    size : float
        How much larger than in the laboratory.
    restyled : bool
        Whether body and style are other than in the laboratory.
    source : Fingerprint, optional
        The pose estimator that sees it; none is a generic one with the errors above.
    """

    camera: Camera
    white: float = 0.005
    slow: float = 0.0
    systematic: float = 0.0
    tempo: float = 1.0
    size: float = 1.0
    restyled: bool = False
    source: Fingerprint | None = None


def draw_setting(rng: np.random.Generator, sources: Sequence[Fingerprint] = ()) -> Setting:
    """Draw camera and estimator as users have them; one of the real ones if there are any."""
    plain = rng.random() < 0.45
    yaw = (
        rng.choice([0.0, 180.0, 90.0, -90.0]) + 5.0 * rng.standard_normal()
        if plain
        else rng.uniform(-180.0, 180.0)
    )
    level = rng.random() < 0.3
    camera = Camera(
        yaw_deg=float(yaw),
        pitch_deg=0.0 if level else float(np.clip(5.0 * rng.standard_normal(), -15, 15)),
        roll_deg=0.0 if level else float(1.2 * rng.standard_normal()),
        distance_m=float(rng.uniform(2.2, 8.0)),
        height_m=float(rng.uniform(0.4, 1.8)),
        fps=float(rng.choice(_RATES, p=_RATE_SHARES)) * float(rng.uniform(0.99, 1.01)),
        follow=bool(rng.random() < 0.88),
    )
    exact = rng.random() < 0.5
    return Setting(
        camera=camera,
        white=float(np.clip(0.005 * np.exp(0.5 * rng.standard_normal()), 0.001, 0.02)),
        slow=0.0 if exact else float(rng.uniform(0.0, 0.008)),
        systematic=0.0 if exact else float(rng.uniform(0.0, 0.015)),
        tempo=1.0 if exact else float(np.exp(0.04 * rng.standard_normal())),
        size=float(rng.uniform(0.85, 1.15)),
        restyled=bool(rng.random() < 0.8),
        source=draw_source(sources, camera.yaw_deg, rng) if sources else None,
    )


def film(
    footage: Footage, setting: Setting, rng: np.random.Generator, *, complete: bool = False
) -> tuple[Array, Array]:
    """Film a stretch of a trial drawn at random.

    Parameters
    ----------
    footage : Footage
    setting : Setting
    rng : numpy.random.Generator
    complete : bool
        Leave out nothing: no missing points, no cut ends, no swaps.

    Returns
    -------
    features : ndarray, shape (FRAMES, FEATURES)
    targets : ndarray, shape (FRAMES, outputs)
    """
    trial, camera = footage.trial, setting.camera
    margin = 0.3
    lab_s = (FRAMES / RATE + 2 * margin) * setting.tempo
    count = int(np.ceil(lab_s / np.median(np.diff(trial.time)))) + 2
    known = np.flatnonzero(np.isfinite(footage.phase))
    first = int(rng.integers(known[0], known[-1] - count))
    index = slice(first, first + count)
    person = draw_person(trial, rng)
    before = dress(footage, index, person)
    xyz = restyled(footage, index, before, rng) if setting.restyled else before
    lab_time = trial.time[index]
    truth_at = lab_time[0] + margin * setting.tempo + np.arange(FRAMES) / RATE * setting.tempo
    wanted = targets(footage, before, xyz, index, truth_at, camera.yaw_deg)
    if setting.tempo != 1.0:
        for i, (name, _) in enumerate(OUTPUTS):
            if name in ("initial_contact", "toe_off"):
                wanted[:, i] /= setting.tempo
            elif name in ("vertical_force", "fore_aft_force"):
                wanted[:, i] = np.nan
    offset = 0.0 if setting.source else setting.systematic
    placed = _joint_offsets(xyz, offset * trial.leg_length_m, rng)
    # The film's own frames: a drawn start within one frame, then to the grid as in use.
    time = np.arange(0.0, FRAMES / RATE + 3 / camera.fps + 1e-9, 1 / camera.fps)
    lab_rate = 1 / float(np.median(np.diff(lab_time)))
    position = (margin + time) * setting.tempo * lab_rate
    seen = cubic(placed, position) * setting.size
    if not camera.follow:
        middle = FRAMES / RATE / 2
        seen[..., 0] += trial.speed_mps * setting.size * (time - middle)[:, None]
    hips = [INPUT_POINTS.index("left_hip"), INPUT_POINTS.index("right_hip")]
    target = np.nanmean(seen[:, hips], axis=(0, 1))
    xy = _distorted(camera.project(seen, target), camera, rng)
    if not camera.follow:
        inside = ((xy > 0) & (xy < np.array(camera.image_size))).all(axis=-1)
        xy[~inside] = np.nan
    leg_px = trial.leg_length_m * setting.size * camera.focal_px / camera.distance_m
    if setting.source:
        since = lab_time[0] + margin * setting.tempo
        events = [replace(e, time_s=(e.time_s - since) / setting.tempo) for e in trial.events]
        xy = misled(xy, time, setting.source, events, camera.yaw_deg, leg_px, rng)
    else:
        xy = xy + leg_px * _jitter(xy, leg_px, setting, rng)
    if not complete:
        xy = _spoiled(xy, time, rng)
    xy = xy * [1.0, -1.0]
    if rng.random() < 0.5:
        # A mirrored runner in front of a mirrored camera: the picture turned round.
        xy = xy[:, MIRROR] * [-1.0, 1.0]
        wanted = mirrored(wanted)
    grid_xy = to_grid(time, xy)[1][:FRAMES]
    features, wanted = encoded(grid_xy, wanted, 1 / camera.fps)
    absent = ~np.isfinite(grid_xy[:, hips]).all(axis=(1, 2))
    wanted[absent] = np.nan
    return features, knowable(wanted, grid_xy)


def encoded(xy: Array, wanted: Array, interval_s: float) -> tuple[Array, Array]:
    """Show points on the grid to the network; what is asked of it is mirrored where they are.

    Parameters
    ----------
    xy : ndarray, shape (frames, len(INPUT_POINTS), 2)
        y up.
    wanted : ndarray, shape (frames, outputs)
    interval_s : float
        Between the frames of the source.

    Returns
    -------
    features : ndarray, shape (frames, FEATURES)
    targets : ndarray, shape (frames, outputs)
    """
    place = placing(xy[None])
    features: Array = encode(xy[None], interval_s, place)[0]
    return features, mirrored(wanted) if place.mirrored[0] else wanted


_KEYS = (*OUTPUTS, *EXTRAS)
_SOURCE, _SIGN = zip(
    *(
        (_KEYS.index(key), sign)
        for key, sign in (unmirror(name, side, True) for name, side in _KEYS)
    ),
    strict=True,
)


def mirrored(wanted: Array) -> Array:
    """Targets of the picture turned round."""
    turned: Array = wanted[:, list(_SOURCE)] * np.array(_SIGN)
    return turned


def knowable(wanted: Array, xy: Array) -> Array:
    """Leave out what only points that are never there could tell: trunk and arms."""
    wanted = wanted.copy()
    shown = np.isfinite(xy).all(axis=-1).any(axis=0)
    for i, (name, side) in enumerate(_KEYS):
        needs = _NEEDS.get(name, ())
        sides = ("left", "right") if side is None else (side,)
        if not all(shown[INPUT_POINTS.index(f"{s}_{part}")] for part in needs for s in sides):
            wanted[:, i] = np.nan
    return wanted


_NEEDS = {
    "trunk_lean": ("shoulder",),
    "trunk_lateral": ("shoulder",),
    "hip_flexion": ("shoulder",),
    "upper_arm": ("shoulder", "elbow"),
    "elbow_flexion": ("shoulder", "elbow", "wrist"),
}


def _joint_offsets(xyz: Array, sd: float, rng: np.random.Generator) -> Array:
    """Put joints where another estimator's definitions put them: fixed in their segments."""
    if sd == 0:
        return xyz
    moved = xyz.copy()
    for side in ("left", "right"):
        for part, (upper, lower) in _CARRIER.items():
            along = (
                xyz[:, INPUT_POINTS.index(f"{side}_{lower}")]
                - xyz[:, INPUT_POINTS.index(f"{side}_{upper}")]
            )
            along = along / np.linalg.norm(along, axis=1, keepdims=True)
            across = np.stack([-along[:, 1], along[:, 0], np.zeros(len(along))], axis=1)
            a, b, c = sd * rng.standard_normal(3)
            moved[:, INPUT_POINTS.index(f"{side}_{part}")] += (
                a * along + b * across + c * np.array([0.0, 0.0, 1.0])
            )
    return moved


_CARRIER = {
    "hip": ("hip", "shoulder"),
    "knee": ("hip", "knee"),
    "ankle": ("knee", "ankle"),
    "heel": ("heel", "big_toe"),
    "big_toe": ("heel", "big_toe"),
    "small_toe": ("heel", "big_toe"),
    "shoulder": ("hip", "shoulder"),
    "elbow": ("shoulder", "elbow"),
    "wrist": ("elbow", "wrist"),
}


def _distorted(xy: Array, camera: Camera, rng: np.random.Generator) -> Array:
    """Bend the picture as lenses do: radial, first order (Brown 1971)."""
    centre = np.array(camera.image_size) / 2
    ray = (xy - centre) / camera.focal_px
    bend = 1 + 0.02 * rng.standard_normal() * (ray**2).sum(axis=-1, keepdims=True)
    bent: Array = centre + camera.focal_px * ray * bend
    return bent


def _jitter(xy: Array, leg_px: float, setting: Setting, rng: np.random.Generator) -> Array:
    """Errors of the estimator in leg lengths: new each frame, wandering, larger in fast motion."""
    frames, points = xy.shape[:2]
    weight = _WEIGHT.copy()
    if rng.random() < 0.5:
        # One side is hidden behind the other.
        weight[_LEFT if rng.random() < 0.5 else ~_LEFT] *= rng.uniform(1.0, 1.8)
    jitter = setting.white * rng.standard_normal(xy.shape) * weight[:, None]
    if rng.random() < 0.3:
        speed = np.linalg.norm(np.diff(xy, axis=0, prepend=xy[:1]), axis=-1)
        speed = np.nan_to_num(speed) * setting.camera.fps / leg_px
        jitter *= 1 + rng.uniform(0.0, 0.15) * speed[..., None]
    if setting.slow > 0:
        keep = np.exp(-1 / (setting.camera.fps * rng.uniform(0.05, 0.3)))
        jitter += setting.slow * _wander(keep, frames, points, rng) * weight[:, None]
    return jitter


def _wander(keep: float, frames: int, points: int, rng: np.random.Generator) -> Array:
    from scipy.signal import lfilter

    steps = rng.standard_normal((frames, points, 2)) * np.sqrt(1 - keep**2)
    steps[0] /= np.sqrt(1 - keep**2)
    wander: Array = lfilter([1.0], [1.0, -keep], steps, axis=0)
    return wander


def _spoiled(xy: Array, time: Array, rng: np.random.Generator) -> Array:
    """Leave out points as estimators do: kinds of points, bursts, ends; and swap some legs."""
    xy = xy.copy()
    lost: list[str] = []
    draw = rng.random()
    if draw < 0.15:
        lost += [f"{s}_{p}" for s in ("left", "right") for p in _FEET]
    elif draw < 0.35:
        lost += [f"{s}_small_toe" for s in ("left", "right")]
    draw = rng.random()
    if draw < 0.25:
        lost += [f"{s}_{p}" for s in ("left", "right") for p in (*_ARMS, "shoulder")]
    elif draw < 0.4:
        lost += [f"{s}_{p}" for s in ("left", "right") for p in _ARMS]
    elif draw < 0.45:
        side = "left" if rng.random() < 0.5 else "right"
        lost += [f"{side}_{p}" for p in _ARMS]
    xy[:, [INPUT_POINTS.index(name) for name in lost]] = np.nan
    if rng.random() < 0.15:
        for _ in range(rng.integers(1, 8)):
            start = rng.uniform(0, time[-1])
            burst = (time >= start) & (time < start + rng.exponential(0.15))
            xy[burst, rng.integers(len(INPUT_POINTS))] = np.nan
    if rng.random() < 0.04:
        start = rng.uniform(0, time[-1])
        burst = (time >= start) & (time < start + rng.exponential(0.08))
        xy[burst] = xy[burst][:, MIRROR]
    if rng.random() < 0.3:
        # Short clips, and a window that has only just filled.
        length = rng.uniform(0.8, time[-1])
        start = rng.uniform(0, time[-1] - length)
        xy[(time < start) | (time > start + length)] = np.nan
    return xy
