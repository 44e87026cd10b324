"""Keypoints of whole strides and of single frames, with what is true of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stridewise.form import pose
from stridewise.form.snapshot import VALUES
from stridewise.form.stride import POINTS as INSTANTS
from stridewise.form.stride import phases, whole
from stridewise.form.variables import measure
from stridewise.gait.encoding import INPUT_POINTS, MIRROR
from stridewise.gait.strides import Steps, at
from stridewise.recording import Recording
from stridewise.simulate import Camera
from stridewise.skeletons import SIDES
from training.form_net.bodies import truth
from training.lab import Trial

Array = NDArray[np.float64]

#: Stills taken of each recording.
STILLS = 80


def encode(recording: Recording, steps: Steps) -> Array:
    """Keypoints at the instants of each whole stride, put as strides of a right foot.

    Returns
    -------
    ndarray, shape (strides, numbers)
        Places about the hips' mean in leg lengths (by how long the legs appear), and presence.
    """
    rows = whole(steps)
    points = np.stack([recording.point(name) for name in INPUT_POINTS], axis=1) * [1.0, -1.0]
    found = np.full((len(rows), INSTANTS, len(INPUT_POINTS), 2), np.nan)
    own = steps.where(np.isin(np.arange(len(steps)), rows))
    stance, swing = phases(own, recording.time)
    for i in range(len(INPUT_POINTS)):
        for axis in range(2):
            value = points[:, i, axis]
            found[:, :, i, axis] = np.concatenate(
                [stance.value(value), swing.value(value)[:, 1:]], axis=1
            )
    left = ~own.right
    found[left] = found[left][:, :, MIRROR] * [-1.0, 1.0]
    hips = found[:, :, [INPUT_POINTS.index(f"{side}_hip") for side in SIDES]]
    flat = points[:, [INPUT_POINTS.index(n) for n in pose.POINTS]]
    length = np.nanquantile(pose.leg_length(flat), 0.9)
    found = (found - np.nanmean(hips, axis=(1, 2), keepdims=True)) / length
    known = np.isfinite(found).all(axis=(1, 3))
    found = np.where(known[:, None, :, None], found, 0.0)
    return np.concatenate([found.reshape(len(rows), -1), known], axis=1)


def stills(
    trial: Trial, raw: Recording, camera: Camera, rng: np.random.Generator
) -> dict[str, Array]:
    """Take frames of a recording with what is true of them.

    Returns
    -------
    mapping of str to ndarray
        `still` (frames, points, 2): pixels. `phase` (frames,): index of `pose.PHASES`. `values`
        (frames, VALUES): degrees. `still_past` (frames, conditions): of the step. `yaw` (frames,).
    """
    exact = truth(trial)
    steps = exact.steps
    told = measure(exact, "treadmill", exact.speed)
    inside = (raw.time > steps.initial_contact[2]) & (raw.time < steps.initial_contact[-3])
    frames = rng.choice(np.flatnonzero(inside), min(STILLS, int(inside.sum())), replace=False)
    time = raw.time[frames]
    step = np.searchsorted(steps.initial_contact, time, side="right") - 1
    share = (time - steps.initial_contact[step]) / (
        steps.toe_off[step] - steps.initial_contact[step]
    )
    part = np.searchsorted([*pose.STANCE_PARTS, 1.0], share)
    look = at(exact.motion.time, time)
    signals = exact.motion.signals
    values = [look.value(signals[name, side or None].value) for name, side in VALUES]  # type: ignore[index]
    points = np.stack([raw.point(name) for name in pose.POINTS], axis=1)
    return {
        "still": points[frames],
        "phase": part + 4 * steps.right[step],
        "values": np.stack(values, axis=1),
        "still_past": told.past[step],
        "yaw": np.full(len(frames), camera.yaw_deg),
        "speed": np.full(len(frames), trial.speed_mps),
    }
