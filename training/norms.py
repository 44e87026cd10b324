"""Norms from laboratory runners, through the package's own metric code.

`python -m training.norms` reads the folder named by STRIDEWISE_DATA and writes the data file that
ships with the package: measured norms for the treadmill, the same shifted by published differences
for running overground, and published figures where the laboratory had no markers (trunk, arms).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stridewise.gait import angles
from stridewise.gait.frontal import line_of_progression
from stridewise.gait.motion import Motion, Signal
from stridewise.gait.strides import between, find_steps
from stridewise.metrics.data import GaitData, Measured, Sample
from stridewise.metrics.norms import CENTRE_MPS
from stridewise.metrics.registry import catalogue, compute
from stridewise.skeletons import SIDES, Side
from training.lab import Trial, trials

Array = NDArray[np.float64]
Key = tuple[str, str]

#: Share of stance in which the foot lies flat on the ground.
FLAT_FOOT = (0.3, 0.5)

#: Speeds, in m/s, at which the norms hold without widening.
SPEEDS = (2.3, 5.0)

#: How much wider a treadmill norm is taken to be where it stands in for overground running.
OVERGROUND_WIDER = 1.25

SOURCES = {
    "rbds": "19 runners on a treadmill at 2.5, 3.5 and 4.5 m/s, 3D markers and force plate "
    "(Fukuchi et al. 2017, PeerJ 5:e3298)",
    "overground": "19 treadmill runners (Fukuchi et al. 2017), shifted by the difference to "
    "overground (Van Hooren et al. 2020, Sports Med 50:785) and widened",
    "widened": "19 treadmill runners (Fukuchi et al. 2017), widened for overground running",
    "teng": "24 runners at 3.4 m/s (Teng & Powers 2014, J Orthop Sports Phys Ther 44:785)",
    "trunk_lat": "2 to 5 degrees is usual (convention)",
    "trunk_bounce": "2 to 4 degrees from top to bottom is usual (convention), as a standard "
    "deviation",
    "elbow": "70 to 110 degrees is usual (convention)",
    "arm": "40 to 70 degrees is usual (convention)",
    "shoulder": "20 to 30 degrees is usual (convention)",
}

#: Overground less treadmill (Van Hooren et al. 2020), by metric and unit; peak stance knee flexion
#: follows from flexion at contact and excursion, the rest from contact time.
OVERGROUND: Mapping[Key, float] = {
    ("foot_ic", "deg"): 9.8,
    ("knee_flex_ic", "deg"): -2.3,
    ("knee_excursion", "deg"): 6.3,
    ("knee_flex_peak_stance", "deg"): 4.0,
    ("vertical_oscillation", "m"): 0.015,
    ("vertical_oscillation", "L"): 0.016,
    ("ground_contact_time", "s"): -0.005,
    ("flight_time", "s"): 0.005,
    ("duty_factor", "1"): -0.007,
}


@dataclass(frozen=True)
class Line:
    """One row of the data file; the fields are those of `stridewise.metrics.norms.NormLine`."""

    metric: str
    unit: str
    surface: tuple[str, ...]
    mean: tuple[float, float]
    sd: tuple[float, float]
    n: int
    source: str
    evidence: str
    speed_mps: tuple[float, float] | None = SPEEDS
    within_sd: float | None = None

    def toml(self) -> str:
        """Return the row as an inline table."""
        parts = {
            "metric": f'"{self.metric}"',
            "unit": f'"{self.unit}"',
            "surface": "[" + ", ".join(f'"{s}"' for s in self.surface) + "]",
            "mean": f"[{_digits(self.mean[0])}, {_digits(self.mean[1])}]",
            "sd": f"[{_digits(self.sd[0])}, {_digits(self.sd[1])}]",
            "speed_mps": f"[{self.speed_mps[0]}, {self.speed_mps[1]}]" if self.speed_mps else None,
            "n": str(self.n),
            "within_sd": None if self.within_sd is None else _digits(self.within_sd),
            "source": f'"{self.source}"',
            "evidence": f'"{self.evidence}"',
        }
        return "{ " + ", ".join(f"{k} = {v}" for k, v in parts.items() if v is not None) + " }"


_ANY = ("treadmill", "overground")

#: Published or customary figures for what the laboratory runners' markers do not show.
LITERATURE = (
    Line("trunk_lean", "deg", _ANY, (7.3, 0), (3.6, 0), 24, "teng", "literature", None),
    Line("trunk_lean_mid_stance", "deg", _ANY, (7.3, 0), (3.6, 0), 24, "teng", "literature", None),
    Line("trunk_lat", "deg", _ANY, (3.5, 0), (1.5, 0), 0, "trunk_lat", "convention", None),
    Line("trunk_bounce", "deg", _ANY, (1.0, 0), (0.4, 0), 0, "trunk_bounce", "convention", None),
    Line("elbow_flex", "deg", _ANY, (90, 0), (20, 0), 0, "elbow", "convention", None),
    Line("arm_amp", "deg", _ANY, (55, 0), (15, 0), 0, "arm", "convention", None),
    Line("shoulder_rot", "deg", _ANY, (25, 0), (5, 0), 0, "shoulder", "convention", None),
)

#: Not norms: they depend on more than speed, or are shares that pile up at zero.
_LEFT_OUT = ("speed", "crossover", "cv_stride_time")


def laboratory_motion(trial: Trial) -> Motion:
    """Make motion straight from 3D points and force-plate events, with nothing estimated."""
    xyz = trial.xyz / trial.leg_length_m
    point = {name: xyz[:, i] for i, name in enumerate(trial.keypoints)}
    left, right = point["left_hip"], point["right_hip"]
    mid_hip = (left + right) / 2
    fps = 1 / float(np.median(np.diff(trial.time)))
    hip_width = np.nanmedian(np.linalg.norm(right - left, axis=1))
    obliquity = angles.pelvic_obliquity(_frontal(left), _frontal(right))
    signals: dict[tuple[str, Side | None], Array] = {
        ("pelvis_height", None): mid_hip[:, 1],
        ("pelvic_obliquity", None): obliquity,
        ("knee_gap", None): (point["right_knee"] - point["left_knee"])[:, 2] / hip_width,
    }
    for side in SIDES:
        leg = {joint: point[f"{side}_{joint}"] for joint in LEG}
        for name, value in leg_angles(side, leg, mid_hip, obliquity, fps).items():
            signals[name, side] = value
        down = on_ground(trial, side)
        signals["vertical_force", side] = np.where(down, trial.vertical_force, 0.0)
        signals["fore_aft_force", side] = np.where(down, trial.fore_aft_force, 0.0)
    exact = {key: Signal(value, 0.0) for key, value in signals.items()}
    return _level_feet(Motion(trial.time, trial.events, exact))


def on_ground(trial: Trial, side: Side) -> NDArray[np.bool_]:
    """Say for each frame of a trial whether a foot is on the ground, by its events."""
    own = [event for event in trial.events if event.side == side]
    passed = np.searchsorted([event.time_s for event in own], trial.time, side="right")
    first = bool(own) and own[0].kind == "initial_contact"
    down: NDArray[np.bool_] = passed % 2 == (1 if first else 0)
    return down


LEG = ("hip", "knee", "ankle", "heel", "big_toe")


def _sagittal(point: Array) -> Array:
    return point[:, [0, 1]]


def _frontal(point: Array) -> Array:
    return point[:, [2, 1]]


def leg_angles(
    side: Side, point: Mapping[str, Array], mid_hip: Array, obliquity: Array, fps: float
) -> dict[str, Array]:
    """Angles and positions of one leg."""
    hip, knee, ankle, heel, toe = (point[joint] for joint in LEG)
    thigh = angles.from_vertical(_sagittal(hip), _sagittal(knee))
    shank = angles.from_vertical(_sagittal(knee), _sagittal(ankle))
    front = (_frontal(hip), _frontal(knee), _frontal(ankle))
    adduction = angles.thigh_adduction(front[0], front[1], side)
    return {
        "thigh": thigh,
        "shank": shank,
        "foot": angles.foot_pitch(_sagittal(heel), _sagittal(toe)),
        "knee_flexion": angles.knee_flexion(thigh, shank),
        "ankle_ahead": (ankle - mid_hip)[:, 0],
        "foot_ahead": ((heel + toe) / 2 - mid_hip)[:, 0],
        "thigh_adduction": adduction,
        "hip_adduction": angles.hip_adduction(
            adduction, angles.contralateral_drop(obliquity, side)
        ),
        "frontal_knee": angles.frontal_knee_angle(*front, side),
        "ankle_lateral": ankle[:, 2] - line_of_progression(mid_hip[:, 2], fps),
    }


def _level_feet(motion: Motion) -> Motion:
    """Set each foot's pitch to zero where it lies flat, and add the ankle angle."""
    steps = find_steps(motion)
    signals = dict(motion.signals)
    for side in SIDES:
        own = steps.of(side)
        pitch, shank = signals["foot", side].value, signals["shank", side].value
        first, last = (
            own.initial_contact + share * (own.toe_off - own.initial_contact) for share in FLAT_FOOT
        )
        foot = pitch - np.nanmedian(between(motion.time, first, last).value(pitch))
        signals["foot", side] = Signal(foot, 0.0)
        signals["ankle_dorsiflexion", side] = Signal(angles.ankle_dorsiflexion(foot, shank), 0.0)
    return Motion(motion.time, motion.events, signals)


def laboratory_data(trial: Trial, *, scaled: bool = True) -> GaitData:
    """Gather one trial for the metrics, in metres or (not `scaled`) in leg lengths."""
    return trial_data(trial, laboratory_motion(trial), scaled=scaled)


def trial_data(trial: Trial, motion: Motion, *, scaled: bool) -> GaitData:
    """Gather the motion of one trial for the metrics."""
    return GaitData(
        motion=motion,
        steps=find_steps(motion),
        fps=1 / float(np.median(np.diff(trial.time))),
        view="right",
        three_d=True,
        speed=Measured(trial.speed_mps, 0.0, "belt"),
        leg_length_m=Measured(trial.leg_length_m, 0.0, "markers") if scaled else None,
    )


def measured_lines(runs: Iterable[Trial]) -> list[Line]:
    """Fit a norm to each metric: mean linear in speed, one standard deviation about it."""
    found: dict[Key, dict[tuple[str, float], float]] = defaultdict(dict)
    within: dict[Key, list[float]] = defaultdict(list)
    for trial in runs:
        for scaled in (True, False):
            data = laboratory_data(trial, scaled=scaled)
            for key, value in _of_both_sides(data).items():
                found[key][trial.runner, trial.speed_mps] = value
            for key, sd in _within(data).items():
                within[key].append(sd)
    return [_fit(key, values, within.get(key, [])) for key, values in found.items()]


def _of_both_sides(data: GaitData) -> dict[Key, float]:
    """Value of each metric, the mean of left and right."""
    values: dict[Key, list[float]] = defaultdict(list)
    for e in compute(data):
        group = catalogue()[e.id].group
        if e.value is not None and group not in ("asymmetry", "drift") and e.id not in _LEFT_OUT:
            values[e.id, e.unit].append(e.value)
    return {key: float(np.mean(v)) for key, v in values.items()}


def _within(data: GaitData) -> dict[Key, float]:
    """Spread of each metric from step to step, the mean of left and right."""
    spread: dict[Key, list[float]] = defaultdict(list)
    for metric in catalogue().values():
        for side in metric.each_side:
            if any(data.signal(name, s) is None for name in metric.signals for s in SIDES):
                continue
            if any(need.missing(data) for need in metric.needs):
                continue
            sample = metric.function(data, side)
            if isinstance(sample, Sample):
                sd = float(np.nanstd(sample.values, ddof=1))
                spread[metric.id, sample.unit or metric.unit].append(sd)
    return {key: float(np.mean(v)) for key, v in spread.items()}


def _fit(key: Key, values: Mapping[tuple[str, float], float], within: list[float]) -> Line:
    speed = np.array([v for _, v in values])
    y = np.array(list(values.values()))
    slope, intercept = np.polyfit(speed - CENTRE_MPS, y, 1)
    residual = y - intercept - slope * (speed - CENTRE_MPS)
    people = len({runner for runner, _ in values})
    sd = math.sqrt(float(residual @ residual) / len(y) * people / (people - 1))
    return Line(
        *key,
        surface=("treadmill",),
        mean=(float(intercept), float(slope)),
        sd=(sd, 0.0),
        n=people,
        source="rbds",
        evidence="measured",
        within_sd=float(np.median(within)) if within else None,
    )


def overground_line(line: Line) -> Line:
    """Turn a treadmill norm into one for overground running.

    Where a difference is published, half of it joins the standard deviation.
    """
    shift = OVERGROUND.get((line.metric, line.unit))
    sd = math.hypot(line.sd[0] * OVERGROUND_WIDER, (shift or 0.0) / 2)
    return Line(
        line.metric,
        line.unit,
        ("overground",),
        (line.mean[0] + (shift or 0.0), line.mean[1]),
        (sd, 0.0),
        line.n,
        "widened" if shift is None else "overground",
        "literature",
        within_sd=line.within_sd,
    )


def _digits(x: float) -> str:
    """Return four significant digits, without an exponent."""
    if x == 0:
        return "0.0"
    return np.format_float_positional(x, precision=4, fractional=False, trim="0")


HEADER = """\
# Norms by metric, unit and surface; written by `python -m training.norms`, not by hand.
# mean and sd: value at 3.5 m/s and change for each m/s; sd is that between runners.
# speed_mps: speeds at which the norm holds (none: at any); n: people behind it (0: convention).
# within_sd: typical standard deviation from step to step within a runner.
# Measured figures: data of Fukuchi, Fukuchi & Duarte 2017 (figshare 4543435, CC BY 4.0).
"""


def write(lines: Iterable[Line], path: Path) -> None:
    """Write the data file."""
    rows = "".join(f"  {line.toml()},\n" for line in lines)
    sources = "".join(f'{name} = "{text}"\n' for name, text in SOURCES.items())
    path.write_text(f"{HEADER}\nnorm = [\n{rows}]\n\n[source]\n{sources}", encoding="utf-8")


def main() -> None:
    """Compute the norms and write them into the package."""
    measured = measured_lines(trials())
    target = Path(str(files("stridewise.metrics").joinpath("norms.toml")))
    write([*measured, *map(overground_line, measured), *LITERATURE], target)
    for line in measured:
        print(
            f"{line.metric:28} {line.unit:6} {line.mean[0]:9.4g} {line.mean[1]:+9.3g} per m/s "
            f"sd {line.sd[0]:.3g} within {line.within_sd or math.nan:.3g}"
        )


if __name__ == "__main__":
    main()
