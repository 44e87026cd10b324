"""What goes into a metric function and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stridewise.context import ViewName
from stridewise.estimate import MetricSide
from stridewise.gait.motion import Motion, Signal
from stridewise.gait.strides import CURVE_POINTS, WINDOW_POINTS, Sampler, Steps, at, between
from stridewise.skeletons import Side
from stridewise.view import VIEW_YAW, off_sagittal

Array = NDArray[np.float64]
Instant = Literal["initial_contact", "mid_stance", "toe_off"]
Window = Literal["stance", "swing", "step", "stride"]

#: Smallest systematic error of initial contact and toe-off that may be claimed, in seconds (an
#: engineering convention).
EVENT_BIAS_S = 0.005

#: Share of the error variance of an event that is the same at every step of a foot, and the part of
#: it in which the two feet differ: a runner lands in a way that a detector reads early or late
#: throughout. Found against the force plate with 19 runners at 30 and 60 frames per second: from
#: step to step 2.5 to 3.3 ms, between runners 2.6 to 3.9 ms (without points of the feet 5 ms),
#: between the feet of one runner 2.1 to 2.7 ms.
EVENT_SHARED = 0.55
EVENT_OF_FOOT = 0.2

#: Hip height over body height: 0.530 (Winter 2009, table 4.1); the 19 runners of Fukuchi et al.
#: 2017 have 0.529 with a standard deviation of 0.013 between them.
LEG_PER_HEIGHT = 0.53
LEG_PER_HEIGHT_SD = 0.013


class Measured(NamedTuple):
    """A number with its standard deviation and where it came from."""

    value: float
    sd: float
    source: str = ""


#: Leg length in metres where the runner's height is not known: adults of 1.5 to 1.9 m.
UNKNOWN_LEG_LENGTH = Measured(0.90, 0.06, "a typical adult's leg length")


def leg_length(height_m: float | None) -> Measured | None:
    """Leg length in metres from body height (Winter 2009, table 4.1); None without a height."""
    if height_m is None:
        return None
    return Measured(LEG_PER_HEIGHT * height_m, LEG_PER_HEIGHT_SD * height_m, "body height")


@dataclass(frozen=True, eq=False)
class GaitData:
    """Everything that metric functions may look at.

    Parameters
    ----------
    motion : Motion
        Events and signals.
    steps : Steps
        From `stridewise.gait.strides.find_steps`.
    fps : float
        True frames per second.
    view : {"left", "right", "front", "back"}
        How the camera saw the runner.
    three_d : bool
        Whether the points were three-dimensional, so that no leg was far from the camera.
    surface : {"treadmill", "overground"}
        Decides which norms apply.
    speed : Measured, optional
        In m/s.
    leg_length_m : Measured, optional
        Metres; without it, lengths are given in leg lengths.
    height_m, mass_kg : float, optional
        Of the runner.
    quality : {"A", "B", "C", "D"}
        Grade of the capture; with D, nothing is more than advisory.
    yaw_deg : float, optional
        Camera direction (`stridewise.view`); that which `view` names where it is not given.
    """

    motion: Motion
    steps: Steps
    fps: float
    view: ViewName
    three_d: bool = False
    surface: Literal["treadmill", "overground"] = "treadmill"
    speed: Measured | None = None
    leg_length_m: Measured | None = None
    height_m: float | None = None
    mass_kg: float | None = None
    quality: Literal["A", "B", "C", "D"] = "A"
    yaw_deg: float | None = None
    _made: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def off_deg(self, plane: Literal["any", "sagittal", "frontal"]) -> float:
        """Return the angle between the camera and the nearest one that shows a plane as it is."""
        if self.three_d or plane == "any":
            return 0.0
        off = off_sagittal(VIEW_YAW[self.view] if self.yaw_deg is None else self.yaw_deg)
        return off if plane == "sagittal" else 90.0 - off

    def of(self, side: MetricSide) -> Steps:
        """Return the steps of one side, or all of them for "both"."""
        if ("steps", side) not in self._made:
            self._made["steps", side] = self.steps.of(side)
        steps: Steps = self._made["steps", side]
        return steps

    def signal(self, name: str, side: MetricSide) -> Signal | None:
        """Return a signal of one side, or of the midline; None where there is none."""
        midline = self.motion.signals.get((name, None))
        return midline if side == "both" else self.motion.signals.get((name, side), midline)

    def at(self, instant: Instant, side: Side) -> Sampler:
        """Return what reads signals at an instant of each step of a side; shape (steps,)."""
        key = (instant, side)
        if key not in self._made:
            self._made[key] = at(self.motion.time, getattr(self.of(side), instant))
        sampler: Sampler = self._made[key]
        return sampler

    def during(self, window: Window, side: Side) -> Sampler:
        """Return what reads signals evenly over a part of each step; shape (steps, points).

        Stance goes from initial contact to toe-off, swing from there to the next contact of the
        same foot, step to the next contact of the other foot, stride to that of the same foot.
        """
        key = (window, side)
        if key not in self._made:
            own = self.of(side)
            start = own.toe_off if window == "swing" else own.initial_contact
            stop = {
                "stance": own.toe_off,
                "swing": own.next_same,
                "step": own.next_contact,
                "stride": own.next_same,
            }[window]
            points = CURVE_POINTS if window == "stride" else WINDOW_POINTS
            self._made[key] = between(self.motion.time, start, stop, points)
        sampler: Sampler = self._made[key]
        return sampler


@dataclass(frozen=True)
class Sample:
    """One value per step, in the order of `GaitData.of(side)`.

    Parameters
    ----------
    values : ndarray, shape (steps,)
        NaN where the step does not give one.
    sd : float or ndarray, shape (steps,)
        Standard deviation of the random error of each value.
    bias_sd : float
        Standard deviation of the error that all values share.
    sides_sd : float, optional
        Standard deviation of the error of right less left that all pairs share; that of `bias_sd`
        where it is not given.
    unit : str, optional
        Unit of `values` where it is not the metric's usual one.
    linked : float
        Correlation of the random errors of neighbouring values that is known beforehand.
    """

    values: Array
    sd: Array | float = 0.0
    bias_sd: float = 0.0
    sides_sd: float | None = None
    unit: str | None = None
    linked: float = 0.0


@dataclass(frozen=True)
class Summary:
    """One value for the whole recording.

    Parameters
    ----------
    value : float
    random_sd : float
        Standard deviation of the part of its error that more steps would shrink.
    bias_sd : float
        Standard deviation of the part that they would not.
    n : int
        Steps or strides behind it.
    freedom : float
        Degrees of freedom of `random_sd`; infinite where it was not estimated from few steps.
    unit : str, optional
        Unit of `value` where it is not the metric's usual one.
    """

    value: float
    random_sd: float
    bias_sd: float
    n: int
    freedom: float = np.inf
    unit: str | None = None
