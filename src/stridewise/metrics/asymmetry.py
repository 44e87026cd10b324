"""Right against left."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from stridewise.estimate import MetricSide
from stridewise.metrics import frontal, sagittal, spatiotemporal
from stridewise.metrics.data import GaitData, Sample
from stridewise.metrics.measures import typical
from stridewise.metrics.registry import Metric

Array = NDArray[np.float64]

NEAR_AND_FAR = (
    "One leg is near the camera and the other far; film from behind, in front or from both sides "
    "to compare them."
)

_ZIFCHOCK = "Zifchock et al. 2008, Gait Posture 27:622 (on indices)"
_BASE = {m.id: m for module in (spatiotemporal, sagittal, frontal) for m in module.METRICS}

#: Metrics compared in per cent of the mean of both sides.
_RATIOS = ("step_time", "ground_contact_time", "flight_time", "step_length")
#: Correlation of neighbouring pairs: of the contacts that a pair of steps lasts from and to, the
#: middle one counts twice, and each of the others for the next pair as well.
_LINKED = {"step_time": 1 / 6, "step_length": 1 / 6}
#: Metrics compared in degrees: a percentage means nothing where the mean may be near zero.
_ANGLES = (
    "knee_flex_ic",
    "knee_flex_peak_stance",
    "shank_ic",
    "foot_ic",
    "contralateral_pelvic_drop",
    "peak_hip_adduction",
)


def near_and_far(data: GaitData) -> str | None:
    """Why the legs cannot fairly be compared, where one hides behind the other."""
    return NEAR_AND_FAR if data.view in ("left", "right") and not data.three_d else None


def _pairs(data: GaitData, base: Metric) -> tuple[Array, Array, Array, float]:
    """Values of right and left for pairs of successive steps, their random errors, their bias.

    Each step belongs to one pair only: what is random about it counts once.
    """
    halves = [base.function(data, side) for side in ("right", "left")]
    right, left = (half for half in halves if isinstance(half, Sample))
    steps = data.of("both")
    values, sd = (np.empty(len(steps)) for _ in range(2))
    for half, rows in ((right, steps.right), (left, ~steps.right)):
        values[rows], sd[rows] = half.values, half.sd
    whole = (
        (steps.right[1:] != steps.right[:-1])
        & np.isfinite(steps.next_contact[:-1])
        & np.isfinite(values[1:] - values[:-1])
    )
    first = _apart(np.flatnonzero(whole))
    swapped = np.where(steps.right[first], 0, 1)
    return (
        values[first + swapped],
        values[first + 1 - swapped],
        np.hypot(sd[first], sd[first + 1]),
        _between_sides(right, left),
    )


def _apart(first: NDArray[np.intp]) -> NDArray[np.intp]:
    """Choose from pairs that begin at these steps as many as share none."""
    chosen: list[int] = []
    for i in first.tolist():
        if not chosen or i > chosen[-1] + 1:
            chosen.append(i)
    return np.array(chosen, dtype=np.intp)


def _between_sides(right: Sample, left: Sample) -> float:
    """Error of right less left that all pairs share: known as such, or both sides' own."""
    if right.sides_sd is not None and left.sides_sd is not None:
        return max(right.sides_sd, left.sides_sd)
    return math.hypot(right.bias_sd, left.bias_sd)


def _index(base: Metric) -> Callable[[GaitData, MetricSide], Sample]:
    """Asymmetry index of a time or length."""

    def function(data: GaitData, side: MetricSide) -> Sample:
        right, left, sd, bias_sd = _pairs(data, base)
        half = (right + left) / 2
        usual = typical(half) or 1.0
        return Sample(
            100 * (right - left) / half,
            100 * sd / usual,
            100 * bias_sd / usual,
            linked=_LINKED.get(base.id, 0.0),
        )

    return function


def _difference(base: Metric) -> Callable[[GaitData, MetricSide], Sample]:
    """Right less left of an angle."""

    def function(data: GaitData, side: MetricSide) -> Sample:
        right, left, sd, bias_sd = _pairs(data, base)
        return Sample(right - left, sd, bias_sd)

    return function


def _ratio_metric(base: Metric) -> Metric:
    return Metric(
        id=f"asym_{base.id}",
        name=f"{base.name}, right against left",
        group="asymmetry",
        unit="%",
        sides="both",
        view=base.view,
        formula=f"100 * (R - L) / ((R + L) / 2) of {base.id}, pairs of successive steps",
        source=_ZIFCHOCK,
        help=f"How much the right side's {base.name.lower()} exceeds the left's.",
        function=_index(base),
        signals=base.signals,
        needs=base.needs,
        min_fps=base.min_fps,
        advisory_fps=base.advisory_fps,
        caution=near_and_far,
    )


def _angle_metric(base: Metric) -> Metric:
    return Metric(
        id=f"asym_{base.id}",
        name=f"{base.name}, right less left",
        group="asymmetry",
        unit="deg",
        sides="both",
        view=base.view,
        formula=f"R - L of {base.id}, pairs of successive steps",
        source="degrees, because an index explodes near zero",
        help=f"How many degrees the right side's {base.name.lower()} differs from the left's.",
        function=_difference(base),
        signals=base.signals,
        needs=base.needs,
        floor=base.floor,
        min_fps=base.min_fps,
        advisory_fps=base.advisory_fps,
        caution=near_and_far,
    )


METRICS = (
    *(_ratio_metric(_BASE[name]) for name in _RATIOS),
    *(_angle_metric(_BASE[name]) for name in _ANGLES),
)
