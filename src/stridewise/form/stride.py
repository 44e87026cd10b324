"""What the stride network sees: the gait model's curves over one stride, and the rule's variables.

Training and use share this module. Strides of both feet are put as strides of a right foot, by
mirroring the runner and the camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.form.variables import (
    Variables,
    conditions,
    cut_offs,
    detectable,
    margins,
    outward,
)
from stridewise.gait.encoding import SCALE
from stridewise.gait.motion import Motion
from stridewise.gait.strides import Sampler, Steps, between
from stridewise.metrics import Measured
from stridewise.skeletons import SIDES, Side, other

Array = NDArray[np.float64]

#: Instants of a stride that are looked at: stance from contact to toe-off, swing after it.
STANCE_POINTS, SWING_POINTS = 9, 8
POINTS = STANCE_POINTS + SWING_POINTS
#: Signals of both legs, of the own leg, and of the midline.
BOTH_LEGS = (
    "thigh",
    "shank",
    "foot",
    "knee_flexion",
    "ankle_ahead",
    "ankle_lateral",
    "thigh_adduction",
    "hip_adduction",
    "frontal_knee",
)
OWN_LEG = ("vertical_force",)
MIDLINE = ("pelvis_height", "pelvic_obliquity", "knee_gap", "trunk_lean", "trunk_lateral")
#: Rows of the curves, by signal and leg ("own", "other" or "").
CURVES: tuple[tuple[str, str], ...] = (
    *((name, leg) for leg in ("own", "other") for name in BOTH_LEGS),
    *((name, "own") for name in OWN_LEG),
    *((name, "") for name in MIDLINE),
)
#: Signals that point to the right, and change sign in the mirror.
_TO_THE_RIGHT = frozenset({"pelvic_obliquity", "trunk_lateral", "ankle_lateral"})
_SCALE = {**SCALE, "pelvis_height": SCALE["pelvis_bounce"]}
SCALARS = 9
#: Numbers for each condition of the rules: how far past it is, whether that is known, its mean over
#: the side, how far the first cut-off lies from the usual one, and its standard uncertainty.
RULE = 5
PAST, KNOWN, MEAN, CUT, DOUBT = range(RULE)
#: Typical values and spreads of stride time, contact time (s), duty factor and speed (m/s).
_TYPICAL = np.array([0.71, 0.23, 0.32, 3.5])
_SPREAD = np.array([0.06, 0.03, 0.04, 0.8])
_SPEED_UNKNOWN = Measured(3.2, 0.8, "not known")
_LIMIT = 8.0
#: Smallest uncertainty that is believed, in detectable changes, and margins in uncertainties beyond
#: which nothing more is told.
_LEAST_DOUBT, _FAR = 0.1, 6.0


@dataclass(frozen=True, eq=False)
class Strides:
    """Strides as the network sees them.

    Parameters
    ----------
    rows : ndarray of int, shape (strides,)
        Which of the recording's steps begin them.
    features : ndarray, shape (strides, FEATURES)
    """

    rows: NDArray[np.intp]
    features: Array


def width() -> int:
    """Return how many numbers the network sees of a stride."""
    return len(CURVES) * (POINTS + 1) + RULE * len(conditions()) + SCALARS


def whole(steps: Steps) -> NDArray[np.intp]:
    """Return the steps whose stride can be looked at: contact, toe-off and next contact known."""
    return np.flatnonzero(np.isfinite(steps.toe_off) & np.isfinite(steps.next_same))


def encode(
    motion: Motion,
    steps: Steps,
    variables: Variables,
    speed: Measured | None,
    yaw_deg: float,
    fps: float,
) -> Strides:
    """Put every whole stride of a recording into numbers.

    Parameters
    ----------
    motion : Motion
    steps : Steps
    variables : Variables
        Of the same steps.
    speed : Measured or None
    yaw_deg : float
        Camera direction, as in `stridewise.view`.
    fps : float
        Frames per second of the recording.
    """
    rows = whole(steps)
    curves = np.full((len(rows), len(CURVES), POINTS), np.nan)
    for side in SIDES:
        mine = np.flatnonzero(steps.right[rows] == (side == "right"))
        curves[mine] = _curves(
            motion, steps.where(np.isin(np.arange(len(steps)), rows[mine])), side
        )
    known = np.isfinite(curves).all(axis=2)
    features = np.concatenate(
        [
            np.where(known[..., None], curves, 0.0).reshape(len(rows), len(CURVES) * POINTS),
            known.astype(float),
            _rule(variables, steps, rows),
            _scalars(steps, rows, speed, yaw_deg, fps),
        ],
        axis=1,
    )
    return Strides(rows, np.clip(features, -_LIMIT, _LIMIT))


def phases(steps: Steps, time: Array) -> tuple[Sampler, Sampler]:
    """Return what reads signals in stance and in the swing after it."""
    stance = between(time, steps.initial_contact, steps.toe_off, STANCE_POINTS)
    swing = between(time, steps.toe_off, steps.next_same, SWING_POINTS + 1)
    return stance, swing


def _curves(motion: Motion, own: Steps, side: Side) -> Array:
    """Signals over the strides of one side, shape (strides, CURVES, POINTS)."""
    sign = 1.0 if side == "right" else -1.0
    stance, swing = phases(own, motion.time)
    found = np.full((len(own), len(CURVES), POINTS), np.nan)
    for i, (name, leg) in enumerate(CURVES):
        whose = {"own": side, "other": other(side), "": None}[leg]
        signal = motion.signals.get((name, whose))
        if signal is None or not len(own):
            continue
        values = np.concatenate(
            [stance.value(signal.value), swing.value(signal.value)[:, 1:]], axis=1
        )
        if name == "pelvis_height":
            values = values - values.mean(axis=1, keepdims=True)
        found[:, i] = values * (sign if name in _TO_THE_RIGHT else 1.0) / _SCALE[name]
    return found


def _rule(variables: Variables, steps: Steps, rows: NDArray[np.intp]) -> Array:
    """Return the five numbers of each condition, shape (strides, RULE * conditions)."""
    past = variables.past
    mean = np.full(past.shape, np.nan)
    for right in (False, True):
        own = steps.right == right
        known = np.isfinite(past[own])
        total = np.where(known, past[own], 0.0).sum(axis=0)
        count = known.sum(axis=0)
        mean[own] = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    standard = cut_offs("treadmill", Measured(3.5, 0.0))[:, 0]
    shift = (variables.cuts[:, 0] - standard) * outward() / detectable()
    cuts = np.broadcast_to(shift, past.shape)
    parts = [past, np.isfinite(past), mean, cuts, variables.doubt]
    return np.concatenate([np.nan_to_num(np.asarray(p, dtype=float))[rows] for p in parts], axis=1)


def rule_columns(which: int) -> slice:
    """Return where one of the `RULE` numbers of all conditions stands among the features."""
    start = len(CURVES) * (POINTS + 1) + which * len(conditions())
    return slice(start, start + len(conditions()))


def ruled(features: Array, cuts: Array) -> Array:
    """Return what the rules make of strides: margins in standard uncertainties.

    Parameters
    ----------
    features : ndarray, shape (strides, `width()`)
    cuts : ndarray, shape (conditions, 3) or (strides, conditions, 3)
        From `Variables.cuts`.

    Returns
    -------
    ndarray, shape (strides, areas, 3, 2)
        For each severity that of the side's mean, and by how much that of the stride itself lies
        further out; NaN where a condition is not known.
    """
    known = features[:, rule_columns(KNOWN)] > 0.5
    doubt = np.maximum(features[:, rule_columns(DOUBT)], _LEAST_DOUBT)
    own, mean = (
        margins(np.where(known, features[:, rule_columns(which)], np.nan), cuts, doubt)
        for which in (PAST, MEAN)
    )
    own, mean = (np.clip(m, -_FAR, _FAR) for m in (own, mean))
    return np.stack([mean, own - mean], axis=-1)


def _scalars(
    steps: Steps, rows: NDArray[np.intp], speed: Measured | None, yaw_deg: float, fps: float
) -> Array:
    known = speed or _SPEED_UNKNOWN
    start = steps.initial_contact[rows]
    stride, contact = steps.next_same[rows] - start, steps.toe_off[rows] - start
    timing = np.stack([stride, contact, contact / stride, np.full(len(rows), known.value)], axis=1)
    yaw = np.radians(np.where(steps.right[rows], yaw_deg, 180.0 - yaw_deg))
    rest = [
        np.full(len(rows), known.sd / 0.2),
        np.cos(yaw),
        np.sin(yaw),
        np.full(len(rows), np.log2(fps / 60.0)),
        np.nan_to_num((steps.next_contact[rows] - start) / stride - 0.5) / 0.02,
    ]
    return np.concatenate([(timing - _TYPICAL) / _SPREAD, np.stack(rest, axis=1)], axis=1)
