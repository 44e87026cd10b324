"""What areas of form rest on, stride by stride: metric values and how far past their cut-offs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from stridewise.context import Surface
from stridewise.form.areas import Area, Condition, load_areas
from stridewise.metrics import GaitData, Measured, catalogue
from stridewise.metrics.data import Sample
from stridewise.metrics.measures import jitter
from stridewise.metrics.norms import lines, norm
from stridewise.metrics.registry import Metric
from stridewise.skeletons import SIDES

Array = NDArray[np.float64]

#: Areas that a single stride can show, in their order in all arrays of the form networks.
STRIDE_AREAS = (
    "low_cadence",
    "overstride",
    "high_bounce",
    "stiff_landing",
    "deep_stance_knee",
    "steep_foot",
    "excess_lean",
    "upright_back",
    "pelvic_drop",
    "hip_adduction",
    "knee_collapse",
    "narrow_crossover",
    "trunk_sway",
)
#: Units in which a stride's values are given where the catalogue has a choice.
_UNIT = {"vertical_oscillation": "L"}
#: The smallest change that can be told in one value, 1.96 sqrt(2) standard deviations from step to
#: step (Weir 2005), where the catalogue names none.
_MDC_PER_SD = 1.96 * np.sqrt(2.0)
#: Its counterparts where it is given in another unit or there is neither.
_MDC = {"vertical_oscillation": 0.0067}
#: A cut-off that does not exist is this far away.
NEVER = -20.0


@dataclass(frozen=True)
class Variables:
    """Metric values of single steps against the cut-offs of the areas.

    Parameters
    ----------
    values : ndarray, shape (steps, conditions)
        In the metrics' units, conditions in the order of `conditions`; NaN where not known.
    cuts : ndarray, shape (conditions, 3)
        Cut-offs of severities 1 to 3 in the same units; NaN where there is none.
    sd : ndarray, shape (steps, conditions)
        Standard uncertainty of the values as the gait model knows it, lasting and random, without
        the catalogue's floors; NaN where they are not known.
    """

    values: Array
    cuts: Array
    sd: Array

    @property
    def past(self) -> Array:
        """How far each value is past the first cut-off, in smallest detectable changes."""
        past: Array = (self.values - self.cuts[:, 0]) * outward() / detectable()
        return past

    @property
    def doubt(self) -> Array:
        """Standard uncertainty of each value, in smallest detectable changes."""
        return np.asarray(self.sd / detectable())


def areas() -> tuple[Area, ...]:
    """Return the rules of `STRIDE_AREAS`."""
    by_id = {area.id: area for area in load_areas().areas}
    return tuple(by_id[name] for name in STRIDE_AREAS)


@cache
def conditions() -> tuple[Condition, ...]:
    """Return the conditions of all these areas, one after the other."""
    return tuple(condition for area in areas() for condition in area.conditions)


@cache
def owners() -> tuple[slice, ...]:
    """Return which conditions belong to each of the areas."""
    ends = np.cumsum([0, *(len(area.conditions) for area in areas())]).tolist()
    return tuple(slice(a, b) for a, b in pairwise(ends))


@cache
def detectable() -> Array:
    """Smallest change that can be told of each condition's metric, shape (conditions,)."""
    return np.array([_detectable(catalogue()[c.metric]) for c in conditions()])


def _detectable(metric: Metric) -> float:
    if metric.id in _MDC:
        return _MDC[metric.id]
    if isinstance(metric.mdc, int | float):
        return float(metric.mdc)
    return float(_MDC_PER_SD * (lines()[metric.id, metric.unit, "treadmill"].within_sd or 1.0))


@cache
def outward() -> Array:
    """Return +1 for conditions that hold above their cut-off, -1 below, shape (conditions,)."""
    return np.array([-1.0 if c.direction == "below" else 1.0 for c in conditions()])


def measure(data: GaitData, surface: Surface, speed: Measured | None) -> Variables:
    """Measure every step.

    Parameters
    ----------
    data : GaitData
        Without a leg length, so that lengths are in leg lengths.
    surface : {"treadmill", "overground"}
    speed : Measured or None
        Without it, cut-offs that count from a speed norm are NaN.
    """
    by_metric = {name: step_values(data, name) for name in {c.metric for c in conditions()}}
    found = np.stack([by_metric[c.metric] for c in conditions()], axis=1)
    return Variables(found[..., 0], cut_offs(surface, speed), found[..., 1])


def step_values(data: GaitData, name: str) -> Array:
    """Return a metric of every step with its standard uncertainty, shape (steps, 2).

    NaN where it cannot be had.
    """
    steps = data.steps
    if name == "cadence":
        # Of one stride: two steps.
        cadence = 120.0 / (steps.next_same - steps.initial_contact)
        return np.stack([cadence, cadence**2 / 120.0 * np.sqrt(2) * jitter(steps.contact_sd)], 1)
    metric = catalogue()[name]
    found = np.full((len(steps), 2), np.nan)
    sides = metric.each_side
    if any(data.signal(s, side) is None for s in metric.signals for side in SIDES):
        return found
    for side in sides:
        sample = metric.function(data, side)
        if isinstance(sample, Sample):
            rows = np.ones(len(steps), bool) if side == "both" else steps.right == (side == "right")
            known = np.where(np.isfinite(sample.values), 1.0, np.nan)
            found[rows, 0] = sample.values
            found[rows, 1] = known * np.hypot(sample.sd, sample.bias_sd)
    return found


def cut_offs(surface: Surface, speed: Measured | None) -> Array:
    """Return the cut-offs of severities 1 to 3 in the metrics' units, shape (conditions, 3)."""
    found = np.full((len(conditions()), 3), np.nan)
    for row, condition in zip(found, conditions(), strict=True):
        cuts = np.array(condition.cuts)
        if condition.scale == "z":
            unit = _UNIT.get(condition.metric, catalogue()[condition.metric].unit)
            compared = norm(condition.metric, unit, surface, speed, 0.0)
            cuts = np.full(3, np.nan) if compared is None else compared.mean + compared.sd * cuts
        row[: len(cuts)] = cuts
    return found


def margins(past: Array, cuts: Array, doubt: Array | None = None) -> Array:
    """How far each area is past each severity, in smallest detectable changes.

    An area that asks for k of its conditions is as far past as the k-th of them.

    Parameters
    ----------
    past : ndarray, shape (steps, conditions)
        From `Variables.past`.
    cuts : ndarray, shape (conditions, 3) or (steps, conditions, 3)
    doubt : ndarray, shape (steps, conditions), optional
        From `Variables.doubt`: margins are then in standard uncertainties.

    Returns
    -------
    ndarray, shape (steps, areas, 3)
        NaN where a condition is not known.
    """
    further = (cuts - cuts[..., :1]) * outward()[:, None] / detectable()[:, None]
    missing = np.isnan(cuts) & np.isfinite(cuts[..., :1])
    unit = np.ones_like(past) if doubt is None else doubt
    levels = np.where(missing, NEVER, (past[:, :, None] - further) / unit[:, :, None])
    found = [
        np.sort(levels[:, own], axis=1)[:, len(area.conditions) - area.at_least]
        for area, own in zip(areas(), owners(), strict=True)
    ]
    result = np.stack(found, axis=1)
    for i, own in enumerate(owners()):
        unknown = np.isnan(levels[:, own]).any(axis=1)
        result[:, i] = np.where(unknown, np.nan, result[:, i])
    return result


def by_area() -> Mapping[str, int]:
    """Return where each area stands in the arrays."""
    return {name: i for i, name in enumerate(STRIDE_AREAS)}
