"""How metrics change from the beginning of a long recording to its end."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from itertools import product

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

#: Kinds of noise that are tried: share that wanders, and correlation time as a share of the
#: recording; the first is white.
NOISES = (
    (0.0, 1.0),
    *product(
        (0.25, 0.5, 0.75, 0.9, 0.96, 0.99, 1.0), (1 / 60, 1 / 30, 1 / 15, 1 / 8, 1 / 4, 1 / 2, 1.0)
    ),
)
#: Logarithms of how far each is believed beforehand: white noise most, of the others the slower
#: ones the more. With these, intervals hold 92 to 98 % for white noise and for any correlation time
#: up to a third of the recording (docs/coverage.md).
BELIEF = np.array([2.0 if w == 0 else 0.5 * math.log(60 * tau) for w, tau in NOISES])

_BASE = {m.id: m for module in (spatiotemporal, sagittal, upper_body) for m in module.METRICS}


def _lasts(data: GaitData) -> str | None:
    time = data.motion.time
    long = len(time) > 0 and time[-1] - time[0] >= SHORTEST_S
    return None if long else f"Needs a recording of at least {SHORTEST_S / 60:g} minutes."


DURATION = Need("at least 5 minutes", _lasts)


def drift(time: Array, values: Array, duration: float) -> Summary | None:
    """Theil-Sen slope of `values`, shape (steps,), over `time`, times the duration.

    The median slope between the medians of up to 60 stretches (Sen 1968). Runners wander:
    neighbouring stretches err alike, and a wander that takes minutes looks much like a drift. Its
    standard deviation is that of a least-squares slope under the noise that is left beside a line,
    which it exceeds by less than 5 %.

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
    # The likelihood has no unit.
    scale = float(np.ptp(v)) or 1.0
    sd = slope_sd((t - t.mean()) / duration, (v - v.mean()) / scale, tuple(stretch[first].tolist()))
    return Summary(slope * duration, 1.05 * sd * scale, 0.0, len(time), len(t) - 2)


def slope_sd(t: Array, v: Array, stretches: tuple[int, ...]) -> float:
    """Return the standard deviation of a least-squares slope of `v` over `t`.

    What is left beside the line is taken for white noise and for noise whose correlation falls
    exponentially; how much of either and how fast is what makes it most probable (restricted
    likelihood, Patterson & Thompson 1971), the slower in doubt.

    Parameters
    ----------
    t, v : ndarray, shape (stretches,)
        Both with a mean of 0.
    stretches : tuple of int
        Which of the `BINS` these are.
    """
    covariance, inverse, size = _noises(stretches)
    x = np.stack([np.ones(len(t)), t])
    weighed = x @ inverse
    information = weighed @ x.T
    left = v - np.linalg.solve(information, weighed @ v[:, None])[..., 0] @ x
    freedom = len(t) - 2
    spread = np.maximum(np.einsum("ki,kij,kj->k", left, inverse, left), 1e-12) / freedom
    likelihood = -0.5 * (size + np.linalg.slogdet(information)[1] + freedom * np.log(spread))
    best = int(np.argmax(likelihood + BELIEF))
    return float(np.sqrt(spread[best] * (t @ covariance[best] @ t)) / (t @ t))


@lru_cache(maxsize=8)
def _noises(stretches: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Covariance of each kind of noise, its inverse, and the logarithm of its determinant."""
    t = np.array(stretches) / BINS
    apart = np.abs(t[:, None] - t)
    covariance = np.array(
        [(1 - w) * np.eye(len(t)) + w * np.exp(-apart / tau) for w, tau in NOISES]
    )
    return covariance, np.linalg.inv(covariance), np.linalg.slogdet(covariance)[1]


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
