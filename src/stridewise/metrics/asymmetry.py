"""Right against left."""

from __future__ import annotations

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
    """Values of right and left for all successive steps, their random errors, their bias.

    Each step is compared with the one before and the one after, so that it does not matter which
    foot came first.
    """
    halves = [base.function(data, side) for side in ("right", "left")]
    right, left = (half for half in halves if isinstance(half, Sample))
    steps = data.of("both")
    first = np.flatnonzero(
        (steps.right[1:] != steps.right[:-1]) & np.isfinite(steps.next_contact[:-1])
    )
    own = np.where(steps.right, np.cumsum(steps.right), np.cumsum(~steps.right)) - 1
    right_rows = own[np.where(steps.right[first], first, first + 1)]
    left_rows = own[np.where(steps.right[first], first + 1, first)]
    sd_right = np.broadcast_to(right.sd, right.values.shape)[right_rows]
    sd_left = np.broadcast_to(left.sd, left.values.shape)[left_rows]
    return (
        right.values[right_rows],
        left.values[left_rows],
        np.hypot(sd_right, sd_left),
        max(half.bias_sd if half.sides_sd is None else half.sides_sd for half in (right, left)),
    )


def _index(base: Metric) -> Callable[[GaitData, MetricSide], Sample]:
    """Asymmetry index of a time or length."""

    def function(data: GaitData, side: MetricSide) -> Sample:
        right, left, sd, bias_sd = _pairs(data, base)
        half = (right + left) / 2
        usual = typical(half) or 1.0
        return Sample(100 * (right - left) / half, 100 * sd / usual, 100 * bias_sd / usual)

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
        formula=f"100 * (R - L) / ((R + L) / 2) of {base.id}, successive steps",
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
        formula=f"R - L of {base.id}, successive steps",
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
