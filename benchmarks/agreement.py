"""What a gait model says against what the laboratory measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.matching import match
from stridewise.estimate import Estimate, MetricSide
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


@dataclass(frozen=True)
class Measure:
    """Error of one metric of one recording, and whether its 95 % interval held the truth."""

    id: str
    side: MetricSide
    unit: str
    error: float
    held: bool


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
    for found in compare_metrics(compute(laboratory_data(trial, scaled=False)), analysis):
        errors = score.metrics[found.id]
        errors.unit = found.unit
        errors.error.append(found.error)
        errors.held.append(found.held)


def _compare_events(trial: Trial, motion: Motion, score: Score, near: Side) -> None:
    """Match events one to one by foot, kind and time; one on the other foot is missed, too."""
    start, end = motion.time[0] + MARGIN_S, motion.time[-1] - MARGIN_S
    found = match(trial.events, motion.events, MATCH_S, start, end)
    for true, mine in found.right:
        groups = [
            ("speed", f"{trial.speed_mps:g} m/s"),
            ("foot strike", trial.foot_strike[true.side]),
            ("leg", "near the camera" if true.side == near else "far from the camera"),
        ]
        wrong = mine.time_s - true.time_s
        score.true[true.kind] += 1
        for errors in (score.event, *(score.group[key] for key in groups)):
            errors[true.kind].error.append(1e3 * wrong)
            errors[true.kind].held.append(abs(wrong) <= 1.96 * mine.sd_s)
    for event in (*found.lost, *(true for true, _ in found.other)):
        score.true[event.kind] += 1
        score.missed[event.kind] += 1
    for event in (*found.invented, *(mine for _, mine in found.other)):
        score.invented[event.kind] += 1
    matched = {true: mine.time_s for true, mine in found.right}
    for side in SIDES:
        for contact, off in pairwise(e for e in trial.events if e.side == side):
            if contact.kind == "initial_contact" and {contact, off} <= matched.keys():
                wrong = (matched[off] - matched[contact]) - (off.time_s - contact.time_s)
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


def compare_metrics(truth: Iterable[Estimate], analysis: Analysis) -> Iterator[Measure]:
    """Compare each metric that is told with the true one, where it has the same unit."""
    true = {(e.id, e.side): e for e in truth}
    for e in analysis.metrics:
        known = true.get((e.id, e.side))
        if e.value is None or e.ci95 is None or known is None or known.value is None:
            continue
        if e.unit == known.unit:
            held = e.ci95[0] <= known.value <= e.ci95[1]
            yield Measure(e.id, e.side, e.unit, e.value - known.value, held)


def rms(values: Sequence[float]) -> float:
    """Root mean square; NaN of nothing."""
    return float(np.sqrt(np.mean(np.square(values)))) if len(values) else float("nan")
