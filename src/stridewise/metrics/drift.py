"""How metrics change from the beginning of a long recording to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stridewise.estimate import MetricSide
from stridewise.metrics import sagittal, spatiotemporal, upper_body
from stridewise.metrics.data import GaitData, Sample, Summary
from stridewise.metrics.measures import centred
from stridewise.metrics.registry import Metric, Need
from stridewise.skeletons import SIDES

Array = NDArray[np.float64]

#: Shorter recordings say nothing about drift, in seconds.
SHORTEST_S = 300.0

#: Values are gathered in this many stretches of equal length, so that hours cost no more than
#: minutes.
BINS = 60

_BASE = {m.id: m for module in (spatiotemporal, sagittal, upper_body) for m in module.METRICS}


def _lasts(data: GaitData) -> str | None:
    time = data.motion.time
    long = len(time) > 0 and time[-1] - time[0] >= SHORTEST_S
    return None if long else f"Needs a recording of at least {SHORTEST_S / 60:g} minutes."


DURATION = Need("at least 5 minutes", _lasts)


def drift(time: Array, values: Array, duration: float) -> Summary | None:
    """Theil-Sen slope of `values`, shape (steps,), over `time`, times the duration.

    The median slope between the medians of up to 60 stretches (Sen 1968). Its standard deviation is
    that of a least-squares slope with the residuals' spread, which it exceeds by less than 5 %.

    Returns
    -------
    Summary or None
        None with fewer than four stretches that hold a value.
    """
    known = np.isfinite(values)
    time, values = time[known], values[known]
    if not len(time):
        return None
    stretch = np.minimum(((time - time[0]) * BINS / duration).astype(int), BINS - 1)
    first = np.flatnonzero(np.diff(stretch, prepend=-1))
    last = np.append(first[1:], len(time))
    if len(first) < 4:
        return None
    spans = list(zip(first, last, strict=True))
    t = np.array([time[a:b].mean() for a, b in spans])
    v = np.array([np.median(values[a:b]) for a, b in spans])
    i, j = np.triu_indices(len(t), 1)
    slope = float(np.median((v[j] - v[i]) / (t[j] - t[i])))
    residual = v - np.median(v) - slope * (t - np.median(t))
    freedom = len(t) - 2
    spread = residual.std() * np.sqrt(len(t) / freedom)
    random_sd = float(1.05 * spread / np.sqrt(len(t)) / t.std()) * duration
    return Summary(slope * duration, random_sd, 0.0, len(time), freedom)


def _drift_of(base: Metric) -> Callable[[GaitData, MetricSide], Summary | None]:
    """Metric function for the drift of a metric, both sides together about their own medians."""

    def function(data: GaitData, side: MetricSide) -> Summary | None:
        series, time = _series(data, base), data.motion.time
        found = drift(data.steps.initial_contact, series.values, float(time[-1] - time[0]))
        return replace(found, unit=series.unit) if found else None

    return function


def _series(data: GaitData, base: Metric) -> Sample:
    """Values of a metric step by step, both sides about the same centre."""
    if base.id == "cadence":
        return Sample(60 / (data.steps.next_contact - data.steps.initial_contact))
    if base.sides == "each":
        halves = {side: base.function(data, side) for side in SIDES}
        return centred(data, {s: h for s, h in halves.items() if isinstance(h, Sample)})
    sample = base.function(data, "both")
    assert isinstance(sample, Sample)
    return sample


def _metric(name: str) -> Metric:
    base = _BASE[name]
    return Metric(
        id=f"drift_{name}",
        name=f"{base.name}, change over the recording",
        group="drift",
        unit=base.unit,
        unit_unscaled=base.unit_unscaled,
        sides="both",
        view=base.view,
        formula=f"Theil-Sen slope of {name} over time * duration",
        source="Sen 1968, J Am Stat Assoc 63:1379; signs of fatigue: Apte et al. 2021",
        help=f"How much your {base.name.lower()} changed from start to end.",
        function=_drift_of(base),
        signals=base.signals,
        needs=(*base.needs, DURATION),
        mdc=base.mdc,
        min_fps=base.min_fps,
        advisory_fps=base.advisory_fps,
    )


METRICS = tuple(
    _metric(name)
    for name in (
        "cadence",
        "ground_contact_time",
        "vertical_oscillation",
        "trunk_lean",
        "knee_flex_ic",
    )
)
