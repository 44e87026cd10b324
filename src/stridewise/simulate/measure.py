"""The metrics of a simulated run, measured at its exact instants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.motion import Event
from stridewise.simulate.run import GRAVITY, Run
from stridewise.simulate.signals import Signals, leg_length, signals
from stridewise.skeletons import KEYPOINTS, Side

Array = NDArray[np.float64]

#: Instants at which each stance, swing and step is looked at.
SAMPLES = 101
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
        Whose contact begins it.
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
    steps = []
    for first, second, third in zip(contacts, contacts[1:], contacts[2:], strict=False):
        toe_off = float(off[first.side][off[first.side] > first.time_s][0])
        ends = first.time_s, toe_off, second.time_s, third.time_s
        steps.append(Step(first.side, *ends[:3], _values(run, first.side, *ends)))
    _add_widths(steps)
    return tuple(steps)


def _values(
    run: Run, side: Side, contact: float, off: float, next_contact: float, end: float
) -> dict[str, float]:
    """Measure one step of `side`; its stride ends at `end`."""

    def look(start: float, stop: float) -> tuple[Array, Signals]:
        xyz = run.points(np.linspace(start, stop, SAMPLES))
        return xyz, signals(run, xyz)

    (stance_xyz, stance), (_, swing), (_, step) = (
        look(contact, off),
        look(off, end),
        look(contact, next_contact),
    )
    whole = {key: np.concatenate([stance[key], swing[key]]) for key in stance}
    sign = 1.0 if side == "right" else -1.0
    low = int(np.argmin(stance["pelvis_height", None]))
    bent = int(np.argmax(stance["knee_flexion", side]))
    knee = stance["knee_flexion", side]
    ankle_z = stance_xyz[low, KEYPOINTS.index(f"{side}_ankle"), 2]
    stride = end - contact
    rise = float(np.ptp(step["pelvis_height", None])) * leg_length(run)
    length = run.speed * (next_contact - contact)
    values = {
        "step_time": next_contact - contact,
        "stride_time": stride,
        "ground_contact_time": off - contact,
        "flight_time": next_contact - off,
        "duty_factor": (off - contact) / stride,
        "vertical_oscillation": rise,
        "vertical_ratio": 100 * rise / length,
        "step_length": length,
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
        "fppa": stance["frontal_knee", side][low],
        "knee_window": stance["knee_gap", None][low],
        "crossover": 100.0 * (sign * stance["ankle_lateral", side][low] < 0),
        "ankle_z": ankle_z / leg_length(run),
    }
    return {name: float(value) for name, value in values.items()}


def _add_widths(steps: list[Step]) -> None:
    """Turn the place of each foot into the width to the next step, + with feet uncrossed."""
    places = [dict(step.values).pop("ankle_z") for step in steps]
    for i, step in enumerate(steps):
        values = {k: v for k, v in step.values.items() if k != "ankle_z"}
        if i + 1 < len(steps):
            across = places[i + 1] - places[i]
            values["step_width"] = across if step.side == "left" else -across
        steps[i] = Step(step.side, step.initial_contact, step.toe_off, step.next_contact, values)


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
        sides = metrics[name]
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
