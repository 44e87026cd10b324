"""Building blocks: functions that make metric functions from the name of a signal."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from stridewise.estimate import MetricSide
from stridewise.gait.motion import Signal
from stridewise.gait.strides import mean, peak
from stridewise.metrics.data import (
    EVENT_BIAS_S,
    EVENT_SHARED,
    GaitData,
    Instant,
    Measured,
    Sample,
    Window,
)
from stridewise.placement import left_over
from stridewise.skeletons import SIDES, Side

Array = NDArray[np.float64]
Measure = Callable[[GaitData, Side], Sample]
Function = Callable[[GaitData, MetricSide], Sample]


def present(data: GaitData, name: str, side: MetricSide) -> Signal:
    """Return a signal that the metric's declaration promises to be there."""
    signal = data.signal(name, side)
    assert signal is not None, f"{name} is not among the signals the metric declares"
    return signal


def jitter(event_sd: Array) -> Array:
    """Part of the error of events that is new at each step."""
    return math.sqrt(1 - EVENT_SHARED) * event_sd


def lasting(event_sd: Array) -> float:
    """Part of the error of events that is the same at every step."""
    return math.sqrt(EVENT_SHARED) * typical(event_sd)


def at_event(name: str, instant: Instant) -> Measure:
    """Value of a signal at an instant; the instant's error counts by the signal's rate there."""

    def measure(data: GaitData, side: Side) -> Sample:
        signal, sampler, steps = present(data, name, side), data.at(instant, side), data.of(side)
        event_sd = steps.toe_off_sd if instant == "toe_off" else steps.contact_sd
        rates = sampler.rate(signal.value)
        rates = rates[np.isfinite(rates)]
        rate = abs(float(np.median(rates))) if len(rates) else 0.0
        return Sample(
            sampler.value(signal.value),
            np.hypot(signal.sd, rate * jitter(event_sd)),
            math.hypot(signal.bias_sd, rate * max(lasting(event_sd), EVENT_BIAS_S)),
        )

    return measure


def highest(
    name: str,
    window: Window,
    sign: Callable[[Side], float] = lambda _: 1.0,
    *,
    opposed: bool = False,
) -> Measure:
    """Peak of a signal, multiplied by `sign` of the side, within a window.

    `opposed` says that what makes one side's value too large makes the other's too small.
    """

    def measure(data: GaitData, side: Side) -> Sample:
        signal = present(data, name, side)
        values, _ = peak(sign(side) * data.during(window, side).value(signal.value))
        sides_sd = 2 * signal.bias_sd if opposed else None
        return Sample(values, signal.sd, signal.bias_sd, sides_sd)

    return measure


def average(name: str, window: Window) -> Measure:
    """Mean of a signal over a window."""

    def measure(data: GaitData, side: Side) -> Sample:
        signal, sampler = present(data, name, side), data.during(window, side)
        return Sample(mean(sampler.value(signal.value)), _averaged(data, signal), signal.bias_sd)

    return measure


def swing_of(name: str, window: Window) -> Measure:
    """Range of an angle, largest less smallest, within a window."""

    def measure(data: GaitData, side: Side) -> Sample:
        signal = present(data, name, side)
        windows = data.during(window, side).value(signal.value)
        values = peak(windows)[0] + peak(-windows)[0]
        lasting_sd = signal.bias_sd * left_over(typical(values))
        return Sample(values, np.sqrt(2) * signal.sd, lasting_sd)

    return measure


def scatter(name: str, window: Window) -> Measure:
    """Take the standard deviation of a signal within a window.

    What differs from window to window makes it larger, be it the runner's own or wandering noise:
    the truth lies between what is found and what is left in the mean of all windows.
    """

    def measure(data: GaitData, side: Side) -> Sample:
        signal = present(data, name, side)
        windows = data.during(window, side).value(signal.value)
        windows = windows - mean(windows)[:, None]
        values = np.sqrt(mean(windows**2))
        whole = np.isfinite(windows).all(axis=1)
        course = windows[whole].mean(axis=0) if whole.any() else np.zeros(windows.shape[1])
        in_common = float(np.sqrt(mean(course[None] ** 2)[0]))
        lasting_sd = max(typical(values) - in_common, 0.0) / math.sqrt(3)
        return Sample(values, _averaged(data, signal), lasting_sd)

    return measure


def _averaged(data: GaitData, signal: Signal) -> float:
    """Random error of a signal once averaged over the frames of a stance of a quarter second."""
    return signal.sd / float(np.sqrt(max(data.fps / 4, 1.0)))


def each(measure: Measure) -> Function:
    """Metric function for left and right."""

    def function(data: GaitData, side: MetricSide) -> Sample:
        assert side != "both"
        return measure(data, side)

    return function


def together(measure: Measure) -> Function:
    """Metric function over the steps of both feet, in order of time."""

    def function(data: GaitData, side: MetricSide) -> Sample:
        return merge(data, {side: measure(data, side) for side in SIDES})

    return function


def merge(data: GaitData, halves: dict[Side, Sample]) -> Sample:
    """Put the values of left and right steps back into the order of time."""
    values, sd = np.empty(len(data.steps)), np.empty(len(data.steps))
    for side, half in halves.items():
        rows = data.steps.right == (side == "right")
        values[rows], sd[rows] = half.values, half.sd
    bias_sd = max(half.bias_sd for half in halves.values())
    return Sample(values, sd, bias_sd, unit=halves["left"].unit)


def centred(data: GaitData, halves: dict[Side, Sample]) -> Sample:
    """Merge left and right after removing each side's own median."""
    return merge(
        data,
        {
            side: replace(half, values=half.values - middle(half.values))
            for side, half in halves.items()
        },
    )


def in_metres(sample: Sample, leg_length_m: Measured | None) -> Sample:
    """Turn leg lengths into metres where the leg length is known; the unit says which it is."""
    if leg_length_m is None:
        return replace(sample, unit="L")
    leg = leg_length_m.value
    bias_sd = math.hypot(sample.bias_sd * leg, typical(sample.values) * leg_length_m.sd)
    sides_sd = None if sample.sides_sd is None else sample.sides_sd * leg
    return Sample(sample.values * leg, np.asarray(sample.sd) * leg, bias_sd, sides_sd, "m")


def typical(values: Array) -> float:
    """Size of the known values; 0 where there are none."""
    size = abs(middle(values))
    return 0.0 if math.isnan(size) else size


def middle(values: Array) -> float:
    """Median of the known values; NaN where there are none."""
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else np.nan
