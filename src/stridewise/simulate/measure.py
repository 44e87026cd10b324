"""The metrics of a simulated run, measured at its exact instants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.motion import Event
from stridewise.simulate.run import GRAVITY, Run
from stridewise.simulate.signals import Signals, leg_length, signals
from stridewise.skeletons import KEYPOINTS, Side

Array = NDArray[np.float64]

#: Contact, toe-off, the other foot's contact and the same foot's next, in seconds.
Ends = tuple[float, float, float, float]

#: Instants at which each stance, swing and step is looked at, and steps looked at in one go.
SAMPLES, _AT_ONCE = 101, 32
#: Metrics whose difference between sides is told: in % of their mean, and in degrees.
ASYMMETRIC_SHARES = ("step_time", "ground_contact_time", "flight_time", "step_length")
ASYMMETRIC_ANGLES = (
    "knee_flex_ic",
    "knee_flex_peak_stance",
    "shank_ic",
    "foot_ic",
    "contralateral_pelvic_drop",
    "peak_hip_adduction",
)


@dataclass(frozen=True)
class Step:
    """One step that lies wholly inside the recording.

    Parameters
    ----------
    side : {"left", "right"}
        Whose contact begins it. Its `step_time` and `step_length` are those of this landing: from
        the other foot's contact before it, as in the catalogue.
    initial_contact, toe_off, next_contact : float
        Instants in seconds; the last is the other side's.
    values : mapping of str to float
        Metrics of this step, by the names of the catalogue.
    """

    side: Side
    initial_contact: float
    toe_off: float
    next_contact: float
    values: Mapping[str, float]


def measure(run: Run, events: tuple[Event, ...]) -> tuple[Step, ...]:
    """Measure every step whose whole stride lies within these events."""
    contacts = [e for e in events if e.kind == "initial_contact"]
    off = {
        side: np.array([e.time_s for e in events if e.kind == "toe_off" and e.side == side])
        for side in ("left", "right")
    }
    sides, ends = [], []
    for first, second, third in zip(contacts, contacts[1:], contacts[2:], strict=False):
        toe_off = float(off[first.side][off[first.side] > first.time_s][0])
        sides.append(first.side)
        ends.append((first.time_s, toe_off, second.time_s, third.time_s))
    steps = [
        Step(side, *times[:3], _values(run, side, times, looks))
        for side, times, looks in zip(sides, ends, _looks(run, ends), strict=True)
    ]
    _add_pairs(steps, run.speed)
    return tuple(steps)


def _looks(run: Run, ends: Sequence[Ends]) -> Iterator[Mapping[str, tuple[Array, Signals]]]:
    """Look at stance, swing, step and stride of each step; many at once, which is quicker."""
    names = ("stance", "swing", "step", "stride")
    for first in range(0, len(ends), _AT_ONCE):
        part = ends[first : first + _AT_ONCE]
        start = np.array([(contact, off, contact, contact) for contact, off, _, _ in part])
        stop = np.array([(off, end, following, end) for _, off, following, end in part])
        time = np.linspace(start, stop, SAMPLES, axis=-1)
        xyz = run.points(time.ravel())
        found = signals(run, xyz)
        points = xyz.reshape(*time.shape, *xyz.shape[1:])
        curves = {key: value.reshape(time.shape) for key, value in found.items()}
        for i in range(len(part)):
            yield {
                name: (points[i, k], {key: value[i, k] for key, value in curves.items()})
                for k, name in enumerate(names)
            }


def _values(
    run: Run, side: Side, ends: Ends, looks: Mapping[str, tuple[Array, Signals]]
) -> dict[str, float]:
    """Measure one step of `side` from how it looks."""
    contact, off, next_contact, end = ends
    stance_xyz, stance = looks["stance"]
    whole_xyz, whole = looks["stride"]
    swing, step = looks["swing"][1], looks["step"][1]
    sign = 1.0 if side == "right" else -1.0
    bent = int(np.argmax(stance["knee_flexion", side]))
    knee = stance["knee_flexion", side]
    ankle_z = stance_xyz[bent, KEYPOINTS.index(f"{side}_ankle"), 2]
    # The line that the runner keeps to, without the sway from foot to foot.
    line_z = whole_xyz[:-1, KEYPOINTS.index("mid_hip"), 2].mean()
    stride = end - contact
    rise = float(np.ptp(step["pelvis_height", None])) * leg_length(run)
    length = run.speed * (next_contact - contact)
    values = {
        "stride_time": stride,
        "ground_contact_time": off - contact,
        "flight_time": next_contact - off,
        "duty_factor": (off - contact) / stride,
        "vertical_oscillation": rise,
        "vertical_ratio": 100 * rise / length,
        "stride_length": run.speed * stride,
        "overstride": stance["ankle_ahead", side][0],
        "shank_ic": stance["shank", side][0],
        "knee_flex_ic": knee[0],
        "knee_flex_peak_stance": knee.max(),
        "knee_excursion": knee.max() - knee[0],
        "knee_flex_peak_swing": swing["knee_flexion", side].max(),
        "thigh_to": stance["thigh", side][-1],
        "hip_ext_to": stance["hip_flexion", side][-1],
        "hip_flex_peak": swing["hip_flexion", side].max(),
        "ankle_df_ic": stance["ankle_dorsiflexion", side][0],
        "ankle_df_peak": stance["ankle_dorsiflexion", side].max(),
        "foot_ic": stance["foot", side][0],
        "head_pos": step["head_ahead", None].mean(),
        "trunk_lean": stance["trunk_lean", None].mean(),
        "trunk_lean_mid_stance": stance["trunk_lean", None][bent],
        "trunk_lat": (sign * stance["trunk_lateral", None]).max(),
        "trunk_bounce": whole["trunk_lean", None].std(),
        "elbow_flex": whole["elbow_flexion", side].mean(),
        "arm_amp": np.ptp(whole["upper_arm", side]),
        "arm_cross": 100 * whole["wrist_lateral", side].max(),
        "shoulder_rot": np.ptp(whole["shoulder_rotation", None]),
        "contralateral_pelvic_drop": (sign * stance["pelvic_obliquity", None]).max(),
        "peak_hip_adduction": stance["hip_adduction", side].max(),
        "fppa": stance["frontal_knee", side][bent],
        "knee_window": stance["knee_gap", None][bent],
        "crossover": 100.0 * (sign * (ankle_z - line_z) < 0),
        "ankle_z": ankle_z / leg_length(run),
    }
    return {name: float(value) for name, value in values.items()}


def _add_pairs(steps: list[Step], speed: float) -> None:
    """Add what lies between two steps: time and length to the foot that lands, width to the first.

    Width is + with feet uncrossed.
    """
    places = [step.values["ankle_z"] for step in steps]
    for i, step in enumerate(steps):
        values = {k: v for k, v in step.values.items() if k != "ankle_z"}
        if i > 0:
            values["step_time"] = step.initial_contact - steps[i - 1].initial_contact
            values["step_length"] = speed * values["step_time"]
        if i + 1 < len(steps):
            across = places[i + 1] - places[i]
            values["step_width"] = across if step.side == "left" else -across
        steps[i] = replace(step, values=values)


def summarise(
    steps: tuple[Step, ...], speed_mps: float, mass_kg: float, height_m: float
) -> dict[str, dict[str, float]]:
    """Average the steps: each metric by `left`, `right` and `both`, where there are steps.

    Stiffness follows Morin et al. 2005 (J Appl Biomech 21:167), from the means of both sides.
    """
    found: dict[str, dict[str, list[float]]] = {}
    for step in steps:
        for name, value in step.values.items():
            for side in (step.side, "both"):
                found.setdefault(name, {}).setdefault(side, []).append(value)
    metrics = {n: {s: float(np.mean(v)) for s, v in sides.items()} for n, sides in found.items()}
    metrics["speed"] = {"both": speed_mps}
    if not steps:
        return metrics
    times = found["stride_time"]["both"]
    # From strides: an odd number of steps would favour one side.
    metrics["cadence"] = {"both": float(120.0 / np.mean(times))}
    metrics["cv_stride_time"] = {"both": float(100 * np.std(times) / np.mean(times))}
    contact, flight = (metrics[n]["both"] for n in ("ground_contact_time", "flight_time"))
    metrics |= _stiffness(contact, flight, speed_mps, mass_kg, 0.53 * height_m)
    for name in ASYMMETRIC_SHARES + ASYMMETRIC_ANGLES:
        sides = metrics.get(name, {})
        if "left" in sides and "right" in sides:
            difference = sides["right"] - sides["left"]
            mean = (sides["right"] + sides["left"]) / 2
            share = name in ASYMMETRIC_SHARES
            metrics[f"asym_{name}"] = {"both": 100 * difference / mean if share else difference}
    return metrics


def _stiffness(
    contact: float, flight: float, speed: float, mass: float, leg: float
) -> dict[str, dict[str, float]]:
    force = mass * GRAVITY * np.pi / 2 * (flight / contact + 1)
    fall = force * contact**2 / (mass * np.pi**2) - GRAVITY * contact**2 / 8
    shortening = leg - np.sqrt(leg**2 - (speed * contact / 2) ** 2) + fall
    return {
        "vertical_stiffness": {"both": float(force / fall / 1000)},
        "leg_stiffness": {"both": float(force / shortening / 1000)},
    }
