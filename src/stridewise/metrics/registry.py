"""The catalogue: each metric declared once, and the one way to compute them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Literal

import numpy as np

from stridewise.errors import InputError
from stridewise.estimate import Estimate, MetricSide
from stridewise.metrics import norms
from stridewise.metrics.data import GaitData, Sample, Summary
from stridewise.metrics.uncertainty import interval, summarise
from stridewise.skeletons import SIDES

Group = Literal[
    "spatiotemporal",
    "ground force",
    "sagittal",
    "trunk and arms",
    "frontal",
    "asymmetry",
    "drift",
    "other",
]
Function = Callable[[GaitData, MetricSide], "Sample | Summary | None"]

#: Entry points of this group give a `Metric` or several; the catalogue takes them in.
ENTRY_POINTS = "stridewise.metrics"

#: Fewest valid steps per side to judge by (Dingenen et al. 2018 found 7 enough).
STEPS_TO_JUDGE = 8

#: Frame rates are rarely exactly what they are called (29.97 for 30).
_FPS_TOLERANCE = 0.97


@dataclass(frozen=True)
class Need:
    """A condition without which a metric is absent.

    Parameters
    ----------
    name : str
        What is needed, for tables.
    missing : callable
        Takes `GaitData`; returns the reason in plain words where it is not met, else None.
    """

    name: str
    missing: Callable[[GaitData], str | None]


@dataclass(frozen=True)
class Metric:
    """One metric: what it is, what it needs, how it is computed.

    Parameters
    ----------
    id : str
        Name in code, tables and JSON.
    name : str
        Plain words.
    group : str
        Heading it stands under.
    unit : str
        As in `stridewise.estimate.Estimate`.
    sides : {"each", "both"}
        Whether left and right each have one.
    view : {"any", "sagittal", "frontal"}
        Camera it needs; three-dimensional points serve all.
    formula : str
        Definition.
    source : str
        Where the definition comes from.
    help : str
        One sentence for the athlete.
    function : callable
        Takes `GaitData` and a side; returns a `Sample`, a `Summary`, or None for too few steps.
    signals : tuple of str
        Signals of `Motion` without which it is absent.
    needs : tuple of Need
        Other things without which it is absent.
    floor : float
        Smallest systematic standard deviation that may be claimed, in `unit`.
    mdc : float or mapping of float to float, optional
        Smallest change between two recordings that is more than error (95 %), in `unit`; by frame
        rate where it depends on that.
    min_fps : float
        Absent below.
    advisory_fps : float
        Advisory below.
    steps_to_judge : int
        Advisory with fewer values.
    unit_unscaled : str, optional
        Unit it may have instead where the runner's size is unknown.
    bounds : (float, float)
        Values that are possible; intervals are cut there.
    caution : callable, optional
        Takes `GaitData`; returns why the metric is only advisory, or None.
    label : callable, optional
        Takes the value; returns its descriptive class.
    """

    id: str
    name: str
    group: Group
    unit: str
    sides: Literal["each", "both"]
    view: Literal["any", "sagittal", "frontal"]
    formula: str
    source: str
    help: str
    function: Function
    signals: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    floor: float = 0.0
    mdc: float | Mapping[float, float] | None = None
    min_fps: float = 25
    advisory_fps: float = 30
    steps_to_judge: int = STEPS_TO_JUDGE
    unit_unscaled: str | None = None
    bounds: tuple[float, float] = (-np.inf, np.inf)
    caution: Callable[[GaitData], str | None] | None = None
    label: Callable[[float], str] | None = None

    @property
    def each_side(self) -> tuple[MetricSide, ...]:
        """Sides that have an estimate."""
        return SIDES if self.sides == "each" else ("both",)

    def mdc_at(self, fps: float) -> float | None:
        """Smallest detectable change at a frame rate, in `unit`; None where none is known."""
        if not isinstance(self.mdc, Mapping):
            return self.mdc
        rates = sorted(self.mdc)
        return float(np.interp(fps, rates, [self.mdc[rate] for rate in rates]))

    def mdc_between(self, before_fps: float, after_fps: float) -> float | None:
        """Smallest detectable change between recordings of two frame rates, in `unit`.

        Half of its variance is that of either.
        """
        before, after = self.mdc_at(before_fps), self.mdc_at(after_fps)
        return None if before is None or after is None else float(np.hypot(before, after) / 2**0.5)


@cache
def catalogue() -> Mapping[str, Metric]:
    """Return every metric by id: the package's own and those of installed plug-ins.

    Raises
    ------
    InputError
        When two metrics have the same id, or a plug-in gives something else than metrics.
    """
    from stridewise.metrics import (
        asymmetry,
        drift,
        frontal,
        kinetics,
        sagittal,
        spatiotemporal,
        upper_body,
    )

    own = (spatiotemporal, kinetics, sagittal, upper_body, frontal, asymmetry, drift)
    found = [("stridewise", metric) for module in own for metric in module.METRICS]
    for entry in entry_points(group=ENTRY_POINTS):
        loaded = entry.load()
        given = loaded if isinstance(loaded, Iterable) else (loaded,)
        found += [(entry.name, metric) for metric in given]
    return _by_id(found)


def _by_id(found: Iterable[tuple[str, object]]) -> dict[str, Metric]:
    metrics: dict[str, Metric] = {}
    for origin, metric in found:
        if not isinstance(metric, Metric):
            raise InputError(
                f"The plug-in {origin!r} does not give metrics",
                expected=f"a Metric or several under the entry point {ENTRY_POINTS}",
                received=type(metric).__name__,
            )
        if metric.id in metrics:
            raise InputError(
                f"Two metrics are called {metric.id!r}", hint=f"Rename the one from {origin!r}"
            )
        metrics[metric.id] = metric
    return metrics


def compute(data: GaitData) -> tuple[Estimate, ...]:
    """Compute every metric of the catalogue, for each of its sides.

    Metrics that the recording does not allow are there too, with status "absent" and a reason.
    """
    return tuple(
        estimate(metric, data, side) for metric in catalogue().values() for side in metric.each_side
    )


def estimate(metric: Metric, data: GaitData, side: MetricSide) -> Estimate:
    """Compute one metric of one side."""
    return estimate_and_steps(metric, data, side)[0]


def estimate_and_steps(
    metric: Metric, data: GaitData, side: MetricSide
) -> tuple[Estimate, Sample | None]:
    """Compute one metric of one side; also its values of single steps, where it has such."""

    def absent(reason: str) -> tuple[Estimate, None]:
        estimate = Estimate(metric.id, side, None, metric.unit, None, None, 0, "absent", reason)
        return estimate, None

    reason = _missing(metric, data, side)
    if reason:
        return absent(reason)
    result = metric.function(data, side)
    summary = summarise(result) if isinstance(result, Sample) else result
    if summary is None or not np.isfinite(summary.value):
        return absent("Fewer than two valid steps.")
    bias_sd = max(metric.floor, summary.bias_sd)
    sd, (low, high) = interval(summary.value, summary.random_sd, bias_sd, summary.freedom)
    unit = summary.unit or metric.unit
    caution = _caution(metric, data, summary.n) or _coarse(metric, data, unit, summary.bias_sd)
    estimate = Estimate(
        id=metric.id,
        side=side,
        value=summary.value,
        unit=unit,
        sd=sd,
        ci95=(max(low, metric.bounds[0]), min(high, metric.bounds[1])),
        n=summary.n,
        status="advisory" if caution else "ok",
        reason=caution,
        norm=norms.norm(metric.id, unit, data.surface, data.speed, summary.value),
        label=metric.label(summary.value) if metric.label else None,
    )
    return estimate, result if isinstance(result, Sample) else None


def _missing(metric: Metric, data: GaitData, side: MetricSide) -> str | None:
    """Why a metric cannot be had at all."""
    if data.fps < metric.min_fps * _FPS_TOLERANCE:
        return f"Needs at least {metric.min_fps:g} frames per second; this has {data.fps:.3g}."
    owners = SIDES if side == "both" else (side,)
    for name in metric.signals:
        if any(data.signal(name, owner) is None for owner in owners):
            where = "" if metric.view == "any" else f" It needs a {_CAMERA[metric.view]}."
            plain = name.replace("_", " ")
            return data.motion.absent.get(
                name, f"The view and the points do not show {plain}.{where}"
            )
    for need in metric.needs:
        reason = need.missing(data)
        if reason:
            return reason
    return None


def _coarse(metric: Metric, data: GaitData, unit: str, bias_sd: float) -> str | None:
    """Why a metric of a plane says too little: what lasts of its error is more than runners differ.

    What joints' definitions leave (`floor`) does not count: those who measured the norm had it too.
    """
    line = norms.lines().get((metric.id, unit, data.surface))
    if metric.view == "any" or line is None or line.evidence == "convention":
        return None
    if bias_sd <= line.sd[0]:
        return None
    known, usual = (
        f"{1.96 * sd:.2g}{_SHORT.get(unit, ' ' + unit)}" for sd in (bias_sd, line.sd[0])
    )
    return (
        f"Known to ±{known} only, while runners differ by ±{usual}: pose estimators place joints a "
        "little beside where they are, for the whole recording."
    )


_SHORT = {"deg": "°", "L": " leg lengths", "1": ""}

#: Further from a plane than this the network alone tells what happens in it, and makes an unusual
#: runner usual: of 0.31 leg lengths of overstride it says 0.30 at 15 degrees, 0.23 at 30, 0.21 at
#: 45, edge on hardly more than what is usual (docs/form_accuracy.md).
_ASKEW_DEG = 20.0
_CAMERA = {"sagittal": "camera at the runner's side", "frontal": "camera behind or in front"}


def _caution(metric: Metric, data: GaitData, n: int) -> str | None:
    """Why a metric is shown but should not be judged by."""
    if data.quality == "D":
        return "The quality of the capture is too low to judge by."
    if data.fps < metric.advisory_fps * _FPS_TOLERANCE:
        return f"Coarse below {metric.advisory_fps:g} frames per second."
    off = data.off_deg(metric.view)
    if off > _ASKEW_DEG:
        return f"Seen {off:.0f}° askew; it needs a {_CAMERA[metric.view]}."
    if n < metric.steps_to_judge:
        return f"Only {n} valid values; {metric.steps_to_judge} are needed to judge by."
    return metric.caution(data) if metric.caution else None
