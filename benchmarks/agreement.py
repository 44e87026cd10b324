"""What a gait model says against what the laboratory measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stridewise.gait.encoding import bounce
from stridewise.gait.motion import EventKind, Motion
from stridewise.metrics import compute
from stridewise.result import Analysis
from stridewise.skeletons import SIDES, Side
from training.lab import Trial
from training.norms import laboratory_data, laboratory_motion

Array = NDArray[np.float64]

#: A detected event belongs to a true one of the same foot within this time.
MATCH_S = 0.1
#: Events this close to either end of a recording are not counted.
MARGIN_S = 0.6
KINDS: tuple[EventKind, EventKind] = ("initial_contact", "toe_off")
#: Signals that are compared at every frame, and what their unit is called.
SIGNALS = {
    "vertical_force": "BW",
    "fore_aft_force": "BW",
    "knee_flexion": "°",
    "thigh": "°",
    "shank": "°",
    "foot": "°",
    "ankle_dorsiflexion": "°",
    "pelvic_obliquity": "°",
    "hip_adduction": "°",
    "thigh_adduction": "°",
    "ankle_ahead": "L",
    "ankle_lateral": "L",
}
AT_CONTACT = ("knee_flexion", "thigh", "shank", "foot")


@dataclass
class Errors:
    """Errors, and whether the 95 % interval held the truth."""

    unit: str = ""
    error: list[float] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)

    @property
    def rms(self) -> float:
        """Root mean square."""
        return float(np.sqrt(np.mean(np.square(self.error)))) if self.error else float("nan")

    @property
    def mean(self) -> float:
        """Mean: the bias."""
        return float(np.mean(self.error)) if self.error else float("nan")

    @property
    def coverage(self) -> float:
        """Share of intervals that held the truth, in percent."""
        return 100 * float(np.mean(self.held)) if self.held else float("nan")


@dataclass
class Signalled:
    """Squared errors of one signal, summed: there are too many frames to keep."""

    squared: float = 0.0
    total: float = 0.0
    held: int = 0
    n: int = 0

    def add(self, wrong: Array, reach: float) -> None:
        """Take in the errors of a trial; an interval reaches `reach` to either side."""
        wrong = wrong[np.isfinite(wrong)]
        self.squared += float(wrong @ wrong)
        self.total += float(wrong.sum())
        self.held += int((np.abs(wrong) <= reach).sum())
        self.n += len(wrong)

    @property
    def rms(self) -> float:
        """Root mean square."""
        return float(np.sqrt(self.squared / self.n)) if self.n else float("nan")

    @property
    def mean(self) -> float:
        """Mean: the bias."""
        return self.total / self.n if self.n else float("nan")

    @property
    def coverage(self) -> float:
        """Share of intervals that held the truth, in percent."""
        return 100 * self.held / self.n if self.n else float("nan")


def _events() -> dict[EventKind, Errors]:
    return {kind: Errors("ms") for kind in KINDS}


@dataclass
class Score:
    """Errors gathered over trials."""

    event: dict[EventKind, Errors] = field(default_factory=_events)
    #: The same by what may matter: ("speed", "3.5 m/s") and so on.
    group: dict[tuple[str, str], dict[EventKind, Errors]] = field(
        default_factory=lambda: defaultdict(_events)
    )
    true: dict[EventKind, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    missed: dict[EventKind, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    invented: dict[EventKind, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    contact_time: Errors = field(default_factory=lambda: Errors("ms"))
    signal: dict[str, Signalled] = field(default_factory=lambda: defaultdict(Signalled))
    at_contact: dict[str, Errors] = field(default_factory=lambda: defaultdict(Errors))
    peak_force: list[float] = field(default_factory=list)
    metrics: dict[str, Errors] = field(default_factory=lambda: defaultdict(Errors))
    declined: list[str] = field(default_factory=list)


def compare(trial: Trial, motion: Motion, analysis: Analysis, score: Score, near: Side) -> None:
    """Take one trial into the score.

    Parameters
    ----------
    trial : Trial
        The truth.
    motion : Motion
        What the model found.
    analysis : Analysis
        What came of it.
    score : Score
        Changed.
    near : {"left", "right"}
        The side that the camera sees nearer.
    """
    _compare_events(trial, motion, score, near)
    _compare_signals(trial, motion, score)
    _compare_metrics(trial, analysis, score)


def _compare_events(trial: Trial, motion: Motion, score: Score, near: Side) -> None:
    """Match events one to one by foot, kind and time."""
    start, end = motion.time[0] + MARGIN_S, motion.time[-1] - MARGIN_S
    matched: dict[tuple[Side, EventKind, float], float] = {}
    for side in SIDES:
        groups = [
            ("speed", f"{trial.speed_mps:g} m/s"),
            ("foot strike", trial.foot_strike[side]),
            ("leg", "near the camera" if side == near else "far from the camera"),
        ]
        for kind in KINDS:
            true = [e.time_s for e in trial.events if (e.kind, e.side) == (kind, side)]
            found = [e for e in motion.events if (e.kind, e.side) == (kind, side)]
            inside = [t for t in true if start < t < end]
            score.true[kind] += len(inside)
            taken: set[int] = set()
            for t in inside:
                best = min(range(len(found)), key=lambda i: abs(found[i].time_s - t), default=None)
                if best is None or best in taken or abs(found[best].time_s - t) > MATCH_S:
                    score.missed[kind] += 1
                    continue
                taken.add(best)
                wrong, sd = found[best].time_s - t, found[best].sd_s
                for errors in (score.event, *(score.group[key] for key in groups)):
                    errors[kind].error.append(1e3 * wrong)
                    errors[kind].held.append(abs(wrong) <= 1.96 * sd)
                matched[side, kind, t] = found[best].time_s
            score.invented[kind] += sum(
                start < e.time_s < end
                and min((abs(e.time_s - t) for t in true), default=np.inf) > MATCH_S
                for e in found
            )
        for contact, off in pairwise(e for e in trial.events if e.side == side):
            a = matched.get((side, "initial_contact", contact.time_s))
            b = matched.get((side, "toe_off", off.time_s))
            if a is not None and b is not None:
                wrong = (b - a) - (off.time_s - contact.time_s)
                score.contact_time.error.append(1e3 * wrong)


def _compare_signals(trial: Trial, motion: Motion, score: Score) -> None:
    """Compare signals at every laboratory frame, some at contact too, and peaks of force."""
    truth = laboratory_motion(trial).signals
    # Close to the ends nothing is as sure as in the middle.
    inside = (trial.time > motion.time[0] + 0.2) & (trial.time < motion.time[-1] - 0.2)
    time = trial.time[inside]
    for (name, side), true in truth.items():
        if name not in SIGNALS or (name, side) not in motion.signals:
            continue
        signal = motion.signals[name, side]
        value = np.interp(time, motion.time, signal.value)
        wrong = value - true.value[inside]
        score.signal[name].add(wrong, 1.96 * float(np.hypot(signal.sd, signal.bias_sd)))
        if side is None:
            continue
        stances = list(_stances(trial, side, time))
        if name in AT_CONTACT:
            score.at_contact[name].error += np.interp([a for a, _ in stances], time, wrong).tolist()
        if name == "vertical_force":
            for a, b in stances:
                middle = (time > a + 0.25 * (b - a)) & (time < b - 0.25 * (b - a))
                peak = true.value[inside][middle].max()
                score.peak_force.append(100 * (value[middle].max() - peak) / peak)
    pelvis = motion.signals.get(("pelvis_height", None))
    if pelvis is not None:
        grid = np.arange(time[0], time[-1], 1 / 60)
        mine, true_ = (
            bounce(np.interp(grid, t, v), axis=0)
            for t, v in (
                (motion.time, pelvis.value),
                (trial.time, truth["pelvis_height", None].value),
            )
        )
        score.signal["pelvis bounce"].add((mine - true_)[30:-30], 1.96 * pelvis.sd)


def _stances(trial: Trial, side: Side, time: Array) -> Iterator[tuple[float, float]]:
    for contact, off in pairwise(e for e in trial.events if e.side == side):
        if contact.kind == "initial_contact" and time[0] < contact.time_s < off.time_s < time[-1]:
            yield contact.time_s, off.time_s


def _compare_metrics(trial: Trial, analysis: Analysis, score: Score) -> None:
    """Compare each metric with the same metric of the 3D points and the force plate."""
    truth = {
        (e.id, e.side): e
        for e in compute(laboratory_data(trial, scaled=False))
        if e.value is not None
    }
    for e in analysis.metrics:
        true = truth.get((e.id, e.side))
        if e.value is None or e.ci95 is None or true is None or true.value is None:
            continue
        if e.unit == true.unit:
            found = score.metrics[e.id]
            found.unit = e.unit
            found.error.append(e.value - true.value)
            found.held.append(e.ci95[0] <= true.value <= e.ci95[1])


def rms(values: Sequence[float]) -> float:
    """Root mean square; NaN of nothing."""
    return float(np.sqrt(np.mean(np.square(values)))) if len(values) else float("nan")
