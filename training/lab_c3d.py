"""A laboratory trial from the file as the laboratory delivered it: markers and force in C3D.

`treadmill_running/` holds the same trials as arrays; this is how such arrays are made, and how
other treadmill recordings with one force plate join the training.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import stridewise
from stridewise.gait.motion import Event
from stridewise.repair.smooth import low_pass
from stridewise.skeletons import SIDES, Side
from training.lab import Trial

Array = NDArray[np.float64]

#: Vertical force from which on a foot counts as on the ground, in newtons.
CONTACT_N = 50.0
_CUTOFF_HZ = 50.0
#: Shorter crossings of the threshold are the belt's shaking.
_SHORTEST_S = 0.05
#: Thigh and shank as a share of leg length (see `stridewise.view.THIGH_SHANK`).
_THIGH_SHANK = 0.93


def read_c3d(path: Path, speed_mps: float, runner: str = "") -> Trial:
    """Read a treadmill trial from C3D; a standing trial beside it places the joints.

    Parameters
    ----------
    path : Path
    speed_mps : float
        Belt speed, which the file does not hold.
    runner : str
        What to call the runner.
    """
    recording = stridewise.read(path)
    if isinstance(recording, list) or recording.depth is None:
        raise SystemExit(f"{path} does not hold one person in space.")
    # x forward, y up, z to the right: depth grows to the left.
    xyz = np.concatenate([recording.xy * [1.0, -1.0], -recording.depth[..., None]], axis=2)
    time = recording.time - recording.time[0]
    vertical, forward, force_time = plate_forces(path)
    # Over whole strides the plate carries the runner's weight.
    contacts, offs = crossings(force_time, vertical)
    whole = (force_time >= contacts[0]) & (force_time < contacts[-1])
    weight = float(vertical[whole].mean())
    index = {name: i for i, name in enumerate(recording.keypoints)}
    legs = [
        np.linalg.norm(xyz[:, index[f"{side}_{a}"]] - xyz[:, index[f"{side}_{b}"]], axis=1)
        for side in SIDES
        for a, b in (("hip", "knee"), ("knee", "ankle"))
    ]
    return Trial(
        runner=runner or path.stem,
        speed_mps=speed_mps,
        leg_length_m=float(np.nanmedian(np.sum(legs, axis=0))) / 2 / _THIGH_SHANK,
        time=time,
        xyz=xyz,
        keypoints=recording.keypoints,
        events=_events(time, xyz, index, contacts, offs),
        vertical_force=np.interp(time, force_time, vertical / weight),
        fore_aft_force=np.interp(time, force_time, forward / weight),
        foot_strike=dict.fromkeys(SIDES, "unknown"),
    )


def plate_forces(path: Path) -> tuple[Array, Array, Array]:
    """Return vertical and forward force of the first plate in newtons, and their times.

    Plates of type 4 record volts, which their calibration matrix turns into newtons; what the plate
    feels is what the runner does, and the ground does the opposite.

    Returns
    -------
    vertical, forward : ndarray, shape (samples,)
        Acting on the runner; low-pass 50 Hz.
    time : ndarray, shape (samples,)
    """
    import c3d

    with warnings.catch_warnings(), path.open("rb") as file:
        warnings.simplefilter("ignore")
        reader = c3d.Reader(file)
        volts = np.concatenate([analog.T for _, _, analog in reader.read_frames()])
        plate = dict(reader.get("FORCE_PLATFORM").param_items())
        size = plate["CAL_MATRIX"].dimensions[0]
        matrix = np.frombuffer(plate["CAL_MATRIX"].bytes, "<f4")[: size * size]
        channels = np.frombuffer(plate["CHANNEL"].bytes, "<i2")[:size] - 1
        rate = float(reader.analog_rate)
    force = -(volts[:, channels] @ matrix.reshape(size, size).astype(float))[:, :3]
    force = low_pass(force, _CUTOFF_HZ, rate)
    vertical = force[:, np.argmax(np.abs(force.mean(axis=0)))]
    along = force[:, np.argsort(np.abs(force.mean(axis=0)))[:2]]
    forward = along[:, np.argmax(along.std(axis=0))]
    time = np.arange(len(force)) / rate
    contacts, _ = crossings(time, vertical)
    # A landing brakes: what the ground does right after contact points backwards.
    first = np.concatenate([forward[(time > a) & (time < a + 0.06)] for a in contacts])
    return vertical, forward * -np.sign(first.mean()), time


def crossings(time: Array, vertical: Array) -> tuple[Array, Array]:
    """Instants of contact and toe-off: the force crosses 50 N, between samples by a line."""
    above = vertical > CONTACT_N
    steps = np.flatnonzero(above[1:] != above[:-1])
    share = (CONTACT_N - vertical[steps]) / (vertical[steps + 1] - vertical[steps])
    instants = time[steps] + share * (time[steps + 1] - time[steps])
    kept: list[tuple[float, bool]] = []
    for at, rising in zip(instants.tolist(), above[steps + 1].tolist(), strict=True):
        if kept and at - kept[-1][0] < _SHORTEST_S:
            kept.pop()
        else:
            kept.append((at, rising))
    rising_at = np.array([at for at, rising in kept if rising])
    return rising_at, np.array([at for at, rising in kept if not rising])


def _events(
    time: Array, xyz: Array, index: dict[str, int], contacts: Array, offs: Array
) -> tuple[Event, ...]:
    """Give each crossing to the foot that is lower at the time."""

    def foot(side: Side, start: float, end: float) -> float:
        inside = (time >= start) & (time <= end)
        return float(np.nanmean(xyz[inside, index[f"{side}_ankle"], 1]))

    events = []
    for contact in contacts:
        later = offs[offs > contact]
        end = float(later[0]) if len(later) else float(time[-1])
        if end - contact < _SHORTEST_S:
            continue
        side: Side = min(SIDES, key=lambda s: foot(s, float(contact), end))
        events.append(Event("initial_contact", side, float(contact), 0.0))
        if len(later):
            events.append(Event("toe_off", side, end, 0.0))
    return tuple(events)
