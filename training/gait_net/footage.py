"""Laboratory runners with upper bodies, and the truth about each instant of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.gait import angles
from stridewise.gait.encoding import EXTRAS, INPUT_POINTS, MIRROR, NEAR_S, OUTPUTS, SCALE, bounce
from stridewise.simulate.curves import basis, stride_phase
from stridewise.simulate.person import Person, draw
from stridewise.simulate.upper_body import upper_body
from stridewise.skeletons import SIDES, Side
from training.lab import Trial
from training.norms import LEG, laboratory_motion, leg_angles

Array = NDArray[np.float64]

#: Body height over leg length (Winter 2009, fig. 4.1: the trochanter is at 0.53 of stature).
_HEIGHT_PER_LEG = 1 / 0.53
_LEVEL_DEG = 50.0
#: How far a restyled runner's joints move, as shares of leg length: for good, and with the stride.
_STYLE = {"hip": (0.005, 0.002), "knee": (0.012, 0.006), "ankle": (0.008, 0.003)}
#: The same up and down, as a share of that fore-aft and sideways: a pelvis is nearly level.
_STYLE_UP = 0.4
_STYLE_HARMONICS = 2
_FOOT = ("heel", "big_toe", "small_toe")
_UPPER = ("trunk_lean", "trunk_lateral", "shoulder_rotation")
_ARM = ("upper_arm", "upper_arm_out", "forearm", "forearm_out")


@dataclass(frozen=True, eq=False)
class Footage:
    """One trial, ready to be filmed.

    Parameters
    ----------
    trial : Trial
    truth : mapping of (name, side) to ndarray, shape (frames,)
        Every output of the network that the laboratory knows, at the trial's times.
    contact, toe_off : mapping of side to ndarray
        Instants in seconds.
    phase : ndarray, shape (frames,)
        Of the right leg's stride; NaN outside the events.
    """

    trial: Trial
    truth: Mapping[tuple[str, Side | None], Array]
    contact: Mapping[Side, Array]
    toe_off: Mapping[Side, Array]
    phase: Array


def footage(trial: Trial) -> Footage:
    """Gather what is known about a trial."""
    motion = laboratory_motion(trial)
    truth = {key: signal.value for key, signal in motion.signals.items()}
    instants = {
        kind: {
            side: np.array([e.time_s for e in trial.events if e.kind == kind and e.side == side])
            for side in SIDES
        }
        for kind in ("initial_contact", "toe_off")
    }
    contact, toe_off = instants["initial_contact"], instants["toe_off"]
    for side in SIDES:
        # A shank that lies level has no direction in the frontal plane.
        level = np.abs(truth["shank", side]) > _LEVEL_DEG
        truth["frontal_knee", side] = np.where(level, np.nan, truth["frontal_knee", side])
    first = toe_off["right"] > contact["right"][0]
    strides = min(len(contact["right"]), int(first.sum()))
    phase = stride_phase(trial.time, contact["right"][:strides], toe_off["right"][first][:strides])
    return Footage(trial, truth, contact, toe_off, phase)


def in_contact(time: Array, contact: Array, toe_off: Array) -> Array:
    """Return 1 from each contact to the toe-off after it, else 0."""
    return (
        (np.searchsorted(contact, time, "right") > np.searchsorted(toe_off, time, "right")).astype(
            float
        )
        if contact[0] < toe_off[0]
        else (
            np.searchsorted(contact, time, "right") + 1 > np.searchsorted(toe_off, time, "right")
        ).astype(float)
    )


def offset_to_nearest(time: Array, instants: Array) -> Array:
    """Seconds from each time to the nearest instant; NaN where further than `NEAR_S`."""
    after = np.searchsorted(instants, time).clip(1, len(instants) - 1)
    before = instants[after - 1] - time
    ahead = instants[after] - time
    nearest = np.where(-before < ahead, before, ahead)
    return np.where(np.abs(nearest) <= NEAR_S, nearest, np.nan)


def draw_person(trial: Trial, rng: np.random.Generator) -> Person:
    """Draw trunk and arms for a trial: as people differ, and further (only two were measured)."""
    height = trial.leg_length_m * _HEIGHT_PER_LEG
    person = draw(trial.speed_mps, height, None, 1.0, rng)
    for name in _UPPER:
        curve = person.curves[name, None]
        curve[0] += {"trunk_lean": 4.0, "trunk_lateral": 1.5, "shoulder_rotation": 3.0}[
            name
        ] * rng.standard_normal()
        curve[1:] *= rng.uniform(0.5, 1.6)
    for side in SIDES:
        for name in _ARM:
            curve = person.curves[name, side]
            curve[0] += 10.0 * rng.standard_normal()
            curve[1:] *= rng.uniform(0.5, 1.5)
    for name in ("trunk", "shoulder_width", "upper_arm", "forearm"):
        person.lengths[name] *= rng.uniform(0.9, 1.1)
    return person


def dress(film: Footage, index: slice, person: Person) -> Array:
    """Return the input points of a stretch of a trial with trunk and arms, (frames, points, 3)."""
    trial = film.trial
    found = {name: trial.xyz[index, i] for i, name in enumerate(trial.keypoints)}
    pelvis = (found["left_hip"] + found["right_hip"]) / 2
    phase = np.nan_to_num(film.phase[index])
    harmonics = (len(person.curves["trunk_lean", None]) - 1) // 2
    wave = {
        None: basis(phase, harmonics),
        "right": basis(phase, harmonics),
        "left": basis(phase + 0.5, harmonics),
    }
    angle = {
        (name, side): wave[side] @ person.curves[name, side]
        for name, sides in ((n, (None,)) for n in _UPPER)
        for side in sides
    } | {(name, side): wave[side] @ person.curves[name, side] for name in _ARM for side in SIDES}
    height = trial.leg_length_m * _HEIGHT_PER_LEG
    found |= upper_body(person.lengths, height, pelvis, angle)
    return np.stack([found[name] for name in INPUT_POINTS], axis=1)


def restyled(film: Footage, index: slice, xyz: Array, rng: np.random.Generator) -> Array:
    """Give a runner another body and another style, so that nobody can be told by them.

    Hips, knees and ankles (with their feet) move by a little that repeats with the stride: what is
    constant is another body, the first two harmonics are another way of moving. Contact and force,
    which show in faster motion, stay what they were.
    """
    moved = xyz.copy()
    phase = np.nan_to_num(film.phase[index])
    waves = basis(phase, _STYLE_HARMONICS)
    for side in SIDES:
        for part, (constant, swinging) in _STYLE.items():
            size = (
                np.repeat([constant, swinging, swinging / 2], [1, 2, 2]) * film.trial.leg_length_m
            )
            shift = waves @ (size[:, None] * rng.standard_normal((waves.shape[1], 3)))
            shift[:, 1] *= _STYLE_UP
            for point in (part, *(_FOOT if part == "ankle" else ())):
                moved[:, INPUT_POINTS.index(f"{side}_{point}")] += shift
    return moved


def leg_truth(
    film: Footage, index: slice, before: Array, after: Array
) -> dict[tuple[str, Side | None], Array]:
    """Truth about legs and pelvis of a restyled runner, shapes (frames,).

    Parameters
    ----------
    film : Footage
    index : slice
        Which frames of the trial.
    before, after : ndarray, shape (frames, points, 3)
        Input points as the laboratory saw them and restyled, in metres.
    """

    def point(xyz: Array, name: str) -> Array:
        found: Array = xyz[:, INPUT_POINTS.index(name)] / film.trial.leg_length_m
        return found

    left, right = point(after, "left_hip"), point(after, "right_hip")
    middle = (left + right) / 2
    old_middle = (point(before, "left_hip") + point(before, "right_hip")) / 2
    obliquity = angles.pelvic_obliquity(left[:, [2, 1]], right[:, [2, 1]])
    gap = (point(after, "right_knee") - point(after, "left_knee"))[:, 2]
    truth: dict[tuple[str, Side | None], Array] = {
        ("pelvis_height", None): middle[:, 1],
        ("pelvic_obliquity", None): obliquity,
        ("knee_gap", None): gap / np.nanmedian(np.linalg.norm(right - left, axis=1)),
    }
    fps = 1 / float(np.median(np.diff(film.trial.time)))
    for side in SIDES:
        leg = {joint: point(after, f"{side}_{joint}") for joint in LEG}
        own = leg_angles(side, leg, middle, obliquity, fps)
        sideways = point(after, f"{side}_ankle") - point(before, f"{side}_ankle")
        lateral = film.truth["ankle_lateral", side][index]
        own["ankle_lateral"] = lateral + (sideways - middle + old_middle)[:, 2]
        # The feet moved as a whole: they are as level as they were.
        own["foot"] = film.truth["foot", side][index]
        own["ankle_dorsiflexion"] = angles.ankle_dorsiflexion(own["foot"], own["shank"])
        level = np.abs(own["shank"]) > _LEVEL_DEG
        own["frontal_knee"] = np.where(level, np.nan, own["frontal_knee"])
        truth |= {(name, side): value for name, value in own.items()}
    return truth


def upper_truth(xyz: Array, thigh: Mapping[Side, Array]) -> dict[tuple[str, Side | None], Array]:
    """Angles of trunk and arms from points in space, and hip flexion, which needs the trunk."""

    def point(name: str) -> Array:
        found: Array = xyz[:, INPUT_POINTS.index(name)]
        return found

    hips = (point("left_hip") + point("right_hip")) / 2
    shoulders = (point("left_shoulder") + point("right_shoulder")) / 2
    lean = angles.trunk_lean(hips[:, [0, 1]], shoulders[:, [0, 1]])
    truth: dict[tuple[str, Side | None], Array] = {
        ("trunk_lean", None): lean,
        ("trunk_lateral", None): angles.lateral_lean(
            hips[:, [2, 1]], shoulders[:, [2, 1]], "right"
        ),
    }
    for side in SIDES:
        arm = [point(f"{side}_{part}")[:, [0, 1]] for part in ("shoulder", "elbow", "wrist")]
        truth["elbow_flexion", side] = angles.elbow_flexion(*arm)
        truth["upper_arm", side] = angles.from_vertical(arm[0], arm[1])
        truth["hip_flexion", side] = angles.hip_flexion(thigh[side], lean)
    return truth


def targets(
    film: Footage, before: Array, xyz: Array, index: slice, grid: Array, yaw_deg: float
) -> Array:
    """Everything that the network should say on the grid, (frames, outputs), in its own units.

    Outputs in the order of `OUTPUTS` and `EXTRAS`; NaN where the truth is not known. `before` and
    `xyz` are the input points as the laboratory saw them and as they are filmed.
    """
    time = film.trial.time[index]
    truth = {key: value[index] for key, value in film.truth.items()}
    truth |= leg_truth(film, index, before, xyz)
    truth |= upper_truth(xyz, {side: truth["thigh", side] for side in SIDES})
    sampled = {key: np.interp(grid, time, value) for key, value in truth.items()}
    for side in SIDES:
        sampled["contact", side] = in_contact(grid, film.contact[side], film.toe_off[side])
        sampled["initial_contact", side] = offset_to_nearest(grid, film.contact[side])
        sampled["toe_off", side] = offset_to_nearest(grid, film.toe_off[side])
    sampled["pelvis_bounce", None] = bounce(sampled.pop(("pelvis_height", None)), axis=0)
    yaw = np.radians(yaw_deg)
    sampled["yaw_cos", None] = np.broadcast_to(np.cos(yaw), grid.shape)
    sampled["yaw_sin", None] = np.broadcast_to(np.sin(yaw), grid.shape)
    return np.stack([sampled[key] / SCALE.get(key[0], 1.0) for key in (*OUTPUTS, *EXTRAS)], axis=1)


def mirror_points(xyz: Array) -> Array:
    """Mirror a runner: sides change places, right becomes left."""
    mirrored: Array = xyz[:, MIRROR] * [1.0, 1.0, -1.0]
    return mirrored
